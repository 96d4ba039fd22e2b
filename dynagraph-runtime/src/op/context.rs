//! What an attempt knows of itself.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::key::{KeyPath, MappingKey, StepKey};

/// Tells one run from every other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId(u128);

impl RunId {
    /// An id that no other run has.
    pub(crate) fn random() -> Self {
        // Each `RandomState` has keys of its own, so that its hash of nothing is random.
        let half = || u128::from(RandomState::new().hash_one(()));
        Self((half() << 64) | half())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

/// Tells an op which run, step and attempt it is.
///
/// An op that has a parameter of this type is given one; it is no input.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::OpContext;
///
/// let context = OpContext::for_test();
/// assert_eq!(context.attempt(), 1);
/// assert_eq!(context.step_key().to_string(), "test");
/// ```
#[derive(Debug, Clone)]
pub struct OpContext {
    step: Arc<StepInfo>,
}

#[derive(Debug)]
pub(crate) struct StepInfo {
    pub(crate) run_id: RunId,
    pub(crate) key: StepKey,
    pub(crate) attempt: u32,
}

impl OpContext {
    pub(crate) fn new(step: StepInfo) -> Self {
        Self { step: Arc::new(step) }
    }

    /// A context for calling an op in a unit test: a step `test`, its first attempt.
    pub fn for_test() -> Self {
        let key = StepKey::new("test".into(), KeyPath::root());
        Self::new(StepInfo { run_id: RunId::random(), key, attempt: 1 })
    }

    /// The run that the step belongs to.
    pub fn run_id(&self) -> RunId {
        self.step.run_id
    }

    /// The step's key, such as `fetch[7]`.
    pub fn step_key(&self) -> &StepKey {
        &self.step.key
    }

    /// The mapping keys of every map that the step is inside of, outermost first.
    pub fn mapping_keys(&self) -> Vec<MappingKey> {
        self.step.key.path().keys()
    }

    /// Which attempt of the step this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.step.attempt
    }
}
