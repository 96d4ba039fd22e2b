//! One attempt of one step, as the op sees it.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::Waker;

use super::dynamic::{DynamicOut, DynamicOutput, EmitError, Port, check_list};
use super::running::Running;
use super::{OpContext, Resource};
use crate::error::OpError;
use crate::key::MappingKey;
use crate::value::{Erased, Held, TypeMap, Value};

/// What the engine gives to one attempt.
///
/// Inputs are taken in the order of the op's parameters, each once.
#[derive(Debug)]
pub struct Call<'a> {
    /// The first input, if it is not among the others.
    first: Option<Erased>,
    /// What is left of them, the next one last.
    inputs: &'a mut Vec<Erased>,
    environment: &'a dyn Environment,
    running: &'a mut Running,
    /// Who is woken when a future can go on, if it may begin at once.
    waker: Option<&'a Waker>,
    /// What the op gave, if it has ended.
    given: &'a mut Option<OpResult>,
}

pub(crate) type OpResult = Result<Returned, OpError>;

/// What an attempt can ask for beside its inputs.
pub(crate) trait Environment: fmt::Debug {
    fn context(&self) -> OpContext;
    fn resources(&self) -> &TypeMap;
    fn port(&self, output: usize) -> Arc<dyn Port>;
}

impl<'a> Call<'a> {
    /// Of inputs in the order of the op's parameters, the first one last.
    pub(crate) fn new(
        inputs: &'a mut Vec<Erased>,
        environment: &'a dyn Environment,
        running: &'a mut Running,
        waker: Option<&'a Waker>,
        given: &'a mut Option<OpResult>,
    ) -> Self {
        Self { first: None, inputs, environment, running, waker, given }
    }

    /// With another input before all others.
    pub(crate) fn with_first(self, first: Option<Erased>) -> Self {
        Self { first, ..self }
    }

    /// Takes the next input: moved if this step is its last consumer, cloned otherwise.
    pub fn owned<T: Value>(&mut self) -> T {
        self.next().take()
    }

    /// Takes the next input for reading; it is never cloned.
    pub fn held<T: Value>(&mut self) -> Held<T> {
        self.next().hold()
    }

    /// The context of this attempt.
    pub fn context(&self) -> OpContext {
        self.environment.context()
    }

    /// A resource of the run.
    ///
    /// # Panics
    ///
    /// If the op's spec does not name it: a run without a resource that a spec names does not start.
    pub fn resource<R: Send + Sync + 'static>(&self) -> Resource<R> {
        match self.environment.resources().get::<R>() {
            Some(resource) => Resource::from_arc(resource),
            None => panic!("the op's spec does not ask for the resource `{}`", type_name::<R>()),
        }
    }

    /// The emitter of the dynamic output at this place in the op's spec.
    ///
    /// # Panics
    ///
    /// If the spec has no [`OutputSpec::emitted`](super::OutputSpec::emitted) there.
    pub fn emitter<T: Value>(&self, output: usize) -> DynamicOut<T> {
        DynamicOut::new(self.environment.port(output))
    }

    /// Ends the attempt. A future that it would have gone on with is dropped.
    pub fn done(&mut self, result: Result<Returned, OpError>) -> Started {
        self.running.clear();
        *self.given = Some(result);
        Started(Progress::Done)
    }

    /// Goes on with a future: the attempt ends when it does.
    ///
    /// It may begin here, at once: `start` must not hold a lock that the future takes.
    /// The memory of a future of at most 4 KiB is kept for the next attempt on the same lane.
    pub fn future(
        &mut self,
        future: impl Future<Output = Result<Returned, OpError>> + Send + 'static,
    ) -> Started {
        Started(self.running.begin(future, self.waker, self.given))
    }

    #[track_caller]
    fn next(&mut self) -> Erased {
        match self.first.take().or_else(|| self.inputs.pop()) {
            Some(input) => input,
            None => unreachable!("a step has an input for every parameter of its op"),
        }
    }
}

/// How an attempt began: with [its end](Call::done), or with [a future](Call::future).
#[derive(Debug)]
pub struct Started(pub(crate) Progress);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// With what the call was given.
    Done,
    /// As the call's future.
    Running,
}

/// What an attempt gave, for every output of its op.
#[derive(Debug)]
pub struct Returned(pub(crate) Outputs);

#[derive(Debug)]
pub(crate) enum Outputs {
    One(Output),
    Many(Box<[Output]>),
}

impl Returned {
    /// What the only output gave.
    pub fn one(output: Output) -> Self {
        Self(Outputs::One(output))
    }

    /// What each output gave, in the order of the op's spec.
    pub fn many(outputs: impl Into<Vec<Output>>) -> Self {
        Self(Outputs::Many(outputs.into().into_boxed_slice()))
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        match &self.0 {
            Outputs::One(output) => std::slice::from_ref(output),
            Outputs::Many(outputs) => outputs,
        }
    }
}

/// What one output gave.
#[derive(Debug)]
pub struct Output(pub(crate) Given);

pub(crate) enum Given {
    Value(Erased),
    Nothing,
    Emitted,
    List(Box<dyn List>),
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Nothing => "Nothing",
            Self::Emitted => "Emitted",
            Self::List(_) => "List",
        })
    }
}

impl Output {
    /// A value.
    pub fn value<T: Value>(value: T) -> Self {
        Self(Given::Value(Erased::new(value)))
    }

    /// A value, or nothing, which skips the steps that need it.
    pub fn optional<T: Value>(value: Option<T>) -> Self {
        Self(value.map_or(Given::Nothing, |value| Given::Value(Erased::new(value))))
    }

    /// All values of a dynamic output.
    pub fn list<T: Value>(values: Vec<DynamicOutput<T>>) -> Self {
        Self(Given::List(Box::new(values.into_iter())))
    }

    /// The values of a dynamic output, each emitted before.
    pub fn emitted() -> Self {
        Self(Given::Emitted)
    }
}

/// A returned list of dynamic outputs.
pub(crate) trait List: Send {
    /// Says whether an output of this name may emit all keys that are left.
    fn check_keys(&self, output: &'static str) -> Result<(), EmitError>;
    /// Goes through the keys that are left, in order.
    fn each_key(&self, visit: &mut dyn FnMut(&MappingKey));
    fn next(&mut self) -> Option<(MappingKey, Erased)>;
    fn remaining(&self) -> usize;
}

impl<T: Value> List for std::vec::IntoIter<DynamicOutput<T>> {
    fn check_keys(&self, output: &'static str) -> Result<(), EmitError> {
        check_list(output, self.as_slice())
    }

    fn each_key(&self, visit: &mut dyn FnMut(&MappingKey)) {
        self.as_slice().iter().map(DynamicOutput::key).for_each(visit);
    }

    fn next(&mut self) -> Option<(MappingKey, Erased)> {
        let (value, key) = Iterator::next(self)?.into_parts();
        Some((key, Erased::new(value)))
    }

    fn remaining(&self) -> usize {
        self.len()
    }
}
