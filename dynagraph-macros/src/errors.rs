//! Collects mistakes, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far.
#[derive(Default)]
#[must_use]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Records a mistake that spans `tokens`.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.record(Error::new_spanned(tokens, message));
    }

    /// Records what `syn` could not read.
    pub(crate) fn record(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Records what another collector has.
    pub(crate) fn append(&mut self, other: Self) {
        if let Some(error) = other.0 {
            self.record(error);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Every recorded mistake, as the compiler reports it: the only way out.
    pub(crate) fn finish(self) -> TokenStream {
        self.0.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}
