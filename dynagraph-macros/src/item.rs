//! A function as it is written, its body not looked at.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, LitStr, Signature, Token, Visibility};

/// A function. A half-typed body is one too, so that editors keep an expansion.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// With its braces. Without a body, a semicolon, which the compiler reports.
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        Ok(Self { attrs, vis, sig, body: input.parse()? })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attr in &self.attrs {
            attr.to_tokens(tokens);
        }
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// Why an item was not read.
pub(crate) enum Unread {
    /// It is a function with a mistake in it.
    Function(syn::Error),
    /// It is something else.
    Other,
}

/// Reads an item that is to be a function.
pub(crate) fn read(item: TokenStream) -> Result<Function, Unread> {
    syn::parse2(item.clone()).map_err(|error| match is_function.parse2(item) {
        Ok(true) => Unread::Function(error),
        Ok(false) | Err(_) => Unread::Other,
    })
}

/// Says whether what stands before an item's name makes it a function.
fn is_function(input: ParseStream<'_>) -> syn::Result<bool> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let qualifier = |input: ParseStream<'_>| {
        input.peek(Token![const])
            || input.peek(Token![async])
            || input.peek(Token![unsafe])
            || input.peek(Token![extern])
            || input.peek(LitStr)
    };
    while qualifier(input) {
        input.parse::<TokenTree>()?;
    }
    let is_function = input.peek(Token![fn]);
    input.parse::<TokenStream>()?;
    Ok(is_function)
}

/// A body for a function that stays the user's: its braces are where those of `written` are.
///
/// The compiler takes a function that ends in generated code for generated, and never warns that it is unused.
pub(crate) fn body_at(written: &TokenStream, body: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, body);
    group.set_span(written.span());
    group
}
