//! Where an attempt goes on: a place that the next attempt of the same op uses again.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::Progress;
use super::answer::{Answer, OpResult};
use super::returned::Returned;
use crate::error::OpError;
use crate::value::{Value, drop_caught};

/// The largest future whose memory is kept for the next one, in bytes.
const MAX_KEPT: usize = 4_096;

/// Where the future of an attempt is kept while it runs, and those of the attempts after it, one at a time.
///
/// So a lane allocates once for each op, not once for each key, unless the future is large.
#[derive(Default)]
pub(crate) struct Running(Option<Box<dyn Place>>);

/// What a future of an attempt gives.
pub(super) trait Gives {
    fn answer(self, answer: &mut Answer<'_>);
    fn result(self) -> OpResult;
}

impl Gives for OpResult {
    fn answer(self, answer: &mut Answer<'_>) {
        answer.result(self);
    }

    fn result(self) -> OpResult {
        self
    }
}

impl<T: Value> Gives for Result<T, OpError> {
    fn answer(self, answer: &mut Answer<'_>) {
        answer.value(self);
    }

    fn result(self) -> OpResult {
        self.map(Returned::value)
    }
}

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

impl<F> Place for Pinned<F>
where
    F: Future<Output: Gives> + Send + 'static,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<OpResult> {
        let Some(future) = self.as_mut().as_pin_mut() else { return Poll::Pending };
        let given = ready!(future.poll(context));
        self.set(None);
        Poll::Ready(given.result())
    }

    fn clear(&mut self) {
        self.set(None);
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn is_kept(&self) -> bool {
        size_of::<F>() <= MAX_KEPT
    }
}

impl Running {
    /// The place for futures of one type. What was here before is dropped if it is of another.
    pub(super) fn place<F>(&mut self) -> Option<Pin<&mut Option<F>>>
    where
        F: Future<Output: Gives> + Send + 'static,
    {
        let known = self.0.as_deref().is_some_and(|place| {
            let place: &dyn Any = place;
            place.is::<Pinned<F>>()
        });
        if !known {
            self.0 = Some(Box::new(Box::pin(None::<F>)));
        }
        let place: &mut dyn Any = self.0.as_deref_mut()?;
        place.downcast_mut::<Pinned<F>>().map(Pin::as_mut)
    }

    /// Keeps a future, and begins it if somebody is there to be woken. What was here before is dropped.
    pub(super) fn begin<F>(
        &mut self,
        future: F,
        waker: Option<&Waker>,
        answer: &mut Answer<'_>,
    ) -> Progress
    where
        F: Future<Output: Gives> + Send + 'static,
    {
        let Some(mut place) = self.place::<F>() else { return Progress::Running };
        place.set(Some(future));
        let (Some(waker), Some(future)) = (waker, place.as_mut().as_pin_mut()) else {
            return Progress::Running;
        };
        let Poll::Ready(given) = future.poll(&mut Context::from_waker(waker)) else {
            return Progress::Running;
        };
        place.set(None);
        given.answer(answer);
        self.let_go();
        Progress::Done
    }

    /// Gives the memory of a large future that has ended back.
    pub(crate) fn let_go(&mut self) {
        if self.0.as_ref().is_some_and(|place| !place.is_kept() && place.is_empty()) {
            self.0 = None;
        }
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
        self.let_go();
        Poll::Ready(given)
    }

    /// Drops the future, whose `Drop` may panic.
    pub(crate) fn clear(&mut self) {
        if let Some(place) = &mut self.0 {
            place.clear();
        }
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
