//! Jobs: what a job function returns.

use std::fmt;
use std::sync::Arc;

use crate::error::BuildError;
use crate::event::Hooks;
use crate::graph::{
    Composer, DynamicHandle, Fanned, Graph, GraphView, Mapped, OutputHandle, PortRef, compose,
};
use crate::keyed::Keyed;
use crate::plan::Plan;
use crate::step::StepReport;
use crate::value::{Erased, Value};

/// A graph that can be run, any number of times. Made by calling a function that carries `#[job]`.
///
/// `T` is what a run of it gives.
#[must_use = "a job does nothing until it is run"]
pub struct Job<T> {
    name: &'static str,
    /// The text that its parameters were made of, by name, if that is known.
    pub(crate) arguments: Option<ArgumentTexts>,
    pub(crate) composed: Result<Arc<Composed>, BuildError>,
    pub(crate) read: Read<T>,
    pub(crate) hooks: Hooks,
}

/// The text that a job's parameters were made of, by name.
pub(crate) type ArgumentTexts = Arc<[(String, String)]>;

/// Makes a job's output of the values of its handles.
pub(crate) type Read<T> = Arc<dyn Fn(Vec<Erased>) -> T + Send + Sync>;

/// A composed job: its graph, and how to run it.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) graph: Graph,
    pub(crate) plan: Arc<Plan>,
}

impl Composed {
    fn new((graph, outputs): (Graph, Vec<PortRef>)) -> Result<Arc<Self>, BuildError> {
        let plan = Arc::new(Plan::new(graph.clone(), &outputs)?);
        Ok(Arc::new(Self { graph, plan }))
    }
}

impl<T> Job<T> {
    /// Composes a job: calls `body` once, in which ops record their use.
    ///
    /// `#[job]` writes this call.
    #[track_caller]
    pub fn compose<R: JobOutput<Output = T>>(name: &'static str, body: impl FnOnce() -> R) -> Self {
        let composed = compose(body, |composer, returned| {
            let mut outputs = Vec::new();
            returned.outputs(composer, &mut outputs);
            outputs
        });
        let composed = composed.and_then(Composed::new);
        let read: Read<T> = Arc::new(|values| R::read(&mut values.into_iter()));
        Self { name, arguments: None, composed, read, hooks: Hooks::default() }
    }

    /// Calls `hook` after every step that succeeds, in every run of this job.
    ///
    /// The report in it knows the step's key, its attempts, and what its op added to its outputs; its times, only in a run
    /// with [`keep_steps`](crate::Run::keep_steps).
    /// It is called where the step ended, by several threads at once, and what it does, the run waits for.
    /// One that panics is not called again in that run, and the run goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use dynagraph_runtime::{Job, StepReport};
    /// fn noisy(job: Job<u64>) -> Job<u64> {
    ///     job.on_success(|step| println!("{} is done", step.key())).on_failure(complain)
    /// }
    ///
    /// fn complain(step: &StepReport) {
    ///     eprintln!("{} failed: {:?}", step.key(), step.error());
    /// }
    /// ```
    pub fn on_success(mut self, hook: impl Fn(&StepReport) + Send + Sync + 'static) -> Self {
        self.hooks.on_success(hook);
        self
    }

    /// As [`on_success`](Self::on_success), after every step that fails for good.
    ///
    /// The report in it also knows the [error](StepReport::error) of the last attempt.
    /// Steps that are not run because others failed are not among them.
    pub fn on_failure(mut self, hook: impl Fn(&StepReport) + Send + Sync + 'static) -> Self {
        self.hooks.on_failure(hook);
        self
    }

    /// The job's name: that of its function.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Says whether the job is valid. A run of one that is not ends with this error before its first step.
    pub fn check(&self) -> Result<(), BuildError> {
        match &self.composed {
            Ok(_) => Ok(()),
            Err(error) => Err(error.clone()),
        }
    }

    /// The job's nodes and edges. A job that is not valid has none.
    pub fn graph(&self) -> GraphView {
        match &self.composed {
            Ok(composed) => GraphView::of(&composed.graph),
            Err(_) => GraphView::empty(),
        }
    }
}

