//! Where generated code finds dynagraph.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Path;

use crate::errors::Errors;

/// The path of the facade.
pub(crate) struct Krate(TokenStream);

impl Krate {
    /// Judges `crate = path`.
    ///
    /// A relative path would mean something else in each generated item.
    pub(crate) fn new(path: Option<Path>, errors: &mut Errors) -> Self {
        let Some(path) = path else {
            return Self(quote_spanned!(Span::mixed_site()=> ::dynagraph));
        };
        let first = path.segments.first();
        if path.leading_colon.is_none() && first.is_none_or(|first| first.ident != "crate") {
            errors.push(&path, "the path of the crate is absolute: it starts with `::` or `crate`");
        }
        Self(path.into_token_stream())
    }
}

impl Krate {
    /// The path at another place in the user's code, which is blamed for what goes wrong with it.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let respan = |mut token: TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        };
        self.0.clone().into_iter().map(respan).collect()
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
