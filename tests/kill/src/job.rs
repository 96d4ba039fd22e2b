//! The job that is killed: lists, emitters and iterators, three levels deep, with retries, a zip, a fold and collects.

use std::time::Duration;

use dynagraph::prelude::*;
use serde::{Deserialize, Serialize};

use crate::journal::Journal;

/// How many members a group has, and how many parts a member has on average.
const MEMBERS: u64 = 40;

/// What fails although it is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing(pub(crate) bool);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    group: u64,
    number: u64,
}

/// What a group gave. The text of some makes them large enough to be files of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    group: u64,
    sums: Vec<u64>,
    text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folded {
    count: u64,
    /// Another one for every order.
    print: u64,
}

/// What the job gives: the groups, the pairs by key, and the fold.
pub(crate) type Given = (Vec<Summary>, Vec<(String, u64)>, Folded);

/// A number that looks random, and is the same every time.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

fn micros(number: u64, up_to: u64) -> Duration {
    Duration::from_micros(mix(number) % up_to)
}

#[op]
fn groups(ctx: OpContext, journal: Resource<Journal>, count: u64) -> Vec<DynamicOutput<u64>> {
    let _call = journal.call(&ctx, &count);
    (0..count).map(|group| DynamicOutput::new(group, format!("group/{group}"))).collect()
}

/// Some groups fail when half of their members are there, and emit them again.
#[op(max_retries = 2, delay = "1ms")]
async fn members(
    ctx: OpContext,
    journal: Resource<Journal>,
    group: u64,
    out: DynamicOut<Member>,
) -> Result<(), OpError> {
    let _call = journal.call(&ctx, &group);
    for number in 0..MEMBERS {
        if group % 7 == 3 && number == MEMBERS / 2 && ctx.attempt() == 1 {
            return Err("half of them are enough for a start".into());
        }
        if number.is_multiple_of(16) {
            tokio::time::sleep(micros(group + number, 1_000)).await;
        }
        out.emit(Member { group, number }, number).await?;
    }
    Ok(())
}

/// One in fifty is tried twice; one in three hundred fails for good while it is told to.
#[op(max_retries = 2)]
async fn measure(
    ctx: OpContext,
    journal: Resource<Journal>,
    failing: Resource<Failing>,
    member: Member,
) -> Result<u64, OpError> {
    let _call = journal.call(&ctx, &member);
    let print = mix(member.group * 1_000 + member.number);
    tokio::time::sleep(micros(print, 6_000)).await;
    if failing.0 && print % 300 == 7 {
        return Err(OpError::permanent("it is told to fail"));
    }
    if print % 50 == 1 && ctx.attempt() == 1 {
        return Err("not the first time".into());
    }
    Ok(print >> 32)
}

#[op]
fn parts(
    ctx: OpContext,
    journal: Resource<Journal>,
    size: u64,
) -> impl Iterator<Item = DynamicOutput<u64>> {
    let _call = journal.call(&ctx, &size);
    (0..size % 3).map(move |part| DynamicOutput::new(size + part, part))
}

#[op(inline)]
fn grind(ctx: OpContext, journal: Resource<Journal>, part: u64) -> u64 {
    let _call = journal.call(&ctx, &part);
    mix(part)
}

#[op]
async fn join(ctx: OpContext, journal: Resource<Journal>, size: u64, parts: Vec<u64>) -> u64 {
    let _call = journal.call(&ctx, &(size, &parts));
    parts.iter().fold(size, |sum, part| mix(sum ^ part))
}

#[op]
fn summary(ctx: OpContext, journal: Resource<Journal>, group: u64, sums: Vec<u64>) -> Summary {
    let _call = journal.call(&ctx, &(group, &sums));
    summary_of(group, sums)
}

fn summary_of(group: u64, sums: Vec<u64>) -> Summary {
    let times = if group.is_multiple_of(8) { 400 } else { 4 };
    Summary { group, text: format!("{:016x}", mix(group)).repeat(times), sums }
}

