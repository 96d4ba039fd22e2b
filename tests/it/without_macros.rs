//! A job written by hand: everything that the macros write is public.

use dynagraph::{
    Call, DynamicHandle, DynamicOutput, Handles, IntoInput, Job, NodeHandle, Op, OpError, OpSpec,
    Output, OutputHandle, OutputSpec, Owned, Resource, Returned, RunError, RunStatus, Started,
    StepStatus, invoke,
};

use crate::support::{FLAVORS, Flavor, ends};

enum Words {}

impl Op for Words {
    const NAME: &'static str = "words";
    type Inputs = (String,);
    type Output = String;
    type Handles = DynamicHandle<String>;

    fn spec() -> OpSpec {
        OpSpec::new(&["text"]).outputs([OutputSpec::emitted("word")])
    }

    fn start(call: &mut Call<'_>) -> Started {
        let (text, out) = (call.owned::<String>(), call.emitter::<String>(0));
        call.future(async move {
            for (place, word) in text.split(' ').enumerate() {
                out.emit(word.to_owned(), place).await?;
            }
            Ok(Returned::one(Output::emitted()))
        })
    }
}

fn words(text: impl IntoInput<String>) -> DynamicHandle<String> {
    invoke::<Words>((text.into_input(),))
}

enum Measure {}

#[derive(Debug, Clone, Copy)]
struct Measured {
    length: OutputHandle<usize>,
    letters: DynamicHandle<char>,
    last: OutputHandle<char>,
}

impl Handles for Measured {
    fn from_node(node: &NodeHandle) -> Self {
        Self { length: node.output(0), letters: node.dynamic(1), last: node.output(2) }
    }
}

impl Op for Measure {
    const NAME: &'static str = "measure";
    type Inputs = (String,);
    type Output = Measured;
    type Handles = Measured;

    fn spec() -> OpSpec {
        let spec = OpSpec::new(&["word"]).blocking().max_concurrent(2).version("1");
        let outputs = [
            OutputSpec::plain("length"),
            OutputSpec::dynamic("letters"),
            OutputSpec::optional("last"),
        ];
        spec.outputs(outputs).resource::<usize>()
    }

    fn start(call: &mut Call<'_>) -> Started {
        let word = call.held::<String>();
        let at_most: Resource<usize> = call.resource();
        if word.len() > *at_most {
            let error = format!("{} is too long for {}", *word, call.context().step_key());
            return call.done(Err(OpError::new(error)));
        }
        let letters = word.char_indices().map(|(at, letter)| DynamicOutput::new(letter, at));
        call.done(Ok(Returned::many([
            Output::value(word.chars().count()),
            Output::list(letters.collect()),
            Output::optional(word.chars().last()),
        ])))
    }
}

fn measure(word: impl IntoInput<String>) -> Measured {
    invoke::<Measure>((word.into_input(),))
}

type Sizes = (OutputHandle<Vec<usize>>, OutputHandle<Vec<Vec<char>>>, OutputHandle<Vec<char>>);

fn sizes(text: &str) -> Job<(Vec<usize>, Vec<Vec<char>>, Vec<char>)> {
    Job::compose("sizes", || -> Sizes {
        let (lengths, letters, last) = words(text).map(|word| {
            let Measured { length, letters, last } = measure(word);
            (length, letters, last)
        });
        (lengths.collect(), letters.collect(), last.collect())
    })
}

#[test]
fn a_job_is_written_by_hand() {
    for flavor in FLAVORS {
        let output = ends(flavor, || async {
            let job = sizes("ab  c");
            assert_eq!(job.name(), "sizes");
            job.run().resource(5_usize).max_concurrent(2).await.unwrap()
        });
        let letters = vec![vec!['a', 'b'], vec![], vec!['c']];
        assert_eq!(output, (vec![2, 0, 1], letters, vec!['b', 'c']));
    }
}

#[tokio::test]
async fn an_op_written_by_hand_fails_like_any_other() {
    let report = sizes("a long b").run().resource(3_usize).report().await;
    assert_eq!(report.count("measure", StepStatus::Failure), 1);
    let error = report.error().unwrap().to_string();
    assert!(error.contains("long is too long for measure[1]"), "{error}");
    assert!(matches!(sizes("").run().await, Err(RunError::MissingResources(_))));
}

