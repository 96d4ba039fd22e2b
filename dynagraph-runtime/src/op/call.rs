//! One attempt of one step, as the op sees it; or one of each of many steps, one after the other.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::Waker;

use super::answer::{Answer, OpResult};
use super::dynamic::{DynamicOut, Port};
use super::provided::Provided;
use super::returned::Returned;
use super::running::Running;
use super::{OpContext, Resource};
use crate::error::OpError;
use crate::value::{Column, Erased, Held, TypeMap, Value};

/// What the engine gives to one attempt.
///
/// Inputs are taken in the order of the op's parameters, each once.
#[derive(Debug)]
pub struct Call<'a> {
    pub(super) inputs: Inputs<'a>,
    pub(super) around: Surroundings<'a>,
    pub(super) running: &'a mut Running,
    /// Who is woken when a future can go on, if it may begin at once.
    pub(super) waker: Option<&'a Waker>,
    pub(super) answer: Answer<'a>,
}

/// Where an op's inputs are.
#[derive(Debug)]
pub(super) enum Inputs<'a> {
    Own {
        /// The first one, if it is not among the others.
        first: Option<Erased>,
        /// What is left of them, the next one last.
        others: &'a mut Vec<Erased>,
    },
    /// The only one is the first of a column, if it is not taken yet.
    Column { column: &'a mut Column, taken: bool },
}

/// What the steps that are called can ask for.
#[derive(Debug)]
pub(super) enum Surroundings<'a> {
    One(&'a dyn Environment),
    Many(&'a mut dyn Keys),
}

impl Surroundings<'_> {
    pub(super) fn environment(&self) -> &dyn Environment {
        match self {
            Self::One(environment) => *environment,
            Self::Many(keys) => keys.environment(),
        }
    }
}

/// What an attempt can ask for beside its inputs.
pub(crate) trait Environment: fmt::Debug {
    fn context(&self) -> OpContext;
    fn resources(&self) -> &TypeMap;
    fn port(&self, output: usize) -> Arc<dyn Port>;
}

/// The keys whose steps are called one after the other.
pub(crate) trait Keys: fmt::Debug {
    /// Begins the next step, if there is one. The one before it has given a value.
    fn begin(&mut self) -> bool;
    /// The step that has begun has failed, and takes no part in what follows.
    fn fail(&mut self, error: OpError);
    /// What the step that has begun can ask for.
    fn environment(&self) -> &dyn Environment;
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
        Self {
            inputs: Inputs::Own { first: None, others: inputs },
            around: Surroundings::One(environment),
            running,
            waker,
            answer: Answer::apart(given),
        }
    }

    /// With another input before all others.
    pub(crate) fn with_first(self, input: Option<Erased>) -> Self {
        let inputs = match self.inputs {
            Inputs::Own { others, .. } => Inputs::Own { first: input, others },
            column @ Inputs::Column { .. } => column,
        };
        Self { inputs, ..self }
    }

    /// Of the steps of many keys, each of which takes the first value that is left in `inputs`, and adds one to `values`.
    pub(crate) fn of_all(
        inputs: &'a mut Column,
        values: &'a mut Column,
        keys: &'a mut dyn Keys,
        running: &'a mut Running,
        waker: Option<&'a Waker>,
        given: &'a mut Option<OpResult>,
    ) -> Self {
        Self {
            inputs: Inputs::Column { column: inputs, taken: true },
            around: Surroundings::Many(keys),
            running,
            waker,
            answer: Answer::in_column(given, values),
        }
    }

    /// Calls one step after the other, until one gives no value at once or there are no more.
    pub(super) fn all(&mut self, start: impl Fn(&mut Self)) {
        while self.begin() {
            start(self);
            if let Inputs::Column { column, taken: taken @ false } = &mut self.inputs {
                *taken = true;
                column.drop_first();
            }
            if !self.answer.is_valued() {
                return;
            }
        }
    }

    /// Begins the next of many steps, if there is one.
    fn begin(&mut self) -> bool {
        let Surroundings::Many(keys) = &mut self.around else { return false };
        let begun = keys.begin();
        self.answer.begin();
        if let Inputs::Column { taken, .. } = &mut self.inputs {
            *taken = !begun;
        }
        begun
    }

    /// Leaves the column as if the step that has begun, and did not end, was not among those that take and give values.
    pub(crate) fn leave_out(&mut self) {
        if let Inputs::Column { column, taken: taken @ false } = &mut self.inputs {
            *taken = true;
            column.drop_first();
        }
        self.answer.forget();
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

    /// What else the op can ask for.
    pub fn provided(&self) -> Provided<'_> {
        Provided::new(self.around.environment())
    }

    /// The context of this attempt.
    pub fn context(&self) -> OpContext {
        self.provided().context()
    }

    /// A resource of the run, as [`Provided::resource`].
    ///
    /// # Panics
    ///
    /// If the op's spec does not name it: a run without a resource that a spec names does not start.
    pub fn resource<R: Send + Sync + 'static>(&self) -> Resource<R> {
        self.provided().resource()
    }

    /// The emitter of the dynamic output at this place in the op's spec.
    ///
    /// # Panics
    ///
    /// If the spec has no [`OutputSpec::emitted`](super::OutputSpec::emitted) there.
    pub fn emitter<T: Value>(&self, output: usize) -> DynamicOut<T> {
        DynamicOut::new(self.around.environment().port(output))
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
        self.answer.forget();
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
        self.answer.forget();
        Started(self.running.begin(future, self.waker, &mut self.answer))
    }
}

impl Inputs<'_> {
    /// The column that the next input is the first of.
    fn column(&mut self) -> Option<&mut Column> {
        match self {
            Self::Column { column, taken } => {
                (!std::mem::replace(taken, true)).then_some(&mut **column)
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
pub(super) fn no_input() -> ! {
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
