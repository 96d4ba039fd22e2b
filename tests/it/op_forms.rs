//! Every form in which an op may be written.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynagraph::prelude::*;
use dynagraph::{RunError, StepReport, StepStatus, Value};
use futures::{Stream, StreamExt as _, stream};

use crate::support::{count, ignore};

#[op]
fn nothing() {}

#[op]
async fn nothing_fallible() -> Result<(), OpError> {
    Ok(())
}

#[op]
fn takes_nothing(unit: ()) -> &'static str {
    let () = unit;
    "nothing"
}

#[op]
fn is_static(text: &'static str) -> usize {
    text.len()
}

#[job]
fn units() -> (OutputHandle<&'static str>, OutputHandle<usize>) {
    nothing_fallible();
    let text = takes_nothing(nothing());
    (text, is_static(text))
}

#[tokio::test]
async fn an_op_may_take_and_give_nothing_and_static_references() {
    assert_eq!(units().run().await.unwrap(), ("nothing", 7));
}

#[op]
fn borrow_path(path: &Path) -> usize {
    path.components().count()
}

#[op]
fn borrow_os(text: &OsStr) -> usize {
    text.len()
}

#[op]
async fn borrow_async(text: &str, list: &[String], map: &BTreeMap<String, u64>) -> u64 {
    tokio::task::yield_now().await;
    (text.len() + list.len()) as u64 + map.values().sum::<u64>()
}

#[op(inline)]
fn borrow_arc(list: &Arc<[u64]>, option: &Option<u64>, tuple: &(u64, String)) -> u64 {
    list.iter().sum::<u64>() + option.unwrap_or(100) + tuple.0
}

#[op]
fn make_map() -> BTreeMap<String, u64> {
    BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)])
}

#[job]
fn borrowing() -> (OutputHandle<usize>, OutputHandle<usize>, OutputHandle<u64>, OutputHandle<u64>) {
    (
        borrow_path(PathBuf::from("a/b/c")),
        borrow_os(std::ffi::OsString::from("four")),
        borrow_async("text", vec!["one".to_owned()], make_map()),
        borrow_arc(Arc::<[u64]>::from([1, 2]), None, (10, String::new())),
    )
}

#[tokio::test]
async fn an_op_borrows_whatever_has_an_owned_form() {
    assert_eq!(borrowing().run().await.unwrap(), (3, 4, 8, 113));
    assert_eq!(borrow_path::call(Path::new("a/b")), 2);
    assert_eq!(borrow_async::call("a", &[], &BTreeMap::new()).await, 1);
}

#[op]
fn twelve(
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
    i: u64,
    j: u64,
    k: &u64,
    l: &str,
) -> Result<u64, std::num::ParseIntError> {
    let l: u64 = l.parse()?;
    Ok([a, b, c, d, e, f, g, h, i, j, *k, l].into_iter().fold(0, |all, digit| all * 2 + digit))
}

#[op]
async fn beside_twelve(
    ctx: OpContext,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
    i: u64,
    j: u64,
    k: u64,
    l: u64,
    names: Resource<HashMap<u64, &'static str>>,
    out: DynamicOut<String>,
) -> Result<(), OpError> {
    let sum = [a, b, c, d, e, f, g, h, i, j, k, l].iter().sum();
    let name = names.get(&sum).ok_or("no name")?;
    out.emit(format!("{} of {}", name, ctx.step_key()), sum).await?;
    Ok(())
}

#[job]
fn with_twelve() -> (OutputHandle<u64>, DynamicHandle<String>) {
    let one = twelve(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "1");
    (
        twelve(one, one, one, one, one, one, one, one, one, one, one, "1"),
        beside_twelve(one, one, one, one, one, one, one, one, one, one, one, one),
    )
}

#[tokio::test]
async fn an_op_has_up_to_twelve_inputs_beside_what_the_engine_gives() {
    let names = HashMap::from([(12_u64, "twelve")]);
    let (number, names) = with_twelve().run().resource(names).await.unwrap();
    assert_eq!((number, &*names["12"]), (4_095, "twelve of beside_twelve"));
}

#[op]
fn show<T: Display + Debug>(value: T) -> String {
    format!("{value} {value:?}")
}

