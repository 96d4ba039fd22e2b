//! What is wrong with a selection, in the words of the command line.

use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::{ConfigError, RunError, RunReport, StepError};

use super::describe::quoted;
use super::store::OpenStore;

/// What a command selects: each as a run's errors name it, and as the command line does.
#[derive(Debug, Default)]
pub(super) struct Written(Vec<(String, String)>);

impl Written {
    /// What `--select` says.
    pub(super) fn select(selections: &[String]) -> Self {
        let written = |selection: &String| {
            (format!("run().select({selection:?})"), format!("--select {}", quoted(selection)))
        };
        Self(selections.iter().map(written).collect())
    }

    /// The step of `spin`.
    pub(super) fn spin(step: &str) -> Self {
        Self(vec![(format!("run().spin(.., {step:?})"), format!("spin RUN {}", quoted(step)))])
    }

    /// The error, which names what is written on the command line.
    pub(super) fn in_words(&self, error: &RunError) -> RunError {
        let mut error = error.clone();
        if let RunError::Config(mistakes) = &mut error {
            for setting in mistakes.iter_mut().filter_map(setting_of) {
                let written = self.0.iter().find(|(named, _)| named == setting);
                if let Some((_, written)) = written {
                    setting.clone_from(written);
                }
            }
        }
        error
    }
}

/// How a mistake names the selection that it is in, if it is in one.
fn setting_of(mistake: &mut ConfigError) -> Option<&mut String> {
    match mistake {
        ConfigError::BadSelection { setting, .. }
        | ConfigError::UnknownNode { setting, .. }
        | ConfigError::SelectedKeys { setting, .. } => Some(setting),
        _ => None,
    }
}

/// Whether all that is wrong with how a run is set up is what it selects.
pub(super) fn is_of_selection(mistakes: &[ConfigError]) -> bool {
    mistakes.iter().all(|mistake| setting_of(&mut mistake.clone()).is_some())
}

/// Whether what was selected cannot be meant so: no step was executed, and none failed for another reason.
pub(super) fn is_in_vain(report: &RunReport<Shown>, executed: u64) -> bool {
    let is_not_stored = |error| matches!(error, Some(&StepError::NotStored { .. }));
    let is_of_selection =
        matches!(report.error(), Some(RunError::NothingMatches(_) | RunError::Failed(_)));
    is_of_selection && executed == 0 && report.failures().all(|step| is_not_stored(step.error()))
}

/// What to write when no step of a selection was executed.
pub(super) fn advice(
    error: &RunError,
    selections: &[String],
    report: &RunReport<Shown>,
    store: Option<&OpenStore>,
) -> String {
    match (error, selections, store) {
        (RunError::NothingMatches(_), _, Some(store)) => {
            let call = store.call(format_args!("show {}", report.id()));
            format!("\n\n`{call}` shows what there is")
        }
        (RunError::Failed(_), [selection], _) if !selection.contains([',', '+']) => {
            let above = quoted(&format!("+{selection}")).into_owned();
            format!("\n\n`--select {above}` executes what is above it, too")
        }
        (RunError::Failed(_), _, _) => {
            "\n\na `+` before a step in `--select` executes what is above it, too".to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use dynagraph::{Job, Run};

    use super::*;

    #[tokio::test]
    async fn a_mistake_in_a_selection_names_what_is_written_on_the_command_line() {
        let selections = ["a[".to_owned(), "it's".to_owned()];
        let job = Job::compose("nothing", || ());
        let run = selections.iter().fold(job.run(), Run::select);
        let error = run.await.unwrap_err();
        assert!(matches!(&error, RunError::Config(mistakes) if is_of_selection(mistakes)));
        let text = Written::select(&selections).in_words(&error).to_string();
        assert!(text.contains("`--select 'a['`, at character 2"), "{text}");
        assert!(text.contains(r"`--select 'it'\''s'` names the node `it's`"), "{text}");
    }
}
