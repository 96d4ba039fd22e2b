//! The model check: random jobs give what a sequential interpreter of a few pages says.
//!
//! A case is a job of nested maps, folds, zips and collects, whose ops fail, panic, skip, wait and block, and one or two
//! ways to run it. Compared are the output, the run's status, every step with its status, the order of the steps, and
//! what each op computed. The ops watch that each step runs once, and that no limit is exceeded.
//!
//! ```text
//! strategy ─▶ seed ──grow──▶ shape ──┬─ compose ─▶ Job ─▶ run ─┐
//!                                    └─ reference ─────────────┴─▶ the same?
//! ```
//!
//! `PROPTEST_CASES=100000 cargo test --release -p dynagraph-tests model` runs more of them, and
//! `PROPTEST_RNG_SEED` picks which. A failure is shrunk, and printed as the job function it stands for.
//! A run that hangs is a failure too.

mod compose;
mod display;
mod grow;
mod op;
mod outcome;
mod record;
mod reference;
mod run;
mod seed;
mod shape;
mod strategy;
mod work;

use std::fmt;

use proptest::prelude::*;

use strategy::{Case, case};

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_shrink_time: 120_000,
        ..ProptestConfig::default()
    })]

    /// S1 to S3, S5 to S15, S17, S19 to S22, S25, S26, S32 to S34, S38, S39
    #[test]
    fn a_run_gives_what_the_reference_gives(case in case()) {
        run::within_time(&case).map_err(TestCaseError::fail)?;
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}\n{}", self.settings, grow::grow(&self.job))
    }
}