#[op]
async fn largest<T>(values: Vec<T>) -> Option<T>
where
    T: Ord + Debug,
{
    values.into_iter().max()
}

#[op]
fn array<T: Copy, const N: usize>(values: &[T; N]) -> Vec<DynamicOutput<T>> {
    values.iter().enumerate().map(|(place, value)| DynamicOutput::new(*value, place)).collect()
}

#[op(out(first, rest))]
fn halves<T>(pair: (T, Vec<T>)) -> (T, Vec<DynamicOutput<T>>) {
    let rest = pair.1.into_iter().enumerate();
    (pair.0, rest.map(|(place, value)| DynamicOutput::new(value, place)).collect())
}

#[op]
async fn emit_each<T: Value>(values: Vec<T>, each: DynamicOut<T>) -> Result<(), OpError> {
    for (place, value) in values.into_iter().enumerate() {
        each.emit(value, place).await?;
    }
    Ok(())
}

type Generic =
    (OutputHandle<Option<char>>, DynamicHandle<String>, OutputHandle<String>, DynamicHandle<u8>);

#[job]
fn generic() -> Generic {
    let halves = halves(("a".to_owned(), vec!["b".to_owned()]));
    halves.rest.map(show);
    (
        largest(vec!['a', 'c', 'b']),
        array([1.5, 2.5]).map(|x| show(x)),
        show(halves.first),
        emit_each(vec![1_u8, 2]).map(|x| x),
    )
}

