//! What is done for one key, as every contestant does it.

use std::future::Future;
use std::hint::black_box;
use std::time::Duration;

use tracing::{Instrument as _, info_span};

/// The work of one key.
pub(crate) trait Work: Send + Sync + 'static {
    /// What is kept beside the value while the work is done.
    type Key: Send + 'static;
    /// What the work gives.
    type Output: Outcome;
    /// How many keys at a time, for contestants that bound them.
    const CONCURRENT: usize = 64;

    /// The key of this number.
    fn key(index: u64) -> Self::Key;

    /// Does the work.
    fn call(x: u64) -> impl Future<Output = Self::Output> + Send;
}

/// Work without `await`.
pub(crate) trait Compute: Work {
    /// Does the work.
    fn compute(x: u64) -> Self::Output;
}

/// What a run came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sum: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// With one more outcome.
    pub(crate) fn with(mut self, outcome: impl Outcome) -> Self {
        outcome.add_to(&mut self);
        self
    }

    /// Of two parts.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, failed: self.failed + other.failed }
    }
}

/// What the work of one key may give.
pub(crate) trait Outcome: Clone + Send + Sync + 'static {
    /// Counts itself.
    fn add_to(self, tally: &mut Tally);
}

impl Outcome for u64 {
    fn add_to(self, tally: &mut Tally) {
        tally.sum += self;
    }
}

impl Outcome for Result<u64, String> {
    fn add_to(self, tally: &mut Tally) {
        match self {
            Ok(value) => tally.sum += value,
            Err(_) => tally.failed += 1,
        }
    }
}

/// Adds one.
pub(crate) fn increment(x: u64) -> u64 {
    black_box(x) + 1
}

/// Takes about 100 µs of one core.
pub(crate) fn burn(x: u64) -> u64 {
    let mut state = black_box(x + 1);
    for _ in 0..60_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
    x
}

/// Fails for every tenth key.
pub(crate) fn fail_tenth(x: u64) -> Result<u64, String> {
    if x.is_multiple_of(10) { Err("every tenth".to_owned()) } else { Ok(x) }
}

/// Fails always.
pub(crate) fn fail(x: u64) -> Result<u64, String> {
    if black_box(x) == u64::MAX { Ok(x) } else { Err("always".to_owned()) }
}

/// Fails twice.
pub(crate) fn fail_twice(attempt: u32, x: u64) -> Result<u64, String> {
    if attempt < 3 { Err("again".to_owned()) } else { Ok(x) }
}

/// A 16-byte key.
pub(crate) fn string_key(index: u64) -> String {
    format!("key-{index:012}")
}

/// Defines works that compute, and give what their function gives.
macro_rules! computes {
    ($($(#[$doc:meta])* $name:ident: $key:ty = $make:expr, $output:ty = $function:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl Work for $name {
            type Key = $key;
            type Output = $output;

            fn key(index: u64) -> $key {
                $make(index)
            }

            async fn call(x: u64) -> $output {
                $function(x)
            }
        }

        impl Compute for $name {
            fn compute(x: u64) -> $output {
                $function(x)
            }
        }
    )*};
}

/// No key at all.
fn no_key(_: u64) {}

computes! {
    /// Adds one.
    Increment: () = no_key, u64 = increment;
    /// Adds one to the place of the key in its inner list.
    Inner: () = no_key, u64 = |x: u64| increment(x % INNER);
    /// Adds one, and has a key.
    Named: String = string_key, u64 = increment;
    /// Takes about 100 µs of one core.
    Burn: () = no_key, u64 = burn;
    /// Fails for every tenth key.
    FailTenth: () = no_key, Result<u64, String> = fail_tenth;
    /// Fails always.
    Fail: () = no_key, Result<u64, String> = fail;
    /// Is tried three times.
    FailTwice: () = no_key, Result<u64, String> = |x| {
        fail_twice(1, x).or_else(|_| fail_twice(2, x)).or_else(|_| fail_twice(3, x))
    };
}

/// How many keys an inner list has.
pub(crate) const INNER: u64 = 1_000;

/// Adds one, three times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain;

impl Work for Chain {
    type Key = ();
    type Output = u64;

    fn key(_: u64) {}

    async fn call(x: u64) -> u64 {
        Increment::call(Increment::call(Increment::call(x).await).await).await
    }
}

impl Compute for Chain {
    fn compute(x: u64) -> u64 {
        increment(increment(increment(x)))
    }
}

/// Yields once, and adds one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Yield;

impl Work for Yield {
    type Key = ();
    type Output = u64;

    fn key(_: u64) {}

    async fn call(x: u64) -> u64 {
        tokio::task::yield_now().await;
        increment(x)
    }
}

/// Sleeps 1 ms, and adds one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sleep;

impl Work for Sleep {
    type Key = ();
    type Output = u64;
    const CONCURRENT: usize = 10_000;

    fn key(_: u64) {}

    async fn call(x: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        increment(x)
    }
}

/// Adds one in a span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traced;

impl Work for Traced {
    type Key = ();
    type Output = u64;

    fn key(_: u64) {}

    fn call(x: u64) -> impl Future<Output = u64> + Send {
        Increment::call(x).instrument(info_span!("step", key = x))
    }
}
