//! What the ops of a case see of it while it runs: who works at once, and for how long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dynagraph::prelude::*;

use super::case::{Case, MAX_RETRIES, Nesting, Trouble};

/// Given to every op as a resource.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) case: Case,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    run: Gauge,
    pool: Gauge,
    nodes: BTreeMap<String, Gauge>,
    /// By the node in the copies and the copy around the fan-out.
    fan_outs: BTreeMap<String, Gauge>,
    /// The keys that were emitted and not finished.
    unfinished: Gauge,
}

#[derive(Debug, Default)]
struct Gauge {
    now: i64,
    most: i64,
}

impl Gauge {
    fn add(&mut self, count: i64) {
        self.now += count;
        self.most = self.most.max(self.now);
    }
}

impl Watch {
    pub(super) fn new(case: Case) -> Self {
        Self { case, seen: Arc::default() }
    }

    fn look(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step in a copy works until what this gives is dropped.
    pub(super) fn begin(&self, ctx: &OpContext) -> Working {
        let key = ctx.step_key().to_string();
        let node = key.split('[').next().unwrap_or_default().to_owned();
        let around = key.rsplit_once('/').map_or(node.as_str(), |(around, _)| around).to_owned();
        let working = Working { watch: self.clone(), node, around };
        working.count(1);
        working
    }

    /// What an attempt gives.
    pub(super) fn work(&self, ctx: &OpContext, x: u64, y: u64) -> Result<u64, OpError> {
        let attempt = ctx.attempt();
        let result = match self.case.trouble(x, y) {
            Trouble::First(failing) if attempt > failing => Ok(value(x, y)),
            Trouble::First(_) | Trouble::Always => Err("on purpose".into()),
            Trouble::Permanent => Err(OpError::permanent("for good")),
        };
        let is_last = match self.case.trouble(x, y) {
            Trouble::First(_) => result.is_ok(),
            Trouble::Always => self.case.policy().is_none() || attempt > MAX_RETRIES,
            Trouble::Permanent => true,
        };
        if is_last {
            self.look().unfinished.add(-1);
        }
        result
    }

    pub(super) fn emitted(&self) {
        self.look().unfinished.add(1);
    }

    /// The limits that were exceeded, and what works after the end.
    pub(super) fn complaints(&self) -> Vec<String> {
        let (case, seen) = (&self.case, self.look());
        let mut complaints = Vec::new();
        let mut check = |what: &str, gauge: &Gauge, limit: Option<usize>| {
            if limit.is_some_and(|limit| gauge.most > limit.cast_signed() as i64) {
                complaints.push(format!("{what}: {} of {limit:?}", gauge.most));
            }
        };
        check("run", &seen.run, case.run.number());
        check("pool", &seen.pool, case.pool.size());
        for (node, gauge) in &seen.nodes {
            check(node, gauge, case.op.number());
        }
        // The copies of a product's inner fan-out are others than those that the limit is for.
        for (fan_out, gauge) in seen.fan_outs.iter().filter(|_| case.nesting != Nesting::Product) {
            check(fan_out, gauge, case.fan_out.number());
        }
        // Elsewhere keys are finished later than a step of theirs; a producer that may be retried is not held back.
        if case.nesting == Nesting::Flat && !case.keys_may_retry {
            check("window", &seen.unfinished, case.window.number());
        }
        if seen.run.now != 0 {
            complaints.push(format!("{} steps work after the end", seen.run.now));
        }
        complaints
    }
}

/// A step that works.
pub(super) struct Working {
    watch: Watch,
    node: String,
    around: String,
}

impl Working {
    fn count(&self, count: i64) {
        let mut seen = self.watch.look();
        seen.run.add(count);
        seen.pool.add(count * i64::from(self.watch.case.pool.weight()));
        seen.nodes.entry(self.node.clone()).or_default().add(count);
        seen.fan_outs.entry(self.around.clone()).or_default().add(count);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.count(-1);
    }
}

/// What a step gives that works with these.
pub(super) fn value(x: u64, y: u64) -> u64 {
    (x * 3 + y + 1) % 1_009
}
