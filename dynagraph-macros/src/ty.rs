//! What the tokens of a type say. A macro sees names, not types.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Lifetime, ParenthesizedGenericArguments,
    PathArguments, PathSegment, TraitBound, Type, TypeFnPtr, TypeImplTrait, TypeReference,
    parse_quote,
};

/// The type without the groups around it that `macro_rules` and parentheses make.
pub(crate) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The last segment of a type, if it has this name.
pub(crate) fn named<'a>(ty: &'a Type, name: &str) -> Option<&'a PathSegment> {
    last_segment(ty).filter(|segment| segment.ident == name)
}

/// The first type argument: the `T` of `Name<T>`.
pub(crate) fn argument(segment: &PathSegment) -> Option<&Type> {
    type_arguments(segment).next()
}

/// The type arguments, in order.
pub(crate) fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let all = arguments(segment).into_iter().flat_map(|arguments| &arguments.args);
    all.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The `T` of `Name<T>`.
pub(crate) fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    named(ty, name).and_then(argument)
}

fn arguments(segment: &PathSegment) -> Option<&AngleBracketedGenericArguments> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        _ => None,
    }
}

/// The `T` of `impl Name<Item = T>`.
pub(crate) fn item_of<'a>(ty: &'a TypeImplTrait, name: &str) -> Option<&'a Type> {
    ty.bounds.iter().find_map(|bound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let segment = bound.path.segments.last().filter(|segment| segment.ident == name)?;
        arguments(segment)?.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
            _ => None,
        })
    })
}

/// The first lifetime in a type that is not `'static`, written or left out.
pub(crate) fn borrow_in(ty: &Type) -> Option<TokenStream> {
    let mut borrows = Find::default();
    borrows.visit_type(ty);
    borrows.borrow
}

/// The first `impl Trait` in a type.
pub(crate) fn impl_trait_in(ty: &Type) -> Option<TypeImplTrait> {
    let mut impls = Find::default();
    impls.visit_type(ty);
    impls.impl_trait
}

/// Says whether a type has `name` in it.
pub(crate) fn contains(ty: &Type, name: &str) -> bool {
    let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
    crate::hygiene::mentions(ty.to_token_stream(), &name)
}

#[derive(Default)]
struct Find {
    borrow: Option<TokenStream>,
    impl_trait: Option<TypeImplTrait>,
}

impl<'ast> Visit<'ast> for Find {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.borrow.get_or_insert_with(|| quote!(#lifetime));
        }
    }

    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.is_none() {
            self.borrow.get_or_insert_with(|| quote!(#reference));
        }
        visit::visit_type_reference(self, reference);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.impl_trait.get_or_insert_with(|| ty.clone());
    }

    // Lifetimes in the signature of a function, or bound by a `for`, are no borrows.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        if bound.lifetimes.is_none() {
            visit::visit_trait_bound(self, bound);
        }
    }
}

/// Makes a type that was refused one that compiles, for the stand-in of its op.
pub(crate) fn make_static(ty: &Type) -> Type {
    let mut ty = ty.clone();
    MakeStatic.visit_type_mut(&mut ty);
    ty
}

/// As `make_static`, but a reference stays one to anything.
pub(crate) fn without_lifetime(ty: &Type) -> Type {
    match peel(ty) {
        Type::Reference(reference) => {
            let (and, elem) = (reference.and_token, make_static(&reference.elem));
            parse_quote!(#and #elem)
        }
        ty => make_static(ty),
    }
}

struct MakeStatic;

impl VisitMut for MakeStatic {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => *ty = parse_quote!(()),
            Type::Reference(reference) => {
                let lifetime = Lifetime::new("'static", reference.and_token.span);
                reference.lifetime.get_or_insert(lifetime);
                visit_mut::visit_type_mut(self, ty);
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }
}
