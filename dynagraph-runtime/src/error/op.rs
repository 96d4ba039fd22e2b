//! What an op may fail with.

use std::error::Error;
use std::fmt;

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
pub struct OpError(Box<dyn Error + Send + Sync>);

impl OpError {
    /// Makes an error from what an op failed with.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// The error that the op returned.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The error as the type that the op returned.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
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
        fmt::Display::fmt(&self.0, f)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
