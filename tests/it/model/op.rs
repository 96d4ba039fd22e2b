//! The ops of a generated job, written by hand: one that computes, one that produces.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

use dynagraph::codec::ValueCodec;
use dynagraph::{
    Call, DynamicHandle, DynamicOut, DynamicOutput, Handles, Inputs, NodeHandle, Op, OpError,
    OpSpec, Output, OutputHandle, OutputSpec, Resource, Returned, Started,
};
use futures::{StreamExt as _, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::producer::{Form, Key, Producer, Script};
use super::record::{Recorder, Running};
use super::trying::Failing;
use super::work::{Operand, Style, V, Work, passes};

thread_local! {
    /// Whether the ops of the jobs that this thread composes are cached.
    static CACHED: Cell<bool> = const { Cell::new(false) };
}

/// Composes with ops that are cached, or not.
pub(super) fn cached<T>(cached: bool, compose: impl FnOnce() -> T) -> T {
    CACHED.set(cached);
    let composed = compose();
    CACHED.set(false);
    composed
}

fn spec_of(names: &'static [&'static str]) -> OpSpec {
    let spec = OpSpec::new(names);
    if CACHED.get() { spec.cached() } else { spec }
}

/// A tuple of what an op takes: its description, then values.
pub(super) trait Operands: Inputs {
    const NAMES: &'static [&'static str];

    fn codecs() -> Vec<Option<ValueCodec>>;

    fn take(call: &mut Call<'_>) -> (Work, Vec<V>);
}

fn operand<T: Operand>(call: &mut Call<'_>, work: Work) -> V {
    if work.borrows { call.held::<T>().to_v() } else { call.owned::<T>().to_v() }
}

macro_rules! operands {
    ($($name:literal $operand:ident)*) => {
        impl<$($operand: Operand),*> Operands for (Work, $($operand,)*) {
            const NAMES: &'static [&'static str] = &["work", $($name),*];

            fn codecs() -> Vec<Option<ValueCodec>> {
                vec![Some(ValueCodec::of::<Work>()), $(Some(ValueCodec::of::<$operand>())),*]
            }

            fn take(call: &mut Call<'_>) -> (Work, Vec<V>) {
                let work: Work = call.owned();
                (work, vec![$(operand::<$operand>(call, work)),*])
            }
        }
    };
}

operands!("a" A);
operands!("a" A "b" B);
operands!("a" A "b" B "c" C);

/// What an op gives of the number that it computes.
pub(super) trait Outcome: dynagraph::Value + Serialize + DeserializeOwned {
    fn of(value: i64) -> Self;
}

impl Outcome for i64 {
    fn of(value: i64) -> Self {
        value
    }
}

impl Outcome for bool {
    fn of(value: i64) -> Self {
        passes(value)
    }
}

/// An op that makes one value of its inputs.
pub(super) struct Compute<I, R, const BLOCKING: bool, const OPTIONAL: bool>(PhantomData<(I, R)>);

impl<I: Operands, R: Outcome, const BLOCKING: bool, const OPTIONAL: bool> Op
    for Compute<I, R, BLOCKING, OPTIONAL>
{
    const NAME: &'static str = "compute";
    type Inputs = I;
    type Output = R;
    type Handles = OutputHandle<R>;

    fn spec() -> OpSpec {
        let output = if OPTIONAL { OutputSpec::optional } else { OutputSpec::plain };
        let output = output("output").with_codec(ValueCodec::of::<R>());
        let spec = spec_of(I::NAMES).input_codecs(&I::codecs()).outputs([output]);
        let spec = spec.resource::<Arc<Recorder>>();
        if BLOCKING { spec.blocking() } else { spec }
    }

    fn start(call: &mut Call<'_>) -> Started {
        let (work, inputs) = I::take(call);
        let step = Step::new(call);
        step.recorder.given(&step.key, &inputs);
        // Ends with the step, also when it panics or is dropped.
        let running = Running::begin(Resource::clone(&step.recorder), work.node);
        if matches!(work.style, Style::Blocking | Style::Inline) {
            return call.done(step.compute::<R>(work, &inputs));
        }
        call.future(async move {
            let _running = running;
            // Copies take different times.
            let salt = inputs.iter().map(V::digest).sum::<i64>().unsigned_abs();
            step.recorder.pace(work.style, work.node + usize::try_from(salt).unwrap_or(0)).await;
            if let Err(Failing::Late { .. }) = work.attempt(&inputs, step.attempt) {
                step.recorder.be_late().await;
            }
            step.compute::<R>(work, &inputs)
        })
    }
}

