//! Replaces ops in one run: what may be called instead of an op, and what it may give.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::sync::Arc;

use super::Run;
use crate::error::OpError;
use crate::graph::{DynamicHandle, Inputs, OutputHandle};
use crate::op::{Call, DynamicOutput, ErasedOp, Op, OpResult, Output, Returned, Started};
use crate::value::Value;

/// Replaces an op in a run, for tests. With the feature `test`; the prelude brings it.
///
/// `F` is inferred.
pub trait Replace<F>: Sized {
    /// Calls `function` in every step of the op `O`, instead of the op.
    ///
    /// It is given the op's inputs by value, and gives a future of what [`StandsFor`] the op's output.
    /// It is given no context, no resource and no emitter; a resource that only replaced ops ask for need not be given.
    ///
    /// A bare [`OpError`] is an attempt that fails: `|_| async { OpError::new("never") }` always does.
    ///
    /// The op's retries, timeouts, limits and pool stay as they are. With an idle timeout, an attempt is that long at most.
    /// `retry_if` is a part of the op's own function, and is not asked: give [`OpError::permanent`] for what it would refuse.
    /// It runs on the runtime's workers, also for an op that blocks: with paused time, a sleep in it takes no time.
    ///
    /// Of two that replace one op, the later counts.
    /// Replacing an op that the job does not use is a [`ConfigError`](crate::ConfigError).
    ///
    /// # Examples
    ///
    /// ```
    /// # use dynagraph_runtime::{Call, IntoInput, Job, Op, OpSpec, Output, OutputHandle, Returned, RunError, Started};
    /// # enum Fetch {}
    /// # impl Op for Fetch {
    /// #     const NAME: &'static str = "fetch";
    /// #     type Inputs = (String,);
    /// #     type Output = String;
    /// #     type Handles = OutputHandle<String>;
    /// #     fn spec() -> OpSpec {
    /// #         OpSpec::new(&["url"])
    /// #     }
    /// #     fn start(call: &mut Call<'_>) -> Started {
    /// #         call.done(Err("there is no network here".into()))
    /// #     }
    /// # }
    /// # type fetch = Fetch;
    /// # fn fetch(url: impl IntoInput<String>) -> OutputHandle<String> {
    /// #     dynagraph_runtime::invoke::<Fetch>((url.into_input(),))
    /// # }
    /// # fn crawl() -> Job<String> {
    /// #     Job::compose("crawl", || fetch("example.org"))
    /// # }
    /// use dynagraph_runtime::{OpError, Replace as _};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RunError> {
    /// let page = crawl().run().replace::<fetch>(|url| async move { url.to_uppercase() }).await?;
    /// assert_eq!(page, "EXAMPLE.ORG");
    ///
    /// let run = crawl().run().replace::<fetch>(|url| async move {
    ///     match url.as_str() {
    ///         "example.org" => Err("not today".into()),
    ///         _ => Ok(url),
    ///     }
    /// });
    /// assert_eq!(run.await.unwrap_err().to_string(), "step `fetch` failed: not today");
    ///
    /// let run = crawl().run().replace::<fetch>(|_| async { OpError::new("never") });
    /// assert!(run.await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    fn replace<O: Op>(self, function: F) -> Self
    where
        O::Inputs: TakenBy<F, Future: Later<Given: StandsFor<O::Handles>> + Send + 'static>,
        F: Send + Sync + 'static;
}

impl<T, F> Replace<F> for Run<T> {
    fn replace<O: Op>(mut self, function: F) -> Self
    where
        O::Inputs: TakenBy<F, Future: Later<Given: StandsFor<O::Handles>> + Send + 'static>,
        F: Send + Sync + 'static,
    {
        let replaced = Replacement::<O, F> { function, op: PhantomData };
        let replaced = (type_name::<O>(), Arc::new(replaced) as Arc<dyn ErasedOp>);
        self.options.replaced.insert(TypeId::of::<O>(), replaced);
        self
    }
}

/// A function, as the engine calls an op.
struct Replacement<O, F> {
    function: F,
    op: PhantomData<fn() -> O>,
}

impl<O, F> ErasedOp for Replacement<O, F>
where
    O: Op<Inputs: TakenBy<F, Future: Later<Given: StandsFor<O::Handles>> + Send + 'static>>,
    F: Send + Sync,
{
    fn start(&self, call: &mut Call<'_>) -> Started {
        let future = O::Inputs::call(&self.function, call).later();
        call.future(async move { future.await.returned() })
    }
}

/// An op's inputs, as the function `F` takes them: each as an argument, in order, by value.
#[diagnostic::on_unimplemented(
    message = "`{F}` cannot replace an op whose inputs are `{Self}`",
    label = "not an async function of the op's inputs",
    note = "write `|a, b| async move {{ .. }}`, with one argument for each input of the op"
)]
pub trait TakenBy<F>: Inputs {
    /// What the function gives.
    type Future;

