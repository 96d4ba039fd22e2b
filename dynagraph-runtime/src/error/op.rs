//! What an op may fail with.

use std::error::Error;
use std::fmt;
use std::time::Duration;

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
    error: Box<dyn Error + Send + Sync>,
    retry: Retry,
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
        Self { error: error.into(), retry: Retry::AsUsual }
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

    /// The error that the op returned.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }

    /// The error as the type that the op returned.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
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
        fmt::Display::fmt(&self.error, f)?;
        let mut source = self.error.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}
