//! The log of a run that is looked at, and not gone on with.

use futures::future::BoxFuture;

use crate::store::{Record, RunLog, StoreError};

/// Keeps nothing.
#[derive(Debug)]
pub(super) struct Unwritten;

impl RunLog for Unwritten {
    fn append(&self, _record: Record) {}

    fn is_full(&self) -> bool {
        false
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn failed(&self) -> Option<StoreError> {
        None
    }

    fn cancel_asked(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
