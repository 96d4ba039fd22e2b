//! What a case must give: its job once more, as plain loops over plain values.

use std::collections::BTreeMap;

use dynagraph::StepStatus;

use super::case::{Case, MAX_RETRIES, Nesting, Trouble};
use super::op::{of_key, total};
use super::watch::value;

/// A value; none if it is lost.
type Lost<T> = Option<T>;

/// The copies of a fan-out.
#[derive(Clone)]
struct Copies<T> {
    /// By their paths.
    each: Vec<(String, T)>,
    /// Whether all of them are there.
    whole: bool,
}

impl<T> Copies<T> {
    fn map<R>(self, map: impl FnMut((String, T)) -> (String, R)) -> Copies<R> {
        Copies { each: self.each.into_iter().map(map).collect(), whole: self.whole }
    }

    fn zip<U>(self, other: Copies<U>) -> Copies<(T, U)> {
        let pairs = self.each.into_iter().zip(other.each);
        let each = pairs.map(|((path, left), (_, right))| (path, (left, right))).collect();
        Copies { each, whole: self.whole && other.whole }
    }
}

impl<T> Copies<Copies<T>> {
    fn flatten(self) -> Copies<T> {
        let whole = self.whole && self.each.iter().all(|(_, inner)| inner.whole);
        let each = self.each.into_iter().flat_map(|(outer, inner)| {
            let inner = inner.each.into_iter();
            inner.map(move |(path, value)| (format!("{outer}/{path}"), value))
        });
        Copies { each: each.collect(), whole }
    }
}

impl Copies<Lost<u64>> {
    fn collect(self) -> Lost<Vec<u64>> {
        let whole = self.whole.then_some(());
        whole.and_then(|()| self.each.into_iter().map(|(_, value)| value).collect())
    }

    fn batch(self, size: usize) -> Copies<Lost<Vec<u64>>> {
        let values: Vec<_> = self.each.into_iter().map(|(_, value)| value).collect();
        let batches = values.chunks(size).enumerate();
        let each = batches.map(|(n, batch)| (n.to_string(), batch.iter().copied().collect()));
        Copies { each: each.collect(), whole: self.whole }
    }
}

/// What every step must come to: its status, and the number of its attempts.
pub(super) type Steps = BTreeMap<String, (StepStatus, u32)>;

/// A case that is gone through.
pub(super) struct Plain {
    case: Case,
    /// The copy that is at work.
    path: Vec<String>,
    steps: Steps,
}

impl Plain {
    /// Gives the job's output and its steps.
    pub(super) fn run(case: Case) -> (Option<u64>, Steps) {
        let mut plain = Self { case, path: Vec::new(), steps: Steps::new() };
        let worked = plain.matrix();
        let output = plain.total("total", worked.collect());
        (output, plain.steps)
    }

    /// Takes a step that has all its inputs, and records one that has not.
    fn step<T>(
        &mut self,
        node: &str,
        inputs: Lost<T>,
        step: impl FnOnce(Case, T) -> (u32, Lost<u64>),
    ) -> Lost<u64> {
        let (status, attempts, output) = match inputs.map(|inputs| step(self.case, inputs)) {
            None => (StepStatus::UpstreamFailed, 0, None),
            Some((attempts, None)) => (StepStatus::Failure, attempts, None),
            Some((attempts, output)) => (StepStatus::Success, attempts, output),
        };
        let path = self.path.join("/");
        let key = if path.is_empty() { node.to_owned() } else { format!("{node}[{path}]") };
        assert!(self.steps.insert(key, (status, attempts)).is_none(), "{node} has one step twice");
        output
    }

    fn work(&mut self, node: &str, x: Lost<u64>, y: Lost<u64>) -> Lost<u64> {
        self.step(node, x.zip(y), |case, (x, y)| match case.trouble(x, y) {
            Trouble::First(failing) => (failing + 1, Some(value(x, y))),
            Trouble::Always => (1 + case.policy().map_or(0, |_| MAX_RETRIES), None),
            Trouble::Permanent => (1, None),
        })
    }

    fn total(&mut self, node: &str, parts: Lost<Vec<u64>>) -> Lost<u64> {
        self.step(node, parts, |_, parts| (1, Some(total::call(&parts))))
    }

    fn keys(&mut self, node: &str, of: Lost<u64>, n: u64) -> Copies<Lost<u64>> {
        let of = self.step(node, of, |_, of| (1, Some(of)));
        let n = of.map_or(0, |_| n);
        let each = (0..n).map(|key| (key.to_string(), of.map(|of| of_key(of, key)))).collect();
        Copies { each, whole: of.is_some() }
    }

