//! Generated code minds nobody's names: no prelude, taken names, another name for the crate, strict lints.

use crate::support::echo;

/// Nothing is in scope but what is written.
mod no_prelude {
    #![no_implicit_prelude]
    #![deny(missing_docs, unreachable_pub, warnings)]

    use ::core::option::Option::{None, Some};
    use ::core::result::Result::Ok;
    use ::renamed::{DynamicHandle, DynamicOut, DynamicOutput, OpContext, OpError, OutputHandle};
    use ::renamed::{Resource, job, op};

    #[op(crate = ::renamed)]
    fn list(n: u64) -> ::std::vec::Vec<DynamicOutput<u64>> {
        let mut outputs = ::std::vec::Vec::new();
        for i in 0..n {
            outputs.push(DynamicOutput::new(i, i));
        }
        outputs
    }

    #[op(crate = ::renamed, max_concurrent = 2, version = "1")]
    async fn emit(
        ctx: OpContext,
        offset: Resource<u64>,
        n: u64,
        out: DynamicOut<u64>,
    ) -> ::core::result::Result<(), OpError> {
        out.emit(n + *offset + <u64 as ::core::convert::From<u32>>::from(ctx.attempt()), "only")
            .await?;
        Ok(())
    }

    #[op(crate = ::renamed)]
    fn iterate(n: u64) -> impl ::core::iter::Iterator<Item = DynamicOutput<u64>> {
        ::core::iter::once(DynamicOutput::new(n, n))
    }

    #[op(crate = ::renamed)]
    fn flow(n: u64) -> impl ::futures::Stream<Item = DynamicOutput<u64>> {
        ::futures::stream::iter(iterate::call(n))
    }

    #[op(crate = ::renamed, optional, name = "even only")]
    fn even(n: &u64) -> ::core::option::Option<u64> {
        if n.is_multiple_of(2) { Some(*n) } else { None }
    }

    #[op(crate = ::renamed, out(text, all: optional, each), inline)]
    fn split(
        text: &str,
    ) -> ::core::result::Result<
        (::std::string::String, ::core::option::Option<u64>, ::std::vec::Vec<DynamicOutput<u64>>),
        OpError,
    > {
        Ok((::core::convert::From::from(text), None, ::std::vec::Vec::new()))
    }

    fn is_transient(error: &OpError) -> bool {
        error.as_error().source().is_none()
    }

    #[op(
        crate = ::renamed,
        name = "ruled",
        version = "2",
        max_retries = 3,
        delay = "200ms",
        max_delay = "1m 30s",
        backoff = "exponential",
        jitter = "plus_minus",
        retry_if = is_transient,
        retry_panics,
        timeout = "1h",
        idle_timeout = "1.5m",
        max_concurrent = 2,
        pool = "gpu",
        weight = 2,
        optional
    )]
    async fn rules(
        ctx: OpContext,
        n: u64,
    ) -> ::core::result::Result<::core::option::Option<u64>, OpError> {
        ctx.heartbeat();
        Ok(Some(n))
    }

    #[op(crate = ::renamed, max_retries = 1, retry_if = is_transient)]
    fn iterate_or_fail(
        n: u64,
    ) -> ::core::result::Result<impl ::core::iter::Iterator<Item = DynamicOutput<u64>>, OpError>
    {
        Ok(iterate::call(n))
    }

    #[op(crate = ::renamed, max_retries = 1, retry_if = is_transient, inline, out(n, m))]
    fn two_or_fail(n: u64) -> ::core::result::Result<(u64, u64), OpError> {
        Ok((n, n))
    }

    #[job(crate = ::renamed, name = "no prelude")]
    pub(super) fn all(n: u64) -> (DynamicHandle<u64>, OutputHandle<::std::string::String>) {
        let values = list(n).map(even);
        values.flat_map(emit).map(|x| iterate(x));
        let outs = split("text");
        outs.each.map(|x| even(x));
        even(outs.all);
        let two = two_or_fail(2);
        iterate_or_fail(two.n).map(|x| even(x));
        (values.flat_map(flow), outs.text)
    }

    #[job(crate = ::renamed)]
    pub(super) fn ruled() -> OutputHandle<u64> {
        rules(1)
    }
}

/// Types and modules that have the names which generated code could mean.
mod taken_names {
    #![deny(missing_docs, warnings)]

    use renamed as real;

    macro_rules! taken {
        ($($name:ident)*) => {
            $(
                #[doc = "Stands in the way."]
                #[derive(Debug, Clone, PartialEq)]
                pub(super) struct $name;
            )*

            /// Uses all of them.
            pub(super) fn use_all() -> usize {
                [$(::core::mem::size_of_val(&$name)),*].into_iter().sum()
            }
        };
    }

