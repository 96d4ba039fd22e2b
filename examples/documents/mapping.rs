//! "Advanced mapping examples".

use dynagraph::prelude::*;

/// Dynamic outputs can be returned as a list.
#[op]
fn return_dynamic() -> Vec<DynamicOutput<String>> {
    let pages = [("index", "/"), ("about", "/about"), ("contact", "/contact")];
    pages.into_iter().map(|(idx, page)| DynamicOutput::new(page.to_owned(), idx)).collect()
}

#[job]
pub(crate) fn pages() -> DynamicHandle<String> {
    return_dynamic()
}

#[op]
fn dynamic_values() -> Vec<DynamicOutput<i64>> {
    (0..3).map(|n| DynamicOutput::new(n * 10, n)).collect()
}

#[op]
fn echo(value: i64) -> i64 {
    value
}

#[job]
pub(crate) fn chained() -> DynamicHandle<i64> {
    dynamic_values().map(echo).map(echo).map(echo)
}

/// The same as `chained`.
#[job]
pub(crate) fn chained_alt() -> DynamicHandle<i64> {
    dynamic_values().map(|val| {
        let a = echo(val);
        let b = echo(a);
        echo(b)
    })
}

#[op]
fn one() -> i64 {
    1
}

#[op]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Outputs that are not dynamic go along with those that are.
#[job]
pub(crate) fn other_arg() -> DynamicHandle<i64> {
    let non_dynamic = one();
    dynamic_values().map(|val| add(val, non_dynamic))
}

#[op]
async fn multiple_dynamic_values(
    values: DynamicOut<i64>,
    negatives: DynamicOut<i64>,
) -> Result<(), OpError> {
    for i in 0..2 {
        values.emit(i, format!("num_{i}")).await?;
        negatives.emit(-i, format!("neg_{i}")).await?;
    }
    Ok(())
}

#[op]
pub(crate) fn process(values: Vec<i64>) -> i64 {
    values.into_iter().sum()
}

#[job]
pub(crate) fn multiple() {
    // Unpacked by order …
    let (values, negatives) = multiple_dynamic_values().into();
    process(values.collect());
    process(negatives.map(echo).collect());

    // … or accessed by name.
    let outs = multiple_dynamic_values();
    process(outs.values.collect());
    process(outs.negatives.map(echo).collect());
}
