//! Reads a job as it is written. Reports only what it cannot read.

use proc_macro2::TokenStream;
use syn::{Ident, LitStr, Path};

use crate::args::{self, Arg, Given, PATH, TEXT};
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
    pub(super) name: Arg<LitStr>,
    pub(super) unlisted: Arg<Ident>,
    pub(super) krate: Arg<Path>,
}

impl Syntax {
    /// None if the item is no function.
    pub(super) fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut given = Args::default();
        args::each(args, errors, |argument| given.read(argument));
        match read(item.clone()) {
            Ok(function) => return Some(Self { args: given, function }),
            Err(Unread::Function(error)) => errors.record(error),
            Err(Unread::Other) => errors.push(item, "a job is a function"),
        }
        None
    }
}

impl Args {
    fn read(&mut self, given: Given<'_>) {
        match &*given.name() {
            "name" => given.read(&mut self.name, "name = \"nightly\"", TEXT),
            "unlisted" => given.flag(&mut self.unlisted),
            "crate" => given.read(&mut self.krate, "crate = ::dynagraph", PATH),
            _ => given.unknown("a job has `name`, `unlisted` and `crate`"),
        }
    }
}
