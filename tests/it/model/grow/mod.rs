//! Grows a seed into a job: finds the handles it means, and lays them out.

mod fan_out;
mod stage;

use super::producer::{Form, Outputs, Producer, ProducerWrong};
use super::seed::{ArgSeed, CalcSeed, JobSeed, OutputSeed, Pick, ProduceSeed, Seed, WorkSeed};
use super::shape::{
    Arg, By, Calc, Fan, Gather, Handle, Port, Produce, ROOT, Scope, ScopeId, Shape, Stmt, Type, Var,
};
use super::trying::{Failing, Trouble};
use super::work::{Style, Work};

/// At most so many instances of any scope.
const MAX_INSTANCES: usize = 150;
/// At most so many scopes around a statement.
const MAX_DEPTH: usize = 5;

pub(super) fn grow(seed: &JobSeed) -> Shape {
    let root = Scope { parent: ROOT, width: 1 };
    let shape = Shape { scopes: vec![root], ..Shape::default() };
    let mut grower =
        Grower { shape, visible: Vec::new(), current: ROOT, needs: Vec::new(), nodes: 0, zips: 0 };
    grower.shape.body = grower.block(&seed.body);
    grower.shape.output = match seed.output {
        OutputSeed::Nothing => None,
        OutputSeed::Value(pick) => grower.value(pick, Type::Int),
        OutputSeed::Fan(pick) => grower.fan(pick, |fan| fan.innermost() == Type::Int),
    };
    grower.shape
}

struct Grower {
    shape: Shape,
    /// The names that the code written now can use.
    visible: Vec<Var>,
    /// The scope whose closure is being written.
    current: ScopeId,
    /// What stands in one scope and needs something of another.
    needs: Vec<(ScopeId, ScopeId)>,
    nodes: usize,
    zips: usize,
}

impl Grower {
    fn block(&mut self, seeds: &[Seed]) -> Vec<Stmt> {
        let mut written = Vec::new();
        for seed in seeds {
            let needs = self.needs.len();
            match self.stmt(seed) {
                Some(stmt) => written.push(stmt),
                // What was begun and given up is not in the job.
                None => self.needs.truncate(needs),
            }
        }
        written
    }

    fn stmt(&mut self, seed: &Seed) -> Option<Stmt> {
        match seed {
            Seed::Calc(seed) => self.calc(seed).map(Stmt::Calc),
            Seed::Produce(seed) => self.produce(seed),
            Seed::Gather { of, by, digest } => self.gather(*of, *by, *digest),
            Seed::Map { entry, body, returns, flat } => self.map(*entry, body, *returns, *flat),
            Seed::Filter { entry, keep } => self.filter(*entry, keep),
            Seed::Fold { over, init, body, result } => self.fold(*over, *init, body, *result),
            Seed::Batch { of, size } => self.batch(*of, *size),
            Seed::Zip { left, right } => self.zip(*left, *right),
            Seed::Flatten { of } => self.flatten(*of),
        }
    }

    /// Calls `write` as a closure whose copies are those of `scope`: what it binds is not visible later.
    fn within<R>(&mut self, scope: ScopeId, write: impl FnOnce(&mut Self) -> R) -> R {
        let (outer, visible) = (self.current, self.visible.len());
        self.current = scope;
        let result = write(self);
        self.current = outer;
        self.visible.truncate(visible);
        result
    }

    fn pick(&self, pick: Pick, fits: impl Fn(&Handle) -> bool) -> Option<Var> {
        let fitting: Vec<_> =
            self.visible.iter().rev().filter(|&&var| fits(&self.shape.vars[var])).collect();
        let place = usize::from(pick).checked_rem(fitting.len())?;
        fitting.get(place).copied().copied()
    }

    fn value(&self, pick: Pick, ty: Type) -> Option<Var> {
        self.pick(pick, |handle| matches!(handle, Handle::Value(of, _) if *of == ty))
    }

    fn fan(&self, pick: Pick, fits: impl Fn(&Fan) -> bool) -> Option<Var> {
        self.pick(pick, |handle| matches!(handle, Handle::Fan(fan) if fits(fan)))
    }

    fn arg(&self, seed: ArgSeed) -> Arg {
        let var = match seed {
            ArgSeed::Const(value) => return Arg::Const(value),
            ArgSeed::Int(pick) => self.value(pick, Type::Int),
            ArgSeed::List(pick) => self.value(pick, Type::List),
        };
        var.map_or(Arg::Const(5), Arg::Var)
    }

    fn port(&mut self, scope: ScopeId) -> Port {
        self.shape.ports.push(scope);
        self.shape.ports.len() - 1
    }

    fn bind(&mut self, handle: Handle) -> Var {
        self.shape.vars.push(handle);
        let var = self.shape.vars.len() - 1;
        self.visible.push(var);
        var
    }

    fn bind_value(&mut self, ty: Type, scope: ScopeId) -> Var {
        let port = self.port(scope);
        self.bind(Handle::Value(ty, port))
    }

    fn instances(&self, scope: ScopeId) -> usize {
        self.shape.ancestry(scope).map(|scope| self.shape.scopes[scope].width).product()
    }

    fn has_room(&self, parent: ScopeId, width: usize) -> bool {
        self.instances(parent) * width <= MAX_INSTANCES && self.shape.depth(parent) < MAX_DEPTH
    }

