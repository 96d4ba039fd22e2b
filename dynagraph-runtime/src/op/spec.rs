//! What the engine knows of an op before it runs it.

use std::any::{TypeId, type_name};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use super::retry::RetryPolicy;
use crate::capture::{Captured, ValueCodec};

/// Describes an op to the engine.
///
/// An op made by `new` is async, has one plain output and no limits.
#[derive(Debug, Clone)]
pub struct OpSpec {
    pub(crate) blocking: bool,
    pub(crate) inputs: &'static [&'static str],
    /// For each input, if it is known.
    pub(crate) input_codecs: Vec<Option<ValueCodec>>,
    pub(crate) outputs: Vec<OutputSpec>,
    pub(crate) resources: Vec<ResourceSpec>,
    pub(crate) version: Option<&'static str>,
    /// Whether other runs of a store may reuse its steps.
    pub(crate) cached: bool,
    pub(crate) rules: StepRules,
}

/// How the steps of an op are run. What is not said here, the run may say.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepRules {
    pub(crate) max_concurrent: Option<NonZeroUsize>,
    pub(crate) pool: Option<PoolUse>,
    pub(crate) retry: Option<RetryPolicy>,
    /// How long one attempt may take.
    pub(crate) timeout: Option<Duration>,
    /// How long an attempt may give no sign of life.
    pub(crate) idle_timeout: Option<Duration>,
}

impl StepRules {
    /// Whether a step, once begun on a thread that may block, needs nobody's leave and nobody's watch.
    pub(crate) fn let_it_run(&self) -> bool {
        let Self { max_concurrent, pool, timeout, idle_timeout, retry: _ } = self;
        max_concurrent.is_none() && pool.is_none() && timeout.is_none() && idle_timeout.is_none()
    }
}

/// What each step takes of a limit that the run gives a size and a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolUse {
    pub(crate) name: Arc<str>,
    pub(crate) weight: NonZeroU32,
}

/// One output of an op.
#[derive(Debug, Clone, Copy)]
pub struct OutputSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: OutputKind,
    /// Whether the values are emitted while the op runs.
    pub(crate) emitted: bool,
    /// Of one value.
    pub(crate) codec: Option<ValueCodec>,
    /// Of one value, if it is known.
    pub(crate) type_name: Option<fn() -> &'static str>,
}

/// How many values an output gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputKind {
    /// One.
    Plain,
    /// One or none: without one, the steps that need it are skipped.
    Optional,
    /// Any number, each with a mapping key.
    Dynamic,
}

/// One resource that an op asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceSpec {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

