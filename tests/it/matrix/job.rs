//! The job of a case, composed as a user would.

use dynagraph::prelude::*;
use dynagraph::time::Rate;
use dynagraph::{IntoInput, Run};

use super::case::{Case, Failing, Keys, Kind, Nesting};
use super::op::{
    at_once, blocking, blocking_emitted, emitted, inline, listed, sleeping, streamed, total,
};
use super::watch::Watch;

const POOL: &str = "pool";

impl Case {
    fn work(self, name: &str, x: impl IntoInput<u64>, y: impl IntoInput<u64>) -> OutputHandle<u64> {
        let kinds = [Kind::Blocking, Kind::Sleeping, Kind::Inline, Kind::AtOnce];
        let letter = name.bytes().next_back().map_or(0, usize::from);
        let worked = match self.kind {
            Kind::Mixed => Self { kind: kinds[letter % 4], ..self }.invoke(x, y),
            _ => self.invoke(x, y),
        };
        let worked = worked.alias(name);
        let worked = self.policy().into_iter().fold(worked, OutputHandle::retry);
        let worked = self.op.number().into_iter().fold(worked, OutputHandle::max_concurrent);
        if self.has_pool() { worked.weighted_pool(POOL, self.pool.weight()) } else { worked }
    }

    fn invoke(self, x: impl IntoInput<u64>, y: impl IntoInput<u64>) -> OutputHandle<u64> {
        match self.kind {
            Kind::Sleeping => sleeping(x, y),
            Kind::AtOnce => at_once(x, y),
            Kind::Blocking => blocking(x, y),
            Kind::Inline | Kind::Mixed => inline(x, y),
        }
    }

    fn keys(self, name: &str, of: impl IntoInput<u64>, n: u64) -> DynamicHandle<u64> {
        let keys = match self.keys {
            Keys::List => listed(of, n),
            Keys::Emitted => emitted(of, n),
            Keys::BlockingEmitted => blocking_emitted(of, n),
            Keys::Streamed => streamed(of, n),
        };
        let keys = self.limited(keys.alias(name));
        let policy = self.keys_may_retry.then(|| RetryPolicy::new(1));
        let keys = policy.into_iter().fold(keys, DynamicHandle::retry);
        if self.has_pool() { keys.pool(POOL) } else { keys }
    }

    fn limited<T>(self, keys: DynamicHandle<T>) -> DynamicHandle<T> {
        let keys = self.window.number().into_iter().fold(keys, DynamicHandle::window);
        self.fan_out.number().into_iter().fold(keys, DynamicHandle::max_concurrent)
    }

    fn has_pool(self) -> bool {
        self.pool.size().is_some() || self.rate
    }

    pub(super) fn run(self, watch: &Watch) -> Run<u64> {
        let run = matrix(self).run().resource(watch.clone()).keep_steps(true);
        let run = run.fail_fast(self.failing == Failing::Fast);
        let run = self.run.number().into_iter().fold(run, Run::max_concurrent);
        let run = self.pool.size().into_iter().fold(run, |run, size| run.pool(POOL, size));
        if self.rate {
            run.rate(POOL, 20, |steps| Rate::every(steps, 4 * self.moment()))
        } else {
            run
        }
    }
}

#[job]
fn matrix(c: Case) -> OutputHandle<u64> {
    let worked = match c.nesting {
        Nesting::Flat => c.keys("keys", 0, 10).map(|x| c.work("a", x, 1)),
        Nesting::Chain => c.keys("keys", 0, 6).map(|x| c.work("b", c.work("a", x, 1), 2)),
        Nesting::Nested => nested(c),
        Nesting::Product => product(c),
        Nesting::InnerFold => inner_fold(c),
        Nesting::Zip => zip(c),
        Nesting::Batch => batch(c),
        Nesting::FlatMap => flat_map(c),
        Nesting::InnerCollect => inner_collect(c),
        Nesting::Diamond => diamond(c),
        Nesting::Barrier => barrier(c),
    };
    total(worked.collect())
}

fn nested(c: Case) -> DynamicHandle<u64> {
    let nested = c.keys("outer", 0, 4).map(|x| {
        let a = c.work("a", x, 1);
        c.keys("inner", a, 3).map(|y| c.work("b", y, a))
    });
    nested.flatten()
}

fn product(c: Case) -> DynamicHandle<u64> {
    let (left, right) = (c.keys("left", 0, 4), c.keys("right", 1, 3));
    left.map(|x| right.map(|y| c.work("a", x, y))).flatten()
}

fn inner_fold(c: Case) -> DynamicHandle<u64> {
    c.keys("outer", 0, 4).map(|x| c.keys("inner", x, 3).fold(x, |all, y| c.work("a", all, y)))
}

fn zip(c: Case) -> DynamicHandle<u64> {
    let left = c.keys("left", 0, 6).map(|x| c.work("a", x, 1));
    let right = c.keys("right", 1, 6);
    c.limited(left.zip(right)).map(|pair| {
        let (x, y) = pair.unzip();
        c.work("b", x, y)
    })
}

fn batch(c: Case) -> DynamicHandle<u64> {
    let worked = c.keys("keys", 0, 5).map(|x| c.work("a", x, 1));
    c.limited(worked.batch(2)).map(|batch| c.work("b", total(batch).alias("part"), 2))
}

fn flat_map(c: Case) -> DynamicHandle<u64> {
    let inner = c.keys("outer", 0, 4).flat_map(|x| c.keys("inner", c.work("a", x, 1), 3));
    let all = inner.fold(0, |all, y| c.work("b", all, y));
    inner.map(|y| c.work("c", y, all))
}

fn inner_collect(c: Case) -> DynamicHandle<u64> {
    c.keys("outer", 0, 4).map(|x| {
        let inner = c.keys("inner", x, 3).map(|y| c.work("a", y, x));
        c.work("b", total(inner.collect()).alias("part"), x)
    })
}

fn diamond(c: Case) -> DynamicHandle<u64> {
    c.keys("keys", 0, 5).map(|x| {
        let a = c.work("a", x, 1);
        c.work("d", c.work("b", a, 2), c.work("c", a, 3))
    })
}

fn barrier(c: Case) -> DynamicHandle<u64> {
    let keys = c.keys("keys", 0, 6);
    let all = total(keys.collect()).alias("part");
    keys.map(|x| c.work("a", x, all))
}