/// What an op returns that does not keep its word.
trait Wrong: 'static {
    const BLOCKING: bool = false;
    fn spec() -> OpSpec;
    const RETURNED: fn(&mut Call<'_>) -> Started;
}

struct Broken<W>(std::marker::PhantomData<W>);

impl<W: Wrong> Op for Broken<W> {
    const NAME: &'static str = "broken";
    type Inputs = ();
    type Output = u64;
    type Handles = OutputHandle<u64>;

    fn spec() -> OpSpec {
        if W::BLOCKING { W::spec().blocking() } else { W::spec() }
    }

    fn start(call: &mut Call<'_>) -> Started {
        (W::RETURNED)(call)
    }
}

macro_rules! wrong {
    ($($name:ident: $blocking:literal, $spec:expr, $started:expr;)*) => {
        $(
            struct $name;
            impl Wrong for $name {
                const BLOCKING: bool = $blocking;
                fn spec() -> OpSpec {
                    $spec
                }
                const RETURNED: fn(&mut Call<'_>) -> Started = $started;
            }
        )*
        fn broken() -> Vec<(&'static str, Job<Vec<u64>>)> {
            vec![$((stringify!($name), broken_by::<$name>())),*]
        }
    };
}

fn broken_by<W: Wrong>() -> Job<Vec<u64>> {
    Job::compose("broken", || {
        let wrong = invoke::<Broken<W>>(());
        crate::support::count(2).map(|x| crate::support::second(x, wrong)).collect()
    })
}

fn list() -> Output {
    Output::list(vec![DynamicOutput::new(1_u64, 1)])
}

wrong! {
    NoOutput: false, OpSpec::new(&[]), |call| call.done(Ok(Returned::many([])));
    Two: true, OpSpec::new(&[]),
        |call| call.done(Ok(Returned::many([Output::value(1_u64), Output::value(2_u64)])));
    AList: true, OpSpec::new(&[]), |call| call.done(Ok(Returned::one(list())));
    Emitted: false, OpSpec::new(&[]), |call| call.done(Ok(Returned::one(Output::emitted())));
    Nothing: false, OpSpec::new(&[]), |call| call.done(Ok(Returned::one(Output::optional(None::<u64>))));
    OtherType: false, OpSpec::new(&[]), |call| call.done(Ok(Returned::one(Output::value("text"))));
    FutureOfBlocking: true, OpSpec::new(&[]),
        |call| call.future(async { Ok(Returned::one(Output::emitted())) });
}

/// S15: a run whose engine or ops break a rule is never a success, and never hangs.
#[test]
fn an_op_that_returns_what_its_spec_does_not_say_fails_the_run() {
    for flavor in FLAVORS {
        ends(flavor, || async {
            for (name, job) in broken() {
                let report = job.run().report().await;
                assert_eq!(report.status(), RunStatus::Failure, "{name}: {report:?}");
                assert!(report.output().is_none(), "{name}");
            }
        });
    }
}

/// An op whose spec says that it returns a list, and which emits.
enum Unannounced {}

impl Op for Unannounced {
    const NAME: &'static str = "unannounced";
    type Inputs = ();
    type Output = u64;
    type Handles = DynamicHandle<u64>;

    fn spec() -> OpSpec {
        OpSpec::new(&[]).outputs([OutputSpec::dynamic("number")])
    }

    fn start(call: &mut Call<'_>) -> Started {
        drop(call.emitter::<u64>(0));
        call.done(Ok(Returned::one(Output::emitted())))
    }
}

#[tokio::test]
async fn an_op_that_emits_what_its_spec_does_not_say_fails_its_step() {
    let job = Job::compose("unannounced", || invoke::<Unannounced>(()));
    let error = job.run().await.unwrap_err().to_string();
    let expected = "step `unannounced` failed: panicked: \
                    the op's spec has no emitted output 0: `OutputSpec::emitted(..)`";
    assert_eq!(error, expected);
}

/// What an op keeps that it must not keep.
static KEPT: std::sync::Mutex<Option<Started>> = std::sync::Mutex::new(None);

struct Mixed<const FUTURE: bool>;

impl<const FUTURE: bool> Op for Mixed<FUTURE> {
    const NAME: &'static str = "mixed";
    type Inputs = (u64,);
    type Output = u64;
    type Handles = OutputHandle<u64>;

    fn spec() -> OpSpec {
        OpSpec::new(&["x"])
    }

    fn start(call: &mut Call<'_>) -> Started {
        let Ok(mut kept) = KEPT.lock() else { return call.done(Err("poisoned".into())) };
        if let Some(started) = kept.take() {
            return started;
        }
        let result = || Ok(Returned::one(Output::value(1_u64)));
        *kept = Some(if FUTURE {
            call.future(async move {
                std::future::pending::<()>().await;
                result()
            })
        } else {
            call.done(result())
        });
        call.done(result())
    }
}

/// S15: an op that says it goes on, and gives nothing to go on with, is a failed step and no hang.
#[tokio::test]
async fn an_op_that_returns_the_start_of_another_call_fails() {
    fn values<const FUTURE: bool>() -> Job<Vec<u64>> {
        Job::compose("mixed", || {
            let mixed = |x: OutputHandle<u64>| invoke::<Mixed<FUTURE>>((x.into_input(),));
            crate::support::count(2).map(mixed).max_concurrent(1).collect()
        })
    }
    for job in [values::<false>(), values::<true>()] {
        let error = job.run().await.unwrap_err().to_string();
        assert!(error.contains("returned the `Started` of another call"), "{error}");
        KEPT.lock().unwrap().take();
    }
}

type Start = fn(&mut Call<'_>) -> Started;

fn each(call: &mut Call<'_>) -> Started {
    call.each::<Owned<u64>, u64>(|_, Owned(x)| Ok(x + 1))
}

fn each_later(call: &mut Call<'_>) -> Started {
    call.each_later::<Owned<u64>, u64, _>(|_, Owned(x)| async move {
        if x.is_multiple_of(3) {
            tokio::task::yield_now().await;
        }
        Ok(x + 1)
    })
}

/// What panics when it is dropped.
struct Sharp;

impl Drop for Sharp {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// What an op gives that gives something before or after what it gives for each key.
const MORE: [Start; 7] = [
    |call| {
        call.give(Ok(0_u64));
        each(call)
    },
    |call| {
        call.give(Ok(0_u64));
        each_later(call)
    },
    |call| {
        call.done(Err("not this".into()));
        each_later(call)
    },
    |call| {
        each(call);
        call.give(Ok(0_u64))
    },
    |call| {
        each(call);
        call.done(Err("not this".into()))
    },
    |call| {
        each(call);
        call.future(std::future::pending())
    },
    |call| {
        each(call);
        std::panic::resume_unwind(Box::new(Sharp))
    },
];

struct More<const PLACE: usize>;

impl<const PLACE: usize> Op for More<PLACE> {
    const NAME: &'static str = "more";
    type Inputs = (u64,);
    type Output = u64;
    type Handles = OutputHandle<u64>;

    fn spec() -> OpSpec {
        OpSpec::new(&["x"])
    }

    fn start(call: &mut Call<'_>) -> Started {
        MORE[PLACE](call)
    }
}

#[dynagraph::op]
async fn wait_a_little(x: u64) -> u64 {
    if x.is_multiple_of(2) {
        tokio::task::yield_now().await;
    }
    x * 10
}

/// S15: what an op gives for one key is never taken for what it gives for another.
#[test]
fn what_an_op_gives_beside_the_value_of_each_key_is_nobodys() {
    fn values<const PLACE: usize>() -> Job<Vec<u64>> {
        Job::compose("values", || {
            let more = |x: OutputHandle<u64>| invoke::<More<PLACE>>((x.into_input(),));
            crate::support::count(100).map(|x| wait_a_little(more(x))).collect()
        })
    }
    crate::support::seen_panics();
    let expected: Vec<_> = (1..=100).map(|x| x * 10).collect();
    let jobs = || {
        let first = [values::<0>(), values::<1>(), values::<2>(), values::<3>()];
        first.into_iter().chain([values::<4>(), values::<5>(), values::<6>()])
    };
    for (place, job) in jobs().enumerate() {
        let output = ends(Flavor::CurrentThread, || async move { job.run().await });
        assert_eq!(output.unwrap(), expected, "{place}");
    }
}