/// Who runs, and whom it tells.
struct Step {
    recorder: Resource<Arc<Recorder>>,
    key: String,
    attempt: u32,
}

impl Step {
    fn new(call: &Call<'_>) -> Self {
        let context = call.context();
        let (recorder, key) = (call.resource::<Arc<Recorder>>(), context.step_key().to_string());
        recorder.tried(key.clone(), context.attempt());
        Self { recorder, key, attempt: context.attempt() }
    }

    fn compute<R: Outcome>(self, work: Work, inputs: &[V]) -> Result<Returned, OpError> {
        let value = match work.attempt(inputs, self.attempt) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(Returned::one(Output::optional::<R>(None))),
            Err(failing) => return Err(fail(failing)),
        };
        self.recorder.computed(self.key, value);
        let value = R::of(value);
        let optional = work.is_optional();
        Ok(Returned::one(if optional {
            Output::optional(Some(value))
        } else {
            Output::value(value)
        }))
    }
}

/// Fails as planned: gives the error, or unwinds without a word.
fn fail(failing: Failing) -> OpError {
    match failing {
        Failing::Panic => std::panic::resume_unwind(Box::new("a planned panic")),
        Failing::Permanent => OpError::permanent("a planned error, for good"),
        Failing::After(delay) => OpError::retry_after("a planned error, for a while", delay),
        // Where time is real, nobody waits for an op that is late.
        Failing::Error | Failing::Late { .. } => "a planned error".into(),
    }
}

/// An op with `FANS` dynamic outputs, after a plain one if `PLAIN`. It returns lists, or it `EMITS`.
pub(super) struct Produce<
    I,
    const BLOCKING: bool,
    const EMITS: bool,
    const PLAIN: bool,
    const FANS: usize,
>(PhantomData<I>);

/// What invoking a producer gives.
pub(super) struct Produced<const PLAIN: bool, const FANS: usize> {
    pub(super) plain: Option<OutputHandle<i64>>,
    pub(super) fans: [DynamicHandle<i64>; FANS],
}

impl<const PLAIN: bool, const FANS: usize> Handles for Produced<PLAIN, FANS> {
    fn from_node(node: &NodeHandle) -> Self {
        Self {
            plain: PLAIN.then(|| node.output(0)),
            fans: std::array::from_fn(|fan| node.dynamic(usize::from(PLAIN) + fan)),
        }
    }
}