#[op]
fn numbers(
    ctx: OpContext,
    journal: Resource<Journal>,
    count: u64,
) -> impl Iterator<Item = DynamicOutput<u64>> {
    let _call = journal.call(&ctx, &count);
    (0..count).map(|number| DynamicOutput::new(mix(number), format!("n {number}")))
}

#[op]
async fn left(ctx: OpContext, journal: Resource<Journal>, number: u64) -> u64 {
    let _call = journal.call(&ctx, &number);
    tokio::time::sleep(micros(number, 8_000)).await;
    number >> 1
}

#[op]
async fn right(ctx: OpContext, journal: Resource<Journal>, number: u64) -> u64 {
    let _call = journal.call(&ctx, &number);
    tokio::task::yield_now().await;
    number & 1
}

#[op]
async fn both(ctx: OpContext, journal: Resource<Journal>, pair: (u64, u64)) -> u64 {
    let _call = journal.call(&ctx, &pair);
    pair.0 << 1 | pair.1
}

#[op]
fn by_key(ctx: OpContext, journal: Resource<Journal>, pairs: Keyed<u64>) -> Vec<(String, u64)> {
    let pairs: Vec<_> = pairs.into_iter().map(|(key, pair)| (key.to_string(), pair)).collect();
    let _call = journal.call(&ctx, &pairs);
    pairs
}

/// Emits from a thread of its own, and takes its time.
#[op]
fn ticks(
    ctx: OpContext,
    journal: Resource<Journal>,
    count: u64,
    out: DynamicOut<u64>,
) -> Result<(), OpError> {
    let _call = journal.call(&ctx, &count);
    for number in 0..count {
        if number.is_multiple_of(8) {
            std::thread::sleep(micros(number, 3_000));
        }
        out.blocking_emit(number, number)?;
    }
    Ok(())
}

#[op]
fn tick(ctx: OpContext, journal: Resource<Journal>, number: u64) -> u64 {
    let _call = journal.call(&ctx, &number);
    mix(number)
}

#[op]
fn add(ctx: OpContext, journal: Resource<Journal>, folded: Folded, number: u64) -> Folded {
    let _call = journal.call(&ctx, &(&folded, number));
    added(folded, number)
}

fn added(folded: Folded, number: u64) -> Folded {
    Folded { count: folded.count + 1, print: mix(folded.print ^ number) }
}

#[op]
fn finish(
    ctx: OpContext,
    journal: Resource<Journal>,
    groups: Vec<Summary>,
    pairs: Vec<(String, u64)>,
    folded: Folded,
) -> Given {
    let given = (groups, pairs, folded);
    let _call = journal.call(&ctx, &given);
    given
}

/// A job of so many keys: 1 % groups, 40 % members, about as many parts, the rest in the zip and in the fold.
#[job]
pub(crate) fn killed(keys: u64) -> OutputHandle<Given> {
    let groups = groups(keys / 100).map(|group| {
        let sums = members(group).map(|member| {
            let size = measure(member);
            join(size, parts(size).map(grind).collect())
        });
        summary(group, sums.collect())
    });
    let numbers = numbers(keys * 9 / 100);
    let pairs = numbers.map(left).zip(numbers.map(right)).map(both);
    let ticks = ticks(keys / 10).map(tick);
    let folded = ticks.fold(Folded::default(), add);
    finish(groups.collect(), by_key(pairs.collect_keyed()), folded)
}

/// What the job gives, without a run.
pub(crate) fn expected(keys: u64) -> Given {
    let sum = |group: u64, number: u64| {
        let size = mix(group * 1_000 + number) >> 32;
        (0..size % 3).fold(size, |sum, part| mix(sum ^ mix(size + part)))
    };
    let groups = (0..keys / 100)
        .map(|group| summary_of(group, (0..MEMBERS).map(|number| sum(group, number)).collect()));
    let pairs = (0..keys * 9 / 100).map(|number| (format!("n {number}"), mix(number)));
    let folded = (0..keys / 10).fold(Folded::default(), |folded, tick| added(folded, mix(tick)));
    (groups.collect(), pairs.collect(), folded)
}