    /// Does something in every copy.
    fn map<T, R>(
        &mut self,
        copies: Copies<T>,
        mut copy: impl FnMut(&mut Self, T) -> R,
    ) -> Copies<R> {
        copies.map(|(path, value)| {
            self.path.push(path.clone());
            let result = copy(self, value);
            self.path.pop();
            (path, result)
        })
    }

    fn fold(
        &mut self,
        node: &str,
        copies: Copies<Lost<u64>>,
        mut accumulator: Lost<u64>,
    ) -> Lost<u64> {
        let whole = copies.whole;
        self.map(copies, |p, value| accumulator = p.work(node, accumulator, value));
        accumulator.filter(|_| whole)
    }

    fn matrix(&mut self) -> Copies<Lost<u64>> {
        match self.case.nesting {
            Nesting::Flat => {
                let keys = self.keys("keys", Some(0), 10);
                self.map(keys, |p, x| p.work("a", x, Some(1)))
            }
            Nesting::Chain => {
                let keys = self.keys("keys", Some(0), 6);
                let worked = self.map(keys, |p, x| p.work("a", x, Some(1)));
                self.map(worked, |p, x| p.work("b", x, Some(2)))
            }
            Nesting::Nested => self.nested(),
            Nesting::Product => self.product(),
            Nesting::InnerFold => self.inner_fold(),
            Nesting::Zip => self.zip(),
            Nesting::Batch => self.batch(),
            Nesting::FlatMap => self.flat_map(),
            Nesting::InnerCollect => self.inner_collect(),
            Nesting::Diamond => self.diamond(),
            Nesting::Barrier => self.barrier(),
        }
    }

    fn nested(&mut self) -> Copies<Lost<u64>> {
        let outer = self.keys("outer", Some(0), 4);
        let nested = self.map(outer, |p, x| {
            let a = p.work("a", x, Some(1));
            let inner = p.keys("inner", a, 3);
            p.map(inner, |p, y| p.work("b", y, a))
        });
        nested.flatten()
    }

    fn product(&mut self) -> Copies<Lost<u64>> {
        let (left, right) = (self.keys("left", Some(0), 4), self.keys("right", Some(1), 3));
        self.map(left, |p, x| p.map(right.clone(), |p, y| p.work("a", x, y))).flatten()
    }

    fn inner_fold(&mut self) -> Copies<Lost<u64>> {
        let outer = self.keys("outer", Some(0), 4);
        self.map(outer, |p, x| {
            let inner = p.keys("inner", x, 3);
            p.fold("a", inner, x)
        })
    }

    fn zip(&mut self) -> Copies<Lost<u64>> {
        let left = self.keys("left", Some(0), 6);
        let left = self.map(left, |p, x| p.work("a", x, Some(1)));
        let right = self.keys("right", Some(1), 6);
        self.map(left.zip(right), |p, (x, y)| p.work("b", x, y))
    }

    fn batch(&mut self) -> Copies<Lost<u64>> {
        let keys = self.keys("keys", Some(0), 5);
        let worked = self.map(keys, |p, x| p.work("a", x, Some(1)));
        self.map(worked.batch(2), |p, batch| {
            let part = p.total("part", batch);
            p.work("b", part, Some(2))
        })
    }

    fn flat_map(&mut self) -> Copies<Lost<u64>> {
        let outer = self.keys("outer", Some(0), 4);
        let inner = self.map(outer, |p, x| {
            let a = p.work("a", x, Some(1));
            p.keys("inner", a, 3)
        });
        let inner = inner.flatten();
        let all = self.fold("b", inner.clone(), Some(0));
        self.map(inner, |p, y| p.work("c", y, all))
    }

    fn inner_collect(&mut self) -> Copies<Lost<u64>> {
        let outer = self.keys("outer", Some(0), 4);
        self.map(outer, |p, x| {
            let inner = p.keys("inner", x, 3);
            let inner = p.map(inner, |p, y| p.work("a", y, x));
            let part = p.total("part", inner.collect());
            p.work("b", part, x)
        })
    }

    fn diamond(&mut self) -> Copies<Lost<u64>> {
        let keys = self.keys("keys", Some(0), 5);
        self.map(keys, |p, x| {
            let a = p.work("a", x, Some(1));
            let (b, c) = (p.work("b", a, Some(2)), p.work("c", a, Some(3)));
            p.work("d", b, c)
        })
    }

    fn barrier(&mut self) -> Copies<Lost<u64>> {
        let keys = self.keys("keys", Some(0), 6);
        let all = self.total("part", keys.clone().collect());
        self.map(keys, |p, x| p.work("a", x, all))
    }
}
