//! Generates seeds, and settings to run them with.

use std::time::Duration;

use dynagraph::Backoff;
use proptest::bool;
use proptest::collection::vec;
use proptest::option::{self, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::lenient::lenient;
use super::producer::{Form, Naming, Outputs, ProducerFault, ProducerWrong};
use super::seed::{
    ArgSeed, CalcSeed, EntrySeed, JobSeed, OutputSeed, ProduceSeed, ReturnSeed, Seed, WorkSeed,
};
use super::shape::{By, Tolerated};
use super::trying::{Failing, Policy, Trouble};
use super::work::{Fault, Style, Wrong};

/// How a job is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) runtime: Runtime,
    pub(super) max_concurrent: Option<usize>,
    pub(super) keep_values: bool,
    /// When it is asked to end: in milliseconds of paused time; where time is real, much sooner.
    pub(super) cancel: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// Time is paused: sleeps order steps and take no time.
    CurrentThread,
    MultiThread,
}

/// A job, and how to run it: each setting must give the same.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) job: JobSeed,
    pub(super) settings: Vec<Setting>,
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let job = (job(), bool::weighted(0.25));
    let job = job.prop_map(|(job, tolerates)| if tolerates { lenient(job) } else { job });
    (job, vec(setting(), 1..=2)).prop_map(|(job, settings)| Case { job, settings })
}

/// A job, and when its run is cut.
#[derive(Clone)]
pub(super) struct Cut {
    pub(super) case: Case,
    pub(super) moments: Vec<u32>,
}

pub(super) fn cut() -> impl Strategy<Value = Cut> {
    (case(), vec(0..40u32, 1..=3)).prop_map(|(case, moments)| Cut { case, moments })
}

fn setting() -> impl Strategy<Value = Setting> {
    let runtime = select(vec![Runtime::CurrentThread, Runtime::MultiThread]);
    let moment = prop_oneof![4 => 0..40u32, 1 => 0..200_000u32];
    (runtime, option::of(1..=4usize), bool::weighted(0.2), weighted(0.25, moment)).prop_map(
        |(runtime, max_concurrent, keep_values, cancel)| Setting {
            runtime,
            max_concurrent,
            keep_values,
            cancel,
        },
    )
}

fn job() -> impl Strategy<Value = JobSeed> {
    let producers = vec(produce().prop_map(Seed::Produce), 1..=2);
    (producers, block(3, 8), output()).prop_map(|(mut body, rest, output)| {
        body.extend(rest);
        JobSeed { body, output }
    })
}

fn output() -> impl Strategy<Value = OutputSeed> {
    prop_oneof![
        1 => Just(OutputSeed::Nothing),
        4 => any::<u8>().prop_map(OutputSeed::Value),
        4 => any::<u8>().prop_map(OutputSeed::Fan),
    ]
}

fn block(depth: u32, longest: usize) -> BoxedStrategy<Vec<Seed>> {
    vec(stmt(depth), 0..=longest).boxed()
}

fn stmt(depth: u32) -> BoxedStrategy<Seed> {
    let flat = prop_oneof![
        6 => calc().prop_map(Seed::Calc),
        2 => produce().prop_map(Seed::Produce),
        4 => (pick(), by(), work())
            .prop_map(|(of, by, digest)| Seed::Gather { of, by, digest }),
        1 => (entry(), calc()).prop_map(|(entry, keep)| Seed::Filter { entry, keep }),
        1 => (pick(), 1..=3usize).prop_map(|(of, size)| Seed::Batch { of, size }),
        2 => (pick(), pick()).prop_map(|(left, right)| Seed::Zip { left, right }),
        1 => pick().prop_map(|of| Seed::Flatten { of }),
    ];
    if depth == 0 {
        return flat.boxed();
    }
    let map = (entry(), block(depth - 1, 4), returns(), any::<bool>())
        .prop_map(|(entry, body, returns, flat)| Seed::Map { entry, body, returns, flat });
    let fold = (pick(), arg(), block(depth - 1, 3), pick())
        .prop_map(|(over, init, body, result)| Seed::Fold { over, init, body, result });
    prop_oneof![7 => flat, 6 => map, 1 => fold].boxed()
}

fn by() -> impl Strategy<Value = By> {
    let tolerated = prop_oneof![
        1 => Just(Tolerated::Nothing),
        2 => (0..=3usize).prop_map(Tolerated::Count),
        2 => select(vec![0, 1, 2, 4u8]).prop_map(Tolerated::Quarters),
        2 => Just(Tolerated::All),
    ];
    prop_oneof![
        2 => Just(By::Place),
        2 => Just(By::Key),
        2 => tolerated.prop_map(By::Partial),
    ]
}

/// Mostly the most recent handles: these make chains.
fn pick() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0), 3 => 0..4u8, 1 => any::<u8>()]
}

fn arg() -> BoxedStrategy<ArgSeed> {
    prop_oneof![
        1 => (0..9i64).prop_map(ArgSeed::Const),
        6 => pick().prop_map(ArgSeed::Int),
        1 => pick().prop_map(ArgSeed::List),
    ]
    .boxed()
}

fn limit() -> impl Strategy<Value = Option<usize>> {
    weighted(0.2, 1..=3usize)
}

fn style() -> BoxedStrategy<Style> {
    prop_oneof![
        3 => Just(Style::Immediate),
        2 => Just(Style::Inline),
        2 => (1..4u8).prop_map(Style::Yields),
        3 => (1..9u8).prop_map(Style::Sleeps),
        2 => Just(Style::Blocking),
    ]
    .boxed()
}

