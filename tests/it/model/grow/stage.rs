//! Lays out statements that take a whole fan-out and give something else.

use super::super::seed::{ArgSeed, CalcSeed, EntrySeed, Pick, Seed};
use super::super::shape::{Arg, Batch, Fan, Filter, Fold, Handle, ScopeId, Stmt, Type, Zip};
use super::Grower;

impl Grower {
    pub(super) fn filter(&mut self, seed: EntrySeed, keep: &CalcSeed) -> Option<Stmt> {
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

    pub(super) fn fold(
        &mut self,
        over: Pick,
        init: ArgSeed,
        body: &[Seed],
        result: Pick,
    ) -> Option<Stmt> {
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

    pub(super) fn batch(&mut self, of: Pick, size: usize) -> Option<Stmt> {
        let of = self.fan(of, |fan| fan.values() == Some(Type::Int))?;
        let fan = self.shape.fan(of).clone();
        let width = self.width(&fan).div_ceil(size);
        if !self.has_room(fan.view, width) {
            return None;
        }
        let out = self.new_fan(fan.view, width, Type::List);
        Some(Stmt::Batch(Batch { of, size, out }))
    }

    pub(super) fn zip(&mut self, left: Pick, right: Pick) -> Option<Stmt> {
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

    pub(super) fn flatten(&mut self, of: Pick) -> Option<Stmt> {
        let of = self.fan(of, |fan| fan.values().is_none())?;
        let fan = self.shape.fan(of);
        let Handle::Fan(inner) = &fan.of else { return None };
        let flat = Fan { view: fan.view, ..(**inner).clone() };
        let out = self.bind(Handle::Fan(Box::new(flat)));
        Some(Stmt::Flatten { of, out })
    }
}
