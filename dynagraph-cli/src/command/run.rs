//! `run JOB`

use std::io;

use clap::Args;

use super::job::JobArgs;
use super::running::{Kept, RunOptions};
use super::store::StoreArgs;
use super::{Program, usage};
use crate::console::Console;
use crate::exit::Exit;

/// Runs a job, from its beginning.
#[derive(Debug, Args)]
pub(super) struct RunJob {
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    options: RunOptions,
}

impl RunJob {
    pub(super) async fn execute(
        self,
        mut program: Program,
        console: &mut Console<'_>,
    ) -> io::Result<Exit> {
        let job = match self.job.make(&program, "run") {
            Ok(job) => job,
            Err(error) => return usage(console, error),
        };
        let kept = match self.store.open_or_make(&mut program) {
            Ok(store) => store.map(|store| Kept { store, resume: None }),
            Err(error) => return usage(console, error),
        };
        self.options.run(&job, kept, program, console).await
    }
}
