//! Names for generated items that no token of the user's means.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// A name that does not occur in `tokens`: `name`, or that with underscores after it.
///
/// Unlike locals, items are not hygienic: one would shadow what the user's function names.
pub(crate) fn unused_name(name: &str, tokens: TokenStream) -> Ident {
    let mut taken = HashSet::new();
    collect(tokens, &mut taken);
    let mut name = String::from(name);
    while taken.contains(&name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

/// Says whether a name occurs in `tokens`.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn collect(tokens: TokenStream, names: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                names.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
