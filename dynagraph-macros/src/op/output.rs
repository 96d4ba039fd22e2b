//! Judges what an op returns and emits: its outputs.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{ReturnType, Signature, Type, TypeImplTrait, TypeTuple, parse_quote};

use super::input::Param;
use super::parse::{Args, Out, OutName};
use crate::errors::Errors;
use crate::ty::{
    argument, argument_of, borrow_in, contains, impl_trait_in, item_of, make_static, named, peel,
    type_arguments,
};

/// The most outputs an op may have: as many handles as a tuple of them may hold.
const MAX_OUTPUTS: usize = 8;

/// What an op returns, and all of its outputs.
pub(super) struct Returned {
    /// It returns a `Result`.
    pub(super) fallible: bool,
    /// What it fails with is written as text is: only then is it asked whether it is.
    pub(super) fails_with_text: bool,
    pub(super) shape: Shape,
    /// The returned outputs, then those that a parameter emits.
    pub(super) outputs: Vec<Output>,
    /// Where the type is written.
    pub(super) span: Span,
}

/// How the returned value holds the returned outputs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// It holds none.
    Nothing,
    /// It is one.
    One,
    /// It is a tuple of this many.
    Tuple(usize),
    /// It is a stream of the values of one.
    Stream,
    /// It is an iterator of the values of one.
    Iterator,
}

impl Shape {
    /// Reading it runs the user's code, which emits.
    pub(super) fn is_lazy(self) -> bool {
        matches!(self, Self::Stream | Self::Iterator)
    }
}

/// One output of an op.
pub(super) struct Output {
    pub(super) name: Ident,
    pub(super) kind: Kind,
    /// Of one value.
    pub(super) ty: Type,
}

/// How an output is given.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Plain,
    Optional,
    List,
    Emitted,
}

impl Returned {
    pub(super) fn new(sig: &Signature, args: &Args, params: &[Param], errors: &mut Errors) -> Self {
        let unit = parse_quote!(());
        let (written, span) = match &sig.output {
            ReturnType::Default => (&unit, sig.ident.span()),
            ReturnType::Type(_, ty) => (&**ty, ty.span()),
        };
        let result = named(written, "Result");
        let (value, fallible) = match result {
            Some(segment) => (argument(segment).unwrap_or(&unit), true),
            None => (written, false),
        };
        let fails_with = result.and_then(|segment| type_arguments(segment).nth(1)).map(peel);
        let fails_with_text = fails_with.is_some_and(|ty| match ty {
            Type::Reference(text) => named(peel(&text.elem), "str").is_some(),
            ty => named(ty, "String").is_some(),
        });
        if let (Some(optional), Some(_)) = (&args.optional.value, &args.out.value) {
            let message = "say which output is optional: `out(total, parts: optional)`";
            errors.push(optional, message);
        }
        let emitted = params.iter().filter_map(Output::emitted);
        let emitted: Vec<_> = emitted.collect();
        let is_async = sig.asyncness.is_some();
        let (shape, mut outputs) = match peel(value) {
            Type::Tuple(tuple) if tuple.elems.is_empty() && !emitted.is_empty() => {
                (Shape::Nothing, nothing(args, errors))
            }
            Type::ImplTrait(ty) => Output::lazy(ty, args, is_async, errors),
            ty => returned(ty, args, errors),
        };
        outputs.extend(emitted);
        check_outputs(&mut outputs, errors);
        Self { fallible, fails_with_text, shape, outputs, span }
    }

    /// The work goes on while a stream is read.
    pub(super) fn is_stream(&self) -> bool {
        self.shape == Shape::Stream
    }

    /// Some output is any number of values, whose keys may break a rule.
    pub(super) fn is_dynamic(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output.kind, Kind::List | Kind::Emitted))
    }

    /// Some output is given value by value.
    pub(super) fn emits(&self) -> bool {
        self.outputs.iter().any(|output| output.kind == Kind::Emitted)
    }
}

/// Leaves the outputs that an op can have.
fn check_outputs(outputs: &mut Vec<Output>, errors: &mut Errors) {
    let mut names = HashSet::new();
    outputs.retain(|Output { name, .. }| {
        let is_new = names.insert(name.unraw());
        if !is_new {
            errors.push(
                name,
                format_args!("the name `{name}` is another output's: give names with `out(..)`"),
            );
        }
        is_new
    });
    if let Some(extra) = outputs.get(MAX_OUTPUTS) {
        errors.push(&extra.name, "an op has at most 8 outputs: group some in a struct");
    }
    outputs.truncate(MAX_OUTPUTS);
}

/// The function returns nothing, as its parameters emit.
fn nothing(args: &Args, errors: &mut Errors) -> Vec<Output> {
    check_count(args, 0, errors);
    if let Some(optional) = args.optional.value.as_ref().filter(|_| args.out.value.is_none()) {
        errors.push(optional, "an optional output is returned, as an `Option<T>`");
    }
    Vec::new()
}

