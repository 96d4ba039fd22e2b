//! How ops and jobs are tested.
//!
//! `cargo test --example unit_test`; `cargo run --example unit_test` runs the job.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use dynagraph::prelude::*;
use dynagraph::{EmitError, RunError};

/// The words that do not count.
struct StopWords(Vec<&'static str>);

#[op]
fn sentences(text: &str, sentences: DynamicOut<String>) -> Result<(), EmitError> {
    for (place, sentence) in text.split_terminator('.').enumerate() {
        sentences.blocking_emit(sentence.trim().to_owned(), place)?;
    }
    Ok(())
}

#[op]
fn count(
    stop_words: Resource<StopWords>,
    context: OpContext,
    sentence: &str,
) -> Result<usize, String> {
    let words = sentence.split(' ').filter(|word| !stop_words.0.contains(word));
    match words.count() {
        0 => Err(format!("{}: nothing to count", context.step_key())),
        count => Ok(count),
    }
}

#[op]
fn total(counts: Vec<usize>) -> usize {
    counts.into_iter().sum()
}

#[job]
fn word_count(text: String) -> OutputHandle<usize> {
    total(sentences(text).map(count).collect())
}

/// What a run gives.
pub(crate) async fn show() -> Result<String, RunError> {
    let job = word_count("The cat sat. It saw the dog.".to_owned());
    let count = job.run().resource(StopWords(vec!["the", "The"])).await?;
    Ok(format!("{count} words\n"))
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    print!("{}", show().await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use dynagraph::{StepReport, StepStatus};

    use super::*;

    /// `op::call` is the function as it was written.
    #[test]
    fn an_op_is_a_function() {
        assert_eq!(total::call(vec![1, 2]), 3);
    }

    #[test]
    fn an_op_that_emits() -> Result<(), EmitError> {
        let (out, emitted) = DynamicOut::capture();
        sentences::call("One. Two.", out)?;
        assert_eq!(emitted.into_keyed()["1"], "Two");
        Ok(())
    }

    #[test]
    fn an_op_with_a_resource_and_a_context() {
        let stop_words = Resource::new(StopWords(vec!["the"]));
        let count = |sentence| count::call(stop_words.clone(), OpContext::for_test(), sentence);
        assert_eq!(count("the dog"), Ok(1));
        assert_eq!(count("the"), Err("test: nothing to count".to_owned()));
    }

    #[tokio::test]
    async fn a_job_and_what_its_ops_gave() {
        let run = word_count("A b c. The. D e.".to_owned()).run();
        let report = run.resource(StopWords(vec!["The"])).keep_values(true).report().await;

        assert_eq!(report.values::<count>().into_values().collect::<Vec<_>>(), [3, 2]);
        assert_eq!(report.count("count", StepStatus::Success), 2);
        let failed: Vec<_> = report.failures().map(StepReport::key).collect();
        assert_eq!(failed, ["count[1]"]);
        assert_eq!(report.output(), None);
    }

    /// With the feature `test`. The resource that `count` asks for is not needed.
    #[tokio::test]
    async fn a_job_without_one_of_its_ops() -> Result<(), RunError> {
        let job = word_count("One. Two. Three.".to_owned());
        let run = job.run().replace::<count>(|sentence| async move {
            match sentence.as_str() {
                "Two" => Err("not today".into()),
                _ => Ok(sentence.len()),
            }
        });
        assert_eq!(run.await.unwrap_err().to_string(), "step `count[1]` failed: not today");

        let run = job.run().replace::<count>(|sentence| async move { sentence.len() });
        assert_eq!(run.await?, 11);
        Ok(())
    }

    /// With the feature `test`.
    #[tokio::test]
    async fn a_job_that_does_not_depend_on_who_starts_first() -> Result<(), RunError> {
        let job = word_count("One. Two three. Four five six.".to_owned());
        for seed in 0..20 {
            let run = job.run().resource(StopWords(Vec::new())).shuffle(seed);
            assert_eq!(run.await?, 6, "seed {seed}");
        }
        Ok(())
    }
}