#[tokio::test]
async fn an_op_may_be_generic() {
    let (largest, shown, first, emitted) = generic().run().await.unwrap();
    assert_eq!((largest, &*shown["1"], &*first), (Some('c'), "2.5 2.5", "a \"a\""));
    assert_eq!(emitted.into_values().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(show::<u64>::call(1), "1 1");
}

#[op]
fn stream_of(n: u64) -> impl Stream<Item = DynamicOutput<u64>> {
    stream::iter(0..n).then(async |i| {
        tokio::task::yield_now().await;
        DynamicOutput::new(i, i)
    })
}

#[op]
async fn stream_later(n: u64) -> Result<impl Stream<Item = DynamicOutput<u64>>, OpError> {
    tokio::task::yield_now().await;
    if n > 100 { Err("too many".into()) } else { Ok(stream::iter(count::call(n))) }
}

#[op(out(evens))]
fn iterate(n: u64) -> Result<impl Iterator<Item = DynamicOutput<u64>>, String> {
    if n > 100 {
        return Err("too many".to_owned());
    }
    Ok((0..n).step_by(2).map(|i| DynamicOutput::new(i, i)))
}

#[op]
fn list_fallible(n: u64) -> Result<Vec<DynamicOutput<u64>>, String> {
    if n > 100 { Err("too many".to_owned()) } else { Ok(count::call(n)) }
}

#[op]
async fn list_async(n: u64) -> Vec<DynamicOutput<u64>> {
    count::call(n)
}

type Ns = DynamicHandle<u64>;

#[job]
fn dynamic(n: u64) -> (Ns, Ns, Ns, Ns, Ns) {
    (stream_of(n), stream_later(n), iterate(n), list_fallible(n), list_async(n))
}

#[tokio::test]
async fn a_dynamic_output_is_a_list_a_stream_or_an_iterator() {
    let (streamed, later, iterated, fallible, list) = dynamic(3).run().await.unwrap();
    let all: Keyed<u64> = (0..3).map(|i| (i, i)).collect();
    assert_eq!((&streamed, &later, &fallible, &list), (&all, &all, &all, &all));
    assert_eq!(iterated, [(0, 0), (2, 2)].into_iter().collect());

    let report = dynamic(101).run().report().await;
    let failed: Vec<_> = report.failures().map(StepReport::op).collect();
    assert_eq!(failed, ["stream_later", "iterate", "list_fallible"]);
    assert_eq!(iterate::call(3).map(Iterator::count), Ok(2));
}

#[op(out(count, evens, odds: optional))]
async fn mixed(
    n: u64,
    letters: DynamicOut<char>,
    flags: DynamicOut<bool>,
) -> Result<(usize, Vec<DynamicOutput<u64>>, Option<String>), OpError> {
    letters.emit('a', "a").await?;
    flags.emit(true, 1).await?;
    flags.emit(false, 0).await?;
    Ok((3, count::call(n), (n > 5).then(|| "odd".to_owned())))
}

type Mixed = (
    OutputHandle<usize>,
    DynamicHandle<u64>,
    OutputHandle<String>,
    DynamicHandle<char>,
    DynamicHandle<bool>,
);

#[job]
fn mixture(n: u64) -> Mixed {
    let outs = mixed(n);
    let by_name = outs;
    ignore((by_name.count, by_name.letters, by_name.flags));
    outs.into()
}

#[tokio::test]
async fn an_op_has_plain_optional_returned_and_emitted_outputs_together() {
    let (count, evens, odds, letters, flags) = mixture(6).run().await.unwrap();
    assert_eq!((count, evens.len(), &*odds, letters["a"], flags["0"]), (3, 6, "odd", 'a', false));
    assert!(matches!(mixture(1).run().await, Err(RunError::Skipped)));
}

/// The handles of an op with several outputs can be what a map returns.
#[job]
fn mapped_mixture() -> (DynamicHandle<usize>, OutputHandle<Vec<Vec<char>>>) {
    let (counts, _, _, letters, _) = count(2).map(mixed);
    (counts, letters.collect())
}

#[tokio::test]
async fn an_op_with_several_outputs_is_mapped_by_name() {
    let (counts, letters) = mapped_mixture().run().await.unwrap();
    assert_eq!((counts["1"], letters), (3, vec![vec!['a'], vec!['a']]));
}

#[op(name = "clean up", version = "2")]
fn named(x: u64) -> u64 {
    x
}

#[tokio::test]
async fn an_op_has_a_name_of_its_own() {
    let job = Job::compose("names", || {
        named(1);
        is_static(takes_nothing(()));
        named(2)
    });
    let report = job.run().keep_steps(true).report().await;
    let keys: Vec<_> = report.steps().map(StepReport::key).collect();
    assert_eq!(keys, ["clean up", "takes_nothing", "is_static", "clean up_2"]);
    assert_eq!(<named as Op>::NAME, "clean up");
}

/// Attributes of a function stay on it.
mod attributed {
    #![deny(missing_docs, dead_code, clippy::too_many_arguments)]

    use dynagraph::prelude::*;

    /// Has docs.
    #[op]
    #[deprecated = "use another"]
    pub(super) fn old(x: u64) -> u64 {
        x
    }

    /// Is not there.
    #[cfg(any())]
    #[op]
    pub(super) fn absent(x: NoSuchType) -> NoSuchType {
        x
    }

    #[cfg(not(any()))]
    #[op]
    #[cfg_attr(not(any()), allow(clippy::too_many_arguments, reason = "they are few"))]
    pub(super) fn present(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64) -> u64 {
        a + b + c + d + e + f + g + h
    }

    #[op]
    #[expect(clippy::identity_op, reason = "it is there to be expected")]
    pub(super) fn expected(x: u64) -> u64 {
        x + 0
    }

    #[op]
    #[must_use]
    pub(super) fn needed(x: u64) -> u64 {
        x
    }
}

#[tokio::test]
async fn attributes_survive() {
    #[expect(deprecated, reason = "the op is")]
    let job = Job::compose("attributes", || {
        let x = attributed::old(1);
        attributed::present(attributed::expected(x), 1, 1, 1, 1, 1, 1, attributed::needed(x))
    });
    assert_eq!(job.run().await.unwrap(), 8);
}

#[tokio::test]
async fn ops_and_jobs_are_written_inside_functions() {
    #[op]
    fn inner(x: u64) -> u64 {
        if x == 0 { 0 } else { inner(x - 1) + 1 }
    }

    #[job]
    fn of_inner<T: Into<u64>>(x: T) -> OutputHandle<u64> {
        inner(x.into())
    }

    let report = of_inner(3_u8).run().report().await;
    assert_eq!(report.count("inner", StepStatus::Success), 1);
    assert_eq!(report.into_result().unwrap(), 3);
}
