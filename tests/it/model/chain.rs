//! Chains of retried steps: where nothing else goes on, how long each waits follows from its policy.

use std::time::Duration;

use super::grow::grow;
use super::reference;
use super::run::run;
use super::seed::JobSeed;
use super::strategy::{Runtime, Setting};

/// Timers have a resolution of a millisecond.
const RESOLUTION: Duration = Duration::from_millis(2);

const SETTING: Setting = Setting {
    runtime: Runtime::CurrentThread,
    max_concurrent: Some(1),
    keep_values: false,
    cancel: None,
};

/// Runs a chain in paused time, and compares what lay between the attempts of each step.
pub(super) fn check(seed: &JobSeed) -> Result<(), String> {
    let shape = &grow(seed);
    let expected = reference::run(shape);
    for ran in run(shape, &[SETTING], drop)? {
        let mut differences = ran.differences(&expected);
        ran.recorder.look(|seen| {
            for (step, waits) in &expected.waits {
                let began = seen.began.get(step).map_or(&[][..], Vec::as_slice);
                let waited: Vec<_> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let fits = |(is, should_be): (&Duration, &Duration)| {
                    is >= should_be && *is <= *should_be + RESOLUTION
                };
                if waited.len() != waits.len() || !waited.iter().zip(waits).all(fits) {
                    differences.push(format!("{step} waited {waited:?} instead of {waits:?}"));
                }
            }
        });
        if !differences.is_empty() {
            return Err(format!("{}\n{shape}", differences.join("\n")));
        }
    }
    Ok(())
}