impl<I: Operand, const BLOCKING: bool, const EMITS: bool, const PLAIN: bool, const FANS: usize> Op
    for Produce<I, BLOCKING, EMITS, PLAIN, FANS>
{
    const NAME: &'static str = "produce";
    type Inputs = (Producer, I);
    type Output = i64;
    type Handles = Produced<PLAIN, FANS>;

    fn spec() -> OpSpec {
        let plain = PLAIN.then_some(OutputSpec::plain("plain"));
        let dynamic = if EMITS { OutputSpec::emitted } else { OutputSpec::dynamic };
        let fans = ["first", "second"].into_iter().take(FANS).map(dynamic);
        let outputs = plain.into_iter().chain(fans);
        let outputs = outputs.map(|output| output.with_codec(ValueCodec::of::<i64>()));
        let inputs = [Some(ValueCodec::of::<Producer>()), Some(ValueCodec::of::<I>())];
        let spec = spec_of(&["producer", "input"]).input_codecs(&inputs);
        let spec = spec.outputs(outputs.collect::<Vec<_>>());
        let spec = spec.resource::<Arc<Recorder>>();
        if BLOCKING { spec.blocking() } else { spec }
    }

    fn start(call: &mut Call<'_>) -> Started {
        let producer: Producer = call.owned();
        let step = Step::new(call);
        let script = producer.script(&call.owned::<I>().to_v(), step.attempt);
        let outs = match producer.form {
            Form::List => Vec::new(),
            Form::Emit | Form::EmitAll => {
                (0..FANS).map(|fan| call.emitter(usize::from(PLAIN) + fan)).collect()
            }
        };
        let producing = Producing { step, producer, script, outs };
        if BLOCKING {
            let emitted = producing.blocking_emit();
            return call.done(emitted.and_then(|()| producing.finish::<PLAIN, FANS>()));
        }
        if producing.producer.pace == Style::Inline && producing.outs.is_empty() {
            return call.done(producing.finish::<PLAIN, FANS>());
        }
        call.future(async move {
            producing.emit().await?;
            producing.finish::<PLAIN, FANS>()
        })
    }
}

/// One attempt of a producer.
struct Producing {
    step: Step,
    producer: Producer,
    script: Script,
    /// None if it returns lists.
    outs: Vec<DynamicOut<i64>>,
}

impl Producing {
    fn emits_all(&self) -> bool {
        self.producer.form == Form::EmitAll
    }

    /// The emissions in order, those that go to one output together: the output, and what it emits.
    fn runs(&self) -> impl Iterator<Item = (&DynamicOut<i64>, &[(usize, Key, i64)])> {
        let one_output = |a: &(usize, _, _), b: &(usize, _, _)| a.0 == b.0 && self.emits_all();
        let emissions = if self.outs.is_empty() { &[] } else { self.script.emissions.as_slice() };
        emissions.chunk_by(one_output).map(|run| (&self.outs[run[0].0], run))
    }

    async fn emit(&self) -> Result<(), OpError> {
        let pace = async |place: usize| {
            self.step.recorder.pace(self.producer.pace, self.producer.node + place).await;
        };
        for (place, (out, run)) in self.runs().enumerate() {
            if self.emits_all() {
                let items = stream::iter(run).enumerate().then(async |(place, (_, key, value))| {
                    pace(place).await;
                    DynamicOutput::new(*value, key)
                });
                out.emit_all(items).await?;
                continue;
            }
            let (_, key, value) = &run[0];
            pace(place).await;
            let emitted = out.emit(*value, key).await;
            if !self.script.stubborn {
                emitted?;
            }
        }
        Ok(())
    }

    fn blocking_emit(&self) -> Result<(), OpError> {
        for (out, run) in self.runs() {
            let mut items = run.iter().map(|(_, key, value)| DynamicOutput::new(*value, key));
            let emitted = match items.next() {
                Some(item) if !self.emits_all() => {
                    let (value, key) = item.into_parts();
                    out.blocking_emit(value, key)
                }
                first => out.blocking_emit_all(first.into_iter().chain(items)),
            };
            if !self.script.stubborn {
                emitted?;
            }
        }
        Ok(())
    }

    fn finish<const PLAIN: bool, const FANS: usize>(self) -> Result<Returned, OpError> {
        self.script.end.map_err(fail)?;
        self.step.recorder.computed(self.step.key, self.script.plain);
        let plain = PLAIN.then_some(Output::value(self.script.plain));
        let fans = (0..FANS).map(|fan| match self.producer.form {
            Form::Emit | Form::EmitAll => Output::emitted(),
            Form::List => {
                let emissions = self.script.emissions.iter().filter(|(output, ..)| *output == fan);
                let items = emissions.map(|(_, key, value)| DynamicOutput::new(*value, key));
                Output::list(items.collect())
            }
        });
        Ok(Returned::many(plain.into_iter().chain(fans).collect::<Vec<_>>()))
    }
}