#[cfg(feature = "registry")]
impl<T: 'static> Job<T> {
    /// The same job, whose runs give what `make` makes of its output.
    pub(crate) fn map_output<U: 'static>(self, make: fn(&T) -> U) -> Job<U> {
        let Self { name, arguments, composed, read, hooks } = self;
        Job { name, arguments, composed, read: Arc::new(move |values| make(&read(values))), hooks }
    }

    /// The same job, whose runs say what it was made of.
    pub(crate) fn made_of(self, arguments: ArgumentTexts) -> Self {
        Self { arguments: Some(arguments), ..self }
    }
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            arguments: self.arguments.clone(),
            composed: self.composed.clone(),
            read: Arc::clone(&self.read),
            hooks: self.hooks.clone(),
        }
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a job function may return: nothing, a handle, a tuple of up to eight of these.
///
/// A run gives the value of a handle; for a dynamic handle, the values with their keys.
#[diagnostic::on_unimplemented(
    message = "a job cannot return `{Self}`",
    label = "not a handle",
    note = "a job returns nothing, an `OutputHandle<T>`, a `DynamicHandle<T>`, or a tuple of handles"
)]
pub trait JobOutput {
    /// What a run gives.
    type Output: 'static;

    #[doc(hidden)]
    fn outputs(self, composer: &mut Composer, outputs: &mut Vec<PortRef>);

    #[doc(hidden)]
    fn read(values: &mut dyn Iterator<Item = Erased>) -> Self::Output;
}

fn take<T: Value>(values: &mut dyn Iterator<Item = Erased>) -> T {
    match values.next() {
        Some(value) => value.take(),
        None => unreachable!("a run that succeeded has a value for each output"),
    }
}

impl JobOutput for () {
    type Output = ();

    fn outputs(self, _composer: &mut Composer, _outputs: &mut Vec<PortRef>) {}

    fn read(_values: &mut dyn Iterator<Item = Erased>) -> Self::Output {}
}

impl<T: Value> JobOutput for OutputHandle<T> {
    type Output = T;

    fn outputs(self, composer: &mut Composer, outputs: &mut Vec<PortRef>) {
        composer.output(self, outputs);
    }

    fn read(values: &mut dyn Iterator<Item = Erased>) -> T {
        take(values)
    }
}

impl<T: Value> JobOutput for DynamicHandle<T> {
    type Output = Keyed<T>;

    fn outputs(self, composer: &mut Composer, outputs: &mut Vec<PortRef>) {
        composer.dynamic_output(self, outputs);
    }

    fn read(values: &mut dyn Iterator<Item = Erased>) -> Keyed<T> {
        take(values)
    }
}

impl<H: Fanned> JobOutput for Mapped<H> {
    type Output = Keyed<H::Flat>;

    fn outputs(self, composer: &mut Composer, outputs: &mut Vec<PortRef>) {
        composer.dynamic_output(self, outputs);
    }

    fn read(values: &mut dyn Iterator<Item = Erased>) -> Keyed<H::Flat> {
        take(values)
    }
}

macro_rules! job_output_tuple {
    ($($handle:ident)*) => {
        impl<$($handle: JobOutput),*> JobOutput for ($($handle,)*) {
            type Output = ($($handle::Output,)*);

            #[expect(non_snake_case, reason = "a type's letter names its value")]
            fn outputs(self, composer: &mut Composer, outputs: &mut Vec<PortRef>) {
                let ($($handle,)*) = self;
                $($handle.outputs(composer, outputs);)*
            }

            fn read(values: &mut dyn Iterator<Item = Erased>) -> Self::Output {
                ($($handle::read(values),)*)
            }
        }
    };
}

job_output_tuple!(A);
job_output_tuple!(A B);
job_output_tuple!(A B C);
job_output_tuple!(A B C D);
job_output_tuple!(A B C D E);
job_output_tuple!(A B C D E F);
job_output_tuple!(A B C D E F G);
job_output_tuple!(A B C D E F G H);
