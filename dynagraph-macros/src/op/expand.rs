//! Prints an op.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, ReturnType};

use super::handles;
use super::input::Param;
use super::model::{Op, Runs};
use super::output::{Kind, Output};
use super::rules::{Policy, Pool, Rules};
use super::start::start;
use crate::generics::{declared, of_values, without_bounds};
use crate::hygiene::unused_name;
use crate::item::body_at;
use crate::recover;
use crate::ty::without_lifetime;

/// Everything that `#[op]` leaves.
pub(super) fn expand(op: &Op) -> TokenStream {
    let Op { compute, .. } = op;
    let cfg = &op.attrs.cfg;
    let handles = (op.returned.outputs.len() > 1).then(|| unused_name("Outputs", op.tokens()));
    let (invoke, marker, call) = (invoke(op), marker(op), call(op));
    let outputs = handles.as_ref().map(|handles| handles::handles(op, handles));
    let behavior = behavior(op, handles.as_ref());
    quote! {
        #invoke
        #marker
        #(#cfg)*
        const _: () = {
            #compute
            #call
            #outputs
            #behavior
        };
    }
}

/// The function that a job calls: it records one use of the op.
fn invoke(op: &Op) -> TokenStream {
    let Op { krate, vis, fn_token, ident, .. } = op;
    let (cfg, public) = (&op.attrs.cfg, &op.attrs.public);
    let inputs = op.params.iter().filter_map(|param| Some((param, param.input()?)));
    let (names, params): (Vec<_>, Vec<_>) = inputs
        .map(|(param, ty)| {
            // Where a job passes something else, the compiler shows what asks for the type.
            let span = param.ty.span().resolved_at(Span::mixed_site());
            let (name, krate) = (&param.name, krate.at(span));
            (name, quote_spanned!(span=> #name: impl #krate::IntoInput<#ty>))
        })
        .unzip();
    let generics = of_values(&op.generics, krate);
    let (_, ty_generics, where_clause) = generics.split_for_impl();
    // The user's function has the lint, and its own `allow`.
    let many = (params.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let underscored = names.iter().any(|name| name.to_string().starts_with('_'));
    let underscored = underscored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    let params_of = declared(&generics);
    let handles = match &*op.returned.outputs {
        [output] => handle(op, output),
        _ => quote!(<#ident #ty_generics as #krate::Op>::Handles),
    };
    let body = match op.compute {
        Some(_) => quote! {
            #krate::__private::invoke::<#ident #ty_generics>(
                (#(#krate::IntoInput::into_input(#names),)*)
            )
        },
        None => recover::no_body(),
    };
    let body = body_at(&op.body, body);
    let unused = recover::unused(op.compute.is_some());
    quote! {
        #(#cfg)*
        #(#public)*
        #unused
        #[track_caller]
        #many
        #underscored
        #vis #fn_token #ident #params_of (#(#params),*) -> #handles #where_clause #body
    }
}

/// The type that names the op. It comes after the function, which editors then colour as one.
fn marker(op: &Op) -> TokenStream {
    let Op { vis, ident, generics, .. } = op;
    let cfg = &op.attrs.cfg;
    let body = if generics.params.is_empty() {
        quote!(enum #ident {})
    } else {
        let types = generics.type_params().map(|param| &param.ident);
        let params = without_bounds(generics);
        quote! {
            struct #ident #params {
                never: ::core::convert::Infallible,
                types: ::core::marker::PhantomData<fn() -> (#(#types,)*)>,
            }
        }
    };
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
        #vis #body
    }
}

/// The user's function, for tests and plain code.
fn call(op: &Op) -> TokenStream {
    let Op { vis, ident, generics, output, .. } = op;
    let names: Vec<_> = op.params.iter().map(|param| &param.name).collect();
    let types = op.params.iter().map(|param| match op.compute {
        Some(_) => param.ty.clone(),
        None => without_lifetime(&param.ty),
    });
    // An `async fn` would be one more future for the compiler to make.
    let output = match output {
        _ if !op.asyncness => output.to_token_stream(),
        ReturnType::Default => quote!(-> impl ::core::future::Future<Output = ()>),
        ReturnType::Type(arrow, ty) => {
            quote!(#arrow impl ::core::future::Future<Output = #ty>)
        }
    };
    let body = match &op.compute {
        // In the scope of the generated code, no parameter hides the function.
        Some(_) => {
            let function = function(op);
            quote!(#function(#(#names),*))
        }
        None => {
            let (asyncness, body) = (op.asyncness.then(|| quote!(async)), recover::no_body());
            quote!(#asyncness #body)
        }
    };
    let unused = recover::unused(op.compute.is_some());
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        impl #impl_generics #ident #ty_generics #where_clause {
            /// Calls the function itself.
            #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
            #unused
            #vis fn call(#(#names: #types),*) #output {
                #body
            }
        }
    }
}

/// The path of the user's function, which no local hides.
pub(super) fn function(op: &Op) -> TokenStream {
    let mut ident = op.ident.clone();
    ident.set_span(op.ident.span().resolved_at(Span::mixed_site()));
    if op.generics.params.is_empty() {
        return quote!(#ident);
    }
    let (_, ty_generics, _) = op.generics.split_for_impl();
    let turbofish = ty_generics.as_turbofish();
    quote!(#ident #turbofish)
}

/// The implementation of `Op`.
fn behavior(op: &Op, handles: Option<&Ident>) -> TokenStream {
    let Op { krate, ident, name, .. } = op;
    let generics = of_values(&op.generics, krate);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    // A stand-in may have more inputs than an op.
    let inputs = op.params.iter().filter_map(Param::input).filter(|_| op.compute.is_some());
    let (output, handles) = match (&*op.returned.outputs, handles) {
        ([output], _) => (tokens(&output.ty), handle(op, output)),
        (_, handles) => (quote!(#handles #ty_generics), quote!(#handles #ty_generics)),
    };
    let (spec, start) = (spec(op), start(op));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Op for #ident #ty_generics #where_clause {
            const NAME: &'static str = #name;
            type Inputs = (#(#inputs,)*);
            type Output = #output;
            type Handles = #handles;
            fn spec() -> #krate::__private::OpSpec {
                #spec
            }
            #start
        }
    }
}

/// What the engine knows of the op.
fn spec(op: &Op) -> TokenStream {
    let krate = &op.krate;
    let inputs = op.params.iter().filter(|param| param.is_input()).map(Param::text);
    let blocking = (op.runs == Runs::Blocking).then(|| quote!(.blocking()));
    let outputs = match &*op.returned.outputs {
        [Output { name, kind: Kind::Plain, .. }] if name == "output" => None,
        outputs => {
            let outputs = outputs.iter().map(|output| {
                let name = output.text();
                let kind = match output.kind {
                    Kind::Plain => format_ident!("plain"),
                    Kind::Optional => format_ident!("optional"),
                    Kind::List => format_ident!("dynamic"),
                    Kind::Emitted => format_ident!("emitted"),
                };
                quote!(#krate::__private::OutputSpec::#kind(#name))
            });
            Some(quote!(.outputs([#(#outputs),*])))
        }
    };
    let captured = captured(op);
    let resources = op.params.iter().filter_map(Param::resource);
    let rules = rules(op);
    let version = op.version.as_ref().map(|version| quote!(.version(#version)));
    let cached = op.cached.then(|| quote!(.cached()));
    quote! {
        #krate::__private::OpSpec::new(&[#(#inputs),*])
            #blocking
            #outputs
            #captured
            #(.resource::<#resources>())*
            #rules
            #version
            #cached
    }
}

/// The codecs of what the op takes and gives, of which the compiler knows whether there are any.
fn captured(op: &Op) -> Option<TokenStream> {
    let krate = &op.krate;
    let inputs = op.params.iter().filter_map(Param::input);
    let types = inputs.chain(op.returned.outputs.iter().map(|output| &output.ty));
    op.compute.as_ref()?;
    Some(quote!(.captured(&[#(#krate::__private::Capture::<#types>::OF.captured_codec()),*])))
}

/// How the engine runs the steps of the op.
fn rules(op: &Op) -> TokenStream {
    let Rules { max_concurrent, pool, retry, timeout, idle_timeout } = &op.rules;
    let max_concurrent = max_concurrent.map(|limit| quote!(.max_concurrent(#limit)));
    let pool = pool.as_ref().map(|Pool { name, weight }| quote!(.pool(#name, #weight)));
    let retry = retry.as_ref().map(|policy| self::retry(op, policy));
    let timeout = timeout.map(|timeout| quote!(.timeout(#timeout)));
    let idle_timeout = idle_timeout.map(|timeout| quote!(.idle_timeout(#timeout)));
    quote!(#retry #timeout #idle_timeout #max_concurrent #pool)
}

fn retry(op: &Op, policy: &Policy) -> TokenStream {
    let krate = &op.krate;
    let Policy { max_retries, delay, max_delay, backoff, jitter, retry_panics } = policy;
    let delay = delay.map(|delay| quote!(.delay(#delay)));
    let backoff = backoff.as_ref().map(|name| quote!(.backoff(#krate::__private::Backoff::#name)));
    let jitter = jitter.as_ref().map(|name| quote!(.jitter(#krate::__private::Jitter::#name)));
    let max_delay = max_delay.map(|delay| quote!(.max_delay(#delay)));
    let retry_panics = retry_panics.then(|| quote!(.retry_panics(true)));
    quote! {
        .retry(
            #krate::__private::RetryPolicy::new(#max_retries)
                #delay
                #backoff
                #jitter
                #max_delay
                #retry_panics
        )
    }
}

/// The type of the handle of an output.
pub(super) fn handle(op: &Op, output: &Output) -> TokenStream {
    let (krate, ty) = (&op.krate, &output.ty);
    if output.is_dynamic() {
        quote!(#krate::DynamicHandle<#ty>)
    } else {
        quote!(#krate::OutputHandle<#ty>)
    }
}

fn tokens(tokens: impl quote::ToTokens) -> TokenStream {
    tokens.into_token_stream()
}
