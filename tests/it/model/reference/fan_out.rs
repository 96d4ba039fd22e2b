//! What a fan-out's copies are, where they are seen from, and what is gathered of them.

use super::super::outcome::Outcome::{self, Failed, Ready, Skipped};
use super::super::outcome::{Copy, Path, all};
use super::super::shape::{By, Entry, Fan, Gather, Handle, Lift, Map, Port, ScopeId, Type, Var};
use super::super::work::V;
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
    pub(super) fn given(&self, fan: &Fan, items: &[Path]) -> Given {
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

    pub(super) fn gather(&self, fan: &Fan, at: &[Copy], by: By) -> Outcome<V> {
        let (items, end) = self.items(fan, at);
        let mut given = self.given(fan, &items);
        if let Handle::Fan(inner) = &fan.of {
            for (item, (_, value)) in items.iter().zip(&mut given) {
                *value = self.gather(inner, item, by);
            }
        }
        given.retain(|(_, value)| *value != Skipped);
        let (copies, values): (Vec<_>, Vec<_>) = given.into_iter().unzip();
        let keys = copies.into_iter().map(|copy| copy.key);
        // A failed key wins over a skipped source.
        all(values).and(end).map(|(values, ())| match by {
            By::Place => V::List(values),
            By::Key => V::Keyed(keys.zip(values).collect()),
        })
    }

    pub(super) fn collect(&mut self, gather: &Gather) {
        let fan = self.shape.fan(gather.of);
        self.each(gather.all, |run, at| run.gather(fan, at, gather.by));
        self.each(self.shape.port(gather.out), |run, at| {
            let inputs = all([run.get(gather.all, at)]);
            run.compute(gather.digest, at, inputs)
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
        }
        if let Handle::Value(Type::Pair, pair) = entry.replay.as_ref().unwrap_or(over).of {
            self.unzip(pair, &entry.params);
        }
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
