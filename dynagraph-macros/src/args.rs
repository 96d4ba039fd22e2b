//! Reads the arguments of an attribute, one by one.

use std::fmt::Display;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{LitInt, LitStr, Path, Token};

use crate::errors::Errors;

/// The place of an argument.
pub(crate) struct Arg<T> {
    /// The tokens to blame, once it is given.
    pub(crate) key: Option<Ident>,
    /// None also where it could not be read: the mistake in it has been recorded.
    pub(crate) value: Option<T>,
}

impl<T> Default for Arg<T> {
    fn default() -> Self {
        Self { key: None, value: None }
    }
}

/// How the value of an argument is written.
pub(crate) struct Form<T> {
    pub(crate) read: fn(ParseStream<'_>) -> syn::Result<T>,
    /// What it is, for whoever wrote something else.
    pub(crate) is: &'static str,
}

/// As `= "text"`.
pub(crate) const TEXT: Form<LitStr> = Form { read: value, is: "a text" };
/// As `= 3`.
pub(crate) const NUMBER: Form<LitInt> = Form { read: value, is: "a number, written out" };
/// As `= a::path`.
pub(crate) const PATH: Form<Path> = Form { read: path, is: "a path" };

/// A key, at what follows it.
pub(crate) struct Given<'a> {
    key: Ident,
    input: ParseStream<'a>,
    errors: &'a mut Errors,
}

/// Calls `read` with every key.
///
/// What `read` leaves of an argument is skipped: the mistake in it has been recorded.
pub(crate) fn each(args: TokenStream, errors: &mut Errors, mut read: impl FnMut(Given<'_>)) {
    let each = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            read(Given { key, input, errors });
            rest(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(error) = each.parse2(args) {
        errors.record(error);
    }
}

impl Given<'_> {
    pub(crate) fn name(&self) -> String {
        self.key.to_string()
    }

    /// Reads what follows the key, which may be given once, or says how it is written.
    pub(crate) fn read<T>(self, place: &mut Arg<T>, usage: &str, form: Form<T>) {
        self.fill(place, format_args!("`{usage}`: {}", form.is), form.read);
    }

    /// Reads a key that stands alone.
    pub(crate) fn flag(self, place: &mut Arg<Ident>) {
        let key = self.key.clone();
        self.fill(place, format_args!("`{key}`"), |_| Ok(key.clone()));
    }

    fn fill<T>(
        self,
        place: &mut Arg<T>,
        usage: impl Display,
        read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
    ) {
        let Self { key, input, errors } = self;
        if place.key.is_some() {
            errors.push(&key, format_args!("`{key}` is given twice"));
            return;
        }
        let fork = input.fork();
        match read(input) {
            Ok(value) if input.is_empty() || input.peek(Token![,]) => place.value = Some(value),
            Ok(_) | Err(_) => {
                let given = rest(&fork).unwrap_or_default();
                errors.push(quote!(#key #given), format_args!("write it as {usage}"));
            }
        }
        place.key = Some(key);
    }

    /// Says that there is no such key.
    pub(crate) fn unknown(self, known: &str) {
        let Self { key, errors, .. } = self;
        errors.push(&key, format_args!("unknown argument `{key}`: {known}"));
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn path(input: ParseStream<'_>) -> syn::Result<Path> {
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
