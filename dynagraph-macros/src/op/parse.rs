//! Reads an op as it is written. Reports only what it cannot read.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{LitInt, LitStr, Path, Token, parenthesized};

use crate::args::{self, Arg, Form, Given, NUMBER, PATH, TEXT};
use crate::errors::Errors;
use crate::item::{Function, Unread, read};

const KNOWN: &str = "an op has `name`, `version`, `cache`, `max_retries`, `delay`, `max_delay`, \
                     `backoff`, `jitter`, `retry_if`, `retry_panics`, `timeout`, `idle_timeout`, \
                     `max_concurrent`, `pool`, `weight`, `optional`, `out`, `inline` and `crate`";

const RATE: &str =
    "a rate belongs to a pool: `pool = \"api\"`, and `run().rate(\"api\", 20, per_second)`";

const RETRY_IF: Form<Path> = Form { is: "the path of a `fn(&E) -> bool`", ..PATH };
const OUT: Form<Out> = Form { read: out, is: "the names of the outputs" };

/// The attribute and its item.
pub(super) struct Syntax {
    pub(super) args: Args,
    pub(super) function: Function,
}

/// The arguments of `#[op(…)]`, each with the tokens to blame.
#[derive(Default)]
pub(super) struct Args {
    pub(super) name: Arg<LitStr>,
    pub(super) version: Arg<LitStr>,
    pub(super) cache: Arg<Ident>,
    pub(super) max_retries: Arg<LitInt>,
    pub(super) delay: Arg<LitStr>,
    pub(super) max_delay: Arg<LitStr>,
    pub(super) backoff: Arg<LitStr>,
    pub(super) jitter: Arg<LitStr>,
    pub(super) retry_if: Arg<Path>,
    pub(super) retry_panics: Arg<Ident>,
    pub(super) timeout: Arg<LitStr>,
    pub(super) idle_timeout: Arg<LitStr>,
    pub(super) max_concurrent: Arg<LitInt>,
    pub(super) pool: Arg<LitStr>,
    pub(super) weight: Arg<LitInt>,
    pub(super) optional: Arg<Ident>,
    pub(super) inline: Arg<Ident>,
    pub(super) out: Arg<Out>,
    pub(super) krate: Arg<Path>,
    /// An argument was unknown, so that one which seems to be missing may be there under a wrong name.
    pub(super) has_unknown: bool,
}

/// The argument `out(…)`.
pub(super) struct Out {
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
        args::each(args, errors, |argument| given.read(argument));
        match read(item.clone()) {
            Ok(function) => return Some(Self { args: given, function }),
            Err(Unread::Function(error)) => errors.record(error),
            Err(Unread::Other) => errors.push(item, "an op is a function"),
        }
        None
    }
}

impl Args {
    fn read(&mut self, given: Given<'_>) {
        match &*given.name() {
            "name" => given.read(&mut self.name, "name = \"clean\"", TEXT),
            "version" => given.read(&mut self.version, "version = \"2\"", TEXT),
            "cache" => given.flag(&mut self.cache),
            "max_retries" => given.read(&mut self.max_retries, "max_retries = 3", NUMBER),
            "delay" => given.read(&mut self.delay, "delay = \"200ms\"", TEXT),
            "max_delay" => given.read(&mut self.max_delay, "max_delay = \"10s\"", TEXT),
            "backoff" => given.read(&mut self.backoff, "backoff = \"exponential\"", TEXT),
            "jitter" => given.read(&mut self.jitter, "jitter = \"full\"", TEXT),
            "retry_if" => given.read(&mut self.retry_if, "retry_if = is_transient", RETRY_IF),
            "retry_panics" => given.flag(&mut self.retry_panics),
            "timeout" => given.read(&mut self.timeout, "timeout = \"30s\"", TEXT),
            "idle_timeout" => given.read(&mut self.idle_timeout, "idle_timeout = \"5s\"", TEXT),
            "max_concurrent" => given.read(&mut self.max_concurrent, "max_concurrent = 8", NUMBER),
            "pool" => given.read(&mut self.pool, "pool = \"gpu\"", TEXT),
            "weight" => given.read(&mut self.weight, "weight = 2", NUMBER),
            "optional" => given.flag(&mut self.optional),
            "out" => given.read(&mut self.out, "out(total, parts)", OUT),
            "inline" => given.flag(&mut self.inline),
            "crate" => given.read(&mut self.krate, "crate = ::dynagraph", PATH),
            "rate" => {
                self.has_unknown = true;
                given.unknown(&format!("{RATE}; {KNOWN}"));
            }
            _ => {
                self.has_unknown = true;
                given.unknown(KNOWN);
            }
        }
    }
}

fn out(input: ParseStream<'_>) -> syn::Result<Out> {
    let content;
    parenthesized!(content in input);
    let names = Punctuated::<_, Token![,]>::parse_terminated_with(&content, out_name)?;
    if names.is_empty() {
        return Err(input.error("no name"));
    }
    Ok(Out { names: names.into_iter().collect() })
}

fn out_name(input: ParseStream<'_>) -> syn::Result<OutName> {
    let ident = input.parse()?;
    let colon = input.parse::<Option<Token![:]>>()?;
    let kind = colon.map(|_| input.call(Ident::parse_any)).transpose()?;
    Ok(OutName { ident, kind })
}
