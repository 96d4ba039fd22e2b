//! The jobs of a program by name, known at link time.
//!
//! `#[job]` writes [`register_job!`](crate::register_job) into every job that is not generic; here the jobs come together.
//! With text for its parameters, each makes a [`Job`] whose output is [`Shown`].

mod argument;
mod duplicate;
mod shown;

use std::fmt;

pub use argument::{Accepts, ArgumentError, Arguments, Parameter};
#[doc(hidden)]
pub use argument::{ParseArgument, Unparsed};
pub use duplicate::{Duplicate, DuplicateJobs, have_names_of_their_own};
pub use shown::Shown;
#[doc(hidden)]
pub use shown::{ShowOutput, Unshown};

use crate::job::Job;

#[doc(hidden)]
pub use inventory;

/// A job that `#[job]` made known.
pub struct RegisteredJob {
    name: &'static str,
    docs: &'static [&'static str],
    place: WrittenAt,
    parameters: &'static [Parameter],
    make: fn(&Arguments) -> Result<Job<Shown>, ArgumentError>,
}

/// Where a job is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenAt {
    /// The path of its module.
    pub module: &'static str,
    /// The path of its file.
    pub file: &'static str,
    /// The line of its `#[job]`.
    pub line: u32,
}

inventory::collect!(RegisteredJob);

/// All jobs, by name.
pub fn jobs() -> Vec<&'static RegisteredJob> {
    let mut jobs: Vec<_> = inventory::iter::<RegisteredJob>().collect();
    jobs.sort_by_key(|job| (job.name, job.place));
    jobs
}

impl RegisteredJob {
    /// For `register_job!`.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        docs: &'static [&'static str],
        place: WrittenAt,
        parameters: &'static [Parameter],
        make: fn(&Arguments) -> Result<Job<Shown>, ArgumentError>,
    ) -> Self {
        Self { name, docs, place, parameters, make }
    }

    /// The job's name: that of its function, or the one it was given.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the function's doc comment says, line by line.
    pub fn docs(&self) -> impl Iterator<Item = &'static str> {
        self.docs.iter().flat_map(|doc| doc.lines()).map(str::trim)
    }

    /// Where it is written.
    pub fn place(&self) -> WrittenAt {
        self.place
    }

    /// The function's parameters, in order.
    pub fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }

    /// Composes the job: calls its function with what the text of each argument is parsed to.
    ///
    /// A store keeps the text with each run of the job: [`RunSummary::arguments`](crate::store::RunSummary::arguments).
    pub fn make(&self, arguments: &Arguments) -> Result<Job<Shown>, ArgumentError> {
        arguments.check(self.parameters)?;
        let job = (self.make)(arguments)?;
        Ok(job.made_of(arguments.in_order_of(self.parameters)))
    }
}

impl fmt::Debug for RegisteredJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredJob")
            .field("name", &self.name)
            .field("place", &self.place)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

/// `src/nightly.rs:7, in shop::nightly`
impl fmt::Display for WrittenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}, in {}", self.file, self.line, self.module)
    }
}

/// Takes the place of a job that returns no handles, and so does not compile.
#[doc(hidden)]
pub trait NoJob {
    /// What is called where there is no method of this name.
    fn make_job(&self, _arguments: &Arguments) -> Result<Job<Shown>, ArgumentError> {
        unreachable!("a job that returns no handles does not compile")
    }
}

impl<T> NoJob for T {}

/// Makes a job known by its name. `#[job]` writes this call, inside the job's function.
///
/// The bound is the one of the job's function. It is asked for in the same words, and the method under it is called where
/// nothing asks for it again: so what does not meet it is one error.
#[doc(hidden)]
#[macro_export]
macro_rules! register_job {
    (
        $job:ident, $name:literal, [$($doc:expr),*], [$($parameter:literal $text:literal: $ty:ty),*],
        where $($bound:tt)*
    ) => {
        const _: () = {
            // No type that a user names.
            struct __RegisteredJob;

            impl __RegisteredJob where $($bound)* {
                fn make_job(
                    &self,
                    _arguments: &$crate::registry::Arguments,
                ) -> ::core::result::Result<
                    $crate::Job<$crate::registry::Shown>,
                    $crate::registry::ArgumentError,
                > {
                    use $crate::registry::{ParseArgument as _, ShowOutput as _};
                    let job = $job($(
                        (&&&$crate::registry::Unparsed::<$ty>::NEW)
                            .parse_argument(_arguments, $parameter)?
                    ),*);
                    let show = (&&&$crate::registry::Unshown::of(&job)).output_is_shown();
                    ::core::result::Result::Ok($crate::registry::Shown::output_of(job, show))
                }
            }

            $crate::registry::inventory::submit! {
                $crate::registry::RegisteredJob::new(
                    $name,
                    &[$($doc),*],
                    $crate::registry::WrittenAt {
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                        line: ::core::line!(),
                    },
                    &[$($crate::registry::Parameter::new($parameter, $text, || {
                        use $crate::registry::ParseArgument as _;
                        (&&&$crate::registry::Unparsed::<$ty>::NEW).argument_accepts()
                    })),*],
                    |arguments| {
                        use $crate::registry::NoJob as _;
                        __RegisteredJob.make_job(arguments)
                    },
                )
            }
        };
    };
}
