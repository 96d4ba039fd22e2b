//! Where an attempt goes on: a place that the next attempt of the same op uses again.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Returned;
use crate::error::OpError;

type Given = Result<Returned, OpError>;

/// Where the future of an attempt is kept while it runs, and those of the attempts after it, one at a time.
///
/// So a lane allocates once for each op, not once for each key.
#[derive(Default)]
pub(crate) struct Running(Option<Pin<Box<dyn Place>>>);

/// Holds futures of one type.
trait Place: Send {
    /// Takes the future out of an `Option<F>`, if this holds such ones.
    fn put(self: Pin<&mut Self>, future: &mut dyn Any) -> bool;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Given>;
    fn clear(self: Pin<&mut Self>);
}

impl<F: Future<Output = Given> + Send + 'static> Place for Option<F> {
    fn put(mut self: Pin<&mut Self>, future: &mut dyn Any) -> bool {
        let Some(future) = future.downcast_mut::<Self>() else { return false };
        self.set(future.take());
        true
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Given> {
        let Some(future) = self.as_mut().as_pin_mut() else { return Poll::Pending };
        let given = ready!(future.poll(context));
        self.set(None);
        Poll::Ready(given)
    }

    fn clear(mut self: Pin<&mut Self>) {
        self.set(None);
    }
}

impl Running {
    /// Begins with a future. What was here before is dropped.
    pub(super) fn begin(&mut self, future: impl Future<Output = Given> + Send + 'static) {
        let mut future = Some(future);
        let put = self.0.as_mut().is_some_and(|place| place.as_mut().put(&mut future));
        if !put {
            self.0 = Some(Box::pin(future));
        }
    }

    /// Goes on with the future, which is dropped at its end. Without one, there is no end.
    ///
    /// What the future does may panic.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Given> {
        match &mut self.0 {
            Some(place) => place.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    /// Drops the future, whose `Drop` may panic.
    pub(crate) fn clear(&mut self) {
        if let Some(place) = &mut self.0 {
            place.as_mut().clear();
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
