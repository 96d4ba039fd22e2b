//! All cells, as one table.

use crate::clock::{Sample, median, ratio};
use crate::contestant::Contestant;
use crate::race::{Cell, Figures};
use crate::row::Row;
use crate::table::{Table, keys, megabytes, number};

const HEAD: [&str; 11] = [
    "work",
    "keys",
    "with",
    "wall ns",
    "CPU ns",
    "× spawn, wall",
    "× spawn, CPU",
    "allocations",
    "bytes",
    "peak RSS MB",
    "speed-up",
];

/// What was measured, to look things up in.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) Vec<Cell>);

impl Results {
    /// The figures of one cell.
    pub(crate) fn find(&self, row: Row, n: u64, contestant: Contestant) -> Option<&Figures> {
        let same = |cell: &&Cell| (cell.row, cell.n, cell.contestant) == (row, n, contestant);
        self.0.iter().find(same).and_then(|cell| cell.figures.as_ref().ok())
    }

    /// One contestant beside another, on the wall and on the processors.
    pub(crate) fn beside(
        &self,
        (row, n): (Row, u64),
        one: Contestant,
        other: Contestant,
    ) -> Option<(f64, f64)> {
        let one = &self.find(row, n, one)?.samples;
        let other = &self.find(row, n, other)?.samples;
        Some((ratio(one, other, |sample| sample.wall), ratio(one, other, |sample| sample.cpu)))
    }

    /// The whole table.
    pub(crate) fn render(&self) -> String {
        let mut table = Table::new(&HEAD);
        for cell in &self.0 {
            table.push(self.line(cell));
        }
        table.render(3)
    }

    fn line(&self, cell: &Cell) -> Vec<String> {
        let mut line =
            vec![cell.row.title().to_owned(), keys(cell.n), cell.contestant.title().to_owned()];
        match &cell.figures {
            Err(missing) => line.extend([missing.to_string()]),
            Ok(figures) => line.extend(self.figures(cell, figures)),
        }
        line.resize(HEAD.len(), String::new());
        line
    }

    fn figures(&self, cell: &Cell, Figures { samples, memory }: &Figures) -> [String; 8] {
        let of = |field: fn(&Sample) -> f64| number(median(samples.iter().map(field)));
        let place = (cell.row, cell.n);
        let spawn = self.beside(place, cell.contestant, Contestant::Spawn);
        let [wall, cpu] = spawn.map_or_else(Default::default, |(wall, cpu)| {
            [format!("{wall:.2}"), format!("{cpu:.2}")]
        });
        let [allocations, bytes, peak] = memory.map_or_else(Default::default, |memory| {
            [number(memory.allocations), number(memory.bytes), megabytes(memory.peak)]
        });
        let speed_up = self
            .beside(place, Contestant::Sequential, cell.contestant)
            .filter(|_| cell.row == Row::Cpu)
            .map_or_else(String::new, |(wall, _)| format!("{wall:.2}"));
        [of(|s| s.wall), of(|s| s.cpu), wall, cpu, allocations, bytes, peak, speed_up]
    }
}
