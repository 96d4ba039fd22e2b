//! What a run must give: a sequential interpreter of a [`Shape`].
//!
//! It goes through the job function once, in the order in which it is written, and evaluates each statement in every
//! instance of its scope. Only a fold goes through its body again, for each value.

mod fan_out;
mod stage;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::outcome::Outcome::{self, Failed, Ready, Skipped};
use super::outcome::{Copy, Path, Status, all, step_key};
use super::producer::{Form, Key, Producer, Script};
use super::shape::{Arg, By, Calc, Fan, Handle, Port, Produce, ROOT, ScopeId, Shape, Stmt, Var};
use super::trying::{Failing, Tried, attempts};
use super::why::Why;
use super::work::{FailedKey, V, Work};

/// What a run must give.
#[derive(Default)]
pub(super) struct Expected {
    /// The steps of each node, in order.
    pub(super) steps: BTreeMap<String, BTreeMap<Path, (Status, u32)>>,
    /// What each op that came to its end computed, by step key.
    ///
    /// Two copies may have one printed key: those of `a/b` in `c`, and of `a` in `b/c`.
    pub(super) computed: BTreeMap<String, Vec<i64>>,
    /// The attempts of each step, counted from 1, by step key.
    pub(super) attempts: BTreeMap<String, Vec<u32>>,
    /// What lies between the beginnings of a step's attempts, if nothing else goes on.
    pub(super) waits: BTreeMap<String, Vec<Duration>>,
    pub(super) output: Option<Outcome<V>>,
    /// The steps that a failed key of a partial gather may name, by the step that is given them and by key.
    pub(super) blamed: BTreeMap<(String, String), Vec<(String, u32)>>,
    /// Whether partial gathers tolerate all that fails.
    pub(super) survives: bool,
    /// Whether a partial gather accepted a failed key.
    pub(super) accepts: bool,
}

/// Interprets a job.
pub(super) fn run(shape: &Shape) -> Expected {
    let expected = Expected::default();
    let mut run = Run {
        shape,
        values: HashMap::new(),
        scopes: HashMap::new(),
        homes: HashMap::new(),
        accepted: Why::default(),
        entered: Vec::new(),
        same: HashMap::new(),
        expected,
    };
    run.block(&shape.body);
    run.expected.output = shape.output.map(|output| match &shape.vars[output] {
        Handle::Value(_, port) => run.get(*port, &[]),
        Handle::Fan(fan) => run.gather(&fan.flat(), &[], By::Key),
    });
    run.expected.survives = run.survives();
    run.expected.accepts = run.accepted != Why::default();
    run.expected
}

struct Run<'a> {
    shape: &'a Shape,
    /// The value of a port in each instance of its scope.
    values: HashMap<(Port, Path), Outcome<V>>,
    /// The copies that a scope has in each instance of the one around it, and how their source ended.
    scopes: HashMap<(ScopeId, Path), (Vec<Copy>, Outcome<()>)>,
    /// The scope that the steps of a node stand in.
    homes: HashMap<String, ScopeId>,
    /// Why keys failed that partial gathers accepted.
    accepted: Why,
    /// What closures compose in the copies of, where they are called on a fan-out from elsewhere.
    entered: Vec<(Fan, Fan)>,
    /// For a scope, the one that has the same copies: several closures in one place may be called on one fan-out.
    same: HashMap<ScopeId, ScopeId>,
    expected: Expected,
}

/// Copies with what each is given.
type Given = Vec<(Copy, Outcome<V>)>;