fn returned(ty: &Type, args: &Args, errors: &mut Errors) -> (Shape, Vec<Output>) {
    let Some(out) = &args.out.value else {
        let is_optional = args.optional.value.is_some();
        return (Shape::One, vec![Output::one(default_name(), is_optional, ty, errors)]);
    };
    let elems: Vec<_> = match ty {
        Type::Tuple(TypeTuple { elems, .. }) if out.names.len() != 1 => elems.iter().collect(),
        ty => vec![ty],
    };
    check_count(args, elems.len(), errors);
    let named = out.names.iter().zip(elems);
    let outputs: Vec<_> = named
        .map(|(name, ty)| {
            let is_optional = is_optional(name, errors);
            Output::one(name.ident.clone(), is_optional, ty, errors)
        })
        .collect();
    let shape = if out.names.len() == 1 { Shape::One } else { Shape::Tuple(outputs.len()) };
    (shape, outputs)
}

fn check_count(args: &Args, returned: usize, errors: &mut Errors) {
    let Some(Out { names }) = &args.out.value else { return };
    let named = names.len();
    if named != returned {
        errors.push(
            &args.out.key,
            format_args!("`out` has a name for every returned output: {returned}, and not {named}"),
        );
    }
}

fn is_optional(name: &OutName, errors: &mut Errors) -> bool {
    match &name.kind {
        Some(kind) if kind == "optional" => true,
        Some(kind) => {
            let message =
                "only `optional` may follow the name of an output, as in `parts: optional`";
            errors.push(kind, message);
            false
        }
        None => false,
    }
}

fn default_name() -> Ident {
    Ident::new("output", Span::call_site())
}

impl Output {
    /// The output that a parameter emits.
    fn emitted(param: &Param) -> Option<Self> {
        let ty = param.emitter()?.clone();
        Some(Self { name: param.name.clone(), kind: Kind::Emitted, ty })
    }

    /// An output that is returned as a whole.
    fn one(name: Ident, is_optional: bool, ty: &Type, errors: &mut Errors) -> Self {
        let list = argument_of(ty, "Vec").and_then(|item| argument_of(item, "DynamicOutput"));
        let (kind, value) = match list {
            _ if is_optional => (Kind::Optional, argument_of(ty, "Option")),
            Some(item) => (Kind::List, Some(item)),
            None => (Kind::Plain, Some(ty)),
        };
        if value.is_none() {
            errors.push(ty, "an optional output is returned as an `Option<T>`");
        }
        let value = value.unwrap_or(ty);
        check_value(peel(value), errors);
        Self { name, kind, ty: make_static(value) }
    }

    /// The output whose values an iterator or a stream gives.
    fn lazy(
        ty: &TypeImplTrait,
        args: &Args,
        is_async: bool,
        errors: &mut Errors,
    ) -> (Shape, Vec<Self>) {
        if let Some(optional) = args.optional.value.as_ref().filter(|_| args.out.value.is_none()) {
            errors.push(optional, "an optional output is returned, as an `Option<T>`");
        }
        let name = match &args.out.value {
            Some(out) => {
                check_count(args, 1, errors);
                out.names[0].ident.clone()
            }
            None => default_name(),
        };
        let (shape, item) = match (item_of(ty, "Stream"), item_of(ty, "Iterator")) {
            (Some(item), _) => (Shape::Stream, Some(item)),
            (None, item) => (Shape::Iterator, item),
        };
        let value = item.and_then(|item| argument_of(item, "DynamicOutput"));
        match (item, value) {
            (_, Some(value)) => check_value(peel(value), errors),
            (Some(item), None) => {
                errors.push(item, "what an op gives bit by bit is dynamic: `DynamicOutput<T>`");
            }
            (None, None) => {
                let message = "an op returns a type with a name, or `impl Iterator<Item = DynamicOutput<T>>`, \
                     or a `Stream` of these";
                errors.push(ty, message);
            }
        }
        if is_async && shape == Shape::Iterator && value.is_some() {
            errors.push(ty, "an async op returns a `Stream` of dynamic outputs, not an iterator");
        }
        let ty = value.map_or_else(|| parse_quote!(()), make_static);
        (shape, vec![Self { name, kind: Kind::Emitted, ty }])
    }

    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self.kind, Kind::List | Kind::Emitted)
    }

    /// The name as people read it.
    pub(super) fn text(&self) -> String {
        self.name.unraw().to_string()
    }
}

/// Judges the type of an output's value.
fn check_value(ty: &Type, errors: &mut Errors) {
    if let Some(ty) = impl_trait_in(ty) {
        errors.push(ty, "an op returns a type with a name, as other ops name it too");
    } else if let Some(borrow) = borrow_in(ty) {
        errors.push(borrow, "an op returns an owned value");
    } else if contains(ty, "DynamicOutput") {
        errors.push(
            ty,
            match ty {
                Type::Tuple(_) => "name the outputs: `#[op(out(a, b))]`",
                _ => "dynamic outputs are returned as a `Vec<DynamicOutput<T>>`",
            },
        );
    }
}
