//! What a function that replaces an op may give, and what it takes.

use dynagraph::prelude::*;
use dynagraph::{Attempted, Output, Returned};

use super::{crawl, fetch};
use crate::support::{FLAVORS, add, count, echo, ends, keys_of, steps, sum};

#[op(optional)]
fn even(x: u64) -> Option<u64> {
    x.is_multiple_of(2).then_some(x)
}

/// S17
#[tokio::test]
async fn an_optional_op_is_replaced_by_an_option() {
    #[job]
    fn evens() -> OutputHandle<u64> {
        sum(count(4).map(even).collect())
    }
    let odd = |x: u64| (x % 2 == 1).then_some(x);
    let run = evens().run().replace::<even>(move |x| async move { odd(x) });
    assert_eq!(run.await.unwrap(), 4);
    let run = evens().run().replace::<even>(move |x| async move { Ok(odd(x)) });
    assert_eq!(run.await.unwrap(), 4);
    let run = evens().run().replace::<even>(|_| async { None });
    assert_eq!(run.await.unwrap(), 0);
    let run = evens().run().replace::<even>(|x| async move { x });
    assert_eq!(run.await.unwrap(), 6);
}

#[tokio::test]
async fn none_for_an_op_that_is_not_optional_fails_the_step() {
    let report = crawl().run().replace::<fetch>(|_| async { None }).report().await;
    assert_eq!(keys_of(&report, StepStatus::Failure).len(), 3);
}

#[op]
fn emit(numbers: DynamicOut<u64>) -> Result<(), OpError> {
    numbers.blocking_emit(1, "only")?;
    Ok(())
}

#[op]
fn listed(n: u64) -> impl Iterator<Item = DynamicOutput<u64>> {
    (0..n).map(|i| DynamicOutput::new(i, i))
}

#[job]
fn emitting() -> OutputHandle<u64> {
    let nested = emit().flat_map(|x| listed(x).window(2).map(echo));
    sum(nested.collect())
}

#[tokio::test]
async fn a_dynamic_op_is_replaced_by_a_list_whatever_way_it_emits() {
    let run = emitting().run().keep_values(true).keep_steps(true);
    let run = run
        .replace::<emit>(|| async { vec![DynamicOutput::new(3, "x"), DynamicOutput::new(4, "y")] })
        .replace::<listed>(|n| async move {
            Ok((0..n).map(|i| DynamicOutput::new(10 * i, i)).collect())
        });
    let report = run.report().await;
    assert_eq!(report.output(), Some(&90), "{:?}", report.error());
    assert_eq!(report.values::<emit>().keys().count(), 2);
    assert!(report.step("echo[y/3]").is_some(), "{:?}", steps(&report));
}

/// S2
#[tokio::test]
async fn the_keys_of_a_replaced_op_are_checked() {
    let twice = || vec![DynamicOutput::new(1, "k"), DynamicOutput::new(2, "k")];
    let report = emitting().run().replace::<emit>(move || async move { twice() }).report().await;
    assert_eq!(keys_of(&report, StepStatus::Failure), ["emit"]);
}

#[op(out(half, rest))]
fn split(x: u64) -> (u64, Vec<DynamicOutput<u64>>) {
    (x / 2, vec![DynamicOutput::new(x, 0)])
}

#[job]
fn splitting() -> OutputHandle<u64> {
    let parts = split(10);
    add(parts.half, sum(parts.rest.collect()))
}

#[tokio::test]
async fn an_op_of_several_outputs_is_replaced_by_all_of_them() {
    let outputs = |x: u64| {
        let rest = vec![DynamicOutput::new(x, "a"), DynamicOutput::new(1, "b")];
        Returned::many([Output::value(x), Output::list(rest)])
    };
    let run = splitting().run().replace::<split>(move |x| async move { outputs(x) });
    assert_eq!(run.await.unwrap(), 21);
    let run = splitting().run().replace::<split>(move |x| async move {
        Attempted::from(if x == 10 { Err("ten".into()) } else { Ok(outputs(x)) })
    });
    assert_eq!(run.await.unwrap_err().to_string(), "step `split` failed: ten");
}

#[op]
fn twelve(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    k: u8,
    l: &str,
) -> String {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}")
}

#[tokio::test]
async fn inputs_come_by_value_and_in_order() {
    #[job]
    fn much() -> OutputHandle<String> {
        twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "12")
    }
    let run = much().run().replace::<twelve>(|a, b, c, d, e, f, g, h, i, j, k, l| async move {
        format!("{:?} {}", [a, b, c, d, e, f, g, h, i, j, k], l.into_bytes().len())
    });
    assert_eq!(run.await.unwrap(), "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] 2");
}

/// An op that stands in a fold, a filter, or beside others in one copy.
#[tokio::test]
async fn ops_are_replaced_wherever_they_stand() {
    #[op]
    fn is_good(x: &u64) -> bool {
        *x == 99
    }
    #[job]
    fn everywhere() -> OutputHandle<u64> {
        let good = count(6).filter(is_good);
        let beside = good.map(|x| add(work(x), work(x).alias("beside")));
        beside.fold(0, |all, x| add(all, x).alias("total"))
    }
    #[op]
    fn work(_x: u64) -> u64 {
        panic!("not called")
    }
    for flavor in FLAVORS {
        let sum = ends(flavor, || {
            let run = everywhere().run().replace::<is_good>(|x| async move { x >= 3 });
            run.replace::<work>(|x| async move { 10 * x })
                .replace::<add>(|a, b| async move { a + b + 1 })
                .into_future()
        });
        // Three copies, each 20 times its number and 1; and 1 for each step of the fold.
        assert_eq!(sum.unwrap(), 20 * (3 + 4 + 5) + 3 + 3);
    }
}
