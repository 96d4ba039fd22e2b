//! Where an attempt goes on: a place that the next attempt of the same op uses again.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::{OpResult, Progress};
use crate::value::drop_caught;

/// The largest future whose memory is kept for the next one, in bytes.
const MAX_KEPT: usize = 4_096;

/// Where the future of an attempt is kept while it runs, and those of the attempts after it, one at a time.
///
/// So a lane allocates once for each op, not once for each key, unless the future is large.
#[derive(Default)]
pub(crate) struct Running(Option<Box<dyn Place>>);

/// A place for futures of one type.
trait Place: Any + Send {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<OpResult>;
    fn clear(&mut self);
    fn is_empty(&self) -> bool;
    /// Whether its memory is kept for the next future.
    fn is_kept(&self) -> bool;
}

/// The future that runs, if one does.
type Pinned<F> = Pin<Box<Option<F>>>;

impl<F: Future<Output = OpResult> + Send + 'static> Place for Pinned<F> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<OpResult> {
        let Some(future) = self.as_mut().as_pin_mut() else { return Poll::Pending };
        let given = ready!(future.poll(context));
        self.set(None);
        Poll::Ready(given)
    }

    fn clear(&mut self) {
        self.set(None);
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn is_kept(&self) -> bool {
        is_kept::<F>()
    }
}

impl Running {
    /// Keeps a future, and begins it if somebody is there to be woken. What was here before is dropped.
    pub(super) fn begin<F>(
        &mut self,
        future: F,
        waker: Option<&Waker>,
        given: &mut Option<OpResult>,
    ) -> Progress
    where
        F: Future<Output = OpResult> + Send + 'static,
    {
        let known = self.0.as_deref_mut().and_then(|place| {
            let place: &mut dyn Any = place;
            place.downcast_mut::<Pinned<F>>()
        });
        let progress = match known {
            Some(place) => {
                place.set(Some(future));
                begun(place, waker, given)
            }
            None => {
                let place = self.0.insert(Box::new(Box::pin(Some(future))));
                begun(&mut **place, waker, given)
            }
        };
        if !is_kept::<F>() && progress == Progress::Done {
            self.0 = None;
        }
        progress
    }

    /// Whether there is no future.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|place| place.is_empty())
    }

    /// Goes on with the future, which is dropped at its end. Without one, there is no end.
    ///
    /// What the future does may panic.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<OpResult> {
        let Some(place) = &mut self.0 else { return Poll::Pending };
        let given = ready!(place.poll(context));
        if !place.is_kept() {
            self.0 = None;
        }
        Poll::Ready(given)
    }

    /// Drops the future, whose `Drop` may panic.
    pub(crate) fn clear(&mut self) {
        if let Some(place) = &mut self.0 {
            place.clear();
        }
    }
}

/// Whether the memory of a future of this type is kept for the next one.
const fn is_kept<F>() -> bool {
    size_of::<F>() <= MAX_KEPT
}

/// Begins the future in a place.
fn begun(
    place: &mut (impl Place + ?Sized),
    waker: Option<&Waker>,
    given: &mut Option<OpResult>,
) -> Progress {
    let Some(waker) = waker else { return Progress::Running };
    match place.poll(&mut Context::from_waker(waker)) {
        Poll::Ready(result) => {
            *given = Some(result);
            Progress::Done
        }
        Poll::Pending => Progress::Running,
    }
}

impl Drop for Running {
    /// Also when a lane is aborted: a future whose `Drop` panics is no fault of the run.
    fn drop(&mut self) {
        let place = self.0.take();
        drop_caught(place);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
