//! What is wrong with how a run is set up. Pure, and asked before the first step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::{Options, PoolOption, PoolOptions, Replaced, Resume};
use crate::error::ConfigError;
use crate::graph::NodeId;
use crate::op::PoolUse;
use crate::plan::Plan;

/// Every mistake: those of the settings first, then those that the job's ops make of them.
pub(super) fn mistakes(plan: &Plan, options: &Options) -> Vec<ConfigError> {
    let mut mistakes = Vec::new();
    if options.max_concurrent == Some(0) {
        mistakes.push(ConfigError::ZeroLimit { setting: "run().max_concurrent(0)".to_owned() });
    }
    for (name, pool) in &options.pools {
        check_pool(name, *pool, &mut mistakes);
    }
    if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
        let reason = "a run that has no time ends before its first step";
        mistakes
            .push(ConfigError::BadDuration { setting: "run().timeout(0ns)".to_owned(), reason });
    }
    if let (Some(resume), None) = (options.resume, &options.store) {
        let setting = match resume {
            Resume::Run(run) if options.spin.is_some() => format!("run().spin({run}, ..)"),
            Resume::Run(run) => format!("run().resume({run})"),
            Resume::Last => "run().resume_last()".to_owned(),
        };
        mistakes.push(ConfigError::ResumeWithoutStore { setting });
    }
    let uses = pool_uses(plan);
    mistakes.extend(unknown_pools(&uses, &options.pools));
    mistakes.extend(uses.iter().filter_map(|(op, used)| weight_over_pool(op, used, options)));
    mistakes.extend(unused_replacements(plan, &options.replaced));
    mistakes
}

fn check_pool(name: &str, pool: PoolOption, mistakes: &mut Vec<ConfigError>) {
    if pool.size == Some(0) {
        let setting = format!("run().pool({name:?}, 0)");
        mistakes.push(ConfigError::ZeroLimit { setting });
    }
    let Some(rate) = pool.rate else { return };
    if rate.steps == 0 {
        let setting = format!("run().rate({name:?}, 0, ..)");
        mistakes.push(ConfigError::ZeroLimit { setting });
    }
    if rate.per.is_zero() {
        let setting = format!("run().rate({name:?}, {}, ..)", rate.steps);
        let reason = "a rate is per some time, and this one is per 0ns";
        mistakes.push(ConfigError::BadDuration { setting, reason });
    }
}

/// The nodes that use a pool, in graph order.
fn pool_uses(plan: &Plan) -> Vec<(&Arc<str>, &PoolUse)> {
    let ops = (0..plan.nodes.len()).filter_map(|node| plan.op(NodeId(node)));
    ops.filter_map(|op| Some((&op.name, op.spec.rules.pool.as_ref()?))).collect()
}

/// By the pool's name.
fn unknown_pools(
    uses: &[(&Arc<str>, &PoolUse)],
    pools: &PoolOptions,
) -> impl Iterator<Item = ConfigError> {
    let mut unknown: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (op, used) in uses.iter().filter(|(_, used)| !pools.contains_key(&*used.name)) {
        unknown.entry(&used.name).or_default().push(op.to_string());
    }
    let known: Vec<_> = pools.keys().cloned().collect();
    unknown.into_iter().map(move |(pool, ops)| ConfigError::UnknownPool {
        pool: pool.to_owned(),
        ops,
        known: known.clone(),
    })
}

fn weight_over_pool(op: &str, used: &PoolUse, options: &Options) -> Option<ConfigError> {
    let size = options.pools.get(&*used.name)?.size?;
    let weight = used.weight.get();
    let fits = usize::try_from(weight).is_ok_and(|weight| weight <= size);
    // A pool of no slots is a mistake by itself.
    (size > 0 && !fits).then(|| ConfigError::WeightOverPool {
        pool: used.name.to_string(),
        size,
        op: op.to_owned(),
        weight,
    })
}

/// By the op's name.
fn unused_replacements(plan: &Plan, replaced: &Replaced) -> impl Iterator<Item = ConfigError> {
    let ops = || (0..plan.nodes.len()).filter_map(|node| plan.op(NodeId(node)));
    let unused = replaced.iter().filter(|(replaced, _)| ops().all(|op| op.op_type != **replaced));
    let unused: BTreeSet<_> = unused.map(|(_, (op, _))| *op).collect();
    let used: BTreeSet<_> = ops().map(|op| op.op_name).collect();
    unused.into_iter().map(move |op| ConfigError::UnusedReplacement {
        op: op.to_owned(),
        used: used.iter().map(ToString::to_string).collect(),
    })
}
