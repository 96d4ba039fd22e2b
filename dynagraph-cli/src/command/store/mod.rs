//! The store of a command: which one it is, and what to write where there is none.

mod find;
mod open;
mod step;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use dynagraph_runtime::store::{RunStore, RunSummary, StoreError};

pub(super) use find::{NotFound, digits};
pub(super) use step::{NoStep, no_step, step};

use super::Program;
use super::describe::quoted;

/// Says where runs are kept, if the command line does not.
const VARIABLE: &str = "DYNAGRAPH_STORE";

/// Where runs are kept.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// The file that keeps runs.
    #[arg(
        long,
        value_name = "PATH",
        env = VARIABLE,
        hide_env_values = true,
        hide = cfg!(not(feature = "sqlite"))
    )]
    store: Option<PathBuf>,
}

/// Why a command cannot use the store that is meant.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreProblem {
    #[error("no store is given\n\n{}", give_one(.call))]
    NotGiven { call: String },
    #[error("there is no store at `{}`\n\n`{call}` makes one and keeps the run in it", .path.display())]
    NotThere { path: PathBuf, call: String },
    #[cfg(feature = "sqlite")]
    #[error("there is no folder `{}`: make it, or give another path", .0.display())]
    NoFolder(PathBuf),
    #[cfg(feature = "sqlite")]
    #[error("`{}` is a folder, and a store is a file: write `--store {}`", .0.display(), quoted(&.0.join("runs.db").display().to_string()))]
    Folder(PathBuf),
    #[cfg(not(feature = "sqlite"))]
    #[error(
        "`--store` and `{VARIABLE}` need the feature `sqlite`\n\nin `Cargo.toml`, write \
         `dynagraph = {{ version = \"{}\", features = [\"cli\", \"sqlite\"] }}`",
        env!("CARGO_PKG_VERSION")
    )]
    NoSqlite,
    #[cfg(feature = "sqlite")]
    #[error("{0}\n\nif another file is meant, write `--store` with its path")]
    Damaged(StoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{why}\n\n`{call}` lists the runs that there are")]
    NotFound { why: NotFound, call: String },
}

fn give_one(call: &str) -> String {
    if cfg!(feature = "sqlite") {
        format!("write `{call} --store runs.db`, or set `{VARIABLE}`")
    } else {
        "in `main`, write `dynagraph::cli::Cli::new().store(..).main()`".to_owned()
    }
}

impl StoreArgs {
    /// Opens the store, which has to be there. `command` is how it is asked for.
    pub(super) fn open(
        &self,
        program: &mut Program,
        command: &str,
    ) -> Result<OpenStore, StoreProblem> {
        if let Some(path) = self.absent() {
            let call = format!("{} run JOB{}", program.name, option(path));
            return Err(StoreProblem::NotThere { path: path.to_owned(), call });
        }
        let call = format!("{} {command}", program.name);
        self.open_or_make(program)?.ok_or(StoreProblem::NotGiven { call })
    }

    /// Opens the store, if one is meant and it is there.
    pub(super) fn open_if_there(
        &self,
        program: &mut Program,
    ) -> Result<Option<OpenStore>, StoreProblem> {
        if self.absent().is_some() { Ok(None) } else { self.open_or_make(program) }
    }

    /// The path of the store, if nothing is there.
    pub(super) fn absent(&self) -> Option<&Path> {
        self.store.as_deref().filter(|path| is_absent(path))
    }

    /// Opens the store, if there is to be one, and makes it if it is not there.
    pub(super) fn open_or_make(
        &self,
        program: &mut Program,
    ) -> Result<Option<OpenStore>, StoreProblem> {
        let (store, option) = match (&self.store, program.setup.take_store()) {
            (Some(path), _) => (open::open(path)?, option(path)),
            (None, Some(open)) => (open()?, String::new()),
            (None, None) => return Ok(None),
        };
        Ok(Some(OpenStore { store, program: program.name.clone(), option }))
    }
}

fn is_absent(path: &Path) -> bool {
    cfg!(feature = "sqlite") && !path.exists()
}

fn option(path: &Path) -> String {
    format!(" --store {}", quoted(&path.display().to_string()))
}

/// The store of a command, open.
#[derive(Debug)]
pub(super) struct OpenStore {
    pub(super) store: Arc<dyn RunStore>,
    program: String,
    /// What the command line says of the store.
    option: String,
}

impl OpenStore {
    /// How another command about this store is called.
    pub(super) fn call(&self, command: impl Display) -> String {
        format!("{} {command}{}", self.program, self.option)
    }

    /// The run whose id begins with this text.
    pub(super) fn find(&self, text: &str) -> Result<RunSummary, StoreProblem> {
        let runs = self.store.runs()?;
        let found = find::find(&runs, text).cloned();
        found.map_err(|why| StoreProblem::NotFound { why, call: self.call("runs") })
    }
}
