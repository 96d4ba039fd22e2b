//! Code of others that is called while a run goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::value::drop_caught;

/// What is called until it panics, for one run.
pub(super) struct Guest<F: ?Sized> {
    code: Arc<F>,
    panicked: AtomicBool,
}

impl<F: ?Sized> Guest<F> {
    pub(super) fn new(code: Arc<F>) -> Self {
        Self { code, panicked: AtomicBool::new(false) }
    }

    /// Whether it is still called.
    pub(super) fn is_welcome(&self) -> bool {
        !self.panicked.load(Ordering::Relaxed)
    }

    /// Calls it, unless it has panicked.
    pub(super) fn call(&self, call: impl FnOnce(&F)) {
        if !self.is_welcome() {
            return;
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| call(&self.code))) {
            self.panicked.store(true, Ordering::Relaxed);
            // Dropping what somebody else panicked with may panic too.
            drop_caught(payload);
        }
    }
}

/// The same code for another run.
impl<F: ?Sized> Clone for Guest<F> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.code))
    }
}
