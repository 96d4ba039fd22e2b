//! What a fan-out's copies are, where they are seen from, and what is gathered of them.

use super::super::outcome::Outcome::{self, Failed, Ready, Skipped};
use super::super::outcome::{Copy, Path, all, step_key};
use super::super::shape::{
    By, Entry, Fan, Gather, Handle, Lift, Map, Port, ScopeId, Tolerated, Type, Var,
};
use super::super::why::Why;
use super::super::work::{FailedKey, V};
use super::{Given, Run};

impl Run<'_> {
    /// The copies that one instance of a fan-out's view sees, in order, and how their sources ended.
    pub(super) fn items(&self, fan: &Fan, at: &[Copy]) -> (Vec<Path>, Outcome<()>) {
        let mut items = Vec::new();
        let at = at[..self.shape.depth(fan.view)].to_vec();
        let end = self.walk(&self.shape.levels(fan), at, &mut items);
        (items, end)
    }

    pub(super) fn walk(&self, levels: &[ScopeId], at: Path, items: &mut Vec<Path>) -> Outcome<()> {
        let [level, inner @ ..] = levels else {
            items.push(at);
            return Ready(());
        };
        let (_, mut end) = self.scopes[&(*level, at.clone())].clone();
        for copy in self.copies(*level, &at) {
            // A fan-out that was skipped inside of another one is left out.
            if let Failed(why) = self.walk(inner, copy.clone(), items) {
                end = end.and(Failed::<()>(why.left(self.same(*level), &copy))).map(drop);
            }
        }
        end
    }

    /// Copies of one's own for those that one instance of a fan-out's view sees, with their values.
    pub(super) fn given(&self, fan: &Fan, items: &[Path]) -> Given {
        let depth = self.shape.depth(fan.view);
        let given = items.iter().enumerate().map(|(place, item)| {
            let value = match fan.of {
                Handle::Value(_, port) => {
                    self.get(port, item).map_why(|why| why.left(self.same(fan.scope), item))
                }
                Handle::Fan(_) => Skipped,
            };
            (Copy::of_path(place, &item[depth..]), value)
        });
        given.collect()
    }

    pub(super) fn gather(&mut self, fan: &Fan, at: &[Copy], by: By) -> Outcome<V> {
        if let By::Partial(tolerated) = by {
            return self.gather_partially(&fan.flat(), at, tolerated);
        }
        let (items, end) = self.items(fan, at);
        let mut given = self.given(fan, &items);
        if let Handle::Fan(inner) = &fan.of {
            for (item, (_, value)) in items.iter().zip(&mut given) {
                *value = self.gather(inner, item, by);
            }
        }
        for (item, (_, value)) in items.iter().zip(&mut given) {
            *value = std::mem::replace(value, Skipped).map_why(|why| self.leave(why, fan, item));
        }
        given.retain(|(_, value)| *value != Skipped);
        let (copies, values): (Vec<_>, Vec<_>) = given.into_iter().unzip();
        let keys = copies.into_iter().map(|copy| copy.key);
        // A failed key wins over a skipped source.
        all(values).and(end).map(|(values, ())| match by {
            By::Place => V::List(values),
            By::Key => V::Keyed(keys.zip(values).collect()),
            By::Partial(_) => unreachable!("it is gathered partially"),
        })
    }

    /// The values that are there, and the keys that failed, if these are few enough.
    fn gather_partially(&mut self, fan: &Fan, at: &[Copy], tolerated: Tolerated) -> Outcome<V> {
        let (items, end) = self.items(fan, at);
        let (mut values, mut failed, mut whys) = (Vec::new(), Vec::new(), Ready(()));
        let mut accepted = Vec::new();
        for (copy, value) in self.given(fan, &items) {
            match value {
                Ready(value) => values.push((copy.key, value)),
                Skipped => {}
                Failed(why) => {
                    let steps = why.failures();
                    let steps = steps.map(|(node, at, attempts)| (step_key(node, at), attempts));
                    failed.push(FailedKey { key: copy.key, steps: steps.collect() });
                    accepted.push(why.clone());
                    whys = whys.and(Failed::<()>(why)).map(drop);
                }
            }
        }
        let few = match tolerated {
            _ if failed.is_empty() => true,
            Tolerated::Nothing => false,
            Tolerated::Count(keys) => failed.len() <= keys,
            Tolerated::Quarters(quarters) => {
                failed.len() * 4 <= (failed.len() + values.len()) * usize::from(quarters)
            }
            Tolerated::All => true,
        };
        match end {
            Ready(()) if few => {
                for why in accepted {
                    self.accepted = std::mem::take(&mut self.accepted).and(why);
                }
                Ready(V::Partial(values, failed))
            }
            Skipped => Skipped,
            end => end.and(whys).map(|_| unreachable!("too many keys failed")),
        }
    }

    /// Outside of all copies between a value and where its fan-out is seen from.
    fn leave(&self, why: Why, fan: &Fan, item: &[Copy]) -> Why {
        let view = self.shape.depth(fan.view);
        let levels = self.shape.levels(fan).into_iter().zip(view + 1..);
        levels.fold(why, |why, (level, depth)| why.left(self.same(level), &item[..depth]))
    }

    pub(super) fn collect(&mut self, gather: &Gather) {
        let fan = self.shape.fan(gather.of);
        self.each(gather.all, |run, at| run.gather(fan, at, gather.by));
        self.each(self.shape.port(gather.out), |run, at| {
            let inputs = all([run.get(gather.all, at)]);
            run.compute(gather.digest, gather.out, at, inputs)
        });
    }

    /// Makes a fan-out's copies once more, in every instance of another view.
    pub(super) fn replay(&mut self, from: &Fan, to: &Fan) {
        for at in self.unopened(to) {
            self.replay_in(from, &at.clone(), to, at);
        }
    }

    pub(super) fn replay_in(&mut self, from: &Fan, from_at: &Path, to: &Fan, at: Path) {
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
    pub(super) fn enter(&mut self, entry: &Entry) {
        let over = self.shape.fan(entry.over);
        if let Some(replay) = &entry.replay {
            self.replay(over, replay);
            self.reenter(over, replay);
        }
        if let Handle::Value(Type::Pair, pair) = entry.replay.as_ref().unwrap_or(over).of {
            self.unzip(pair, &entry.params);
        }
    }

    /// Finds whether a closure was called here on the same fan-out before. One of fan-outs is made anew.
    fn reenter(&mut self, over: &Fan, replay: &Fan) {
        let view = self.same(replay.view);
        let mut before = self.entered.iter().filter(|(of, _)| of == over).map(|(_, fan)| fan);
        match before.find(|fan| self.same(fan.view) == view) {
            Some(first) => drop(self.same.insert(replay.scope, first.scope)),
            None if over.values().is_some() => self.entered.push((over.clone(), replay.clone())),
            None => {}
        }
    }

    /// The scope that has the copies of another one, which may be itself.
    pub(super) fn same(&self, scope: ScopeId) -> ScopeId {
        self.same.get(&scope).copied().unwrap_or(scope)
    }

    pub(super) fn unzip(&mut self, pair: Port, halves: &[Var]) {
        for (half, var) in halves.iter().enumerate() {
            self.each(self.shape.port(*var), |run, at| {
                run.get(pair, at).map(|pair| match pair {
                    V::Pair(pair) => pair[half].clone(),
                    other => unreachable!("{other:?} is no pair"),
                })
            });
        }
    }

    pub(super) fn map(&mut self, map: &Map) {
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
}