    #[doc(hidden)]
    fn call(function: &F, call: &mut Call<'_>) -> Self::Future;
}

/// A future, which the function that replaces an op gives.
#[diagnostic::on_unimplemented(
    message = "an op is replaced by a function that gives a future, and `{Self}` is none",
    label = "gives a `{Self}` at once",
    note = "write `|a, b| async move {{ .. }}`, with one argument for each input of the op"
)]
pub trait Later {
    /// What it gives in the end.
    type Given;

    #[doc(hidden)]
    fn later(self) -> impl Future<Output = Self::Given> + Send + 'static
    where
        Self: Send + 'static;
}

#[diagnostic::do_not_recommend]
impl<G: Future> Later for G {
    type Given = G::Output;

    fn later(self) -> impl Future<Output = G::Output> + Send + 'static
    where
        Self: Send + 'static,
    {
        self
    }
}

macro_rules! taken_by {
    ($($input:ident)*) => {
        impl<$($input: Value,)* F, G> TakenBy<F> for ($($input,)*)
        where
            F: Fn($($input),*) -> G,
        {
            type Future = G;

            #[expect(clippy::allow_attributes, reason = "a function of nothing takes nothing")]
            #[allow(unused_variables, reason = "a function of nothing takes nothing")]
            fn call(function: &F, call: &mut Call<'_>) -> G {
                function($(call.owned::<$input>()),*)
            }
        }
    };
}

taken_by!();
taken_by!(A);
taken_by!(A B);
taken_by!(A B C);
taken_by!(A B C D);
taken_by!(A B C D E);
taken_by!(A B C D E I);
taken_by!(A B C D E I J);
taken_by!(A B C D E I J K);
taken_by!(A B C D E I J K L);
taken_by!(A B C D E I J K L M);
taken_by!(A B C D E I J K L M N);
taken_by!(A B C D E I J K L M N O);

/// What a function that replaces an op may give, where invoking the op gives an `H`.
///
/// | `H` | gives |
/// |---|---|
/// | `OutputHandle<T>` | `T` or `Result<T, OpError>` |
/// | `OutputHandle<T>`, and the op is `optional` | also `Option<T>` or `Result<Option<T>, OpError>` |
/// | `DynamicHandle<T>` | `Vec<DynamicOutput<T>>` or `Result<Vec<DynamicOutput<T>>, OpError>`, also for an op that emits |
/// | several handles | [`Returned`], with every output in order, or [`Attempted`] for one that may fail |
/// | any | [`OpError`], for an attempt that fails |
///
/// `None` for an op that is not `optional` fails the step.
#[diagnostic::on_unimplemented(
    message = "an op that gives `{H}` cannot be replaced by a function that gives `{Self}`",
    label = "gives a `{Self}`",
    note = "for an `OutputHandle<T>`, give a `T` or a `Result<T, OpError>`; for a `DynamicHandle<T>`, a `Vec<DynamicOutput<T>>` or a `Result` of one",
    note = "for an `optional` op, give an `Option<T>` or a `Result` of one; for an op of several outputs, a `Returned`",
    note = "an error is an `OpError`: write `Err(error.into())` or `?`"
)]
pub trait StandsFor<H> {
    #[doc(hidden)]
    fn returned(self) -> OpResult;
}

fn one_of(result: Result<Output, OpError>) -> OpResult {
    result.map(Returned::one)
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<OutputHandle<T>> for T {
    fn returned(self) -> OpResult {
        Ok(Returned::one(Output::value(self)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<OutputHandle<T>> for Result<T, OpError> {
    fn returned(self) -> OpResult {
        one_of(self.map(Output::value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<OutputHandle<T>> for Option<T> {
    fn returned(self) -> OpResult {
        Ok(Returned::one(Output::optional(self)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<OutputHandle<T>> for Result<Option<T>, OpError> {
    fn returned(self) -> OpResult {
        one_of(self.map(Output::optional))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<DynamicHandle<T>> for Vec<DynamicOutput<T>> {
    fn returned(self) -> OpResult {
        Ok(Returned::one(Output::list(self)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Value> StandsFor<DynamicHandle<T>> for Result<Vec<DynamicOutput<T>>, OpError> {
    fn returned(self) -> OpResult {
        one_of(self.map(Output::list))
    }
}

#[diagnostic::do_not_recommend]
impl<H> StandsFor<H> for Returned {
    fn returned(self) -> OpResult {
        Ok(self)
    }
}

/// What a function gives that replaces an op of several outputs, and may fail.
///
/// Made from a `Result<Returned, OpError>`.
#[derive(Debug)]
pub struct Attempted(Result<Returned, OpError>);

impl From<Result<Returned, OpError>> for Attempted {
    fn from(result: Result<Returned, OpError>) -> Self {
        Self(result)
    }
}

#[diagnostic::do_not_recommend]
impl<H> StandsFor<H> for Attempted {
    fn returned(self) -> OpResult {
        self.0
    }
}

#[diagnostic::do_not_recommend]
impl<H> StandsFor<H> for OpError {
    fn returned(self) -> OpResult {
        Err(self)
    }
}
