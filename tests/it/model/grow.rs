//! Grows a seed into a job: finds the handles it means, and lays them out.

use super::seed::{
    ArgSeed, CalcSeed, EntrySeed, JobSeed, OutputSeed, Pick, ProduceSeed, ReturnSeed, Seed,
    WorkSeed,
};
use super::shape::{
    Arg, Batch, Calc, Entry, Fan, Filter, Fold, Gather, Handle, Lift, Map, Port, Produce, ROOT,
    Return, Scope, ScopeId, Shape, Stmt, Type, Var, Zip,
};
use super::trying::{Failing, Trouble};
use super::work::{Form, Outputs, Producer, ProducerWrong, Style, Work};

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
            Seed::Gather { of, keyed, digest } => self.gather(*of, *keyed, *digest),
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
            // Copies of keys that were emitted by an attempt that fails are not retried here.
            policy: seed.policy.filter(|_| fault.is_none() || seed.form == Form::List),
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

    fn gather(&mut self, of: Pick, keyed: bool, digest: WorkSeed) -> Option<Stmt> {
        let of = self.fan(of, |_| true)?;
        let fan = self.shape.fan(of);
        let (view, ints) = (fan.view, fan.values() == Some(Type::Int));
        let all = self.port(view);
        let list = (ints && !keyed).then(|| self.bind(Handle::Value(Type::List, all)));
        let digest = self.work(digest);
        let out = self.bind_value(Type::Int, view);
        Some(Stmt::Gather(Gather { of, keyed, all, digest, out, list }))
    }

    fn replay(&mut self, of: &Fan, view: ScopeId) -> Fan {
        let width = self.width(of);
        let scope = self.scope(view, width);
        let of = match &of.of {
            Handle::Value(ty, _) => Handle::Value(*ty, self.port(scope)),
            Handle::Fan(inner) => Handle::Fan(Box::new(self.replay(inner, scope))),
        };
        Fan::new(view, scope, of)
    }

    /// Replays a fan-out in another scope than it is seen from.
    fn replay_in(&mut self, of: &Fan, view: ScopeId) -> Option<Fan> {
        let width = self.width(&of.flat());
        if !self.has_room(view, width) || self.shape.depth(view) + of.nesting() > MAX_DEPTH {
            return None;
        }
        let replay = self.replay(of, view);
        self.needs(replay.scope, [of.view]);
        Some(replay)
    }

    fn entry(&mut self, seed: EntrySeed, over: Var) -> Option<Entry> {
        let fan = self.shape.fan(over).clone();
        let is_here = fan.view == self.current;
        let replay = if is_here { None } else { Some(self.replay_in(&fan, self.current)?) };
        let EntrySeed { window, max_concurrent, .. } = seed;
        Some(Entry { over, replay, params: Vec::new(), window, max_concurrent })
    }

    /// Binds what a closure is given.
    fn params(&mut self, of: &Handle) -> Vec<Var> {
        match of {
            Handle::Value(Type::Pair, pair) => {
                let scope = self.shape.ports[*pair];
                (0..2).map(|_| self.bind_value(Type::Int, scope)).collect()
            }
            handle => vec![self.bind(handle.clone())],
        }
    }

    fn entered(&self, entry: &Entry) -> Fan {
        entry.replay.as_ref().unwrap_or(self.shape.fan(entry.over)).clone()
    }

    fn map(
        &mut self,
        seed: EntrySeed,
        body: &[Seed],
        returns: ReturnSeed,
        flat: bool,
    ) -> Option<Stmt> {
        let over = self.fan(seed.over, |_| true)?;
        let mut entry = self.entry(seed, over)?;
        let fan = self.entered(&entry);
        let (params, body, returned) = self.within(fan.scope, |grower| {
            let params = grower.params(&fan.of);
            let body = grower.block(body);
            let returned: Vec<_> =
                grower.returned(returns).into_iter().filter_map(|var| grower.lift(var)).collect();
            (params, body, returned)
        });
        entry.params = params;
        let view = self.current;
        let is_flat = |of: &Handle| matches!(of, Handle::Fan(fan) if fan.nesting() == 1);
        let can_be_flat = matches!(returned.as_slice(), [(.., of)] if is_flat(of));
        let flat = flat && can_be_flat && fan.nesting() == 1;
        let returns = returned.into_iter().map(|(of, lift, handle)| {
            let mapped = Fan::new(view, fan.scope, handle);
            let mapped = if flat { mapped.flat() } else { mapped };
            Return { of, lift, out: self.bind(Handle::Fan(Box::new(mapped))) }
        });
        let returns = returns.collect();
        Some(Stmt::Map(Map { entry, body, returns, flat }))
    }

    /// The handles that a closure returns.
    fn returned(&self, seed: ReturnSeed) -> Vec<Var> {
        let value = |pick| self.value(pick, Type::Int);
        let fan = |pick| self.fan(pick, |fan| fan.nesting() <= 2 && fan.innermost() == Type::Int);
        match seed {
            ReturnSeed::Nothing => Vec::new(),
            ReturnSeed::Value(pick) => {
                let either = |handle: &Handle| matches!(handle, Handle::Value(..));
                self.pick(pick, either).into_iter().collect()
            }
            ReturnSeed::Values(one, two) => value(one).into_iter().chain(value(two)).collect(),
            ReturnSeed::Fan(pick) => fan(pick).into_iter().collect(),
            ReturnSeed::ValueAndFan(one, two) => {
                let flat = self.fan(two, |fan| fan.values() == Some(Type::Int));
                value(one).into_iter().chain(flat).collect()
            }
        }
    }

    /// A returned handle as each copy has it.
    fn lift(&mut self, var: Var) -> Option<(Var, Lift, Handle)> {
        let scope = self.current;
        let handle = self.shape.vars[var].clone();
        if self.shape.scope_of(var) == scope {
            return Some((var, Lift::Own, handle));
        }
        match handle {
            Handle::Value(ty, outer) => {
                self.needs(scope, [self.shape.ports[outer]]);
                let port = self.port(scope);
                Some((var, Lift::Settle(port), Handle::Value(ty, port)))
            }
            Handle::Fan(fan) => {
                let replay = self.replay_in(&fan, scope)?;
                Some((var, Lift::Replay(replay.clone()), Handle::Fan(Box::new(replay))))
            }
        }
    }

    fn filter(&mut self, seed: EntrySeed, keep: &CalcSeed) -> Option<Stmt> {
        let over = self.fan(seed.over, |fan| fan.values() == Some(Type::Int))?;
        let mut entry = self.entry(seed, over)?;
        let fan = self.entered(&entry);
        let (params, keep) = self.within(fan.scope, |grower| {
            let params = grower.params(&fan.of);
            (params, grower.calc(keep))
        });
        entry.params = params;
        let keep = keep?;
        self.needs(fan.scope, [self.shape.scope_of(keep.out)]);
        let gate = self.port(fan.scope);
        let mapped = Fan::new(self.current, fan.scope, Handle::Value(Type::Int, gate));
        let out = self.bind(Handle::Fan(Box::new(mapped)));
        Some(Stmt::Filter(Filter { entry, keep, gate, out }))
    }

    fn fold(&mut self, over: Pick, init: ArgSeed, body: &[Seed], result: Pick) -> Option<Stmt> {
        let over = self.fan(over, |fan| fan.values().is_some())?;
        let fan = self.shape.fan(over).clone();
        let init = match init {
            ArgSeed::List(_) => Arg::Const(5),
            init => self.arg(init),
        };
        let width = self.width(&fan);
        if !self.has_room(self.current, width) {
            return None;
        }
        let scope = self.scope(self.current, width);
        let item = self.port(scope);
        let ty = fan.values()?;
        let (accumulator, params, body, result) = self.within(scope, |grower| {
            let params = grower.params(&Handle::Value(ty, item));
            let accumulator = grower.bind_value(Type::Int, scope);
            let body = grower.block(body);
            let result = grower.value(result, Type::Int).unwrap_or(accumulator);
            (accumulator, params, body, result)
        });
        self.needs(scope, [self.shape.scope_of(result)]);
        let inside = |of: ScopeId| self.shape.contains(scope, of);
        let captured = self.needs.iter().filter(|(of, needed)| inside(*of) && !inside(*needed));
        let captured = captured.map(|(_, needed)| *needed);
        let own = [self.shape.scope_of_arg(init), fan.view];
        let home = self.shape.deepest(captured.chain(own));
        self.shape.scopes[scope].parent = home;
        self.needs(home, own);
        let out = self.bind_value(Type::Int, home);
        Some(Stmt::Fold(Fold { over, init, scope, accumulator, item, params, body, result, out }))
    }

    fn batch(&mut self, of: Pick, size: usize) -> Option<Stmt> {
        let of = self.fan(of, |fan| fan.values() == Some(Type::Int))?;
        let fan = self.shape.fan(of).clone();
        let width = self.width(&fan).div_ceil(size);
        if !self.has_room(fan.view, width) {
            return None;
        }
        let out = self.new_fan(fan.view, width, Type::List);
        Some(Stmt::Batch(Batch { of, size, out }))
    }

    fn zip(&mut self, left: Pick, right: Pick) -> Option<Stmt> {
        let ints = |fan: &Fan| fan.values() == Some(Type::Int);
        let (left, right) = (self.fan(left, ints)?, self.fan(right, ints)?);
        let fans = [left, right].map(|var| self.shape.fan(var).clone());
        if (fans[0].view, fans[0].scope) == (fans[1].view, fans[1].scope) {
            self.zips += 1;
            let pair = self.port(fans[0].scope);
            let pairs = Fan::new(fans[0].view, fans[0].scope, Handle::Value(Type::Pair, pair));
            let out = self.bind(Handle::Fan(Box::new(pairs)));
            return Some(Stmt::Zip(Zip { left, right, name: None, out }));
        }
        let width = self.width(&fans[0]) + self.width(&fans[1]);
        let view = self.shape.deepest([fans[0].view, fans[1].view]);
        if !self.has_room(view, width) {
            return None;
        }
        // Also the zips that cannot fail are counted.
        self.zips += 1;
        let name = if self.zips == 1 { "zip".to_owned() } else { format!("zip_{}", self.zips) };
        let out = self.new_fan(view, width, Type::Pair);
        self.needs(self.shape.fan(out).scope, fans.map(|fan| fan.view));
        Some(Stmt::Zip(Zip { left, right, name: Some(name), out }))
    }

    fn flatten(&mut self, of: Pick) -> Option<Stmt> {
        let of = self.fan(of, |fan| fan.values().is_none())?;
        let fan = self.shape.fan(of);
        let Handle::Fan(inner) = &fan.of else { return None };
        let flat = Fan { view: fan.view, ..(**inner).clone() };
        let out = self.bind(Handle::Fan(Box::new(flat)));
        Some(Stmt::Flatten { of, out })
    }
}
