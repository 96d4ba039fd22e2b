//! Judges how the steps of an op are run: retries, timeouts, limits.

use proc_macro2::{Ident, Span};
use syn::{LitInt, LitStr};

use super::input::{Given, Param};
use super::model::Runs;
use super::output::Returned;
use super::parse::Args;
use crate::args::Arg;
use crate::duration::{Nanos, duration};
use crate::errors::Errors;

/// What the engine keeps to with every step of an op.
pub(super) struct Rules {
    pub(super) max_concurrent: Option<usize>,
    pub(super) pool: Option<Pool>,
    pub(super) retry: Option<Policy>,
    pub(super) timeout: Option<Nanos>,
    pub(super) idle_timeout: Option<Nanos>,
}

/// What each step takes of a pool.
pub(super) struct Pool {
    pub(super) name: LitStr,
    pub(super) weight: u32,
}

/// Whether and when a step that failed is tried again.
pub(super) struct Policy {
    pub(super) max_retries: u32,
    pub(super) delay: Option<Nanos>,
    pub(super) max_delay: Option<Nanos>,
    /// A variant.
    pub(super) backoff: Option<Ident>,
    /// A variant.
    pub(super) jitter: Option<Ident>,
    pub(super) retry_panics: bool,
}

/// Words, each with the variant that it means.
type Words = [(&'static str, &'static str)];

const BACKOFFS: &Words =
    &[("constant", "Constant"), ("linear", "Linear"), ("exponential", "Exponential")];
const JITTERS: &Words = &[("full", "Full"), ("plus_minus", "PlusMinus")];

impl Rules {
    pub(super) fn new(
        args: &Args,
        params: &[Param],
        returned: &Returned,
        runs: Runs,
        errors: &mut Errors,
    ) -> Self {
        check_idle_timeout(args, params, runs, errors);
        check_can_fail(args, returned, errors);
        Self {
            max_concurrent: at_least_one(&args.max_concurrent, errors)
                .and_then(|limit| usize::try_from(limit).ok()),
            pool: Pool::new(args, errors),
            retry: Policy::new(args, errors),
            timeout: timeout(&args.timeout, runs, errors),
            idle_timeout: timeout(&args.idle_timeout, runs, errors),
        }
    }
}

impl Pool {
    fn new(args: &Args, errors: &mut Errors) -> Option<Self> {
        let weight = at_least_one(&args.weight, errors);
        if let (Some(key), None, false) = (&args.weight.key, &args.pool.key, args.has_unknown) {
            errors.push(key, "`weight` needs `pool = \"..\"`, of which a step takes that much");
        }
        let name = args.pool.value.clone()?;
        if name.value().is_empty() {
            errors.push(&name, "the name of a pool has at least one character");
        }
        Some(Self { name, weight: weight.unwrap_or(1) })
    }
}

impl Policy {
    /// None if there are no retries.
    fn new(args: &Args, errors: &mut Errors) -> Option<Self> {
        if !args.has_unknown {
            check_is_retried(args, errors);
        }
        let max_retries = at_least_one(&args.max_retries, errors);
        let delay = duration(&args.delay, errors);
        let max_delay = duration(&args.max_delay, errors);
        if let (Some(least), Some(most)) = (delay, max_delay)
            && most < least
        {
            errors.push(&args.max_delay.value, "`max_delay` is not shorter than `delay`");
        }
        let backoff = word(&args.backoff, BACKOFFS, errors);
        let jitter = word(&args.jitter, JITTERS, errors);
        let retry_panics = args.retry_panics.value.is_some();
        Some(Self { max_retries: max_retries?, delay, max_delay, backoff, jitter, retry_panics })
    }
}

