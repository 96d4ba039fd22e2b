//! Where an attempt goes on: a place that the next attempt of the same op uses again.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::Progress;
use super::call::Answer;
use super::returned::{OpResult, Returned};
use crate::error::OpError;
use crate::value::{Value, drop_caught};

/// The largest future whose memory is kept for the next one, in bytes.
const MAX_KEPT: usize = 4_096;

/// Where the future of an attempt is kept while it runs, and those of the attempts after it, one at a time.
///
/// So a lane allocates once for each op, not once for each key, unless the future is large.
#[derive(Default)]
pub(crate) struct Running(Option<Pin<Box<dyn Place>>>);

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

/// A place for futures of one type: the one that runs, if one does.
trait Place: Send {
    /// Takes a future out of an `Option`, if it is of the place's type.
    fn put(self: Pin<&mut Self>, future: &mut dyn Any) -> bool;
    /// Begins the future that was put there.
    fn begin(self: Pin<&mut Self>, context: &mut Context<'_>, answer: &mut Answer<'_>) -> Progress;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<OpResult>;
    fn clear(self: Pin<&mut Self>);
    fn is_empty(&self) -> bool;
    /// Whether its memory is kept for the next future.
    fn is_kept(&self) -> bool;
}

impl<F> Place for Option<F>
where
    F: Future<Output: Gives> + Send + 'static,
{
    fn put(mut self: Pin<&mut Self>, future: &mut dyn Any) -> bool {
        let Some(future) = future.downcast_mut::<Self>() else { return false };
        self.set(future.take());
        true
    }

    fn begin(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        answer: &mut Answer<'_>,
    ) -> Progress {
        let Some(future) = self.as_mut().as_pin_mut() else { return Progress::Running };
        let Poll::Ready(given) = future.poll(context) else { return Progress::Running };
        given.answer(answer);
        self.set(None);
        Progress::Done
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<OpResult> {
        let Some(future) = self.as_mut().as_pin_mut() else { return Poll::Pending };
        let given = ready!(future.poll(context));
        self.set(None);
        Poll::Ready(given.result())
    }

    fn clear(mut self: Pin<&mut Self>) {
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
        let mut future = Some(future);
        let is_put = self.0.as_mut().is_some_and(|place| place.as_mut().put(&mut future));
        let place = match &mut self.0 {
            Some(place) if is_put => place,
            other => other.insert(Box::pin(future)),
        };
        let Some(waker) = waker else { return Progress::Running };
        let progress = place.as_mut().begin(&mut Context::from_waker(waker), answer);
        if progress == Progress::Done && !place.is_kept() {
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
        let given = ready!(place.as_mut().poll(context));
        if !place.is_kept() {
            self.0 = None;
        }
        Poll::Ready(given)
    }

    /// Drops the future, whose `Drop` may panic.
    pub(crate) fn clear(&mut self) {
        if let Some(place) = &mut self.0 {
            place.as_mut().clear();
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
