//! Prints a job.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Signature, WherePredicate, parse_quote};

use super::listing::{Listing, Parameter};
use super::model::Job;
use crate::item::body_at;

/// The user's function, whose body composes.
pub(super) fn expand(job: &Job) -> TokenStream {
    let Job { krate, name, attrs, vis, returned, body, .. } = job;
    let Signature { fn_token, ident, inputs, .. } = &job.sig;
    let mut generics = job.sig.generics.clone();
    generics.make_where_clause().predicates.push(returns_handles(job));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let compose = quote!(#krate::Job::compose::<#returned>(#name, move || -> #returned #body));
    let register = register(job);
    // What is said twice has to be said in the same words. With brackets of ours, a type that does not exist is not taken
    // for a missing type parameter here, as it is not where the job is made known.
    let no_generics = register.is_some().then(|| quote_spanned!(Span::mixed_site()=> <>));
    let compose = body_at(body, quote!(#register #compose));
    quote! {
        #(#attrs)*
        #[track_caller]
        #vis #fn_token #ident #impl_generics #no_generics (#inputs)
            -> #krate::Job<<#returned as #krate::JobOutput>::Output> #where_clause #compose
    }
}

/// Makes the job known by its name.
///
/// It stands inside the function: so it is there only where the function is, and in an `impl` too.
fn register(job: &Job) -> Option<TokenStream> {
    let Job { krate, name, listing, .. } = job;
    let Listing { docs, parameters } = listing.as_ref()?;
    let parameters = parameters.iter().map(|Parameter { name, text, ty }| quote!(#name #text: #ty));
    // Not a parameter of this name, but the function.
    let mut function = job.sig.ident.clone();
    function.set_span(function.span().resolved_at(Span::mixed_site()));
    let bound = returns_handles(job);
    Some(quote! {
        #krate::__private::register_job! {
            #function, #name, [#(#docs),*], [#(#parameters),*], where #bound
        }
    })
}

/// The bound on what the body returns.
///
/// Stated, it is checked once, and the signature and the body may rely on it.
fn returns_handles(job: &Job) -> WherePredicate {
    let Job { krate, returned, .. } = job;
    let span = returned_span(job);
    let krate = krate.at(span);
    let bound = quote_spanned!(span=> : #krate::JobOutput);
    parse_quote!(#returned #bound)
}

/// Where a return type that is none of a job is blamed.
fn returned_span(job: &Job) -> Span {
    let tokens = job.returned.to_token_stream().into_iter();
    let span = tokens.last().map_or_else(Span::mixed_site, |token| token.span());
    span.resolved_at(Span::mixed_site())
}
