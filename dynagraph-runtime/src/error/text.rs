//! Tells text from other errors, where the type of an error is known: what generated code calls.
//!
//! Text becomes an [`OpError`](super::OpError) without a box, and steps that fail with the same text share it.

use std::error::Error;
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::OpError;

/// What an op failed with, of a type that is known where this is written.
///
/// A method is looked for here first, and in what this dereferences to if `E` is no text.
pub struct Failed<E>(AnyFailed<E>);

/// What an op failed with, of any type.
pub struct AnyFailed<E>(Option<E>);

/// Text that an op failed with.
pub(super) struct TextError(String);

impl<E> Failed<E> {
    /// With this.
    pub fn with(error: E) -> Self {
        Self(AnyFailed(Some(error)))
    }
}

impl Failed<String> {
    /// What becomes an `OpError`: one already.
    pub fn cause(self) -> OpError {
        OpError::of_text(self.0.0.unwrap_or_default())
    }
}

impl Failed<&str> {
    /// What becomes an `OpError`: one already.
    pub fn cause(self) -> OpError {
        OpError::of_text(self.0.0.unwrap_or_default().to_owned())
    }
}

impl<E> AnyFailed<E> {
    /// What becomes an `OpError`: the error itself.
    pub fn cause(&mut self) -> E {
        match self.0.take() {
            Some(error) => error,
            None => unreachable!("nobody takes it twice"),
        }
    }
}

impl<E> Deref for Failed<E> {
    type Target = AnyFailed<E>;

    fn deref(&self) -> &AnyFailed<E> {
        &self.0
    }
}

impl<E> DerefMut for Failed<E> {
    fn deref_mut(&mut self) -> &mut AnyFailed<E> {
        &mut self.0
    }
}

impl<E> fmt::Debug for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failed")
    }
}

impl<E> fmt::Debug for AnyFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyFailed")
    }
}

impl TextError {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Error for TextError {}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_errors() {
        for error in [Failed::with("a".to_owned()).cause(), Failed::with("a").cause()] {
            assert_eq!((error.text(), &*error.to_string()), (Some("a"), "a"));
            assert_eq!(format!("{error:?}"), r#""a""#);
        }
        let error = OpError::from(Failed::with(fmt::Error).cause());
        assert!(error.text().is_none() && error.downcast_ref::<fmt::Error>().is_some());
        let error = Failed::with(OpError::new("a")).cause();
        assert_eq!((error.text(), &*error.to_string()), (None, "a"));
    }

    #[test]
    fn text_that_says_when_it_is_retried_is_not_any_text() {
        let text = || Failed::with("a").cause();
        assert!(OpError::permanent(text()).text().is_none());
        assert!(OpError::retry_after(text(), std::time::Duration::ZERO).text().is_none());
    }
}
