//! The generics of an op, as each generated item has them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{GenericParam, Generics, WherePredicate, parse_quote};

use crate::krate::Krate;

/// The generics of an op: lifetimes are refused.
pub(crate) fn without_lifetimes(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    let params = generics.params.into_iter();
    generics.params = params.filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
    for param in &mut generics.params {
        // A default is allowed on types only.
        if let GenericParam::Type(param) = param {
            param.default = None;
        }
    }
    generics
}

/// The generics of a function, with brackets also around none.
///
/// Where a function of the user's has none, the compiler offers, for a type that it does not know, to make it a
/// parameter. That would set the mistake in the function apart from the same one in what is generated beside it.
pub(crate) fn declared(generics: &Generics) -> TokenStream {
    if generics.params.is_empty() {
        return quote_spanned!(Span::mixed_site()=> <>);
    }
    generics.split_for_impl().0.to_token_stream()
}

/// The op's generics, each type parameter one that can travel between ops.
pub(crate) fn of_values(generics: &Generics, krate: &Krate) -> Generics {
    let mut generics = generics.clone();
    let mut predicates: Vec<WherePredicate> = Vec::new();
    for param in generics.type_params_mut() {
        // The bounds of a parameter stay in one place.
        if param.bounds.is_empty() {
            let ident = &param.ident;
            predicates.push(parse_quote!(#ident: #krate::__private::Value));
        } else {
            param.bounds.push(parse_quote!(#krate::__private::Value));
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// The parameters that a type declares.
pub(crate) fn without_bounds(generics: &Generics) -> TokenStream {
    let params = generics.params.iter().map(|param| match param {
        GenericParam::Type(param) => param.ident.to_token_stream(),
        param => param.to_token_stream(),
    });
    quote!(<#(#params),*>)
}
