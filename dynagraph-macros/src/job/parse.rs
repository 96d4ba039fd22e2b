//! Reads a job as it is written. Reports only what it cannot read.

use proc_macro2::{Ident, TokenStream};
use syn::parse::ParseStream;
use syn::{LitStr, Path};

use crate::args::{self, path, set, text, value};
use crate::errors::Errors;
use crate::item::{Function, Unread, read};

/// The attribute and its item.
pub(super) struct Syntax {
    pub(super) args: Args,
    pub(super) function: Function,
}

/// The arguments of `#[job(…)]`, each with the tokens to blame.
#[derive(Default)]
pub(super) struct Args {
    pub(super) name: Option<LitStr>,
    pub(super) krate: Option<Path>,
}

impl Syntax {
    /// None if the item is no function.
    pub(super) fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut given = Args::default();
        args::each(args, errors, |key, input, errors| given.read(&key, input, errors));
        match read(item.clone()) {
            Ok(function) => return Some(Self { args: given, function }),
            Err(Unread::Function(error)) => errors.record(error),
            Err(Unread::Other) => errors.push(item, "a job is a function"),
        }
        None
    }
}

impl Args {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>, errors: &mut Errors) {
        match &*key.to_string() {
            "name" => {
                let name = value(key, "name = \"nightly\"", input, errors, text);
                set(&mut self.name, key, name, errors);
            }
            "crate" => {
                let krate = value(key, "crate = ::dynagraph", input, errors, path);
                set(&mut self.krate, key, krate, errors);
            }
            _ => {
                let message =
                    format_args!("unknown argument `{key}`: a job has `name` and `crate`");
                errors.push(key, message);
            }
        }
    }
}
