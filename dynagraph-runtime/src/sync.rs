//! How everything here locks, and waits for what others change.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Locks also after a panic: what our locks guard is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `ready` gives something. Whoever changes what it looks at notifies all who wait, after the change.
pub(crate) async fn until<T>(changed: &Notify, mut ready: impl FnMut() -> Option<T>) -> T {
    loop {
        let mut told = pin!(changed.notified());
        told.as_mut().enable();
        if let Some(ready) = ready() {
            return ready;
        }
        told.await;
    }
}
