//! What a run keeps of one step: little, as any number of steps may fail.

use std::mem::replace;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::StepStatus;
use crate::error::StepError;
use crate::event::Metadata;
use crate::graph::NodeId;
use crate::key::KeyPath;

/// A step that has ended.
#[derive(Debug)]
pub(crate) struct StepRecord {
    pub(crate) node: NodeId,
    pub(crate) path: KeyPath,
    pub(crate) status: StepStatus,
    pub(crate) attempts: u32,
    pub(crate) error: Option<KeptError>,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What is known of few steps.
#[derive(Debug, Clone)]
pub(crate) struct Extra {
    /// When its first attempt started, and how long it took.
    pub(crate) time: Option<(SystemTime, Duration)>,
    pub(crate) metadata: Metadata,
}

/// Why a step failed: its record's alone, until somebody else is told of it.
#[derive(Debug)]
pub(crate) enum KeptError {
    Own(StepError),
    Shared(Arc<StepError>),
}

impl StepRecord {
    /// What a record is made from where it stays: to move a whole one costs more than to fill in this.
    pub(crate) const BLANK: Self = Self {
        node: NodeId(0),
        path: KeyPath::ROOT,
        status: StepStatus::Canceled,
        attempts: 0,
        error: None,
        extra: None,
    };

    /// Whether it is kept in a report that does not keep every step.
    pub(crate) fn is_remarkable(&self) -> bool {
        let has_metadata = |extra: &Extra| !extra.metadata.is_empty();
        !self.status.is_good() || self.extra.as_deref().is_some_and(has_metadata)
    }

    pub(crate) fn metadata(&self) -> Metadata {
        self.extra.as_ref().map(|extra| extra.metadata.clone()).unwrap_or_default()
    }

    /// The same step once more; from now on, both share its error.
    pub(crate) fn share(&mut self) -> Self {
        let Self { node, status, attempts, .. } = *self;
        let error = self.error.as_mut().map(|error| KeptError::Shared(error.share()));
        Self { node, path: self.path.clone(), status, attempts, error, extra: self.extra.clone() }
    }
}

impl KeptError {
    pub(crate) fn get(&self) -> &StepError {
        match self {
            Self::Own(error) => error,
            Self::Shared(error) => error,
        }
    }

    /// The error, for somebody else too.
    pub(crate) fn share(&mut self) -> Arc<StepError> {
        let taken = replace(self, Self::Own(StepError::Panicked(String::new())));
        let error = match taken {
            Self::Own(error) => Arc::new(error),
            Self::Shared(error) => error,
        };
        *self = Self::Shared(Arc::clone(&error));
        error
    }
}
