//! What an attempt knows of itself, and what it can tell its run.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::time::Instant;

use super::cancellation::{Cancellation, Signal};
use crate::event::{EventKind, Listeners, Metadata, MetadataValue};
use crate::key::{KeyPath, MappingKey, StepKey};
use crate::sync::lock;

/// Tells one run from every other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId(pub(crate) u128);

impl RunId {
    /// An id that no other run has.
    pub(crate) fn random() -> Self {
        // Each `RandomState` has keys of its own, so that its hash of nothing is random.
        let half = || u128::from(RandomState::new().hash_one(()));
        Self((half() << 64) | half())
    }

    /// Something to make other random numbers from.
    pub(crate) fn seed(self) -> u64 {
        let [high, low] = [self.0 >> 64, self.0 & u128::from(u64::MAX)];
        u64::try_from(high ^ low).unwrap_or_default()
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

/// Tells an op which run, step and attempt it is, and takes what it has to say.
///
/// An op that has a parameter of this type is given one; it is no input.
/// It is cheap to clone.
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

/// One attempt, as its op and the engine share it.
#[derive(Debug)]
pub(crate) struct StepInfo {
    pub(crate) run_id: RunId,
    pub(crate) key: StepKey,
    pub(crate) attempt: u32,
    pub(crate) cancellation: Cancellation,
    /// The attempt has failed, although its op still blocks its thread.
    pub(crate) over: Signal,
    pub(crate) listeners: Arc<Listeners>,
    said: Mutex<Said>,
}

/// What an op said of its attempt.
#[derive(Debug, Default)]
struct Said {
    /// When it last gave a sign of life.
    beat: Option<Instant>,
    metadata: Metadata,
}

impl StepInfo {
    pub(crate) fn new(
        run_id: RunId,
        key: StepKey,
        attempt: u32,
        cancellation: Cancellation,
        listeners: Arc<Listeners>,
    ) -> Self {
        let (over, said) = (Signal::default(), Mutex::default());
        Self { run_id, key, attempt, cancellation, over, listeners, said }
    }

    /// When the op last gave a sign of life, if it did.
    pub(crate) fn last_beat(&self) -> Option<Instant> {
        self.said().beat
    }

    /// Takes what the op said of its outputs.
    pub(crate) fn take_metadata(&self) -> Metadata {
        std::mem::take(&mut self.said().metadata)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        lock(&self.said)
    }
}

impl OpContext {
    pub(crate) fn new(step: Arc<StepInfo>) -> Self {
        Self { step }
    }

    /// A context for calling an op in a unit test: a step `test`, its first attempt, not canceled.
    ///
    /// With the feature `test`, there are contexts of other attempts and steps, and ones that can be canceled.
    pub fn for_test() -> Self {
        let key = StepKey::new("test".into(), KeyPath::root());
        let cancellation = Cancellation::default();
        let step = StepInfo::new(RunId::random(), key, 1, cancellation, Arc::default());
        Self::new(Arc::new(step))
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

    /// Text that is the same in every attempt of this step, and in no other step or run: 32 hexadecimal digits.
    ///
    /// Passed on to a service that knows what it has already done, it makes a retried request safe.
    pub fn idempotency_token(&self) -> String {
        let text = format!("{}/{}", self.step.run_id, self.step.key);
        format!("{:032x}", fnv_1a(text.as_bytes()))
    }

    /// Whether the op should end: its run was asked to, or the time of its attempt is over.
    ///
    /// An op that works long without waiting looks at this now and then.
    /// A blocking op keeps its slots until it returns, also when nobody wants its result any more.
    pub fn is_canceled(&self) -> bool {
        self.step.cancellation.is_asked() || self.step.over.is_asked()
    }

    /// Waits until the op should end, as [`is_canceled`](Self::is_canceled) says.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// async fn first_line(context: OpContext, line: impl Future<Output = String>) -> Option<String> {
    ///     tokio::select! {
    ///         line = line => Some(line),
    ///         () = context.canceled() => None,
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let line = first_line(OpContext::for_test(), async { "one".to_owned() }).await;
    /// assert_eq!(line.as_deref(), Some("one"));
    /// # }
    /// ```
    pub async fn canceled(&self) {
        tokio::select! {
            () = self.step.cancellation.asked() => {}
            () = self.step.over.asked() => {}
        }
    }

    /// Says that the op is alive: its `idle_timeout` begins anew.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn sum(context: &OpContext, chunks: impl Iterator<Item = u64>) -> u64 {
    ///     chunks.inspect(|_| context.heartbeat()).sum()
    /// }
    ///
    /// assert_eq!(sum(&OpContext::for_test(), 1..=4), 10);
    /// ```
    pub fn heartbeat(&self) {
        self.step.said().beat = Some(Instant::now());
    }

    /// Says how far the op is, to whoever watches the run. It is a [`heartbeat`](Self::heartbeat) too.
    ///
    /// A length is given `as u64`.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn upload(context: &OpContext, files: &[&str]) {
    ///     for (done, _file) in files.iter().enumerate() {
    ///         context.progress(done as u64, files.len() as u64);
    ///     }
    /// }
    /// # upload(&OpContext::for_test(), &["a", "b"]);
    /// ```
    pub fn progress(&self, done: u64, total: u64) {
        self.heartbeat();
        let step = || self.step.key.clone();
        self.step.listeners.tell(|| EventKind::StepProgress { step: step(), done, total });
    }

    /// Adds a note about the step's outputs, which its success event and its report carry.
    ///
    /// A name given twice in one attempt has the last value.
    /// The notes of an attempt that fails are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn load(context: &OpContext, path: &str) -> Vec<u64> {
    ///     let began = Instant::now();
    ///     let rows = vec![1, 2, 3];
    ///     context.add_output_metadata("path", path);
    ///     context.add_output_metadata("rows", rows.len());
    ///     context.add_output_metadata("seconds", began.elapsed());
    ///     rows
    /// }
    /// # load(&OpContext::for_test(), "rows.csv");
    /// ```
    pub fn add_output_metadata(&self, name: impl Into<String>, value: impl Into<MetadataValue>) {
        let (name, value) = (name.into(), value.into());
        let metadata = &mut self.step.said().metadata;
        match metadata.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => metadata.push((name, value)),
        }
    }
}

/// What a unit test of an op can say and ask of its context. With the feature `test`.
#[cfg(feature = "test")]
impl OpContext {
    /// A context for a unit test, and what cancels it.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn count_up(context: OpContext, mut between: impl FnMut(u64)) -> u64 {
    ///     (0..).inspect(|n| between(*n)).find(|_| context.is_canceled()).unwrap_or_default()
    /// }
    ///
    /// let (context, cancel) = OpContext::for_test_cancelable();
    /// assert_eq!(count_up(context, |n| if n == 3 { cancel() }), 3);
    /// ```
    pub fn for_test_cancelable() -> (Self, impl Fn() + Clone + Send + Sync + 'static) {
        let context = Self::for_test();
        let cancellation = context.step.cancellation.clone();
        (context, move || cancellation.ask())
    }

    /// This context in another attempt, counted from 1, which has said nothing yet.
    ///
    /// # Panics
    ///
    /// If the attempt is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn page_size(context: OpContext) -> u64 {
    ///     1_000 / u64::from(context.attempt())
    /// }
    ///
    /// assert_eq!(page_size(OpContext::for_test().with_attempt(2)), 500);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with_attempt(self, attempt: u32) -> Self {
        assert!(attempt > 0, "attempts are counted from 1, not {attempt}");
        let key = self.step.key.clone();
        self.of_step(key, attempt)
    }

    /// This context in another step: of this node, inside of maps with these keys, outermost first.
    ///
    /// # Panics
    ///
    /// If a key could not be emitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// let context = OpContext::for_test().with_step_key("fetch", ["docs", "page_1"]);
    /// assert_eq!(context.step_key().to_string(), "fetch[docs/page_1]");
    /// assert_eq!(context.mapping_keys().len(), 2);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with_step_key<K: Into<MappingKey>>(
        self,
        node: &str,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        let mut path = KeyPath::root();
        for key in keys {
            let key = key.into();
            if let Err(reason) = key.check() {
                panic!("{key:?} is no mapping key: {reason}");
            }
            path = path.child(key, 0);
        }
        let attempt = self.attempt();
        self.of_step(StepKey::new(node.into(), path), attempt)
    }

    /// What the attempt has said of its outputs so far; clones of one context say it together.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::OpContext;
    ///
    /// fn load(context: OpContext) {
    ///     context.add_output_metadata("rows", 7);
    /// }
    ///
    /// let context = OpContext::for_test();
    /// load(context.clone());
    /// assert_eq!(context.output_metadata(), [("rows".to_owned(), 7.into())]);
    /// ```
    pub fn output_metadata(&self) -> Metadata {
        self.step.said().metadata.clone()
    }

    fn of_step(self, key: StepKey, attempt: u32) -> Self {
        let StepInfo { run_id, cancellation, listeners, .. } = &*self.step;
        let (cancellation, listeners) = (cancellation.clone(), Arc::clone(listeners));
        Self::new(Arc::new(StepInfo::new(*run_id, key, attempt, cancellation, listeners)))
    }
}

/// The 128-bit FNV-1a hash, which no version of anything changes: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv_1a(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv_1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv_1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
