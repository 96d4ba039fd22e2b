//! Turns: how many attempts start in a length of time.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use super::limit::acquire;
use crate::time::Rate;

/// Longer is forever. The limiter counts nanoseconds, of which it has six times as many.
const FOREVER: Duration = crate::time::hours(100 * 365 * 24);

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>;

/// Lets attempts start at a rate, in the order in which they ask.
#[derive(Debug)]
pub(super) struct Turns {
    limiter: Limiter,
    /// Held by whoever is next.
    next: Mutex<()>,
}

impl Turns {
    /// None for a rate that lets nothing through, which no run is started with.
    pub(super) fn new(rate: Rate) -> Option<Self> {
        let steps = NonZeroU32::new(rate.steps)?;
        let one = (rate.per.min(FOREVER) / steps.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(one)?.allow_burst(steps);
        let limiter = Limiter::direct_with_clock(quota, TokioClock { began: Instant::now() });
        Some(Self { limiter, next: Mutex::default() })
    }

    /// Waits for a turn, and takes it with a slot of the run.
    ///
    /// The turn is taken last, so that it is starts that keep the rate, and no slot is held while time goes by.
    pub(super) async fn take(&self, run_slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        let _next = self.next.lock().await;
        loop {
            let slot = acquire(run_slots).await;
            let Err(wait) = self.check() else { return slot };
            drop(slot);
            sleep(wait).await;
        }
    }

    /// Takes a turn for somebody who has a slot of the run, unless others wait for one.
    pub(super) fn try_take(&self) -> bool {
        self.next.try_lock().is_ok_and(|_next| self.check().is_ok())
    }

    /// Takes a turn, or says how long there will be none.
    fn check(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|not| not.wait_time_from(self.limiter.clock().now()))
    }
}

/// Tokio's clock, which tests can pause.
#[derive(Debug, Clone)]
struct TokioClock {
    began: Instant,
}

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.began.elapsed().min(2 * FOREVER).into()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::time::{ms, per_second, secs};

    fn starts_in(turns: &Turns) -> usize {
        std::iter::repeat_with(|| turns.try_take()).take_while(|taken| *taken).count()
    }

    /// S32
    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_burst_and_then_even() {
        let turns = Turns::new(per_second(20)).unwrap();
        assert_eq!(starts_in(&turns), 20);
        for (after, starts) in [(ms(49), 0), (ms(1), 1), (ms(100), 2), (secs(60), 20)] {
            tokio::time::advance(after).await;
            assert_eq!(starts_in(&turns), starts, "after {after:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_let_in_before_who_waits() {
        let turns = Turns::new(per_second(1)).unwrap();
        assert!(turns.try_take());
        let slots = Arc::new(Semaphore::new(1));
        let mut waiting = std::pin::pin!(turns.take(&slots));
        assert!(waiting.as_mut().now_or_never().is_none());
        tokio::time::advance(secs(5)).await;
        assert!(!turns.try_take());
        let slot = waiting.await;
        assert!(!turns.try_take());
        drop(slot);
    }

    #[tokio::test(start_paused = true)]
    async fn no_length_of_time_is_too_long_or_too_short() {
        for per in [Duration::MAX, Duration::from_nanos(1)] {
            for steps in [1, u32::MAX] {
                let turns = Turns::new(Rate::every(steps, per)).unwrap();
                assert!(turns.try_take());
            }
        }
        let once = Turns::new(Rate::every(1, Duration::MAX)).unwrap();
        assert_eq!(starts_in(&once), 1);
    }
}
