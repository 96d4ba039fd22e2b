//! The matrix: no combination of nesting, limits, windows, retries and kinds of ops stops a run, or changes what it gives.
//!
//! A case is a number: its digits choose in every dimension. A job is composed of it, run, and compared with the same
//! job written as plain loops: the output, the run's status, every step with its status and its attempts. The ops watch
//! that no limit is exceeded and that nothing works after the end.
//!
//! ```text
//! number ─▶ case ──┬─ job ───▶ run ─┐
//!                  └─ plain ────────┴─▶ the same?
//! ```
//!
//! A plain `cargo test` runs a few hundred of the five million cases, spread evenly.
//! `DYNAGRAPH_MATRIX_CASES=10000 cargo test --release -p dynagraph-tests --test it matrix` runs more, and
//! `DYNAGRAPH_MATRIX_CASES=4711..4712` the one that a failure names.

mod case;
mod job;
mod op;
mod plain;
mod run;
mod watch;

use std::collections::HashSet;
use std::env;
use std::ops::Range;

use case::{CASES, DIMENSIONS};

/// How many cases are run unless somebody asks for others.
const SAMPLE: u64 = 300;

fn cases() -> Range<u64> {
    let Ok(asked) = env::var("DYNAGRAPH_MATRIX_CASES") else { return 0..SAMPLE };
    let number =
        |text: &str| text.parse().expect("`DYNAGRAPH_MATRIX_CASES` is `10000` or `17..18`");
    match asked.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&asked),
    }
}

/// S27 to S29, S32, S34, S37, S39
#[test]
fn no_combination_of_nesting_limits_and_windows_stops_a_run_or_changes_what_it_gives() {
    let failures = run::run(cases());
    assert!(failures.is_empty(), "{} cases failed\n{}", failures.len(), failures.join("\n"));
}

/// A sample of cases that are alike would prove nothing.
#[test]
fn the_sample_has_every_pair_of_choices() {
    let mut pairs = HashSet::new();
    for n in 0..SAMPLE {
        let choices = case::choices(n);
        for (left, one) in choices.iter().enumerate() {
            for (right, two) in choices.iter().enumerate().skip(left + 1) {
                pairs.insert((left, *one, right, *two));
            }
        }
    }
    let of = DIMENSIONS;
    let all =
        (0..of.len()).flat_map(|left| (left + 1..of.len()).map(move |right| of[left] * of[right]));
    assert_eq!(pairs.len() as u64, all.sum::<u64>());
    assert_eq!(CASES, of.iter().product::<u64>());
}