impl Run<'_> {
    fn block(&mut self, block: &[Stmt]) {
        for stmt in block {
            match stmt {
                Stmt::Calc(calc) => self.calc(calc),
                Stmt::Produce(produce) => self.produce(produce),
                Stmt::Gather(gather) => self.collect(gather),
                Stmt::Map(map) => self.map(map),
                Stmt::Filter(filter) => self.filter(filter),
                Stmt::Fold(fold) => self.fold(fold),
                Stmt::Batch(batch) => self.batch(batch),
                Stmt::Zip(zip) => self.zip(zip),
                Stmt::Flatten { .. } => {}
            }
        }
    }

    /// The instances of a scope that there are so far.
    fn instances(&self, scope: ScopeId) -> Vec<Path> {
        if scope == ROOT {
            return vec![Path::new()];
        }
        let around = self.instances(self.shape.scopes[scope].parent).into_iter();
        around.flat_map(|around| self.copies(scope, &around)).collect()
    }

    fn copies(&self, scope: ScopeId, around: &Path) -> Vec<Path> {
        let copies = self.scopes.get(&(scope, around.clone())).into_iter();
        copies.flat_map(|(copies, _)| copies).map(|copy| copy.inside(around)).collect()
    }

    /// The instances of a fan-out's view that do not have its copies yet.
    fn unopened(&self, fan: &Fan) -> Vec<Path> {
        let mut instances = self.instances(fan.view);
        instances.retain(|at| !self.scopes.contains_key(&(fan.scope, at.clone())));
        instances
    }

    fn open(&mut self, fan: &Fan, at: Path, given: Given, end: Outcome<()>) {
        if let Handle::Value(_, port) = fan.of {
            for (copy, value) in &given {
                self.values.insert((port, copy.inside(&at)), value.clone());
            }
        }
        let copies = given.into_iter().map(|(copy, _)| copy).collect();
        self.scopes.insert((fan.scope, at), (copies, end));
    }

    /// Evaluates a value in every instance of its scope that does not have it yet.
    fn each(&mut self, port: Port, evaluate: impl Fn(&mut Self, &Path) -> Outcome<V>) {
        for at in self.instances(self.shape.ports[port]) {
            if !self.values.contains_key(&(port, at.clone())) {
                let value = evaluate(self, &at);
                self.values.insert((port, at), value);
            }
        }
    }

    /// A value as an instance of its scope, or of one inside of it, sees it.
    fn get(&self, port: Port, at: &[Copy]) -> Outcome<V> {
        let depth = self.shape.depth(self.shape.ports[port]);
        self.values[&(port, at[..depth].to_vec())].clone()
    }

    fn get_arg(&self, arg: Arg, at: &Path) -> Outcome<V> {
        match arg {
            Arg::Const(value) => Ready(V::Int(value)),
            Arg::Var(var) => self.get(self.shape.port(var), at),
        }
    }

    fn inputs(&self, args: &[Arg], after: Option<Var>, at: &Path) -> Outcome<Vec<V>> {
        let before = all(after.map(|after| self.get(self.shape.port(after), at)));
        let args = all(args.iter().map(|arg| self.get_arg(*arg, at)));
        args.and(before).map(|(args, _)| args)
    }

    fn record(&mut self, node: &str, at: &Path, status: Status, attempts: u32) {
        let of_node = self.expected.steps.entry(node.to_owned()).or_default();
        of_node.insert(at.clone(), (status, attempts));
    }

    /// Records a step that was tried.
    fn tried<T>(&mut self, node: &str, at: &Path, tried: &Tried<T>) {
        let status = if tried.result.is_ok() { Status::Success } else { Status::Failure };
        self.record(node, at, status, tried.attempts());
        let step = step_key(node, at);
        self.expected.waits.insert(step.clone(), tried.waits.clone());
        self.expected.attempts.entry(step).or_default().extend(1..=tried.attempts());
    }

    fn computed(&mut self, node: &str, at: &Path, value: i64) {
        self.expected.computed.entry(step_key(node, at)).or_default().push(value);
    }

    /// Takes a step if it can run, and records one that cannot.
    fn step<T>(
        &mut self,
        node: &str,
        at: &Path,
        inputs: Outcome<Vec<V>>,
        step: impl FnOnce(&mut Self, Vec<V>) -> Outcome<T>,
    ) -> Outcome<T> {
        match inputs {
            Ready(inputs) => step(self, inputs),
            Skipped => {
                self.record(node, at, Status::Skipped, 0);
                Skipped
            }
            Failed(why) => {
                self.record(node, at, Status::UpstreamFailed, 0);
                Failed(why.lost(node, at))
            }
        }
    }

    /// Notes what a step is told of failed keys.
    fn blame(&mut self, node: &str, at: &Path, inputs: &[V]) {
        for input in inputs {
            let V::Partial(_, failed) = input else { continue };
            for FailedKey { key, steps } in failed {
                let place = (step_key(node, at), key.clone());
                self.expected.blamed.entry(place).or_default().extend(steps.iter().cloned());
            }
        }
    }

    /// Whether all that failed, and all that was not run because of it, is tolerated.
    fn survives(&self) -> bool {
        let has_output = !matches!(self.expected.output, Some(Failed(_)));
        let mut steps = self.expected.steps.iter().flat_map(|(node, steps)| {
            steps.iter().map(move |(at, (status, _))| (node.as_str(), at, *status))
        });
        let tolerated = |(node, at, status): (&str, &Path, Status)| {
            let around = self.shape.ancestry(self.homes[node]);
            self.accepted.covers(around.map(|scope| self.same(scope)), (node, at), status)
        };
        has_output && steps.all(tolerated)
    }

    fn calc(&mut self, calc: &Calc) {
        self.each(self.shape.port(calc.out), |run, at| {
            let inputs = run.inputs(&calc.args, calc.after, at);
            run.compute(calc.work, calc.out, at, inputs)
        });
    }

    fn compute(&mut self, work: Work, out: Var, at: &Path, inputs: Outcome<Vec<V>>) -> Outcome<V> {
        let node = &work.to_string();
        self.homes.insert(node.clone(), self.shape.scope_of(out));
        self.step(node, at, inputs, |run, inputs| {
            run.blame(node, at, &inputs);
            let tried = attempts(work.policy, |attempt| work.attempt(&inputs, attempt));
            run.tried(node, at, &tried);
            match tried.result {
                Ok(Some(value)) => {
                    run.computed(node, at, value);
                    Ready(V::Int(value))
                }
                Ok(None) => Skipped,
                Err(_) => Failed(Why::failed(node, at, tried.attempts())),
            }
        })
    }

    fn produce(&mut self, produce: &Produce) {
        let shape = self.shape;
        for at in self.unopened(shape.fan(produce.fans[0])) {
            let inputs = self.inputs(&[produce.arg], produce.after, &at);
            let mut emitted = Vec::new();
            let node = produce.producer.to_string();
            self.homes.insert(node.clone(), shape.fan(produce.fans[0]).view);
            let plain = self.step(&node, &at, inputs, |run, inputs| {
                run.emit(&produce.producer, &at, &inputs[0], &mut emitted)
            });
            for (output, fan) in produce.fans.iter().enumerate() {
                let emitted = emitted.iter().filter(|(of, ..)| *of == output).enumerate();
                let given = emitted
                    .map(|(place, (_, key, value))| (Copy::new(place, key), Ready(V::Int(*value))));
                self.open(shape.fan(*fan), at.clone(), given.collect(), plain.clone().map(drop));
            }
            if let Some(var) = produce.plain {
                self.values.insert((shape.port(var), at), plain);
            }
        }
    }

    /// Runs one step of a producer: gives its plain output.
    fn emit(
        &mut self,
        producer: &Producer,
        at: &Path,
        input: &V,
        emitted: &mut Vec<(usize, Key, i64)>,
    ) -> Outcome<V> {
        let node = &producer.to_string();
        let tried = attempts(producer.policy, |attempt| {
            // The last attempt says which keys there are; where all fail, each emits the same.
            emitted.clear();
            self.attempt(producer, at, &producer.script(input, attempt), emitted)
        });
        self.tried(node, at, &tried);
        match tried.result {
            Ok(plain) => Ready(V::Int(plain)),
            Err(_) => Failed(Why::failed(node, at, tried.attempts())),
        }
    }

    /// Runs one attempt of a producer.
    fn attempt(
        &mut self,
        producer: &Producer,
        at: &Path,
        script: &Script,
        emitted: &mut Vec<(usize, Key, i64)>,
    ) -> Result<i64, Failing> {
        let (mut seen, mut broken) = (HashSet::new(), false);
        for (output, key, value) in &script.emissions {
            if !key.is_bad() && seen.insert((*output, key)) {
                emitted.push((*output, key.clone(), *value));
                continue;
            }
            broken = true;
            if !script.stubborn {
                break;
            }
        }
        // A list is judged after the op has ended, and as a whole.
        let is_list = producer.form == Form::List;
        if script.end.is_ok() && (!broken || is_list || script.stubborn) {
            self.computed(&producer.to_string(), at, script.plain);
        }
        let broken = if broken { Err(Failing::Error) } else { Ok(()) };
        let result = script.end.and(broken).map(|()| script.plain);
        if result.is_err() && is_list {
            emitted.clear();
        }
        result
    }
}
