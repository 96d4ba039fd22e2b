//! A program that is called by its command line.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::process::ExitCode;
use std::sync::Arc;

use dynagraph_runtime::Run;
use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::store::{RunStore, StoreError};
use tokio::runtime::Builder;

use crate::command;
use crate::console::Console;
use crate::exit::Exit;

/// Does what the program's arguments say, and gives the status to exit with.
///
/// It makes a tokio runtime; call it in a `main` that has none. It is `Cli::new().main()`.
pub fn main() -> ExitCode {
    Cli::new().main()
}

/// A command line for the program's jobs, and what their runs need.
///
/// # Examples
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use dynagraph::cli::Cli;
///
/// struct Bucket(String);
///
/// fn main() -> ExitCode {
///     Cli::new().resource(Bucket("photos".to_owned())).configure(|run| run.pool("api", 10)).main()
/// }
/// ```
#[derive(Default)]
#[must_use = "a command line does nothing until `main` or `run_from` is called"]
pub struct Cli {
    setup: Setup,
}

/// What the program says of a run before the command line does.
#[derive(Default)]
pub(crate) struct Setup {
    configure: Vec<Box<Configure>>,
    store: Option<Box<Open>>,
}

type Configure = dyn FnOnce(Run<Shown>) -> Run<Shown> + Send;
type Open = dyn FnOnce() -> Result<Arc<dyn RunStore>, StoreError> + Send;

impl Setup {
    pub(crate) fn apply(self, run: Run<Shown>) -> Run<Shown> {
        self.configure.into_iter().fold(run, |run, configure| configure(run))
    }

    /// What opens the store that counts if the command line names none.
    pub(crate) fn take_store(&mut self) -> Option<Box<Open>> {
        self.store.take()
    }
}

impl Cli {
    /// A command line of which nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the ops of a run a resource, as [`Run::resource`] does.
    pub fn resource<R: Send + Sync + 'static>(self, resource: R) -> Self {
        self.configure(|run| run.resource(resource))
    }

    /// Sets up the run, if the command is one that runs a job. What the command line says counts more.
    ///
    /// It is also the place to make a resource that only a run needs: `configure(|run| run.resource(open()))`.
    /// It is called inside the tokio runtime.
    pub fn configure(
        mut self,
        configure: impl FnOnce(Run<Shown>) -> Run<Shown> + Send + 'static,
    ) -> Self {
        self.setup.configure.push(Box::new(configure));
        self
    }

    /// Keeps runs in a store, unless the command line or `DYNAGRAPH_STORE` names another one.
    ///
    /// It is opened when a command needs it. A store that is open is given as `store(|| Ok(store))`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// use dynagraph::SqliteStore;
    /// use dynagraph::cli::Cli;
    ///
    /// fn main() -> ExitCode {
    ///     Cli::new().store(|| SqliteStore::open("runs.db")).main()
    /// }
    /// ```
    pub fn store<S: RunStore>(
        mut self,
        open: impl FnOnce() -> Result<S, StoreError> + Send + 'static,
    ) -> Self {
        self.setup.store = Some(Box::new(|| Ok(Arc::new(open()?))));
        self
    }

    /// Does what the program's arguments say, and gives the status to exit with.
    ///
    /// It makes a multi-thread tokio runtime, and does not wait for ops that still block their threads at the end.
    pub fn main(self) -> ExitCode {
        let (mut output, mut messages) = (io::stdout(), io::stderr());
        let runtime = match Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                // Where nobody can be told, the status has to do.
                drop(writeln!(messages, "error: no tokio runtime: {error}"));
                return Exit::Failure.into();
            }
        };
        let is_watched = messages.is_terminal();
        let console = Console { output: &mut output, messages: &mut messages, is_watched };
        let exit = runtime.block_on(self.execute(env::args_os(), console));
        runtime.shutdown_background();
        exit.into()
    }

    /// Does what some arguments say, the first of which is the program's name.
    ///
    /// What was asked for goes to `output`, everything else to `messages`; progress is shown to neither.
    /// It needs a tokio runtime with I/O and time enabled, and from the first run on, Ctrl-C no longer ends the process by
    /// itself.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts the run, if there is one.
    pub async fn run_from<A: Into<OsString> + Clone + Send>(
        self,
        arguments: impl IntoIterator<Item = A>,
        output: &mut (dyn Write + Send),
        messages: &mut (dyn Write + Send),
    ) -> Exit {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        self.execute(arguments, Console { output, messages, is_watched: false }).await
    }

    async fn execute(
        self,
        arguments: impl IntoIterator<Item = OsString>,
        mut console: Console<'_>,
    ) -> Exit {
        match command::execute(arguments, self.setup, &mut console).await {
            Ok(exit) => exit,
            Err(error) => {
                if error.kind() != ErrorKind::BrokenPipe {
                    // Where nobody can be told, the status has to do.
                    drop(console.error(format_args!("cannot write: {error}")));
                }
                Exit::Failure
            }
        }
    }
}

impl fmt::Debug for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cli")
    }
}
