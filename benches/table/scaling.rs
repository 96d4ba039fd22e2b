//! How the time falls with the number of cores.

use std::num::NonZeroUsize;

use crate::child::time_on;
use crate::clock::{Sample, median, ratio};
use crate::contestant::Contestant;
use crate::row::Row;
use crate::table::{Table, keys, number};

const WORK: [(Row, Contestant, u64); 6] = [
    (Row::Map, Contestant::Dynagraph, 1_000_000),
    (Row::Map, Contestant::Spawn, 1_000_000),
    (Row::Sync, Contestant::Dynagraph, 1_000_000),
    (Row::Cpu, Contestant::Dynagraph, 2_000),
    (Row::Cpu, Contestant::Spawn, 2_000),
    (Row::Cpu, Contestant::Rayon, 2_000),
];

/// Runs all of it on 1, 2, 4, … cores, in processes of their own, interleaved.
pub(crate) fn render(rounds: usize) -> String {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut counts: Vec<usize> = std::iter::successors(Some(1), |count| Some(count * 2))
        .take_while(|&count| count < cores)
        .collect();
    counts.push(cores);
    let mut table = Table::new(&["work", "keys", "with", "cores", "wall ns", "CPU ns", "speed-up"]);
    for (row, contestant, n) in WORK {
        let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); counts.len()];
        for _ in 0..rounds {
            for (&cores, samples) in counts.iter().zip(&mut samples) {
                samples.extend(time_on(cores, row, contestant, n));
            }
        }
        for (cores, on_them) in counts.iter().zip(&samples) {
            table.push(vec![
                row.title().to_owned(),
                keys(n),
                contestant.title().to_owned(),
                cores.to_string(),
                number(median(on_them.iter().map(|sample| sample.wall))),
                number(median(on_them.iter().map(|sample| sample.cpu))),
                format!("{:.2}", ratio(&samples[0], on_them, |sample| sample.wall)),
            ]);
        }
    }
    table.render(3)
}
