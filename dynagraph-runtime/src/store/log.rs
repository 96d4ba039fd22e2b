//! What a run that is under way writes to.

use std::fmt;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Record, StoreError};

/// The log of one run that is under way.
///
/// Records become durable in the order in which they were appended.
/// Dropping the log gives the run up: if it has not ended, it is [interrupted](super::RunState::Interrupted).
pub trait RunLog: fmt::Debug + Send + Sync {
    /// Appends a record. Never blocks, and does nothing once the log has failed.
    fn append(&self, record: Record);

    /// Appends all records of a block and leaves it empty.
    fn append_all(&self, records: &mut Vec<Record>) {
        records.drain(..).for_each(|record| self.append(record));
    }

    /// Whether so much is not yet durable that no new key should be taken. One load or two.
    fn is_full(&self) -> bool;

    /// Waits until the log is not full, or has failed.
    fn room(&self) -> BoxFuture<'_, ()>;

    /// Waits until all that was appended is durable. A log that has failed gives its error.
    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Why the log stores no more, if it does not.
    fn failed(&self) -> Option<StoreError>;

    /// Waits until the log stores no more, and says why. A run ends then, as nothing more would come of it.
    ///
    /// Unless a log says so, its run learns of it at its end.
    fn failure(&self) -> BoxFuture<'_, StoreError> {
        std::future::pending().boxed()
    }

    /// Waits until somebody asks with [`ask_cancel`](super::RunStore::ask_cancel) that the run is canceled.
    fn cancel_asked(&self) -> BoxFuture<'_, ()>;
}
