//! Knows again the text that steps fail with one after the other.

use std::sync::Arc;

use crate::error::{OpError, StepError};

/// So many different texts in a row, and nobody looks for one that comes again.
const MISSES: u8 = 16;

/// The text that steps failed with last: those that fail with it too share it.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    last: Option<Arc<StepError>>,
    /// How many texts in a row were different.
    misses: u8,
}

/// What a step failed with, beside the one before it.
#[derive(Debug)]
#[must_use]
pub(crate) enum Repeat {
    /// The same text.
    Same,
    /// Another text.
    New,
    /// No text, or one that is not worth comparing.
    Own(OpError),
}

impl Repeats {
    /// What steps fail with, as long as it is the same.
    pub(crate) fn last(&self) -> Option<&Arc<StepError>> {
        self.last.as_ref()
    }

    /// Takes what the next step fails with.
    #[inline]
    pub(crate) fn take(&mut self, error: OpError) -> Repeat {
        let Some(text) = error.text().filter(|_| self.misses < MISSES) else {
            return Repeat::Own(error);
        };
        if let Some(StepError::Op(known)) = self.last.as_deref()
            && known.text() == Some(text)
        {
            self.misses = 0;
            return Repeat::Same;
        }
        self.misses += 1;
        self.last = Some(Arc::new(StepError::Op(error)));
        Repeat::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failed;

    fn text(text: &str) -> OpError {
        Failed::with(text).cause()
    }

    #[test]
    fn a_text_that_comes_again_is_known() {
        let mut repeats = Repeats::default();
        for (cause, same) in [("a", false), ("a", true), ("b", false), ("b", true), ("a", false)] {
            let repeat = repeats.take(text(cause));
            assert!(matches!((repeat, same), (Repeat::Same, true) | (Repeat::New, false)));
            assert_eq!(repeats.last().unwrap().to_string(), cause);
        }
    }

    #[test]
    fn other_errors_are_their_own() {
        let mut repeats = Repeats::default();
        for _ in 0..2 {
            assert!(matches!(repeats.take(OpError::new("a")), Repeat::Own(_)));
            assert!(matches!(repeats.take(OpError::permanent(text("a"))), Repeat::Own(_)));
        }
    }

    #[test]
    fn nobody_looks_any_more_when_every_text_is_another() {
        let mut repeats = Repeats::default();
        let own = (0..100).map(|n| matches!(repeats.take(text(&n.to_string())), Repeat::Own(_)));
        assert!(own.eq((0..100).map(|n| n >= MISSES.into())));
    }
}
