//! Stored runs in words, and as other programs read them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use dynagraph_runtime::store::{RunState, RunSummary};
use dynagraph_runtime::{RunStatus, StepStatus};
use humantime::{format_duration, format_rfc3339_seconds};
use serde::Serialize;

/// How a run stands, in one word.
pub(super) fn state(state: &RunState) -> &'static str {
    match state {
        RunState::Live { .. } => "live",
        RunState::Interrupted => "interrupted",
        RunState::Ended { status, .. } => status_word(*status),
        _ => "unknown",
    }
}

/// How a run ended, in one word.
pub(super) fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Success => "success",
        RunStatus::Canceled => "canceled",
        _ => "failure",
    }
}

/// How a step ended, in one word.
pub(super) fn step_status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Success => "success",
        StepStatus::Skipped => "skipped",
        StepStatus::UpstreamFailed => "upstream_failed",
        StepStatus::Canceled => "canceled",
        StepStatus::Cached => "cached",
        _ => "failure",
    }
}

/// Whether a run has given its output.
pub(super) fn has_succeeded(run: &RunSummary) -> bool {
    matches!(run.state, RunState::Ended { status: RunStatus::Success, .. })
}

/// A moment, to the second, in UTC: `2026-01-31T23:59:59Z`.
pub(super) fn when(time: SystemTime) -> String {
    // One before 1970 cannot be written.
    format_rfc3339_seconds(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

/// From the beginning of a run to its last end, whatever was between.
pub(super) fn took(run: &RunSummary) -> Option<Duration> {
    run.ended?.duration_since(run.started).ok()
}

/// A duration as people say it: `1.2ms`, `42.0s`, `1m 30s`.
pub(super) fn how_long(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        format!("{duration:.1?}")
    } else {
        format_duration(Duration::from_secs(duration.as_secs())).to_string()
    }
}

/// The arguments of a run's job as they are given: `limit=10 bucket='new photos'`.
pub(super) fn arguments(run: &RunSummary) -> String {
    let arguments = run.arguments.iter().map(|(name, text)| format!("{name}={}", quoted(text)));
    arguments.collect::<Vec<_>>().join(" ")
}

/// Text as a shell takes it for one word.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,=+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into();
    }
    let inside = text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    format!("'{}'", inside.replace('\'', "'\\''")).into()
}

/// A run, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct RunObject<'a> {
    run_id: String,
    job: &'a str,
    arguments: Vec<Argument<'a>>,
    started: String,
    ended: Option<String>,
    took_seconds: Option<f64>,
    state: &'static str,
    owner: Option<&'a str>,
    error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Argument<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> RunObject<'a> {
    pub(super) fn of(run: &'a RunSummary) -> Self {
        let (owner, error) = match &run.state {
            RunState::Live { owner, .. } => (Some(&**owner), None),
            RunState::Ended { error, .. } => (None, error.as_deref()),
            _ => (None, None),
        };
        let arguments = run.arguments.iter().map(|(name, value)| Argument { name, value });
        Self {
            run_id: run.id.to_string(),
            job: &run.job,
            arguments: arguments.collect(),
            started: when(run.started),
            ended: run.ended.map(when),
            took_seconds: took(run).map(|took| took.as_secs_f64()),
            state: state(&run.state),
            owner,
            error,
        }
    }
}

/// Lines of cells, each column as wide as it has to be.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..N).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// As indented JSON.
pub(super) fn json(object: &impl Serialize) -> String {
    // Numbers, text, and lists and maps of them cannot fail to be written.
    serde_json::to_string_pretty(object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("runs.db"), "runs.db");
        assert_eq!(quoted("my runs.db"), "'my runs.db'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("a\nb"), "'a\\nb'");
    }

    #[test]
    fn a_duration_has_the_digits_that_matter() {
        assert_eq!(how_long(Duration::from_micros(1_234)), "1.2ms");
        assert_eq!(how_long(Duration::from_secs(42)), "42.0s");
        assert_eq!(how_long(Duration::from_millis(90_700)), "1m 30s");
    }
}
