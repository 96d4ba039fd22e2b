//! Jobs that survive their failures: what fails stands in a copy, and whoever gathers copies tolerates all.

use super::seed::{ArgSeed, EntrySeed, JobSeed, OutputSeed, ReturnSeed, Seed, WorkSeed};
use super::shape::{By, Tolerated};
use super::work::Style;

/// Nothing fails in the job itself, and the copies of each of its maps are gathered at once.
pub(super) fn lenient(job: JobSeed) -> JobSeed {
    let mut body = Vec::new();
    for seed in job.body {
        let gathered = matches!(seed, Seed::Map { .. });
        body.extend(in_the_job(seed));
        if gathered {
            body.push(Seed::Gather { of: 0, by: By::Partial(Tolerated::All), digest: SOUND });
        }
    }
    let output = match job.output {
        OutputSeed::Fan(_) => OutputSeed::Nothing,
        output => output,
    };
    JobSeed { body, output }
}

/// What never fails.
const SOUND: WorkSeed = WorkSeed {
    style: Style::Inline,
    borrows: false,
    fault: None,
    trouble: None,
    policy: None,
    max_concurrent: None,
};

/// A statement of the job itself, so that it does not fail; none if it could not help it.
fn in_the_job(seed: Seed) -> Option<Seed> {
    match seed {
        Seed::Calc(mut calc) => {
            calc.work = SOUND;
            Some(Seed::Calc(calc))
        }
        Seed::Produce(mut produce) => {
            produce.fault = None;
            Some(Seed::Produce(produce))
        }
        Seed::Gather { of, .. } => {
            Some(Seed::Gather { of, by: By::Partial(Tolerated::All), digest: SOUND })
        }
        Seed::Map { entry, body, .. } => Some(map(entry, body)),
        Seed::Filter { .. }
        | Seed::Fold { .. }
        | Seed::Batch { .. }
        | Seed::Zip { .. }
        | Seed::Flatten { .. } => None,
    }
}

/// A statement of a copy, which may fail.
fn in_a_copy(seed: Seed) -> Seed {
    match seed {
        Seed::Gather { of, digest, .. } => {
            Seed::Gather { of, by: By::Partial(Tolerated::All), digest }
        }
        Seed::Map { entry, body, .. } => map(entry, body),
        Seed::Calc(mut calc) => {
            calc.args = vec![ArgSeed::Int(0)];
            calc.after = None;
            Seed::Calc(calc)
        }
        seed => seed,
    }
}

/// A map whose steps follow one another, so that what fails fails its key.
fn map(entry: EntrySeed, body: Vec<Seed>) -> Seed {
    let body = body.into_iter().map(in_a_copy).collect();
    Seed::Map { entry, body, returns: ReturnSeed::Value(0), flat: false }
}