impl OpSpec {
    /// An async op with these parameters and one plain output.
    #[must_use]
    pub fn new(inputs: &'static [&'static str]) -> Self {
        Self {
            blocking: false,
            inputs,
            input_codecs: Vec::new(),
            outputs: vec![OutputSpec::plain("output")],
            resources: Vec::new(),
            version: None,
            cached: false,
            rules: StepRules::default(),
        }
    }

    /// The op does its work in [`Op::start`](super::Op::start), and may block its thread.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// The outputs, in order: the returned ones, then the emitted ones.
    #[must_use]
    pub fn outputs(mut self, outputs: impl Into<Vec<OutputSpec>>) -> Self {
        self.outputs = outputs.into();
        self
    }

    /// How a constant that is given to an input is written, for each input.
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn input_codecs(mut self, codecs: &[Option<ValueCodec>]) -> Self {
        self.input_codecs = codecs.to_vec();
        self
    }

    /// The codecs of the inputs, then those of the outputs, as far as they are known.
    #[doc(hidden)]
    #[must_use]
    pub fn captured(mut self, types: &[Captured]) -> Self {
        let (inputs, outputs) = types.split_at(self.inputs.len().min(types.len()));
        self.input_codecs = inputs.iter().map(|input| input.codec).collect();
        for (output, Captured { codec, type_name }) in self.outputs.iter_mut().zip(outputs) {
            (output.codec, output.type_name) = (*codec, Some(*type_name));
        }
        self
    }

    /// What the op's inputs have as codecs, and then its outputs.
    #[doc(hidden)]
    pub fn codecs(&self) -> (&[Option<ValueCodec>], Vec<Option<ValueCodec>>) {
        (&self.input_codecs, self.outputs.iter().map(|output| output.codec).collect())
    }

    /// The op asks for this resource.
    #[must_use]
    pub fn resource<R: 'static>(mut self) -> Self {
        self.resources.push(ResourceSpec { id: TypeId::of::<R>(), name: type_name::<R>() });
        self
    }

    /// At most this many steps of a node of this op run at once.
    ///
    /// # Panics
    ///
    /// If `limit` is zero. In a `const` context, that is a compile error; `#[op]` refuses it at its own tokens.
    #[must_use]
    pub const fn max_concurrent(mut self, limit: usize) -> Self {
        assert!(limit > 0, "`max_concurrent` is at least 1");
        self.rules.max_concurrent = NonZeroUsize::new(limit);
        self
    }

    /// Every step takes `weight` slots of the pool of this name, and a turn of the rate of this name.
    ///
    /// # Panics
    ///
    /// If `weight` is zero; `#[op]` refuses it at its own tokens.
    #[must_use]
    pub fn pool(mut self, name: &str, weight: u32) -> Self {
        let weight = NonZeroU32::new(weight);
        assert!(weight.is_some(), "a pool's weight is at least 1");
        self.rules.pool = weight.map(|weight| PoolUse { name: name.into(), weight });
        self
    }

    /// A step that fails is tried again.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.rules.retry = Some(policy);
        self
    }

    /// An attempt that takes longer fails.
    ///
    /// # Panics
    ///
    /// If `timeout` is zero; `#[op]` refuses it at its own tokens.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        assert!(!timeout.is_zero(), "a timeout is longer than nothing");
        self.rules.timeout = Some(timeout);
        self
    }

    /// An attempt that gives no [`heartbeat`](super::OpContext::heartbeat) for longer fails.
    ///
    /// # Panics
    ///
    /// If `timeout` is zero; `#[op]` refuses it at its own tokens.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        assert!(!timeout.is_zero(), "a timeout is longer than nothing");
        self.rules.idle_timeout = Some(timeout);
        self
    }

    /// The version of what the op computes: text that changes when its results would.
    #[must_use]
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    /// A run reuses what a step of this op gave in any run of the same store, if the op's version and all inputs are the
    /// same; the step is then [`Cached`](crate::StepStatus::Cached).
    ///
    /// It is found by the path of its op's type, wherever in a job it stands: an op that is renamed or moved to another module
    /// is run again. A step with an input or an output that cannot be encoded runs. What the op computes may not depend on
    /// anything but its inputs, such as a resource or the time.
    #[must_use]
    pub const fn cached(mut self) -> Self {
        self.cached = true;
        self
    }
}

/// What its type is called does not matter.
impl PartialEq for OutputSpec {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, kind, emitted, codec, type_name: _ } = self;
        (name, kind, emitted, codec) == (&other.name, &other.kind, &other.emitted, &other.codec)
    }
}

impl Eq for OutputSpec {}

impl OutputSpec {
    /// An output of one value.
    pub const fn plain(name: &'static str) -> Self {
        Self { name, kind: OutputKind::Plain, emitted: false, codec: None, type_name: None }
    }

    /// An output of one value or none.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, kind: OutputKind::Optional, emitted: false, codec: None, type_name: None }
    }

    /// An output of any number of values, each with a mapping key, returned as a list.
    pub const fn dynamic(name: &'static str) -> Self {
        Self { name, kind: OutputKind::Dynamic, emitted: false, codec: None, type_name: None }
    }

    /// An output of any number of values, each with a mapping key, emitted one by one.
    ///
    /// A blocking op that emits may wait for those who take its values, and so is given a thread of its own.
    pub const fn emitted(name: &'static str) -> Self {
        Self { name, kind: OutputKind::Dynamic, emitted: true, codec: None, type_name: None }
    }

    /// How its values are written, one at a time.
    #[cfg(feature = "serde")]
    #[must_use]
    pub const fn with_codec(mut self, codec: ValueCodec) -> Self {
        self.codec = Some(codec);
        self
    }
}
