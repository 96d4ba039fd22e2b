//! Prints how one attempt of an op starts.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::expand::function;
use super::input::{Given, Param};
use super::model::{Op, Runs};
use super::output::{Kind, Output, Shape};
use crate::recover;

/// The function `start`: takes what the op is given, and calls the user's function.
pub(super) fn start(op: &Op) -> TokenStream {
    let krate = &op.krate;
    let locals = Locals::default();
    let call = &locals.call;
    let body = if op.compute.is_some() { body(op, &locals) } else { recover::no_body() };
    quote! {
        #[allow(clippy::used_underscore_binding)]
        fn start(#call: &mut #krate::__private::Call<'_>) -> #krate::__private::Started {
            #body
        }
    }
}

/// The names in generated code, in a scope of their own.
struct Locals {
    call: Ident,
    provided: Ident,
    out: Ident,
    value: Ident,
    error: Ident,
}

impl Default for Locals {
    fn default() -> Self {
        let local = |name| Ident::new(name, Span::mixed_site());
        Self {
            call: local("call"),
            provided: local("provided"),
            out: local("out"),
            value: local("value"),
            error: local("error"),
        }
    }
}

fn body(op: &Op, locals: &Locals) -> TokenStream {
    if let (Some((param, input)), Some(output)) = (only_input(op), only_value(op)) {
        return each(op, locals, (param, input), &output.ty);
    }
    let call = &locals.call;
    let takes = op.params.iter().map(|param| take(op, param, call));
    let lazy = op.returned.outputs.first().filter(|_| op.returned.shape.is_lazy()).map(|output| {
        let (out, ty) = (&locals.out, &output.ty);
        quote!(let #out = #call.emitter::<#ty>(0);)
    });
    let result = result(op, locals);
    let value = only_value(op).map(|output| &output.ty);
    let started = if op.runs == Runs::Async {
        let span = blamed(op);
        let go_on = match value {
            Some(ty) => quote_spanned!(span=> #call.give_later::<#ty>),
            None => quote_spanned!(span=> #call.future),
        };
        quote_spanned!(span=> #go_on(async move { #result }))
    } else {
        match value {
            Some(ty) => quote!(#call.give::<#ty>(#result)),
            None => quote!(#call.done(#result)),
        }
    };
    quote!(#(#takes)* #lazy #started)
}

/// What an op of one input and one value does for each of the keys that it is called for in a row.
fn each(op: &Op, locals: &Locals, (param, input): (&Param, &Type), value: &Type) -> TokenStream {
    let Locals { call, provided, .. } = locals;
    let others = op.params.iter().filter(|other| other.input().is_none());
    let takes: Vec<_> = others.map(|other| take(op, other, provided)).collect();
    let provided = if takes.is_empty() { quote!(_) } else { quote!(#provided) };
    let result = result(op, locals);
    let (krate, local) = (&op.krate, param.local());
    let pattern =
        if param.by_ref { quote!(#local) } else { quote!(#krate::__private::Owned(#local)) };
    let kind = kind(op, param, input);
    if op.runs == Runs::Async {
        let span = blamed(op);
        quote_spanned! {span=>
            #call.each_later::<#kind, #value, _>(|#provided, #pattern| {
                #(#takes)*
                async move { #result }
            })
        }
    } else {
        quote!(#call.each::<#kind, #value>(|#provided, #pattern| { #(#takes)* #result }))
    }
}

/// How the only input is taken. The whole of its type is blamed if it cannot travel.
fn kind(op: &Op, param: &Param, input: &Type) -> TokenStream {
    let at = |token: Option<TokenTree>| {
        token.map_or_else(Span::mixed_site, |token| token.span().resolved_at(Span::mixed_site()))
    };
    let tokens = input.to_token_stream().into_iter();
    let (first, last) = (at(tokens.clone().next()), at(tokens.last()));
    let krate = op.krate.at(first);
    let kind = Ident::new(if param.by_ref { "Held" } else { "Owned" }, first);
    let end = quote_spanned!(last=> >);
    quote_spanned!(first=> #krate::__private::#kind<#input #end)
}

/// What is blamed for a future that is not `Send`: the function's name.
fn blamed(op: &Op) -> Span {
    op.ident.span().resolved_at(Span::mixed_site())
}

/// The only input, and its type.
fn only_input(op: &Op) -> Option<(&Param, &Type)> {
    let mut inputs = op.params.iter().filter_map(|param| Some((param, param.input()?)));
    inputs.next().filter(|_| inputs.next().is_none())
}

/// The only output, if it is one value.
fn only_value(op: &Op) -> Option<&Output> {
    match &*op.returned.outputs {
        [output] if output.kind == Kind::Plain => Some(output),
        _ => None,
    }
}

/// Takes what a parameter is given.
fn take(op: &Op, param: &Param, from: &Ident) -> TokenStream {
    let local = param.local();
    let value = match &param.given {
        Given::Input(ty) if param.by_ref => quote!(held::<#ty>()),
        Given::Input(ty) => quote!(owned::<#ty>()),
        Given::Context => quote!(context()),
        Given::Resource(ty) => quote!(resource::<#ty>()),
        Given::Emitter(ty) => {
            let outputs = op.returned.outputs.iter();
            let place = outputs.take_while(|output| output.name != param.name).count();
            quote!(emitter::<#ty>(#place))
        }
    };
    quote!(let #local = #from.#value;)
}

/// Calls the user's function, and makes of what it returns what the engine takes.
fn result(op: &Op, locals: &Locals) -> TokenStream {
    let function = function(op);
    let args = op.params.iter().map(|param| {
        let local = param.local();
        match &param.given {
            Given::Input(_) if param.by_ref => quote!(&*#local),
            _ if param.by_ref => quote!(&#local),
            _ => quote!(#local),
        }
    });
    let is_await = op.asyncness.then(|| quote!(.await));
    let called = quote!(#function(#(#args),*) #is_await);
    let span = op.returned.span.resolved_at(Span::mixed_site());
    let (value, error) = (pattern(op, locals), &locals.error);
    if op.returned.fallible {
        let returned = returned(op, locals, values(op, locals));
        let op_error = own_error(op, span, error);
        quote_spanned! {span=>
            match #called {
                ::core::result::Result::Ok(#value) => #returned,
                ::core::result::Result::Err(#error) => ::core::result::Result::Err(#op_error),
            }
        }
    } else if matches!(op.returned.shape, Shape::Nothing | Shape::Tuple(_)) {
        let returned = returned(op, locals, values(op, locals));
        quote_spanned!(span=> match #called { #value => #returned })
    } else {
        returned(op, locals, vec![called])
    }
}

/// As `op_error`, for what the op itself returned: its `retry_if` is asked.
fn own_error(op: &Op, span: Span, error: &Ident) -> TokenStream {
    let op_error = {
        let krate = op.krate.at(span);
        let error = Ident::new(&error.to_string(), span);
        let cause = if op.returned.fails_with_text {
            quote_spanned!(span=> #krate::__private::Failed::with(#error).cause())
        } else {
            error.into_token_stream()
        };
        op_error(op, span, &cause)
    };
    let Some(retry_if) = &op.retry_if else { return op_error };
    let krate = &op.krate;
    let is_retried = Ident::new("is_retried", Span::mixed_site());
    // A function of another type is blamed on its path.
    let path = retry_if.span().resolved_at(Span::mixed_site());
    let asked = Ident::new(&error.to_string(), path);
    let asked = quote_spanned!(path=> #retry_if(&#asked));
    quote! {{
        let #is_retried: ::core::primitive::bool = #asked;
        let #error = #op_error;
        if #is_retried { #error } else { #krate::OpError::permanent(#error) }
    }}
}

/// An error, as the engine takes it.
fn op_error(op: &Op, span: Span, error: &impl ToTokens) -> TokenStream {
    let krate = op.krate.at(span);
    quote_spanned!(span=> <#krate::OpError as ::core::convert::From<_>>::from(#error))
}

/// Takes the returned value apart.
fn pattern(op: &Op, locals: &Locals) -> TokenStream {
    match op.returned.shape {
        Shape::Nothing => quote!(()),
        Shape::Tuple(len) => {
            let parts = parts(len);
            quote!((#(#parts),*))
        }
        Shape::One | Shape::Stream | Shape::Iterator => {
            let value = &locals.value;
            quote!(#value)
        }
    }
}

fn parts(len: usize) -> impl Iterator<Item = Ident> {
    (0..len).map(|place| format_ident!("value_{place}", span = Span::mixed_site()))
}

/// What `pattern` names.
fn values(op: &Op, locals: &Locals) -> Vec<TokenStream> {
    match op.returned.shape {
        Shape::Nothing => Vec::new(),
        Shape::Tuple(len) => parts(len).map(Ident::into_token_stream).collect(),
        Shape::One | Shape::Stream | Shape::Iterator => vec![locals.value.to_token_stream()],
    }
}

/// What the attempt gave, once the returned values are there.
fn returned(op: &Op, locals: &Locals, values: Vec<TokenStream>) -> TokenStream {
    let krate = &op.krate;
    if only_value(op).is_some() {
        let value = values.first();
        return quote!(::core::result::Result::Ok(#value));
    }
    let lazy = values.first().cloned().unwrap_or_default();
    let mut values = values.iter();
    let outputs: Vec<_> = op
        .returned
        .outputs
        .iter()
        .map(|output| {
            let ty = &output.ty;
            let (make, value) = match output.kind {
                Kind::Plain => (quote!(value::<#ty>), values.next()),
                Kind::Optional => (quote!(optional::<#ty>), values.next()),
                Kind::List => (quote!(list::<#ty>), values.next()),
                Kind::Emitted => (quote!(emitted), None),
            };
            quote!(#krate::__private::Output::#make(#value))
        })
        .collect();
    let returned = match &*outputs {
        [output] => quote!(#krate::__private::Returned::one(#output)),
        outputs => quote!(#krate::__private::Returned::many([#(#outputs),*])),
    };
    let given = quote!(::core::result::Result::Ok(#returned));
    let Locals { out, error, .. } = locals;
    let emit = match op.returned.shape {
        Shape::Stream => quote!(#out.emit_all(#lazy).await),
        Shape::Iterator => quote!(#out.blocking_emit_all(#lazy)),
        _ => return given,
    };
    let op_error = op_error(op, Span::mixed_site(), error);
    quote! {
        match #emit {
            ::core::result::Result::Ok(()) => #given,
            ::core::result::Result::Err(#error) => ::core::result::Result::Err(#op_error),
        }
    }
}