    fn scope(&mut self, parent: ScopeId, width: usize) -> ScopeId {
        self.shape.scopes.push(Scope { parent, width: width.max(1) });
        self.shape.scopes.len() - 1
    }

    fn width(&self, fan: &Fan) -> usize {
        let levels = self.shape.levels(fan).into_iter();
        levels.map(|scope| self.shape.scopes[scope].width).product()
    }

    fn needs(&mut self, scope: ScopeId, of: impl IntoIterator<Item = ScopeId>) {
        self.needs.extend(of.into_iter().map(|of| (scope, of)));
    }

    fn work(&mut self, seed: WorkSeed) -> Work {
        self.nodes += 1;
        let WorkSeed { style, borrows, fault, trouble, policy, max_concurrent } = seed;
        // Nobody ends an op that does its work where it is started.
        self.shape.has_threads |= style == Style::Blocking;
        let can_be_late = !matches!(style, Style::Blocking | Style::Inline);
        let trouble = trouble.map(|trouble| match trouble.what {
            Failing::Late { .. } if !can_be_late => Trouble { what: Failing::Error, ..trouble },
            _ => trouble,
        });
        self.shape.limits.extend(max_concurrent.map(|limit| (self.nodes, limit)));
        Work { node: self.nodes, style, borrows, fault, trouble, policy, max_concurrent }
    }

    fn calc(&mut self, seed: &CalcSeed) -> Option<Calc> {
        let mut args: Vec<_> = seed.args.iter().map(|arg| self.arg(*arg)).collect();
        let is_list = |arg: &Arg| match arg {
            Arg::Var(var) => matches!(self.shape.vars[*var], Handle::Value(Type::List, _)),
            Arg::Const(_) => false,
        };
        let lists: Vec<_> = args.iter().map(is_list).collect();
        if lists[0] {
            args.truncate(1);
        } else if lists.contains(&true) {
            return None;
        }
        let work = self.work(seed.work);
        let after = seed.after.and_then(|pick| self.pick(pick, |h| matches!(h, Handle::Value(..))));
        let mut calc = Calc { work, args, after, out: 0 };
        let scope = self.shape.home_of(&calc);
        let args = calc.args.iter().map(|arg| self.shape.scope_of_arg(*arg));
        let needed: Vec<_> =
            args.chain(calc.after.map(|after| self.shape.scope_of(after))).collect();
        self.needs(scope, needed);
        calc.out = self.bind_value(Type::Int, scope);
        Some(calc)
    }

    fn produce(&mut self, seed: &ProduceSeed) -> Option<Stmt> {
        let arg = self.arg(seed.arg);
        let scope = self.shape.scope_of_arg(arg);
        // An op with dynamic outputs stays where its inputs are.
        let after = seed.after.and_then(|pick| {
            let fits = |port: Port| self.shape.contains(self.shape.ports[port], scope);
            self.pick(pick, |handle| matches!(handle, Handle::Value(_, port) if fits(*port)))
        });
        let keys = seed.keys.min([6, 4, 3, 2, 2, 2][self.shape.depth(scope)]);
        if !self.has_room(scope, keys) {
            return None;
        }
        let needed = after.map(|after| self.shape.scope_of(after));
        self.needs(scope, [self.shape.scope_of_arg(arg)].into_iter().chain(needed));
        self.nodes += 1;
        let fault = seed.fault.map(|mut fault| {
            if fault.what == ProducerWrong::DuplicateIgnored && seed.form != Form::Emit {
                fault.what = ProducerWrong::Duplicate;
            }
            fault
        });
        self.shape.has_threads |= seed.pace == Style::Blocking;
        self.shape.blocks |= seed.pace == Style::Blocking && seed.form != Form::List;
        let producer = Producer {
            node: self.nodes,
            form: seed.form,
            pace: seed.pace,
            outputs: seed.outputs,
            keys,
            varies: seed.varies,
            naming: seed.naming,
            fault,
            policy: seed.policy,
        };
        let plain =
            (seed.outputs == Outputs::PlainAndOne).then(|| self.bind_value(Type::Int, scope));
        let count = if matches!(seed.outputs, Outputs::Two | Outputs::TwoSparse) { 2 } else { 1 };
        let fans = (0..count).map(|_| self.new_fan(scope, keys, Type::Int)).collect();
        Some(Stmt::Produce(Produce { producer, arg, after, plain, fans }))
    }

    /// A fan-out whose copies are given a value each.
    fn new_fan(&mut self, view: ScopeId, width: usize, ty: Type) -> Var {
        let scope = self.scope(view, width);
        let port = self.port(scope);
        self.bind(Handle::Fan(Box::new(Fan::new(view, scope, Handle::Value(ty, port)))))
    }

    fn gather(&mut self, of: Pick, by: By, digest: WorkSeed) -> Option<Stmt> {
        let of = self.fan(of, |_| true)?;
        let fan = self.shape.fan(of);
        let (view, ints) = (fan.view, fan.values() == Some(Type::Int));
        let all = self.port(view);
        let list = (ints && by == By::Place).then(|| self.bind(Handle::Value(Type::List, all)));
        let digest = self.work(digest);
        let out = self.bind_value(Type::Int, view);
        Some(Stmt::Gather(Gather { of, by, all, digest, out, list }))
    }
}