/// Nothing that is said of retries, or of their delay, is said for nothing.
fn check_is_retried(args: &Args, errors: &mut Errors) {
    let Args { max_retries, delay, max_delay, backoff, jitter, retry_if, retry_panics, .. } = args;
    let (max_delay, backoff, jitter) = (&max_delay.key, &backoff.key, &jitter.key);
    let of_retries = [&delay.key, max_delay, backoff, jitter, &retry_if.key, &retry_panics.key];
    let lacks_retries = need(&of_retries).filter(|_| max_retries.key.is_none());
    let lacks_delay = need(&[max_delay, backoff, jitter]).filter(|_| delay.key.is_none());
    let delay = "`delay = \"..\"`";
    match (lacks_retries, lacks_delay) {
        (Some((key, of_all)), None) => {
            errors.push(key, format_args!("{of_all} `max_retries = N`"));
        }
        (Some((key, of_all)), Some((_, of_delay))) => {
            errors.push(key, format_args!("{of_all} `max_retries = N`, and {of_delay} {delay}"));
        }
        (None, Some((key, of_delay))) => errors.push(key, format_args!("{of_delay} {delay}")),
        (None, None) => {}
    }
}

/// The first of the keys that are given, and all of them as the beginning of a sentence. None if none is.
fn need<'a>(keys: &[&'a Option<Ident>]) -> Option<(&'a Ident, String)> {
    let given: Vec<_> = keys.iter().copied().flatten().collect();
    let first = *given.first()?;
    let names: Vec<_> = given.iter().map(|key| format!("`{key}`")).collect();
    let sentence = match names.split_last()? {
        (last, []) => format!("{last} needs"),
        (last, others) => format!("{} and {last} need", others.join(", ")),
    };
    Some((first, sentence))
}

/// An op that is retried can fail.
fn check_can_fail(args: &Args, returned: &Returned, errors: &mut Errors) {
    let Args { max_retries, retry_if, retry_panics, timeout, idle_timeout, .. } = args;
    let others = [&retry_if.key, &retry_panics.key, &timeout.key, &idle_timeout.key];
    if let Some(key) = &max_retries.key
        && others.into_iter().all(Option::is_none)
        && !args.has_unknown
        && !(returned.fallible || returned.is_dynamic())
    {
        let message = "there is nothing to retry, as the op cannot fail: \
                       return a `Result`, or add a `timeout` or `retry_panics`";
        errors.push(key, message);
    }
}

fn word(arg: &Arg<LitStr>, words: &Words, errors: &mut Errors) -> Option<Ident> {
    let (key, given) = (arg.key.as_ref()?, arg.value.as_ref()?);
    let text = given.value();
    let known = words.iter().find(|(word, _)| *word == text);
    if known.is_none() {
        let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let words = words.join(", ");
        errors.push(given, format_args!("`{key}` is one of {words}"));
    }
    known.map(|(_, variant)| Ident::new(variant, Span::call_site()))
}

fn at_least_one(arg: &Arg<LitInt>, errors: &mut Errors) -> Option<u32> {
    let (key, given) = (arg.key.as_ref()?, arg.value.as_ref()?);
    match given.base10_parse::<u32>() {
        Ok(number @ 1..) => Some(number),
        _ => {
            errors.push(given, format_args!("`{key}` is a number from 1 to 4294967295"));
            None
        }
    }
}

fn timeout(arg: &Arg<LitStr>, runs: Runs, errors: &mut Errors) -> Option<Nanos> {
    if let (Some(key), Runs::Inline) = (&arg.key, runs) {
        let message = "an inline op cannot be timed out, as it holds its worker: make it `async`, \
                       or remove `inline`";
        errors.push(key, message);
    }
    let timeout = duration(arg, errors);
    if let (Some(key), Some(Nanos::ZERO)) = (&arg.key, timeout) {
        errors.push(&arg.value, format_args!("`{key}` is zero: leave it out for no limit"));
        return None;
    }
    timeout
}

/// Without a context, an op cannot say that it is alive.
fn check_idle_timeout(args: &Args, params: &[Param], runs: Runs, errors: &mut Errors) {
    let has_context = params.iter().any(|param| matches!(param.given, Given::Context));
    if let Some(key) = &args.idle_timeout.key
        && !has_context
        && runs != Runs::Inline
    {
        let message = "an op with an `idle_timeout` says that it is alive: \
                       take `ctx: OpContext`, and call `ctx.heartbeat()`";
        errors.push(key, message);
    }
}
