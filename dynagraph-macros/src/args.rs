//! Reads the arguments of an attribute, one by one.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{LitStr, Path, Token};

use crate::errors::Errors;

/// Calls `read` with every key, at what follows it.
///
/// What `read` leaves of an argument is skipped: the mistake in it has been recorded.
pub(crate) fn each(
    args: TokenStream,
    errors: &mut Errors,
    mut read: impl FnMut(Ident, ParseStream<'_>, &mut Errors),
) {
    let each = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            read(key, input, errors);
            rest(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(error) = each.parse2(args) {
        errors.record(error);
    }
}

/// Reads what follows a key, or says how it is written.
pub(crate) fn value<T>(
    key: &Ident,
    usage: &str,
    input: ParseStream<'_>,
    errors: &mut Errors,
    read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> Option<T> {
    let fork = input.fork();
    let value = read(input);
    if value.is_ok() && (input.is_empty() || input.peek(Token![,])) {
        return value.ok();
    }
    let given = rest(&fork).unwrap_or_default();
    errors.push(quote!(#key #given), format_args!("write it as `{usage}`"));
    None
}

/// Keeps the value of a key, which may be given once.
pub(crate) fn set<T>(place: &mut Option<T>, key: &Ident, value: Option<T>, errors: &mut Errors) {
    if place.is_some() {
        errors.push(key, format_args!("`{key}` is given twice"));
    } else {
        *place = value;
    }
}

/// Reads `= "text"`.
pub(crate) fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Reads `= a::path`.
pub(crate) fn path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

/// Judges the name of an op or a job, which is a part of step keys.
pub(crate) fn check_name(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    let is_bad = |c: char| c.is_control() || "[]/*?%".contains(c);
    if text.is_empty() || text.contains(is_bad) {
        errors.push(name, "a name has at least one character, and none of `[ ] / * ? %`");
    }
}

/// The tokens up to the next comma.
fn rest(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        rest.extend([input.parse::<TokenTree>()?]);
    }
    Ok(rest)
}
