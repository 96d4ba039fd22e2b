//! Judges an op. After it, nobody has to.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{
    FnArg, GenericParam, Generics, LitStr, Path, ReturnType, Safety, Signature, Token, Visibility,
};

use super::input::{Param, params};
use super::output::Returned;
use super::parse::{Args, Syntax};
use super::rules::Rules;
use crate::args::check_name;
use crate::attrs::Attrs;
use crate::errors::Errors;
use crate::generics::{declared, without_lifetimes};
use crate::hygiene::mentions;
use crate::item::Function;
use crate::krate::Krate;
use crate::ty::make_static;

/// An op. `expand` needs nothing else and cannot fail.
pub(super) struct Op {
    pub(super) krate: Krate,
    pub(super) name: String,
    pub(super) attrs: Attrs,
    pub(super) vis: Visibility,
    pub(super) fn_token: Token![fn],
    pub(super) ident: Ident,
    /// Type and const parameters.
    pub(super) generics: Generics,
    pub(super) params: Vec<Param>,
    pub(super) returned: Returned,
    pub(super) asyncness: bool,
    pub(super) runs: Runs,
    pub(super) rules: Rules,
    /// Asked about the op's own error.
    pub(super) retry_if: Option<Path>,
    pub(super) version: Option<LitStr>,
    /// Whether other runs of a store may reuse its steps.
    pub(super) cached: bool,
    /// As written.
    pub(super) output: ReturnType,
    /// As written.
    pub(super) body: TokenStream,
    /// The user's function, private, with the attributes that stay on it. None if its signature is refused.
    pub(super) compute: Option<TokenStream>,
}

/// Where an op does its work.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Runs {
    /// In `start`, on a thread that may block.
    Blocking,
    /// In `start`, on an async worker.
    Inline,
    /// In a future.
    Async,
}

impl Op {
    /// None if nothing can stand in for the op.
    pub(super) fn new(syntax: Syntax, errors: &mut Errors) -> Option<Self> {
        let Syntax { args, function } = syntax;
        let Function { attrs, vis, sig, body } = function;
        if let Some(FnArg::Receiver(receiver)) = sig.inputs.first() {
            errors.push(receiver, "an op is a function of its own, not a method: remove `self`");
            return None;
        }
        let krate = Krate::new(args.krate.value.clone(), errors);
        let name = name(args.name.value.as_ref(), &sig.ident, errors);

        // Mistakes in the signature: after one of them, the user's function is not emitted.
        let mut refused = Errors::default();
        check_signature(&sig, &mut refused);
        let params = params(&sig, &mut refused);
        check_generics(&sig, &params, &mut refused);
        let returned = Returned::new(&sig, &args, &params, &mut refused);
        let runs = runs(&sig, &args, &returned, &mut refused);
        let rules = Rules::new(&args, &params, &returned, runs, errors);
        let retry_if = retry_if(&args, &returned, errors);

        let attrs = Attrs::new(&attrs);
        let compute = refused.is_empty().then(|| compute(&attrs, &sig, &body));
        let output = match &sig.output {
            ReturnType::Type(arrow, ty) if compute.is_none() => {
                ReturnType::Type(*arrow, Box::new(make_static(ty)))
            }
            output => output.clone(),
        };
        errors.append(refused);
        Some(Self {
            krate,
            name,
            attrs,
            vis,
            fn_token: sig.fn_token,
            ident: sig.ident.clone(),
            generics: without_lifetimes(&sig.generics),
            params,
            returned,
            asyncness: sig.asyncness.is_some(),
            runs,
            rules,
            retry_if,
            version: args.version.value,
            cached: args.cache.value.is_some(),
            output,
            body,
            compute,
        })
    }

    /// What its tokens are, for names that must not occur in them.
    pub(super) fn tokens(&self) -> TokenStream {
        let Self { ident, compute, generics, output, .. } = self;
        let types = self.params.iter().map(|param| &param.ty);
        quote!(#ident #compute #generics #output #(#types)*)
    }
}

fn name(given: Option<&LitStr>, ident: &Ident, errors: &mut Errors) -> String {
    let Some(given) = given else {
        return ident.unraw().to_string();
    };
    check_name(given, errors);
    given.value()
}

fn check_signature(sig: &Signature, errors: &mut Errors) {
    if let Some(constness) = &sig.constness {
        errors.push(constness, "an op cannot be `const`: it runs when its job does");
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.push(unsafety, "an op cannot be `unsafe`: the engine is its only caller");
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "an op cannot be `extern`: the engine calls it as a Rust function");
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic, "an op has a fixed number of inputs: take a `Vec<T>`");
    }
}

fn check_generics(sig: &Signature, params: &[Param], errors: &mut Errors) {
    let is_inferred = |ident: &Ident| {
        params.iter().filter(|param| param.is_input()).any(|param| {
            let ty = &param.ty;
            mentions(quote!(#ty), ident)
        })
    };
    for param in &sig.generics.params {
        let ident = match param {
            GenericParam::Lifetime(lifetime) => {
                errors.push(lifetime, "an op has no lifetime parameters: write `&T` without one");
                continue;
            }
            GenericParam::Type(param) => &param.ident,
            GenericParam::Const(param) => &param.ident,
        };
        if !is_inferred(ident) {
            errors.push(
                ident,
                format_args!(
                    "an op's type parameters are inferred from its inputs, \
                     and no input mentions `{ident}`"
                ),
            );
        }
    }
}

fn runs(sig: &Signature, args: &Args, returned: &Returned, errors: &mut Errors) -> Runs {
    let is_async = sig.asyncness.is_some() || returned.is_stream();
    match &args.inline.value {
        Some(inline) if is_async => {
            errors.push(inline, "an async op already runs on the async workers");
        }
        Some(inline) if returned.emits() => {
            errors.push(inline, "an inline op cannot emit, as it cannot wait: make it `async`");
        }
        Some(_) => return Runs::Inline,
        None => {}
    }
    if is_async { Runs::Async } else { Runs::Blocking }
}

fn retry_if(args: &Args, returned: &Returned, errors: &mut Errors) -> Option<Path> {
    if !returned.fallible {
        if let Some(key) = &args.retry_if.key {
            let message = "`retry_if` is asked about the op's error: return a `Result`";
            errors.push(key, message);
        }
        return None;
    }
    args.retry_if.value.clone()
}

fn compute(attrs: &Attrs, sig: &Signature, body: &TokenStream) -> TokenStream {
    let attrs = &attrs.compute;
    // What an op is given is its own, and it may be async for the sake of its signature alone.
    let quiet = match sig.asyncness {
        Some(_) => quote!(#[allow(clippy::needless_pass_by_value, clippy::unused_async)]),
        None => quote!(#[allow(clippy::needless_pass_by_value)]),
    };
    let Signature { asyncness, fn_token, ident, generics, inputs, output, .. } = sig;
    let (declared, where_clause) = (declared(generics), &generics.where_clause);
    quote! {
        #quiet
        #(#attrs)*
        #asyncness #fn_token #ident #declared (#inputs) #output #where_clause #body
    }
}
