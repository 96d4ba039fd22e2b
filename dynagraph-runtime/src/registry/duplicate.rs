//! Two jobs of one name.

use std::fmt;

use super::{RegisteredJob, WrittenAt};

/// Names that several jobs have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct DuplicateJobs(Vec<Duplicate>);

/// One name, and the jobs that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The name.
    pub name: &'static str,
    /// Where the jobs are written.
    pub places: Vec<WrittenAt>,
}

impl DuplicateJobs {
    /// Each such name, in their order.
    pub fn names(&self) -> &[Duplicate] {
        &self.0
    }
}

/// Says whether each of some jobs has a name of its own. They are sorted by name, as [`jobs`](super::jobs) gives them.
pub fn have_names_of_their_own(jobs: &[&RegisteredJob]) -> Result<(), DuplicateJobs> {
    let same = jobs.chunk_by(|a, b| a.name == b.name).filter(|jobs| jobs.len() > 1);
    let duplicates = same.map(|jobs| Duplicate {
        name: jobs[0].name,
        places: jobs.iter().map(|job| job.place).collect(),
    });
    let duplicates: Vec<_> = duplicates.collect();
    if duplicates.is_empty() { Ok(()) } else { Err(DuplicateJobs(duplicates)) }
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} jobs are called `{}`:", self.places.len(), self.name)?;
        self.places.iter().try_for_each(|place| write!(f, "\n  {place}"))
    }
}

fn listed(duplicates: &[Duplicate]) -> String {
    let mut text = String::new();
    for duplicate in duplicates {
        text.push_str(&duplicate.to_string());
        text.push('\n');
    }
    text + "name one of them `#[job(name = \"..\")]`, or leave it out with `#[job(unlisted)]`"
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn job(name: &'static str, line: u32) -> RegisteredJob {
        let place = WrittenAt { module: "shop", file: "src/shop.rs", line };
        RegisteredJob::new(name, &[], place, &[], |_| unreachable!("it is not made"))
    }

    #[test]
    fn two_jobs_of_one_name_are_named_with_their_places() {
        let (a, b, c) = (job("daily", 3), job("nightly", 7), job("nightly", 20));
        assert_eq!(have_names_of_their_own(&[&a, &b]), Ok(()));
        let error = have_names_of_their_own(&[&a, &b, &c]).unwrap_err();
        assert_eq!(error.names().len(), 1);
        assert_eq!(
            error.to_string(),
            "2 jobs are called `nightly`:\n  src/shop.rs:7, in shop\n  src/shop.rs:20, in shop\n\
             name one of them `#[job(name = \"..\")]`, or leave it out with `#[job(unlisted)]`"
        );
    }
}
