//! Runs of a part of a job.

use std::sync::Arc;

use super::Run;
use crate::engine::{Options, Resume};
use crate::error::ConfigError;
use crate::graph::Graph;
use crate::op::RunId;
use crate::selection::{Asked, Chosen, choose};

impl<T> Run<T> {
    /// Executes some steps, and no other; calling it again selects more.
    ///
    /// | selection | the steps |
    /// |---|---|
    /// | `clean` | of the node `clean`, whatever their keys |
    /// | `clean[us/*]`, `clean[us-*/1]` | with such keys: `*` is any text inside of one key |
    /// | `clean[us/*]+` | and all below them: whatever is made of what they give |
    /// | `+clean[us/*]` | and all above them: whatever they are made of |
    /// | `+clean[us/*]+` | and both |
    /// | `*` | all |
    ///
    /// Several are joined by commas. Keys are written as step keys print them: of a key, the characters `/ [ ] % * ?` are
    /// percent-encoded. Above and below follow data, order and the keys: below `clean[us/1]`, of a node in the same copies,
    /// is the step with these keys; of a node that is mapped over what it gives, those whose keys begin so; of a `collect`
    /// and what takes it, those of the copies around; of the steps of a fold, all. Before a run, no key is known: below
    /// `clean[*/9]` are all that could be.
    ///
    /// - A selected step is executed, also if the [`store`](Self::store) has its result, which the new one replaces.
    /// - Any other is not executed. If the run goes on from a stored one, by [`resume`](Self::resume) or
    ///   [`resume_last`](Self::resume_last), that has the step with the same inputs, it is
    ///   [`Cached`](crate::StepStatus::Cached) and gives what it gave.
    /// - If it is not stored and a selected step needs it, it is a [failure](crate::StepError::NotStored), and what depends
    ///   on it does not run.
    /// - If no selected step needs it, it is [`Skipped`](crate::StepStatus::Skipped), and so is what is below it. A `collect`
    ///   of which a value is missing so gives nothing, rather than the other values; so the run may have no output.
    ///
    /// A selection that cannot be read, or names a node that the job does not have, is a [`ConfigError`]. One that names keys
    /// which no step has is [`RunError::NothingMatches`](crate::RunError::NothingMatches), at the run's end, if nothing else
    /// failed: only a run knows its keys.
    ///
    /// # Examples
    ///
    /// ```
    /// # use dynagraph_runtime::{
    /// #     Call, IntoInput, Job, Op, OpSpec, OutputHandle, Owned, RunError, Started, invoke,
    /// # };
    /// # struct Double;
    /// # impl Op for Double {
    /// #     const NAME: &'static str = "double";
    /// #     type Inputs = (u64,);
    /// #     type Output = u64;
    /// #     type Handles = OutputHandle<u64>;
    /// #     fn spec() -> OpSpec {
    /// #         OpSpec::new(&["number"])
    /// #     }
    /// #     fn start(call: &mut Call<'_>) -> Started {
    /// #         call.each_later::<Owned<u64>, u64, _>(|_, Owned(number)| async move { Ok(number * 2) })
    /// #     }
    /// # }
    /// # fn double(number: impl IntoInput<u64>) -> OutputHandle<u64> {
    /// #     invoke::<Double>((number.into_input(),))
    /// # }
    /// use dynagraph_runtime::StepStatus;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let job = Job::compose("numbers", || (double(double(3)), double(5)));
    /// let report = job.run().select("double, double_2").report().await;
    /// assert_eq!(report.count("double_2", StepStatus::Success), 1);
    /// assert_eq!(report.count("double_3", StepStatus::Skipped), 1);
    ///
    /// let error = job.run().select("double_2").await.unwrap_err().to_string();
    /// assert!(error.contains("the selected steps need `double`"));
    /// # }
    /// ```
    pub fn select(mut self, selection: impl Into<String>) -> Self {
        self.options.selections.push(selection.into());
        self
    }

    /// Executes one step alone, on the inputs that a stored run has for it, and stores nothing.
    ///
    /// The run stays as it is, also if another process is at it; [`store`](Self::store) says where it is. What the step gave
    /// is in [`RunReport::values`](crate::RunReport::values): values are kept. What is above it is
    /// [`Cached`](crate::StepStatus::Cached), and every other step is [`Skipped`](crate::StepStatus::Skipped).
    ///
    /// The step is named as step keys print it. A name with a `*`, or without keys where the node has copies, is a
    /// [`ConfigError`]; an input that is not stored is a [failure](crate::StepError::NotStored), as in
    /// [`select`](Self::select), which this replaces.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::store::MemoryStore;
    /// use dynagraph_runtime::{Job, RunError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RunError> {
    /// # let job = Job::compose("nightly", || ());
    /// let store = MemoryStore::new();
    /// let first = job.run().store(store.clone()).report().await;
    /// let error = job.run().store(store).spin(first.id(), "clean[us/1]").await.unwrap_err();
    /// assert!(error.to_string().contains("the node `clean`, which the job does not have"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn spin(mut self, run: RunId, step: impl Into<String>) -> Self {
        self.options.resume = Some(Resume::Run(run));
        self.options.spin = Some(step.into());
        self.keep_values(true)
    }
}

/// What a run's selection means for its job. Pure, and asked before the first step.
pub(super) fn chosen(
    graph: &Graph,
    options: &Options,
) -> Result<Option<Arc<Chosen>>, Vec<ConfigError>> {
    let asked = match (&options.spin, options.selections.as_slice()) {
        (Some(step), _) => Asked::Spin(step),
        (None, []) => return Ok(None),
        (None, selections) => Asked::Select(selections),
    };
    choose(graph, asked).map(|chosen| Some(Arc::new(chosen)))
}
