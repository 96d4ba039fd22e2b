//! The log of a run, until the run gives it up.

use std::sync::{Arc, PoisonError, RwLock};

use crate::store::{Record, RunLog};

/// A log that can be taken away from those who still write: an op that blocks its thread may outlive its run.
#[derive(Debug)]
pub(super) struct OpenLog(RwLock<Option<Arc<dyn RunLog>>>);

impl OpenLog {
    pub(super) fn new(log: Box<dyn RunLog>) -> Self {
        Self(RwLock::new(Some(log.into())))
    }

    fn with<T>(&self, ask: impl FnOnce(&Arc<dyn RunLog>) -> T) -> Option<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(ask)
    }

    pub(super) fn append(&self, record: Record) {
        self.with(|log| log.append(record));
    }

    pub(super) fn append_all(&self, records: &mut Vec<Record>) {
        self.with(|log| log.append_all(records));
    }

    pub(super) fn is_full(&self) -> bool {
        self.with(|log| log.is_full()).unwrap_or_default()
    }

    pub(super) async fn room(&self) {
        if let Some(log) = self.with(Arc::clone) {
            log.room().await;
        }
    }

    pub(super) async fn cancel_asked(&self) {
        match self.with(Arc::clone) {
            Some(log) => log.cancel_asked().await,
            None => std::future::pending().await,
        }
    }

    pub(super) async fn failure(&self) {
        match self.with(Arc::clone) {
            Some(log) => drop(log.failure().await),
            None => std::future::pending().await,
        }
    }

    pub(super) fn close(&self) -> Option<Arc<dyn RunLog>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}
