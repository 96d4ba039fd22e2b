//! Judges a job. After it, nobody has to.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, ReturnType, Safety, Signature, Type, Visibility, parse_quote};

use super::listing::Listing;
use super::parse::Syntax;
use crate::args::check_name;
use crate::errors::Errors;
use crate::item::Function;
use crate::krate::Krate;
use crate::recover::no_body;
use crate::ty::{impl_trait_in, make_static};

/// A job. `expand` needs nothing else and cannot fail.
pub(super) struct Job {
    pub(super) krate: Krate,
    pub(super) name: String,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    /// With the return type of the body.
    pub(super) sig: Signature,
    pub(super) returned: Type,
    pub(super) body: TokenStream,
    /// None if the job is not to be known by its name.
    pub(super) listing: Option<Listing>,
}

impl Job {
    /// None if nothing can stand in for the job.
    pub(super) fn new(syntax: Syntax, errors: &mut Errors) -> Option<Self> {
        let Syntax { args, function } = syntax;
        let Function { attrs, vis, mut sig, body } = function;
        if let Some(FnArg::Receiver(receiver)) = sig.inputs.first() {
            errors.push(receiver, "a job is a function of its own, not a method: remove `self`");
            return None;
        }
        let krate = Krate::new(args.krate.value, errors);
        if let Some(name) = &args.name.value {
            check_name(name, errors);
        }
        let name =
            args.name.value.map_or_else(|| sig.ident.unraw().to_string(), |name| name.value());

        let mut refused = Errors::default();
        let returned = returned(&sig, &mut refused);
        check_signature(&mut sig, &mut refused);
        let body = if refused.is_empty() { body } else { no_body() };
        errors.append(refused);
        let is_listed = args.unlisted.key.is_none() && errors.is_empty();
        let listing = is_listed.then(|| Listing::new(&attrs, &sig)).flatten();
        Some(Self { krate, name, attrs, vis, sig, returned, body, listing })
    }
}

fn returned(sig: &Signature, errors: &mut Errors) -> Type {
    let ReturnType::Type(_, ty) = &sig.output else { return parse_quote!(()) };
    if let Some(ty) = impl_trait_in(ty) {
        errors.push(
            &ty,
            "a job returns handles by their name: `OutputHandle<T>` or `DynamicHandle<T>`",
        );
        return make_static(&Type::ImplTrait(ty));
    }
    (**ty).clone()
}

/// Takes out of the signature what is refused.
fn check_signature(sig: &mut Signature, errors: &mut Errors) {
    if let Some(constness) = sig.constness.take() {
        errors.push(constness, "a job cannot be `const`: it composes when it is called");
    }
    if let Some(asyncness) = sig.asyncness.take() {
        errors.push(asyncness, "a job function composes and returns at once: remove `async`");
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.push(unsafety, "a job cannot be `unsafe`: composing has no contract to keep");
        sig.safety = Safety::Default;
    }
    if let Some(abi) = sig.abi.take() {
        errors.push(abi, "a job cannot be `extern`: it returns a Rust type");
    }
    if let Some(variadic) = sig.variadic.take() {
        errors.push(variadic, "a job has a fixed number of parameters: take a `Vec<T>`");
    }
}
