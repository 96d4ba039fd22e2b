//! Reads an op as it is written. Reports only what it cannot read.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{LitInt, LitStr, Path, Token, parenthesized};

use crate::args::{self, path, set, text, value};
use crate::errors::Errors;
use crate::item::{Function, Unread, read};

/// The attribute and its item.
pub(super) struct Syntax {
    pub(super) args: Args,
    pub(super) function: Function,
}

/// The arguments of `#[op(…)]`, each with the tokens to blame.
#[derive(Default)]
pub(super) struct Args {
    pub(super) name: Option<LitStr>,
    pub(super) version: Option<LitStr>,
    pub(super) max_concurrent: Option<LitInt>,
    pub(super) optional: Option<Ident>,
    pub(super) inline: Option<Ident>,
    pub(super) out: Option<Out>,
    pub(super) krate: Option<Path>,
}

/// The argument `out(…)`.
pub(super) struct Out {
    pub(super) key: Ident,
    pub(super) names: Vec<OutName>,
}

/// One name in `out(…)`, with what follows its colon.
pub(super) struct OutName {
    pub(super) ident: Ident,
    pub(super) kind: Option<Ident>,
}

impl Syntax {
    /// None if the item is no function.
    pub(super) fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut given = Args::default();
        args::each(args, errors, |key, input, errors| given.read(&key, input, errors));
        match read(item.clone()) {
            Ok(function) => return Some(Self { args: given, function }),
            Err(Unread::Function(error)) => errors.record(error),
            Err(Unread::Other) => errors.push(item, "an op is a function"),
        }
        None
    }
}

impl Args {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>, errors: &mut Errors) {
        match &*key.to_string() {
            "name" => {
                let name = value(key, "name = \"clean\"", input, errors, text);
                set(&mut self.name, key, name, errors);
            }
            "version" => {
                let version = value(key, "version = \"2\"", input, errors, text);
                set(&mut self.version, key, version, errors);
            }
            "max_concurrent" => {
                let limit = value(key, "max_concurrent = 8", input, errors, number);
                set(&mut self.max_concurrent, key, limit, errors);
            }
            "crate" => {
                let krate = value(key, "crate = ::dynagraph", input, errors, path);
                set(&mut self.krate, key, krate, errors);
            }
            "optional" => {
                let flag = value(key, "optional", input, errors, |_| Ok(key.clone()));
                set(&mut self.optional, key, flag, errors);
            }
            "inline" => {
                let flag = value(key, "inline", input, errors, |_| Ok(key.clone()));
                set(&mut self.inline, key, flag, errors);
            }
            "out" => {
                let out = value(key, "out(total, parts)", input, errors, |input| out(key, input));
                set(&mut self.out, key, out, errors);
            }
            _ => errors.push(
                key,
                format_args!(
                    "unknown argument `{key}`: an op has `name`, `version`, `max_concurrent`, \
                     `optional`, `out`, `inline` and `crate`"
                ),
            ),
        }
    }
}

fn number(input: ParseStream<'_>) -> syn::Result<LitInt> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn out(key: &Ident, input: ParseStream<'_>) -> syn::Result<Out> {
    let content;
    parenthesized!(content in input);
    let names = Punctuated::<_, Token![,]>::parse_terminated_with(&content, out_name)?;
    if names.is_empty() {
        return Err(input.error("no name"));
    }
    Ok(Out { key: key.clone(), names: names.into_iter().collect() })
}

fn out_name(input: ParseStream<'_>) -> syn::Result<OutName> {
    let ident = input.parse()?;
    let colon = input.parse::<Option<Token![:]>>()?;
    let kind = colon.map(|_| input.call(Ident::parse_any)).transpose()?;
    Ok(OutName { ident, kind })
}