    taken! {
        Backoff Box Call Duration DynamicHandle Err From Handles Inputs IntoInput Iterator Jitter
        None Ok Op OpError OpSpec Option Output OutputHandle OutputSpec Outputs Result RetryPolicy
        Returned Send Some Started String Vec Value
    }

    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod dynagraph {}

    #[real::op(crate = ::renamed)]
    fn of_taken(call: Outputs, ctx: Op, output: Option, spec: &Vec, none: Result) -> String {
        let _ = (call, ctx, output, none);
        let Vec = spec;
        String
    }

    #[real::op(crate = ::renamed, out(outputs, inputs))]
    fn two_taken(node: &Outputs, place: Box) -> (u64, ::std::vec::Vec<real::DynamicOutput<u8>>) {
        let _ = (node, place);
        (1, ::std::vec::Vec::from([real::DynamicOutput::new(1, 1)]))
    }

    /// A parameter has the op's name.
    #[real::op(crate = ::renamed)]
    fn same(same: u64) -> u64 {
        same + 1
    }

    /// Parameters have names that generated locals could have.
    #[real::op(crate = ::renamed)]
    async fn locals(
        call: u64,
        ctx: u64,
        output: u64,
        input: u64,
        inputs: u64,
        value: u64,
        result: u64,
        future: u64,
        given_call: u64,
        krate: u64,
        r#type: u64,
        out: real::DynamicOut<u64>,
    ) -> ::core::result::Result<(), real::OpError> {
        let all = [call, ctx, output, input, inputs, value, result, future, given_call, krate];
        out.emit(all.into_iter().sum::<u64>() + r#type, "out").await?;
        ::core::result::Result::Ok(())
    }

    /// What is asked about an error has the name that the error could have.
    fn error(error: &real::OpError) -> bool {
        error.as_error().source().is_none()
    }

    #[real::op(
        crate = ::renamed,
        max_retries = 1,
        delay = "1s",
        backoff = "linear",
        jitter = "full",
        retry_if = error,
        timeout = "1h"
    )]
    async fn is_retried(is_retried: u64) -> ::core::result::Result<u64, real::OpError> {
        ::core::result::Result::Ok(is_retried)
    }

    #[real::job(crate = ::renamed)]
    pub(super) fn all() -> (real::OutputHandle<String>, real::DynamicHandle<u64>) {
        let outs = two_taken(Outputs, Box);
        outs.inputs.map(|_| same(1));
        let text = of_taken(Outputs, Op, Option, Vec, Result);
        let sums = locals(outs.outputs, 1, 1, 1, 1, 1, 1, 1, 1, 1, is_retried(same(0)));
        (text, sums.map(same))
    }
}

/// What `macro_rules` makes of its arguments is an op too.
mod made {
    macro_rules! ops {
        ($($name:ident($param:ident: $input:ty) -> $output:ty $body:block)*) => {
            $(
                #[renamed::op(crate = ::renamed)]
                pub(super) fn $name($param: $input) -> $output $body
            )*
        };
    }

    ops! {
        double(x: u64) -> u64 { x * 2 }
        length(text: &str) -> u64 { text.len() as u64 }
        all(values: &[u64]) -> Vec<renamed::DynamicOutput<u64>> {
            values.iter().map(|x| renamed::DynamicOutput::new(*x, *x)).collect()
        }
    }
}

#[tokio::test]
async fn ops_work_without_a_prelude_under_another_crate_name() {
    let job = no_prelude::all(4);
    assert_eq!(job.name(), "no prelude");
    let report = job.run().resource(10_u64).report().await;
    assert_eq!(report.count("flow", dynagraph::StepStatus::Skipped), 2);
    let (values, text) = report.into_result().unwrap();
    let keys: Vec<_> = values.keys().map(ToString::to_string).collect();
    assert_eq!((keys, &*text), (vec!["0/0".to_owned(), "2/2".to_owned()], "text"));
}

#[tokio::test]
async fn an_op_has_every_argument_without_a_prelude() {
    assert_eq!(no_prelude::ruled().run().pool("gpu", 2).await.unwrap(), 1);
}

#[tokio::test]
async fn ops_work_where_names_are_taken() {
    assert_eq!(taken_names::use_all(), 0);
    let (text, sums) = taken_names::all().run().await.unwrap();
    assert_eq!((text, sums["out"]), (taken_names::String, 12));
}

#[tokio::test]
async fn ops_are_made_by_macros() {
    let job = dynagraph::Job::compose("made", || {
        let values = made::all(vec![1, 2]).map(made::double);
        (values, echo(made::length("abc")))
    });
    let (values, length) = job.run().await.unwrap();
    assert_eq!((values["1"], values["2"], length), (2, 4, 3));
}
