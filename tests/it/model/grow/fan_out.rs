//! Lays out maps: the copies that a closure composes in, and what comes out of it.

use super::super::seed::{EntrySeed, ReturnSeed, Seed};
use super::super::shape::{Entry, Fan, Handle, Lift, Map, Return, ScopeId, Stmt, Type, Var};
use super::{Grower, MAX_DEPTH};

impl Grower {
    pub(super) fn replay(&mut self, of: &Fan, view: ScopeId) -> Fan {
        let width = self.width(of);
        let scope = self.scope(view, width);
        let of = match &of.of {
            Handle::Value(ty, _) => Handle::Value(*ty, self.port(scope)),
            Handle::Fan(inner) => Handle::Fan(Box::new(self.replay(inner, scope))),
        };
        Fan::new(view, scope, of)
    }

    /// Replays a fan-out in another scope than it is seen from.
    pub(super) fn replay_in(&mut self, of: &Fan, view: ScopeId) -> Option<Fan> {
        let width = self.width(&of.flat());
        if !self.has_room(view, width) || self.shape.depth(view) + of.nesting() > MAX_DEPTH {
            return None;
        }
        let replay = self.replay(of, view);
        self.needs(replay.scope, [of.view]);
        Some(replay)
    }

    pub(super) fn entry(&mut self, seed: EntrySeed, over: Var) -> Option<Entry> {
        let fan = self.shape.fan(over).clone();
        let is_here = fan.view == self.current;
        let replay = if is_here { None } else { Some(self.replay_in(&fan, self.current)?) };
        let EntrySeed { window, max_concurrent, .. } = seed;
        Some(Entry { over, replay, params: Vec::new(), window, max_concurrent })
    }

    /// Binds what a closure is given.
    pub(super) fn params(&mut self, of: &Handle) -> Vec<Var> {
        match of {
            Handle::Value(Type::Pair, pair) => {
                let scope = self.shape.ports[*pair];
                (0..2).map(|_| self.bind_value(Type::Int, scope)).collect()
            }
            handle => vec![self.bind(handle.clone())],
        }
    }

    pub(super) fn entered(&self, entry: &Entry) -> Fan {
        entry.replay.as_ref().unwrap_or(self.shape.fan(entry.over)).clone()
    }

    pub(super) fn map(
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
    pub(super) fn returned(&self, seed: ReturnSeed) -> Vec<Var> {
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
    pub(super) fn lift(&mut self, var: Var) -> Option<(Var, Lift, Handle)> {
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
}
