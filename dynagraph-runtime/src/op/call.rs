//! One attempt of one step, as the op sees it.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::Waker;

use super::dynamic::{DynamicOut, Port};
use super::returned::{OpResult, Returned};
use super::running::Running;
use super::{OpContext, Resource};
use crate::error::OpError;
use crate::value::{Column, Erased, Held, TypeMap, Value};

/// What the engine gives to one attempt.
///
/// Inputs are taken in the order of the op's parameters, each once.
#[derive(Debug)]
pub struct Call<'a> {
    inputs: Inputs<'a>,
    environment: &'a dyn Environment,
    running: &'a mut Running,
    /// Who is woken when a future can go on, if it may begin at once.
    waker: Option<&'a Waker>,
    answer: Answer<'a>,
}

/// Where an op's inputs are.
#[derive(Debug)]
enum Inputs<'a> {
    Own {
        /// The first one, if it is not among the others.
        first: Option<Erased>,
        /// What is left of them, the next one last.
        others: &'a mut Vec<Erased>,
    },
    /// The only one is the first of a column.
    Column { column: &'a mut Column, taken: &'a mut bool },
}

/// Where what an op gives goes.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// What the op gave, if it has ended and that is not a value in a column.
    given: &'a mut Option<OpResult>,
    /// Values of many keys, and whether that of this key is there.
    column: Option<(&'a mut Column, &'a mut bool)>,
}

impl<'a> Answer<'a> {
    pub(crate) fn apart(given: &'a mut Option<OpResult>) -> Self {
        Self { given, column: None }
    }

    pub(crate) fn result(&mut self, result: OpResult) {
        self.withdraw();
        *self.given = Some(result);
    }

    pub(crate) fn value<T: Value>(&mut self, result: Result<T, OpError>) {
        self.withdraw();
        match (&mut self.column, result) {
            (Some((column, given)), Ok(value)) => {
                column.push(value);
                **given = true;
            }
            (_, result) => *self.given = Some(result.map(Returned::value)),
        }
    }

    /// Forgets what was given before.
    pub(crate) fn withdraw(&mut self) {
        if let Some((column, given)) = &mut self.column
            && std::mem::take(*given)
        {
            column.drop_last();
        }
        *self.given = None;
    }
}

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
        let inputs = Inputs::Own { first: None, others: inputs };
        Self { inputs, environment, running, waker, answer: Answer::apart(given) }
    }

    /// With another input before all others.
    pub(crate) fn with_first(self, input: Option<Erased>) -> Self {
        let inputs = match self.inputs {
            Inputs::Own { others, .. } => Inputs::Own { first: input, others },
            column @ Inputs::Column { .. } => column,
        };
        Self { inputs, ..self }
    }

    /// Takes the next input: moved if this step is its last consumer, cloned otherwise.
    pub fn owned<T: Value>(&mut self) -> T {
        match self.inputs.column() {
            Some(column) => column.take().unwrap_or_else(|| no_input()),
            None => self.inputs.next().take(),
        }
    }

    /// Takes the next input for reading; it is never cloned.
    pub fn held<T: Value>(&mut self) -> Held<T> {
        let Some(column) = self.inputs.column() else { return self.inputs.next().hold() };
        let held = match column.typed::<T>() {
            Some(values) => values.pop_front().map(Held::own),
            None => column.next().map(Erased::hold),
        };
        held.unwrap_or_else(|| no_input())
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

    /// Ends the attempt of an op with one plain output. A future that it would have gone on with is dropped.
    pub fn give<T: Value>(&mut self, value: Result<T, OpError>) -> Started {
        self.running.clear();
        self.answer.value(value);
        Started(Progress::Done)
    }

    /// Goes on with a future of the value of an op with one plain output, as [`future`](Self::future) does.
    pub fn give_later<T: Value>(
        &mut self,
        value: impl Future<Output = Result<T, OpError>> + Send + 'static,
    ) -> Started {
        self.answer.withdraw();
        Started(self.running.begin(value, self.waker, &mut self.answer))
    }

    /// Ends the attempt. A future that it would have gone on with is dropped.
    pub fn done(&mut self, result: Result<Returned, OpError>) -> Started {
        self.running.clear();
        self.answer.result(result);
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
        self.answer.withdraw();
        Started(self.running.begin(future, self.waker, &mut self.answer))
    }
}

impl Inputs<'_> {
    /// The column that the next input is the first of.
    fn column(&mut self) -> Option<&mut Column> {
        match self {
            Self::Column { column, taken } => {
                (!std::mem::replace(*taken, true)).then_some(&mut **column)
            }
            Self::Own { .. } => None,
        }
    }

    /// The next input, which is in no column.
    #[track_caller]
    fn next(&mut self) -> Erased {
        let next = match self {
            Self::Own { first, others } => first.take().or_else(|| others.pop()),
            Self::Column { .. } => None,
        };
        next.unwrap_or_else(|| no_input())
    }
}

#[cold]
#[track_caller]
fn no_input() -> ! {
    unreachable!("a step has an input for every parameter of its op")
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

/// The steps of one op for many keys, each called at once, one after the other.
pub(crate) struct Calls<'a> {
    /// The keys, and what is told of their steps.
    pub(crate) keys: &'a mut dyn Keys,
    /// The only input of each step.
    pub(crate) inputs: &'a mut Column,
    /// Takes the only value of each step.
    pub(crate) values: &'a mut Column,
    pub(crate) running: &'a mut Running,
    pub(crate) waker: Option<&'a Waker>,
    /// What the last step gave, if that is not a value among the others.
    pub(crate) given: &'a mut Option<OpResult>,
    /// Whether the last step has taken its input.
    pub(crate) taken: bool,
    /// Whether the last step has given a value among the others.
    pub(crate) valued: bool,
}

/// The keys whose steps are called.
pub(crate) trait Keys {
    /// Begins the next step, if there is one.
    fn begin(&mut self) -> Option<&dyn Environment>;
    /// The step has given a value.
    fn end(&mut self);
}

impl Calls<'_> {
    /// Calls one step after the other, until one gives no value at once or [`Keys::begin`] gives no more.
    pub(super) fn all(&mut self, start: impl Fn(&mut Call<'_>)) {
        while let Some(environment) = self.keys.begin() {
            (self.taken, self.valued) = (false, false);
            start(&mut Call {
                inputs: Inputs::Column { column: self.inputs, taken: &mut self.taken },
                environment,
                running: self.running,
                waker: self.waker,
                answer: Answer { given: self.given, column: Some((self.values, &mut self.valued)) },
            });
            if !self.taken {
                self.inputs.drop_first();
            }
            if !self.valued {
                return;
            }
            self.keys.end();
        }
    }
}
