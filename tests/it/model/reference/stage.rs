//! Statements that take a whole fan-out and give something else: filters, folds, batches and zips.

use super::super::outcome::Outcome::{self, Failed, Ready, Skipped};
use super::super::outcome::{Copy, Path, Status, all, pair};
use super::super::producer::Key;
use super::super::shape::{Batch, Filter, Fold, Zip};
use super::super::why::Why;
use super::super::work::{V, passes};
use super::{Given, Run};

impl Run<'_> {
    pub(super) fn filter(&mut self, filter: &Filter) {
        self.enter(&filter.entry);
        self.calc(&filter.keep);
        let value = self.shape.port(filter.entry.params[0]);
        let keep = self.shape.port(filter.keep.out);
        self.each(filter.gate, |run, at| match run.get(value, at).and(run.get(keep, at)) {
            Ready((_, V::Int(keep))) if !passes(keep) => Skipped,
            both => both.map(|(value, _)| value),
        });
    }

    pub(super) fn fold(&mut self, fold: &Fold) {
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

    pub(super) fn fold_one(
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
        let next = match (both, self.get(self.shape.port(fold.result), &here)) {
            (Failed(why), _) | (Ready(_), Failed(why)) => Failed(why),
            // A value that is skipped, or skips its step, is left out.
            (Skipped, _) | (Ready(_), Skipped) => accumulator,
            (Ready(_), next) => next,
        };
        next.map_why(|why| why.left(fold.scope, &here))
    }

    pub(super) fn batch(&mut self, batch: &Batch) {
        let (of, to) = (self.shape.fan(batch.of), self.shape.fan(batch.out));
        for at in self.unopened(to) {
            let (items, end) = self.items(of, &at);
            let values = self.given(of, &items).into_iter().map(|(_, value)| value);
            let values: Vec<_> = values.filter(|value| *value != Skipped).collect();
            let mut batches: Vec<_> = values.chunks(batch.size).collect();
            // More values would have come.
            batches.pop_if(|last| end.has_failed() && last.len() < batch.size);
            let batches = batches.into_iter().enumerate().map(|(place, values)| {
                let copy = Copy::new(place, &Key(place.to_string()));
                (copy, all(values.to_vec()).map(V::List))
            });
            self.open(to, at, batches.collect(), end);
        }
    }

    pub(super) fn zip(&mut self, zip: &Zip) {
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
            self.homes.insert(name.clone(), to.scope);
            let mut pairs = Given::new();
            for (copy, value) in &lefts {
                match rights.iter().find(|(other, _)| other.key == copy.key) {
                    Some((_, other)) => {
                        pairs.push((copy.clone(), pair(value.clone(), other.clone())));
                    }
                    None => pairs.extend(self.unmatched(name, &at, copy, value, &end)),
                }
            }
            for (copy, value) in &rights {
                if lefts.iter().all(|(other, _)| other.key != copy.key) {
                    let copy = copy.later(lefts.len());
                    pairs.extend(self.unmatched(name, &at, &copy, value, &end));
                }
            }
            self.open(to, at, pairs, end);
        }
    }

    /// What becomes of a key that only one side of a zip has.
    pub(super) fn unmatched(
        &mut self,
        zip: &str,
        at: &Path,
        copy: &Copy,
        value: &Outcome<V>,
        end: &Outcome<()>,
    ) -> Option<(Copy, Outcome<V>)> {
        if *end != Ready(()) {
            // The other side might have had it.
            return None;
        }
        if *value == Skipped {
            // What was filtered out is on neither side.
            return Some((copy.clone(), Skipped));
        }
        let here = copy.inside(at);
        self.record(zip, &here, Status::Failure, 1);
        let why = Why::failed(zip, &here, 1);
        let why = if let Failed(value) = value { why.and(value.clone()) } else { why };
        Some((copy.clone(), Failed(why)))
    }
}
