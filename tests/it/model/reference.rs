//! What a run must give: a sequential interpreter of a [`Shape`].
//!
//! It goes through the job function once, in the order in which it is written, and evaluates each statement in every
//! instance of its scope. Only a fold goes through its body again, for each value.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::outcome::Outcome::{self, Failed, Ready, Skipped};
use super::outcome::{Copy, Path, Status, all, pair, step_key};
use super::shape::{
    Arg, Batch, Calc, Entry, Fan, Filter, Fold, Gather, Handle, Lift, Map, Port, Produce, ROOT,
    ScopeId, Shape, Stmt, Type, Var, Zip,
};
use super::trying::{Failing, Tried, attempts};
use super::work::{Form, Key, Producer, V, Work, passes};

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
}

/// Interprets a job.
pub(super) fn run(shape: &Shape) -> Expected {
    let expected = Expected::default();
    let mut run = Run { shape, values: HashMap::new(), scopes: HashMap::new(), expected };
    run.block(&shape.body);
    run.expected.output = shape.output.map(|output| match &shape.vars[output] {
        Handle::Value(_, port) => run.get(*port, &[]),
        Handle::Fan(fan) => run.gather(&fan.flat(), &[], true),
    });
    run.expected
}

struct Run<'a> {
    shape: &'a Shape,
    /// The value of a port in each instance of its scope.
    values: HashMap<(Port, Path), Outcome<V>>,
    /// The copies that a scope has in each instance of the one around it, and how their source ended.
    scopes: HashMap<(ScopeId, Path), (Vec<Copy>, Outcome<()>)>,
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
            Ready(inputs) => return step(self, inputs),
            Skipped => self.record(node, at, Status::Skipped, 0),
            Failed => self.record(node, at, Status::UpstreamFailed, 0),
        }
        inputs.map(|_| unreachable!("the step could not run"))
    }

    fn calc(&mut self, calc: &Calc) {
        self.each(self.shape.port(calc.out), |run, at| {
            let inputs = run.inputs(&calc.args, calc.after, at);
            run.compute(calc.work, at, inputs)
        });
    }

    fn compute(&mut self, work: Work, at: &Path, inputs: Outcome<Vec<V>>) -> Outcome<V> {
        let node = &work.to_string();
        self.step(node, at, inputs, |run, inputs| {
            let tried = attempts(work.policy, |attempt| work.attempt(&inputs, attempt));
            run.tried(node, at, &tried);
            match tried.result {
                Ok(Some(value)) => {
                    run.computed(node, at, value);
                    Ready(V::Int(value))
                }
                Ok(None) => Skipped,
                Err(_) => Failed,
            }
        })
    }

    fn produce(&mut self, produce: &Produce) {
        let shape = self.shape;
        for at in self.unopened(shape.fan(produce.fans[0])) {
            let inputs = self.inputs(&[produce.arg], produce.after, &at);
            let mut emitted = Vec::new();
            let node = produce.producer.to_string();
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
        let script = producer.script(input);
        let (mut seen, mut broken) = (HashSet::new(), false);
        for (output, key, value) in script.emissions {
            if !key.is_bad() && seen.insert((output, key.clone())) {
                emitted.push((output, key, value));
                continue;
            }
            broken = true;
            if !script.stubborn {
                break;
            }
        }
        // A list is judged after the op has ended, and as a whole.
        let is_list = producer.form == Form::List;
        let ended = script.end.is_ok() && (!broken || is_list || script.stubborn);
        let broken = if broken { Err(Failing::Error) } else { Ok(()) };
        // Every attempt does the same.
        let tried = attempts(producer.policy, |_| script.end.and(broken));
        self.tried(node, at, &tried);
        for _ in (1..=tried.attempts()).filter(|_| ended) {
            self.computed(node, at, script.plain);
        }
        if tried.result.is_ok() {
            return Ready(V::Int(script.plain));
        }
        if is_list {
            emitted.clear();
        }
        Failed
    }

    /// The copies that one instance of a fan-out's view sees, in order, and how their sources ended.
    fn items(&self, fan: &Fan, at: &[Copy]) -> (Vec<Path>, Outcome<()>) {
        let mut items = Vec::new();
        let at = at[..self.shape.depth(fan.view)].to_vec();
        let end = self.walk(&self.shape.levels(fan), at, &mut items);
        (items, end)
    }

    fn walk(&self, levels: &[ScopeId], at: Path, items: &mut Vec<Path>) -> Outcome<()> {
        let [level, inner @ ..] = levels else {
            items.push(at);
            return Ready(());
        };
        let (_, mut end) = self.scopes[&(*level, at.clone())];
        for copy in self.copies(*level, &at) {
            // A fan-out that was skipped inside of another one is left out.
            if self.walk(inner, copy, items) == Failed {
                end = Failed;
            }
        }
        end
    }

    /// Copies of one's own for those that one instance of a fan-out's view sees, with their values.
    fn given(&self, fan: &Fan, items: &[Path]) -> Given {
        let depth = self.shape.depth(fan.view);
        let given = items.iter().enumerate().map(|(place, item)| {
            let value = match fan.of {
                Handle::Value(_, port) => self.get(port, item),
                Handle::Fan(_) => Skipped,
            };
            (Copy::of_path(place, &item[depth..]), value)
        });
        given.collect()
    }

    fn gather(&self, fan: &Fan, at: &[Copy], keyed: bool) -> Outcome<V> {
        let (items, end) = self.items(fan, at);
        let mut given = self.given(fan, &items);
        if let Handle::Fan(inner) = &fan.of {
            for (item, (_, value)) in items.iter().zip(&mut given) {
                *value = self.gather(inner, item, keyed);
            }
        }
        given.retain(|(_, value)| *value != Skipped);
        let (copies, values): (Vec<_>, Vec<_>) = given.into_iter().unzip();
        let keys = copies.into_iter().map(|copy| copy.key);
        // A failed key wins over a skipped source.
        all(values).and(end).map(|(values, ())| {
            if keyed { V::Keyed(keys.zip(values).collect()) } else { V::List(values) }
        })
    }

    fn collect(&mut self, gather: &Gather) {
        let fan = self.shape.fan(gather.of);
        self.each(gather.all, |run, at| run.gather(fan, at, gather.keyed));
        self.each(self.shape.port(gather.out), |run, at| {
            let inputs = all([run.get(gather.all, at)]);
            run.compute(gather.digest, at, inputs)
        });
    }

    /// Makes a fan-out's copies once more, in every instance of another view.
    fn replay(&mut self, from: &Fan, to: &Fan) {
        for at in self.unopened(to) {
            self.replay_in(from, &at.clone(), to, at);
        }
    }

    fn replay_in(&mut self, from: &Fan, from_at: &Path, to: &Fan, at: Path) {
        let (items, end) = self.items(from, from_at);
        let given = self.given(from, &items);
        let copies: Vec<_> = given.iter().map(|(copy, _)| copy.inside(&at)).collect();
        self.open(to, at, given, end);
        if let (Handle::Fan(from), Handle::Fan(to)) = (&from.of, &to.of) {
            for (item, copy) in items.iter().zip(copies) {
                self.replay_in(from, item, to, copy);
            }
        }
    }

    /// Goes where a closure composes, and makes what it is given.
    fn enter(&mut self, entry: &Entry) {
        let over = self.shape.fan(entry.over);
        if let Some(replay) = &entry.replay {
            self.replay(over, replay);
        }
        if let Handle::Value(Type::Pair, pair) = entry.replay.as_ref().unwrap_or(over).of {
            self.unzip(pair, &entry.params);
        }
    }

    fn unzip(&mut self, pair: Port, halves: &[Var]) {
        for (half, var) in halves.iter().enumerate() {
            self.each(self.shape.port(*var), |run, at| {
                run.get(pair, at).map(|pair| match pair {
                    V::Pair(pair) => pair[half].clone(),
                    other => unreachable!("{other:?} is no pair"),
                })
            });
        }
    }

    fn map(&mut self, map: &Map) {
        self.enter(&map.entry);
        self.block(&map.body);
        for returned in &map.returns {
            match &returned.lift {
                Lift::Own => {}
                Lift::Replay(to) => self.replay(self.shape.fan(returned.of), to),
                Lift::Settle(port) => {
                    let outer = self.shape.port(returned.of);
                    self.each(*port, |run, at| run.get(outer, at));
                }
            }
        }
    }

    fn filter(&mut self, filter: &Filter) {
        self.enter(&filter.entry);
        self.calc(&filter.keep);
        let value = self.shape.port(filter.entry.params[0]);
        let keep = self.shape.port(filter.keep.out);
        self.each(filter.gate, |run, at| match run.get(value, at).and(run.get(keep, at)) {
            Ready((_, V::Int(keep))) if !passes(keep) => Skipped,
            both => both.map(|(value, _)| value),
        });
    }

    fn fold(&mut self, fold: &Fold) {
        // What does not depend on the fold runs also if there is nothing to fold.
        self.block(&fold.body);
        self.each(self.shape.port(fold.out), |run, at| {
            let fan = run.shape.fan(fold.over);
            let (items, end) = run.items(fan, at);
            let mut accumulator = run.get_arg(fold.init, at);
            run.scopes.insert((fold.scope, at.clone()), (Vec::new(), Ready(())));
            for (copy, item) in run.given(fan, &items) {
                accumulator = run.fold_one(fold, at, copy, item, accumulator);
            }
            accumulator.and(end).map(|(accumulator, ())| accumulator)
        });
    }

    fn fold_one(
        &mut self,
        fold: &Fold,
        at: &Path,
        copy: Copy,
        item: Outcome<V>,
        accumulator: Outcome<V>,
    ) -> Outcome<V> {
        let here = copy.inside(at);
        self.scopes.entry((fold.scope, at.clone())).and_modify(|(copies, _)| copies.push(copy));
        // What one of them lacks, every step of the body lacks.
        let both = accumulator.clone().and(item);
        let (first, second) = (both.clone().map(|both| both.0), both.clone().map(|both| both.1));
        self.values.insert((self.shape.port(fold.accumulator), here.clone()), first);
        self.values.insert((fold.item, here.clone()), second);
        if let [_, _] = fold.params.as_slice() {
            self.unzip(fold.item, &fold.params);
        }
        self.block(&fold.body);
        match (both, self.get(self.shape.port(fold.result), &here)) {
            (Failed, _) | (Ready(_), Failed) => Failed,
            // A value that is skipped, or skips its step, is left out.
            (Skipped, _) | (Ready(_), Skipped) => accumulator,
            (Ready(_), next) => next,
        }
    }

    fn batch(&mut self, batch: &Batch) {
        let (of, to) = (self.shape.fan(batch.of), self.shape.fan(batch.out));
        for at in self.unopened(to) {
            let (items, end) = self.items(of, &at);
            let values = self.given(of, &items).into_iter().map(|(_, value)| value);
            let values: Vec<_> = values.filter(|value| *value != Skipped).collect();
            let mut batches: Vec<_> = values.chunks(batch.size).collect();
            // More values would have come.
            batches.pop_if(|last| end == Failed && last.len() < batch.size);
            let batches = batches.into_iter().enumerate().map(|(place, values)| {
                let copy = Copy::new(place, &Key(place.to_string()));
                (copy, all(values.to_vec()).map(V::List))
            });
            self.open(to, at, batches.collect(), end);
        }
    }

    fn zip(&mut self, zip: &Zip) {
        let [left, right, to] = [zip.left, zip.right, zip.out].map(|var| self.shape.fan(var));
        let Some(name) = &zip.name else {
            return self.each(to.port(), |run, at| {
                pair(run.get(left.port(), at), run.get(right.port(), at))
            });
        };
        for at in self.unopened(to) {
            let [(lefts, left_end), (rights, right_end)] = [left, right].map(|side| {
                let (items, end) = self.items(side, &at);
                (self.given(side, &items), end)
            });
            let end = left_end.and(right_end).map(|_| ());
            let mut pairs = Given::new();
            for (copy, value) in &lefts {
                match rights.iter().find(|(other, _)| other.key == copy.key) {
                    Some((_, other)) => {
                        pairs.push((copy.clone(), pair(value.clone(), other.clone())));
                    }
                    None => pairs.extend(self.unmatched(name, &at, copy, value, end)),
                }
            }
            for (copy, value) in &rights {
                if lefts.iter().all(|(other, _)| other.key != copy.key) {
                    let copy = copy.later(lefts.len());
                    pairs.extend(self.unmatched(name, &at, &copy, value, end));
                }
            }
            self.open(to, at, pairs, end);
        }
    }

    /// What becomes of a key that only one side of a zip has.
    fn unmatched(
        &mut self,
        zip: &str,
        at: &Path,
        copy: &Copy,
        value: &Outcome<V>,
        end: Outcome<()>,
    ) -> Option<(Copy, Outcome<V>)> {
        if end != Ready(()) {
            // The other side might have had it.
            return None;
        }
        if *value == Skipped {
            // What was filtered out is on neither side.
            return Some((copy.clone(), Skipped));
        }
        self.record(zip, &copy.inside(at), Status::Failure, 1);
        Some((copy.clone(), Failed))
    }
}
