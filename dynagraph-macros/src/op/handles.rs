//! Prints the handles of an op that has several outputs.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::expand::handle;
use super::model::Op;
use crate::generics::{of_values, without_bounds};

/// A struct with one handle for each output, and what makes it and takes it apart.
pub(super) fn handles(op: &Op, name: &Ident) -> TokenStream {
    let Op { krate, vis, .. } = op;
    let outputs = &op.returned.outputs;
    let fields: Vec<_> = outputs.iter().map(|output| &output.name).collect();
    let types: Vec<_> = outputs.iter().map(|output| handle(op, output)).collect();
    let values = outputs.iter().enumerate().map(|(place, output)| {
        if output.is_dynamic() { quote!(node.dynamic(#place)) } else { quote!(node.output(#place)) }
    });
    let tuple = quote!((#(#types),*));
    let generics = of_values(&op.generics, krate);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let is_generic = !op.generics.params.is_empty();
    let params = is_generic.then(|| without_bounds(&op.generics));
    let type_params = op.generics.type_params().map(|param| &param.ident);
    let types_field = is_generic
        .then(|| quote!(#[doc(hidden)] #vis types: ::core::marker::PhantomData<fn() -> (#(#type_params,)*)>,));
    let types_value = is_generic.then(|| quote!(types: ::core::marker::PhantomData,));
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, missing_docs, unnameable_types, unreachable_pub)]
        #[derive(::core::fmt::Debug)]
        #vis struct #name #params { #(#vis #fields: #types,)* #types_field }
        impl #impl_generics ::core::marker::Copy for #name #ty_generics #where_clause {}
        #[automatically_derived]
        impl #impl_generics ::core::clone::Clone for #name #ty_generics #where_clause {
            fn clone(&self) -> Self { *self }
        }
        impl #impl_generics #krate::__private::Handles for #name #ty_generics #where_clause {
            fn from_node(node: &#krate::__private::NodeHandle) -> Self {
                Self { #(#fields: #values,)* #types_value }
            }
        }
        impl #impl_generics ::core::convert::From<#name #ty_generics> for #tuple #where_clause {
            fn from(outputs: #name #ty_generics) -> Self { (#(outputs.#fields),*) }
        }
        impl #impl_generics #krate::__private::Composed for #name #ty_generics #where_clause {
            type Mapped = <#tuple as #krate::__private::Composed>::Mapped;
            fn mapped(self, place: &#krate::__private::Place) -> Self::Mapped {
                #krate::__private::Composed::mapped(<#tuple as ::core::convert::From<Self>>::from(self), place)
            }
        }
    }
}
