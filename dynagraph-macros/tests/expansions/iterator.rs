#[track_caller]
fn numbers(limit: impl ::dynagraph::IntoInput<u64>) -> ::dynagraph::DynamicHandle<u64> {
    ::dynagraph::__private::invoke::<
        numbers,
    >((::dynagraph::IntoInput::into_input(limit),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum numbers {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn numbers(limit: u64) -> Result<impl Iterator<Item = DynamicOutput<u64>>, OpError> {
        count_to(limit)
    }
    impl numbers {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(
            limit: u64,
        ) -> Result<impl Iterator<Item = DynamicOutput<u64>>, OpError> {
            numbers(limit)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for numbers {
        const NAME: &'static str = "numbers";
        type Inputs = (u64,);
        type Output = u64;
        type Handles = ::dynagraph::DynamicHandle<u64>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["limit"])
                .blocking()
                .outputs([::dynagraph::__private::OutputSpec::emitted("output")])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<u64>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<u64>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_limit = call.owned::<u64>();
            let out = call.emitter::<u64>(0);
            call.done(
                match numbers(given_limit) {
                    ::core::result::Result::Ok(value) => {
                        match out.blocking_emit_all(value) {
                            ::core::result::Result::Ok(()) => {
                                ::core::result::Result::Ok(
                                    ::dynagraph::__private::Returned::one(
                                        ::dynagraph::__private::Output::emitted(),
                                    ),
                                )
                            }
                            ::core::result::Result::Err(error) => {
                                ::core::result::Result::Err(
                                    <::dynagraph::OpError as ::core::convert::From<
                                        _,
                                    >>::from(error),
                                )
                            }
                        }
                    }
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err(
                            <::dynagraph::OpError as ::core::convert::From<
                                _,
                            >>::from(error),
                        )
                    }
                },
            )
        }
    }
};
