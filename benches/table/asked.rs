//! What is asked of dynagraph, and whether it is met.

use crate::clock::median;
use crate::contestant::Contestant;
use crate::results::Results;
use crate::row::Row;
use crate::table::{Table, keys, number};

const MILLION: u64 = 1_000_000;

/// Ratios to a task for each key.
const BESIDE_SPAWN: [(Row, &[u64], f64); 6] = [
    (Row::Map, &[10_000, 100_000, MILLION], 0.35),
    (Row::Sync, &[10_000, 100_000, MILLION], 0.35),
    (Row::Chain, &[10_000, 100_000, MILLION], 0.35),
    (Row::Strings, &[10_000, 100_000, MILLION], 0.7),
    (Row::Sleeps, &[10_000], 1.3),
    (Row::Nested, &[MILLION], 0.5),
];

/// The part of it that was measured, if any was.
pub(crate) fn render(results: &Results) -> Option<String> {
    let mut table = Table::new(&["work", "asked, at most", "wall", "CPU", "met"]);
    for (row, sizes, most) in BESIDE_SPAWN {
        for &n in sizes {
            let measured = results.beside((row, n), Contestant::Dynagraph, Contestant::Spawn);
            let work = format!("{}, {} keys", row.title(), keys(n));
            push_pair(&mut table, work, format!("{most} × `tokio::spawn`"), most, measured);
        }
    }
    push_pair(
        &mut table,
        "one map, a key of 1,000,000 ÷ one of 10,000".to_owned(),
        "1.5".to_owned(),
        1.5,
        growth(results),
    );
    if let Some(peak) = fold_peak(results) {
        let met = if peak < 50.0 { "yes" } else { "**no**" };
        table.push(vec![
            "fold, 10,000,000 keys, peak RSS".to_owned(),
            "50 MB".to_owned(),
            format!("{} MB", number(peak)),
            String::new(),
            met.to_owned(),
        ]);
    }
    push_pair(
        &mut table,
        "100,000 keys, all fail, one screen of text".to_owned(),
        "2 × none fails".to_owned(),
        2.0,
        results.beside((Row::AllFail, 100_000), Contestant::Dynagraph, Contestant::Plain),
    );
    (!table.is_empty()).then(|| table.render(2))
}

fn push_pair(
    table: &mut Table,
    work: String,
    asked: String,
    most: f64,
    measured: Option<(f64, f64)>,
) {
    let Some((wall, cpu)) = measured else { return };
    let met = match (wall <= most, cpu <= most) {
        (true, true) => "yes",
        (true, false) => "**wall only**",
        (false, true) => "**CPU only**",
        (false, false) => "**no**",
    };
    table.push(vec![work, asked, format!("{wall:.2}"), format!("{cpu:.2}"), met.to_owned()]);
}

fn growth(results: &Results) -> Option<(f64, f64)> {
    let small = &results.find(Row::Map, 10_000, Contestant::Dynagraph)?.samples;
    let large = &results.find(Row::Map, MILLION, Contestant::Dynagraph)?.samples;
    let wall = median(large.iter().map(|s| s.wall)) / median(small.iter().map(|s| s.wall));
    let cpu = median(large.iter().map(|s| s.cpu)) / median(small.iter().map(|s| s.cpu));
    Some((wall, cpu))
}

/// In millions of bytes.
fn fold_peak(results: &Results) -> Option<f64> {
    let figures = results.find(Row::Fold, 10 * MILLION, Contestant::Dynagraph)?;
    figures.memory.map(|memory| memory.peak / 1e6)
}
