//! A line for each op.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use indicatif::{HumanCount, HumanFloatCount};

use super::Tally;
use super::pace::Pace;

/// What happened to every op, after the run.
pub(crate) fn summary(tallies: &[Tally]) -> Vec<String> {
    let width = width(tallies);
    tallies.iter().map(|tally| line(tally, width, HumanCount(tally.ended()))).collect()
}

/// How far every op is that has begun.
pub(crate) fn progress(tallies: &[Tally], paces: &mut [Pace], after: Duration) -> Vec<String> {
    let width = width(tallies);
    let mut lines = Vec::new();
    for (tally, pace) in tallies.iter().zip(paces) {
        let ended = tally.ended();
        if tally.started + ended == 0 {
            continue;
        }
        pace.note(after, ended);
        let total = tally.total.map(|total| total.max(ended));
        let mut text = match total {
            Some(total) => {
                line(tally, width, format_args!("{}/{}", HumanCount(ended), HumanCount(total)))
            }
            None => line(tally, width, HumanCount(ended)),
        };
        if total != Some(ended) {
            write_pace(&mut text, pace, total.map(|total| total - ended));
        }
        lines.push(text);
    }
    lines
}

fn write_pace(text: &mut String, pace: &Pace, left: Option<u64>) {
    let Some(per_second) = pace.per_second() else { return };
    let _ = match per_second {
        ..10.0 => write!(text, "  {per_second:.1}/s"),
        _ => write!(text, "  {}/s", HumanFloatCount(per_second.round())),
    };
    if let Some(time) = left.and_then(|left| pace.time_for(left)) {
        // At least a second, as long as something is left.
        let seconds = Duration::from_secs(time.as_secs() + 1);
        let _ = write!(text, "  eta {}", humantime::format_duration(seconds));
    }
}

fn width(tallies: &[Tally]) -> usize {
    tallies.iter().map(|tally| tally.node.chars().count()).max().unwrap_or_default()
}

/// What did not happen is left out.
fn line(tally: &Tally, width: usize, count: impl Display) -> String {
    let mut line = format!("{:<width$}  {count}", tally.node);
    for (sign, count) in [("✓", tally.success), ("↻", tally.retries), ("✗", tally.failure)] {
        if count > 0 {
            let _ = write!(line, "  {sign} {}", HumanCount(count));
        }
    }
    let others = [
        (tally.skipped, "skipped"),
        (tally.upstream_failed, "below a failure"),
        (tally.canceled, "canceled"),
        (tally.cached, "cached"),
    ];
    for (count, what) in others {
        if count > 0 {
            let _ = write!(line, "  {} {what}", HumanCount(count));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(node: &str, success: u64) -> Tally {
        Tally { node: node.to_owned(), success, started: success, ..Tally::default() }
    }

    #[test]
    fn a_line_has_what_is_known_of_an_op() {
        let mut paces = [Pace::default()];
        let mut at = |after, success| {
            let counted =
                Tally { total: Some(10_000), retries: 18, failure: 4, ..tally("count", success) };
            progress(&[counted], &mut paces, Duration::from_secs(after)).join("\n")
        };
        assert_eq!(at(40, 8_970), "count  8,974/10,000  ✓ 8,970  ↻ 18  ✗ 4");
        let line = "count  9,412/10,000  ✓ 9,408  ↻ 18  ✗ 4  219/s  eta 3s";
        assert_eq!(at(42, 9_408), line);
        assert_eq!(at(44, 9_996), "count  10,000/10,000  ✓ 9,996  ↻ 18  ✗ 4");
    }

    #[test]
    fn an_op_that_has_not_begun_has_no_line_until_the_summary() {
        let tallies = [tally("a", 1), tally("long", 0)];
        let mut paces = [Pace::default(), Pace::default()];
        assert_eq!(progress(&tallies, &mut paces, Duration::ZERO), ["a     1  ✓ 1"]);
        assert_eq!(summary(&tallies), ["a     1  ✓ 1", "long  0"]);
    }

    #[test]
    fn what_did_not_run_is_counted_in_words() {
        let tally =
            Tally { skipped: 1_000, upstream_failed: 2, canceled: 3, cached: 4, ..tally("sum", 0) };
        assert_eq!(
            summary(&[tally]),
            ["sum  1,009  1,000 skipped  2 below a failure  3 canceled  4 cached"]
        );
    }

    #[test]
    fn more_steps_than_keys_are_not_more_than_all() {
        let tally = Tally { total: Some(2), ..tally("a", 3) };
        assert_eq!(progress(&[tally], &mut [Pace::default()], Duration::ZERO), ["a  3/3  ✓ 3"]);
    }
}
