//! Judges the parameters of an op: what each is given.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{FnArg, Pat, PatType, Signature, Type, TypeReference, parse_quote};

use crate::errors::Errors;
use crate::ty::{argument, borrow_in, impl_trait_in, last_segment, make_static, named, peel};

/// The most inputs an op may have.
const MAX_INPUTS: usize = 12;

/// A parameter of an op.
pub(super) struct Param {
    /// As written; for a parameter that is no input and has none, one of ours.
    pub(super) name: Ident,
    /// As written.
    pub(super) ty: Type,
    pub(super) given: Given,
    /// The op borrows what it is given.
    pub(super) by_ref: bool,
}

/// What a parameter is given.
pub(super) enum Given {
    /// A value of this type, on its way between ops.
    Input(Type),
    /// The step's context.
    Context,
    /// A resource of this type.
    Resource(Type),
    /// The emitter of an output of this type.
    Emitter(Type),
}

impl Param {
    pub(super) fn is_input(&self) -> bool {
        self.input().is_some()
    }

    /// The type of its value, if it is an input.
    pub(super) fn input(&self) -> Option<&Type> {
        match &self.given {
            Given::Input(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type of what it emits, if it does.
    pub(super) fn emitter(&self) -> Option<&Type> {
        match &self.given {
            Given::Emitter(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type of the resource, if it is one.
    pub(super) fn resource(&self) -> Option<&Type> {
        match &self.given {
            Given::Resource(ty) => Some(ty),
            _ => None,
        }
    }

    /// The name as people read it.
    pub(super) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// The local in generated code that holds what it is given.
    pub(super) fn local(&self) -> Ident {
        format_ident!("given_{}", self.text(), span = Span::mixed_site())
    }
}

/// Judges every parameter.
pub(super) fn params(sig: &Signature, errors: &mut Errors) -> Vec<Param> {
    let typed = sig.inputs.iter().filter_map(|arg| match arg {
        FnArg::Typed(arg) => Some(arg),
        FnArg::Receiver(_) => None,
    });
    let params: Vec<_> =
        typed.enumerate().map(|(place, arg)| Param::new(place, arg, errors)).collect();
    if let Some(extra) = params.iter().filter(|param| param.is_input()).nth(MAX_INPUTS) {
        errors.push(&extra.name, "an op has at most 12 inputs: group some in a struct");
    }
    params
}

impl Param {
    fn new(place: usize, arg: &PatType, errors: &mut Errors) -> Self {
        for attr in &arg.attrs {
            errors.push(attr, "an attribute of an op goes on its function, not on a parameter");
        }
        let (given, by_ref) = given(&arg.ty, errors);
        let needs_name = matches!(given, Given::Input(_) | Given::Emitter(_));
        let name = name(&arg.pat, needs_name, errors)
            .unwrap_or_else(|| format_ident!("unnamed_{place}", span = Span::mixed_site()));
        Self { name, ty: (*arg.ty).clone(), given, by_ref }
    }
}

fn name(pat: &Pat, needs_name: bool, errors: &mut Errors) -> Option<Ident> {
    match pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
            return Some(pat.ident.clone());
        }
        Pat::Wild(_) if needs_name => {
            errors.push(pat, "an input has a name, for whoever looks at the graph: write `_name`");
        }
        Pat::Wild(_) => {}
        _ => errors.push(pat, "an input is a single name: take it apart in the body"),
    }
    None
}

fn given(ty: &Type, errors: &mut Errors) -> (Given, bool) {
    if let Some(ty) = impl_trait_in(ty) {
        let message =
            "an input has a type with a name: use a type parameter, `fn op<T: Trait>(..)`";
        errors.push(ty, message);
        return (Given::Input(parse_quote!(())), false);
    }
    match peel(ty) {
        Type::Reference(reference) => by_reference(reference, errors),
        ty => (by_value(ty, errors), false),
    }
}

fn by_value(ty: &Type, errors: &mut Errors) -> Given {
    if let Some(borrow) = borrow_in(ty) {
        errors.push(borrow, "an input is an owned value, or a reference to one: `T` or `&T`");
        return Given::Input(make_static(ty));
    }
    by_name(ty).unwrap_or_else(|| Given::Input(ty.clone()))
}

/// What the engine gives, told by the last segment of its type.
fn by_name(ty: &Type) -> Option<Given> {
    let segment = last_segment(ty)?;
    let make: fn(Type) -> Given = match &*segment.ident.to_string() {
        "OpContext" => return Some(Given::Context),
        "Resource" => Given::Resource,
        "DynamicOut" => Given::Emitter,
        _ => return None,
    };
    // Without an argument, the type is a mistake that the compiler knows.
    Some(make(argument(segment).cloned().unwrap_or_else(|| parse_quote!(()))))
}

fn by_reference(reference: &TypeReference, errors: &mut Errors) -> (Given, bool) {
    let elem = peel(&reference.elem);
    let is_static = reference.lifetime.as_ref().is_some_and(|name| name.ident == "static");
    if let Some(mutability) = &reference.mutability {
        let message = "an input may be shared with other ops: take it by value, or by `&`";
        errors.push(mutability, message);
    } else if let Type::TraitObject(_) = elem {
        errors.push(elem, "an input has a size: take an `Arc<dyn Trait>`");
        return (Given::Input(parse_quote!(())), true);
    } else if is_static {
        return (Given::Input(Type::Reference(reference.clone())), false);
    }
    if let Some(borrow) = borrow_in(elem) {
        errors.push(borrow, "an input is an owned value, or a reference to one: `T` or `&T`");
    }
    let given = by_name(elem).unwrap_or_else(|| Given::Input(owned(elem)));
    (given, true)
}

/// The type that an op which borrows `T` is given.
pub(super) fn owned(borrowed: &Type) -> Type {
    match borrowed {
        Type::Slice(slice) => {
            let elem = make_static(&slice.elem);
            parse_quote!(::std::vec::Vec<#elem>)
        }
        ty if named(ty, "str").is_some() => parse_quote!(::std::string::String),
        // Whatever these names mean here, the trait knows its owned form.
        ty if ["Path", "OsStr", "CStr"].iter().any(|name| named(ty, name).is_some()) => {
            parse_quote!(<#ty as ::std::borrow::ToOwned>::Owned)
        }
        ty => make_static(ty),
    }
}
