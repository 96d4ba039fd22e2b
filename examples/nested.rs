//! Maps inside maps: a fan-out for each copy, one flat list, and every pair.
//!
//! `cargo run --example nested`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use dynagraph::RunError;
use dynagraph::prelude::*;

#[op]
fn books() -> Vec<DynamicOutput<String>> {
    let books = [("tale", "a b c|d e"), ("empty", ""), ("poem", "f g")];
    books.map(|(title, text)| DynamicOutput::new(text.to_owned(), title)).into()
}

#[op]
fn chapters(book: &str) -> Vec<DynamicOutput<String>> {
    let chapters = book.split('|').filter(|text| !text.is_empty()).enumerate();
    chapters.map(|(place, text)| DynamicOutput::new(text.to_owned(), place + 1)).collect()
}

#[op]
fn words(chapter: &str) -> usize {
    chapter.split(' ').count()
}

#[op]
fn summary(counts: Vec<usize>) -> String {
    format!("{} words in {} chapters", counts.iter().sum::<usize>(), counts.len())
}

/// Each book collects its own chapters.
#[job]
fn by_book() -> DynamicHandle<String> {
    books().map(|book| summary(chapters(book).map(words).collect()))
}

/// All chapters of all books in one fan-out, keyed `book/chapter`.
#[job]
fn by_chapter() -> DynamicHandle<usize> {
    books().flat_map(chapters).map(words)
}

/// A list for each book.
#[job]
fn lists() -> OutputHandle<Vec<Vec<usize>>> {
    books().map(|book| chapters(book).map(words)).collect()
}

#[op]
fn sizes() -> Vec<DynamicOutput<u32>> {
    ["small", "large"].into_iter().zip([1, 3]).map(|(key, n)| DynamicOutput::new(n, key)).collect()
}

#[op]
fn prices() -> Vec<DynamicOutput<u32>> {
    ["tea", "cake"].into_iter().zip([2, 5]).map(|(key, n)| DynamicOutput::new(n, key)).collect()
}

#[op]
fn multiply(a: u32, b: u32) -> u32 {
    a * b
}

/// Every pair: nesting is the product.
#[job]
fn product() -> DynamicHandle<u32> {
    let (sizes, prices) = (sizes(), prices());
    sizes.map(|size| prices.map(|price| multiply(size, price))).flatten()
}

/// What each job gives.
pub(crate) async fn show() -> Result<String, RunError> {
    let lines = [
        format!("by_book: {:?}", by_book().run().await?),
        format!("by_chapter: {:?}", by_chapter().run().await?),
        format!("lists: {:?}", lists().run().await?),
        format!("product: {:?}", product().run().await?),
    ];
    Ok(lines.join("\n") + "\n")
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    print!("{}", show().await?);
    Ok(())
}
