//! What a job is listed with.

use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, FnArg, Meta, Pat, PatType, Signature, Type};

use crate::ty::impl_trait_in;

/// What is said of a job where jobs are listed, and how it is called there.
pub(super) struct Listing {
    pub(super) docs: Vec<Expr>,
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter, and its type as people write it.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) ty: Type,
}

impl Listing {
    /// None for a generic job: nobody could say for which types.
    pub(super) fn new(attrs: &[Attribute], sig: &Signature) -> Option<Self> {
        if !sig.generics.params.is_empty() {
            return None;
        }
        let docs = attrs.iter().filter_map(|attr| match &attr.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(doc.value.clone()),
            _ => None,
        });
        let parameters = sig.inputs.iter().enumerate().map(|(place, input)| match input {
            FnArg::Typed(PatType { pat, ty, .. }) if impl_trait_in(ty).is_none() => {
                Some(Parameter { name: name(pat, place), text: text(ty), ty: (**ty).clone() })
            }
            FnArg::Typed(_) | FnArg::Receiver(_) => None,
        });
        Some(Self { docs: docs.collect(), parameters: parameters.collect::<Option<_>>()? })
    }
}

/// A pattern is called by its place.
fn name(pattern: &Pat, place: usize) -> String {
    match pattern {
        Pat::Ident(pattern) => pattern.ident.unraw().to_string(),
        _ => format!("argument_{}", place + 1),
    }
}

/// Tokens are printed with spaces around them all; few of them stay.
fn text(ty: &Type) -> String {
    let printed = ty.to_token_stream().to_string();
    let mut text = String::new();
    let mut words = printed.split(' ').peekable();
    while let Some(word) = words.next() {
        text.push_str(word);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let Some(next) = words.peek() else { break };
        let between_words = word.ends_with(is_word) && next.starts_with(is_word);
        if between_words || word.ends_with([',', ';', '+', '=']) || next.starts_with(['+', '=']) {
            text.push(' ');
        }
    }
    text
}