fn work() -> BoxedStrategy<WorkSeed> {
    let what =
        prop_oneof![1 => Just(Wrong::Error), 1 => Just(Wrong::Panic), 2 => Just(Wrong::Nothing)];
    let fault = (what, 1..6i64).prop_map(|(what, every)| Fault { what, every });
    let trying = (weighted(0.2, trouble()), weighted(0.4, policy(SHORT)));
    (style(), any::<bool>(), weighted(0.2, fault), trying, limit())
        .prop_map(|(style, borrows, fault, (trouble, policy), max_concurrent)| WorkSeed {
            style,
            borrows,
            fault,
            trouble,
            policy,
            max_concurrent,
        })
        .boxed()
}

/// A unit of delays that costs little where time is real.
const SHORT: Duration = Duration::from_micros(100);

/// One step after the other, none of which takes time by itself; at the top, or in the copy of a key.
pub(super) fn chain() -> impl Strategy<Value = JobSeed> {
    let style = select(vec![Style::Immediate, Style::Inline, Style::Yields(2)]);
    let trying = (weighted(0.7, trouble()), weighted(0.8, policy(Duration::from_millis(10))));
    let step = (style, trying, limit()).prop_map(|(style, (trouble, policy), max_concurrent)| {
        let work = WorkSeed { style, borrows: false, fault: None, trouble, policy, max_concurrent };
        Seed::Calc(CalcSeed { work, args: vec![ArgSeed::Int(0)], after: None })
    });
    let one_key = ProduceSeed {
        arg: ArgSeed::Const(1),
        after: None,
        form: Form::List,
        pace: Style::Immediate,
        outputs: Outputs::One,
        keys: 1,
        varies: false,
        naming: Naming { text: false, start: 0, reversed: false },
        fault: None,
        policy: None,
    };
    (vec(step, 1..=4), any::<bool>()).prop_map(move |(steps, mapped)| {
        let entry = EntrySeed { over: 0, window: None, max_concurrent: None };
        let returns = ReturnSeed::Nothing;
        let body = if mapped {
            let map = Seed::Map { entry, body: steps, returns, flat: false };
            vec![Seed::Produce(one_key.clone()), map]
        } else {
            steps
        };
        JobSeed { body, output: OutputSeed::Nothing }
    })
}

/// A policy whose delays are some of these units.
pub(super) fn policy(unit: Duration) -> impl Strategy<Value = Policy> {
    let delay = prop_oneof![1 => Just(Duration::ZERO), 1 => (1..4u32).prop_map(move |n| n * unit)];
    let backoff = select(vec![Backoff::Constant, Backoff::Linear, Backoff::Exponential]);
    let max_delay = weighted(0.3, (1..8u32).prop_map(move |n| n * unit));
    (0..=3u32, delay, backoff, max_delay, any::<bool>()).prop_map(
        |(max_retries, delay, backoff, max_delay, retry_panics)| Policy {
            max_retries,
            delay,
            backoff,
            max_delay,
            retry_panics,
        },
    )
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let what = prop_oneof![
        4 => Just(Failing::Error),
        1 => Just(Failing::Permanent),
        1 => (0..3u32).prop_map(|n| Failing::After(n * SHORT)),
        2 => Just(Failing::Panic),
        2 => any::<bool>().prop_map(|idle| Failing::Late { idle }),
    ];
    (what, 1..=4u32, 1..4i64).prop_map(|(what, attempts, every)| Trouble { what, attempts, every })
}

fn calc() -> BoxedStrategy<CalcSeed> {
    (work(), vec(arg(), 1..=3), weighted(0.15, pick()))
        .prop_map(|(work, args, after)| CalcSeed { work, args, after })
        .boxed()
}

fn produce() -> BoxedStrategy<ProduceSeed> {
    let form = select(vec![Form::Emit, Form::List, Form::EmitAll]);
    let outputs = prop_oneof![
        4 => Just(Outputs::One),
        1 => Just(Outputs::PlainAndOne),
        1 => Just(Outputs::Two),
        1 => Just(Outputs::TwoSparse),
    ];
    let naming = (any::<bool>(), 0..3usize, any::<bool>())
        .prop_map(|(text, start, reversed)| Naming { text, start, reversed });
    let what = select(vec![
        ProducerWrong::Error,
        ProducerWrong::Panic,
        ProducerWrong::Duplicate,
        ProducerWrong::BadKey,
        ProducerWrong::DuplicateIgnored,
    ]);
    let attempts = option::of(1..=2u32);
    let fault = (what, 0..5usize, 1..5i64, attempts)
        .prop_map(|(what, after, every, attempts)| ProducerFault { what, after, every, attempts });
    let trying = (weighted(0.15, fault), weighted(0.2, policy(SHORT)));
    let how = (form, style(), outputs, naming, trying);
    (arg(), weighted(0.1, pick()), 0..=6usize, any::<bool>(), how)
        .prop_map(|(arg, after, keys, varies, how)| {
            let (form, pace, outputs, naming, (fault, policy)) = how;
            ProduceSeed { arg, after, form, pace, outputs, keys, varies, naming, fault, policy }
        })
        .boxed()
}

fn entry() -> BoxedStrategy<EntrySeed> {
    (pick(), weighted(0.25, 1..=4usize), limit())
        .prop_map(|(over, window, max_concurrent)| EntrySeed { over, window, max_concurrent })
        .boxed()
}

fn returns() -> BoxedStrategy<ReturnSeed> {
    prop_oneof![
        1 => Just(ReturnSeed::Nothing),
        6 => pick().prop_map(ReturnSeed::Value),
        1 => (pick(), pick()).prop_map(|(one, two)| ReturnSeed::Values(one, two)),
        4 => pick().prop_map(ReturnSeed::Fan),
        1 => (pick(), pick()).prop_map(|(one, two)| ReturnSeed::ValueAndFan(one, two)),
    ]
    .boxed()
}
