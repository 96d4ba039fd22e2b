//! One cell of the matrix: a choice in every dimension.

use std::time::Duration;

use dynagraph::prelude::*;

use crate::support::{FLAVORS, Flavor};

/// No factor of [`CASES`] is one of it, so that every case has its turn, and near ones differ in everything.
const STRIDE: u64 = 67_069;

/// How many choices there are in every dimension.
pub(super) const DIMENSIONS: [u64; 13] = [5, 4, 3, 2, 11, 3, 3, 3, 3, 4, 2, 3, 2];

/// How many cases there are.
pub(super) const CASES: u64 = 5 * 4 * 3 * 2 * 11 * 3 * 3 * 3 * 3 * 4 * 2 * 3 * 2;

/// What is done in copies, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sleeping,
    AtOnce,
    Blocking,
    Inline,
    /// Each use of an op is of another kind.
    Mixed,
}

/// How keys come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    List,
    Emitted,
    BlockingEmitted,
    Streamed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    None,
    Immediate,
    Delayed,
}

/// How copies stand in one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    Flat,
    Chain,
    Nested,
    Product,
    InnerFold,
    Zip,
    Batch,
    FlatMap,
    InnerCollect,
    Diamond,
    /// The copies of a fan-out wait for a collect of the same fan-out.
    Barrier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    One,
    Two,
    /// The default.
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    None,
    One,
    /// Ops in copies take both slots.
    Two,
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    None,
    /// Some keys fail, whatever is tried.
    Some,
    /// The same, and the first failure ends the run.
    Fast,
}

/// One cell of the matrix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) kind: Kind,
    pub(super) keys: Keys,
    pub(super) retry: Retry,
    /// Producers have a retry policy, though they never fail.
    pub(super) keys_may_retry: bool,
    pub(super) nesting: Nesting,
    pub(super) run: Limit,
    pub(super) op: Limit,
    pub(super) fan_out: Limit,
    pub(super) window: Limit,
    pub(super) pool: Pool,
    pub(super) rate: bool,
    pub(super) failing: Failing,
    pub(super) flavor: Flavor,
}

/// What goes wrong in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// So many attempts fail.
    First(u32),
    Always,
    Permanent,
}

/// A number that chooses.
struct Choices(std::array::IntoIter<u64, 13>);

impl Choices {
    fn of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        let place = self.0.next().and_then(|place| usize::try_from(place).ok());
        place.map_or(all[0], |place| all[place])
    }
}

/// What the case of a number chooses in every dimension.
pub(super) fn choices(n: u64) -> [u64; 13] {
    let mut number = n % CASES * STRIDE % CASES;
    DIMENSIONS.map(|choices| {
        let choice = number % choices;
        number /= choices;
        choice
    })
}

const LIMITS: [Limit; 3] = [Limit::One, Limit::Two, Limit::Many];
pub(super) const MAX_RETRIES: u32 = 2;

impl Case {
    /// The cases in an order in which any few of them are spread evenly.
    pub(super) fn nth(n: u64) -> Self {
        let mut choices = Choices(choices(n).into_iter());
        Self {
            kind: choices.of([
                Kind::Sleeping,
                Kind::AtOnce,
                Kind::Blocking,
                Kind::Inline,
                Kind::Mixed,
            ]),
            keys: choices.of([Keys::List, Keys::Emitted, Keys::BlockingEmitted, Keys::Streamed]),
            retry: choices.of([Retry::None, Retry::Immediate, Retry::Delayed]),
            keys_may_retry: choices.of([false, true]),
            nesting: choices.of([
                Nesting::Flat,
                Nesting::Chain,
                Nesting::Nested,
                Nesting::Product,
                Nesting::InnerFold,
                Nesting::Zip,
                Nesting::Batch,
                Nesting::FlatMap,
                Nesting::InnerCollect,
                Nesting::Diamond,
                Nesting::Barrier,
            ]),
            run: choices.of(LIMITS),
            op: choices.of(LIMITS),
            fan_out: choices.of(LIMITS),
            window: choices.of(LIMITS),
            pool: choices.of([Pool::None, Pool::One, Pool::Two, Pool::Many]),
            rate: choices.of([false, true]),
            failing: choices.of([Failing::None, Failing::Some, Failing::Fast]),
            flavor: choices.of(FLAVORS),
        }
    }

    /// Whether the run can have its time paused: nothing in it blocks a thread.
    pub(super) fn is_paused(&self) -> bool {
        self.flavor == Flavor::CurrentThread
            && !matches!(self.kind, Kind::Blocking | Kind::Mixed)
            && self.keys != Keys::BlockingEmitted
    }

    /// A moment: short where time is real.
    pub(super) fn moment(&self) -> Duration {
        if self.is_paused() { Duration::from_millis(1) } else { Duration::from_micros(50) }
    }

    pub(super) fn policy(&self) -> Option<RetryPolicy> {
        let policy = RetryPolicy::new(MAX_RETRIES);
        match self.retry {
            Retry::None => None,
            Retry::Immediate => Some(policy),
            Retry::Delayed => Some(policy.delay(2 * self.moment()).backoff(Backoff::Linear)),
        }
    }

    /// What goes wrong in the step that works with these.
    pub(super) fn trouble(&self, x: u64, y: u64) -> Trouble {
        let seed = x + y;
        match seed % 7 {
            3 if self.failing == Failing::None => Trouble::First(0),
            3 if seed.is_multiple_of(2) => Trouble::Always,
            3 => Trouble::Permanent,
            _ if self.retry == Retry::None => Trouble::First(0),
            _ => Trouble::First(u32::try_from(seed % 3).unwrap_or_default()),
        }
    }
}

impl Limit {
    pub(super) fn number(self) -> Option<usize> {
        match self {
            Self::One => Some(1),
            Self::Two => Some(2),
            Self::Many => None,
        }
    }
}

impl Pool {
    pub(super) fn size(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::One => Some(1),
            Self::Two => Some(2),
            Self::Many => Some(64),
        }
    }

    /// What a step in a copy takes of it; a producer takes one slot.
    pub(super) fn weight(self) -> u32 {
        match self {
            Self::None | Self::One => 1,
            Self::Two => 2,
            Self::Many => 3,
        }
    }
}
