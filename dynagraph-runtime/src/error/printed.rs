//! What an error says, whatever its `Display` does: that is not ours.

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::value::{drop_caught, panic_message};

/// The text of an error: if its `Display` fails or panics, as much as it wrote, and what became of it.
pub(crate) fn printed(error: &impl fmt::Display) -> String {
    let mut text = String::new();
    match catch_unwind(AssertUnwindSafe(|| write!(text, "{error}"))) {
        Ok(Ok(())) => {}
        Ok(Err(fmt::Error)) => text.push_str("(the error's `Display` failed)"),
        Err(payload) => {
            let message = panic_message(payload);
            text.push_str("(the error's `Display` panicked: ");
            text.push_str(&message);
            text.push(')');
        }
    }
    text
}

/// Whether the error says this, and no more.
pub(super) fn says(error: &impl fmt::Display, expected: &str) -> bool {
    let mut rest = Expected(expected);
    let written = catch_unwind(AssertUnwindSafe(|| write!(rest, "{error}")));
    let is_whole = matches!(written, Ok(Ok(())));
    drop_caught(written);
    is_whole && rest.0.is_empty()
}

/// Takes a text that is expected, and no other: this is what has not come of it.
struct Expected<'a>(&'a str);

impl fmt::Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Error(fn(&mut fmt::Formatter<'_>) -> fmt::Result);

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far ")?;
            (self.0)(f)
        }
    }

    #[test]
    fn an_error_that_cannot_be_printed_says_why() {
        for (error, text) in [
            (Error(|f| f.write_str("so good")), "so far so good"),
            (Error(|_| Err(fmt::Error)), "so far (the error's `Display` failed)"),
            (Error(|_| panic!("no")), "so far (the error's `Display` panicked: no)"),
        ] {
            assert_eq!(printed(&error), text);
            assert_eq!(says(&error, text), text == "so far so good");
            assert!(!says(&error, "so far") && !says(&error, "so far so good!"));
        }
    }
}
