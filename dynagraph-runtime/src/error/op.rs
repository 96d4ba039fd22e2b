//! What an op may fail with.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::text::TextError;

/// The error of an op: whatever it returned, boxed.
///
/// Made from every `std::error::Error`, from `anyhow::Error`, and from text.
/// Like `anyhow::Error`, it is no `std::error::Error` itself; [`OpError::as_error`] is.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::OpError;
///
/// fn parse(text: &str) -> Result<u64, OpError> {
///     if text.is_empty() {
///         return Err("nothing to parse".into());
///     }
///     Ok(text.parse()?)
/// }
///
/// assert_eq!(parse("").unwrap_err().to_string(), "nothing to parse");
/// assert!(parse("x").unwrap_err().downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
pub struct OpError {
    cause: Cause,
    retry: Retry,
}

/// What an op failed with.
enum Cause {
    /// Text that is known to be nothing else.
    Text(TextError),
    Error(Box<dyn Error + Send + Sync>),
}

/// What an error says of its own retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// As the policy says.
    AsUsual,
    /// Never.
    Never,
    /// After this delay, if the policy has a retry left.
    After(Duration),
}

impl OpError {
    /// Makes an error from what an op failed with.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Cause::Error(error.into()), retry: Retry::AsUsual }
    }

    pub(super) fn of_text(text: String) -> Self {
        Self { cause: Cause::Text(TextError::new(text)), retry: Retry::AsUsual }
    }

    /// An error that no retry would mend: the step fails at once, whatever its policy.
    pub fn permanent(error: impl Into<Self>) -> Self {
        Self { retry: Retry::Never, ..error.into() }
    }

    /// An error whose retry, if the policy has one left, waits for this long.
    pub fn retry_after(error: impl Into<Self>, delay: Duration) -> Self {
        Self { retry: Retry::After(delay), ..error.into() }
    }

    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// What it says, if it is text and says nothing of its retry: then it is worth as much as any other of that text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.cause {
            Cause::Text(text) if self.retry == Retry::AsUsual => Some(text.as_str()),
            _ => None,
        }
    }

    /// The error that the op returned.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        match &self.cause {
            Cause::Text(text) => text,
            Cause::Error(error) => &**error,
        }
    }

    /// The error as the type that the op returned.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.as_error().downcast_ref()
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for OpError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// The message and those of the causes, as `message: cause: cause`.
impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.as_error();
        fmt::Display::fmt(error, f)?;
        let mut source = error.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_error(), f)
    }
}
