//! The jobs of the program.

use std::fmt;
use std::str::FromStr;

use dynagraph::prelude::*;

#[op]
fn pages(count: u32) -> Vec<DynamicOutput<u32>> {
    (0..count).map(|page| DynamicOutput::new(page, page)).collect()
}

#[op(max_retries = 2, timeout = "30s")]
async fn fetch(ctx: OpContext, bad: Option<u32>, page: u32) -> Result<usize, OpError> {
    if page == 1 && ctx.attempt() == 1 {
        return Err("busy".into());
    }
    match bad {
        Some(bad) if page >= bad => Err(OpError::permanent("not found")),
        _ => Ok(1),
    }
}

#[op]
fn even(n: &usize) -> bool {
    n.is_multiple_of(2)
}

#[op]
fn add(sum: usize, n: usize) -> usize {
    sum + n
}

#[op]
fn total(sizes: &[usize]) -> usize {
    sizes.iter().sum()
}

/// Counts pages.
///
/// From `bad` on, they are not found.
#[job]
pub(crate) fn crawl(pages_: u32, bad: Option<u32>) -> OutputHandle<usize> {
    let sizes =
        pages(pages_).window(8).max_concurrent(4).map(|page| fetch(bad, page).tag("team", "web"));
    total(sizes.collect()).after(sizes.filter(even).fold(0, add))
}

#[op]
fn greeting(name: String) -> String {
    format!("Hello, {name}!")
}

#[job(name = "hello")]
pub(crate) fn greet(name: &str) -> OutputHandle<String> {
    greeting(name.to_owned())
}

#[derive(Debug, Clone)]
pub(crate) struct Red;

impl FromStr for Red {
    type Err = UnknownColor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "red" { Ok(Self) } else { Err(UnknownColor) }
    }
}

#[derive(Debug)]
pub(crate) struct UnknownColor;

impl fmt::Display for UnknownColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the only color is red")
    }
}

#[op(name = "paint")]
fn paint_op(color: Red) -> Red {
    color
}

#[job]
pub(crate) fn paint(color: Red) -> (OutputHandle<Red>, DynamicHandle<u32>) {
    (paint_op(color), pages(2))
}

/// Nobody can write pairs of numbers.
#[job]
pub(crate) fn many(shades: Vec<(u8, u8)>, (a, _b): (u8, u8)) {
    for _shade in shades.into_iter().take(usize::from(a)) {
        paint_op(Red);
    }
}

#[op]
fn mix_op(colors: &[Red], parts: &[u8]) -> String {
    format!("{colors:?} {parts:?}")
}

#[job]
pub(crate) fn mix(colors: Vec<Red>, parts: Vec<u8>) -> OutputHandle<String> {
    mix_op(colors, parts)
}

pub(crate) struct Bucket(pub(crate) &'static str);

#[op(pool = "api")]
fn store(bucket: Resource<Bucket>) -> String {
    format!("stored in {}", bucket.0)
}

#[job]
pub(crate) fn stored() -> OutputHandle<String> {
    store()
}

/// It has neither `Debug` nor `Display`.
#[derive(Clone)]
pub(crate) struct Secret;

#[op]
fn keep() -> Secret {
    Secret
}

#[job]
pub(crate) fn secret() -> OutputHandle<Secret> {
    keep()
}

#[job]
pub(crate) fn nothing() {}

#[op(optional)]
fn maybe() -> Option<u8> {
    None
}

#[job]
pub(crate) fn skipped() -> OutputHandle<u8> {
    maybe()
}

#[op]
async fn slow() -> u8 {
    std::future::pending().await
}

#[job]
pub(crate) fn endless() -> OutputHandle<u8> {
    slow()
}

#[job]
pub(crate) fn invalid() {
    pages(1).window(0);
}

#[op]
fn echo<T: Clone + Send + Sync + 'static>(value: T) -> T {
    value
}

/// Nobody can say for which type.
#[job]
pub(crate) fn generic<T: Clone + Send + Sync + 'static>(value: T) -> OutputHandle<T> {
    echo(value)
}

/// It says so.
#[job(unlisted)]
pub(crate) fn unlisted() -> OutputHandle<u8> {
    echo(1)
}

pub(crate) struct Shop;

impl Shop {
    /// Nothing finds it by its name.
    #[job(unlisted)]
    pub(crate) fn inside() -> OutputHandle<u8> {
        echo(2)
    }
}

#[test]
fn jobs_that_are_not_listed_are_jobs() {
    assert_eq!(generic(1).name(), "generic");
    assert_eq!(unlisted().name(), "unlisted");
    assert_eq!(Shop::inside().name(), "inside");
}
