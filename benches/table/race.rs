//! All contestants of a row, one after the other, and again.

use std::time::{Duration, Instant};

use crate::arena::{Arena, Missing, prepare};
use crate::child::{Memory, memory_of};
use crate::clock::Sample;
use crate::contestant::Contestant;
use crate::row::Row;

/// What one contestant needs for one row and number of keys.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) row: Row,
    pub(crate) n: u64,
    pub(crate) contestant: Contestant,
    pub(crate) figures: Result<Figures, Missing>,
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// One for each round.
    pub(crate) samples: Vec<Sample>,
    /// Unless the process that measured it did not end well.
    pub(crate) memory: Option<Memory>,
}

/// How often and how long something is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Care {
    pub(crate) rounds: usize,
    /// A sample repeats work that takes less.
    pub(crate) sample: Duration,
    pub(crate) workers: usize,
}

/// A contestant on its way through the sizes of one row.
#[derive(Debug)]
struct Racer {
    contestant: Contestant,
    /// What a run took, and of how many keys.
    took: Option<(Duration, u64)>,
    out: Option<Missing>,
}

/// Runs one row for all its sizes.
pub(crate) fn race(
    arena: &Arena,
    care: Care,
    row: Row,
    contestants: &[Contestant],
    largest: u64,
) -> Vec<Cell> {
    prepare(row);
    let racer = |&contestant| Racer { contestant, took: None, out: None };
    let mut racers: Vec<_> = contestants.iter().map(racer).collect();
    let mut cells = Vec::new();
    for &n in row.sizes().iter().filter(|n| **n <= largest) {
        racers.retain(|racer| racer.contestant.run(row, n).is_some());
        cells.extend(heat(arena, care, (row, n), &mut racers));
    }
    cells
}

/// Runs one row for one number of keys.
fn heat(arena: &Arena, care: Care, (row, n): (Row, u64), racers: &mut [Racer]) -> Vec<Cell> {
    for racer in racers.iter_mut() {
        racer.warm_up(arena, row, n);
    }
    let mut samples = vec![Vec::new(); racers.len()];
    let mut order: Vec<usize> = (0..racers.len()).collect();
    for _ in 0..care.rounds {
        for &place in &order {
            samples[place].extend(racers[place].sample(arena, care.sample, row, n));
        }
        // Whoever comes after another finds the memory as that one left it.
        order.reverse();
    }
    let cell = |(racer, samples): (&mut Racer, Vec<Sample>)| {
        let contestant = racer.contestant;
        let figures = match &racer.out {
            Some(missing) => Err(missing.clone()),
            None => Ok(Figures { samples, memory: memory_of(row, contestant, n, care.workers) }),
        };
        Cell { row, n, contestant, figures }
    };
    racers.iter_mut().zip(samples).map(cell).collect()
}

impl Racer {
    /// Runs once, and is out if that takes too long or surely would.
    fn warm_up(&mut self, arena: &Arena, row: Row, n: u64) {
        let limit = arena.limit(n);
        #[expect(clippy::cast_precision_loss, reason = "it is a forecast")]
        let forecast = |(took, keys): (Duration, u64)| took.mul_f64(n as f64 / keys as f64);
        if self.took.map(forecast).is_some_and(|forecast| forecast > 3 * limit) {
            self.out.get_or_insert(Missing::TooSlow(limit));
        }
        if self.out.is_some() {
            return;
        }
        let start = Instant::now();
        if let Err(missing) = arena.sample((row, self.contestant, n), 1) {
            self.out = Some(missing);
            return;
        }
        let took = start.elapsed().max(Duration::from_nanos(1));
        self.took = Some((took, n));
        if took > limit {
            self.out = Some(Missing::TooSlow(limit));
        }
    }

    fn sample(&mut self, arena: &Arena, least: Duration, row: Row, n: u64) -> Option<Sample> {
        let (took, _) = self.took.filter(|_| self.out.is_none())?;
        #[expect(clippy::cast_possible_truncation, reason = "a sample is a part of a second")]
        #[expect(clippy::cast_sign_loss, reason = "durations are positive")]
        let times = least.div_duration_f64(took).ceil().clamp(1.0, 1e6) as u32;
        match arena.sample((row, self.contestant, n), times) {
            Ok(sample) => Some(sample),
            Err(missing) => {
                self.out = Some(missing);
                None
            }
        }
    }
}
