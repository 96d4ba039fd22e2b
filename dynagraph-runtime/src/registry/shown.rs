//! What a job gives, as text.

use std::any::{TypeId, type_name};
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;

use crate::job::Job;

/// What a run of a [registered](super::RegisteredJob) job gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// The job returns no handle.
    Nothing,
    /// The output's `Display`, or else its `Debug`.
    Text(String),
    /// The output has neither. This is the name of its type.
    Hidden(&'static str),
}

impl Shown {
    /// The text, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Hidden(_) => None,
        }
    }

    /// The same job, whose output is shown.
    #[doc(hidden)]
    pub fn output_of<T: 'static>(job: Job<T>, show: fn(&T) -> Self) -> Job<Self> {
        job.map_output(show)
    }
}

/// The text; nothing without one.
impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or_default())
    }
}

/// Stands for a job's output where it is looked for what shows it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unshown<T>(PhantomData<fn() -> T>);

impl<T> Unshown<T> {
    /// For the output of `job`.
    pub fn of(_job: &Job<T>) -> Self {
        Self(PhantomData)
    }
}

/// Chooses by method resolution: a method of `&&X` is found before one of `&X`, and that before one of `X`.
#[doc(hidden)]
pub trait ShowOutput<T> {
    /// What makes text of the output.
    fn output_is_shown(&self) -> fn(&T) -> Shown;
}

impl<T: Display> ShowOutput<T> for &&Unshown<T> {
    fn output_is_shown(&self) -> fn(&T) -> Shown {
        |output| Shown::Text(output.to_string())
    }
}

impl<T: Debug + 'static> ShowOutput<T> for &Unshown<T> {
    fn output_is_shown(&self) -> fn(&T) -> Shown {
        if TypeId::of::<T>() == TypeId::of::<()>() {
            return |_| Shown::Nothing;
        }
        |output| Shown::Text(format!("{output:?}"))
    }
}

impl<T> ShowOutput<T> for Unshown<T> {
    fn output_is_shown(&self) -> fn(&T) -> Shown {
        |_| Shown::Hidden(type_name::<T>())
    }
}
