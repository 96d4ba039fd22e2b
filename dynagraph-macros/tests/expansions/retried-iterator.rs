#[track_caller]
fn lines(
    path: impl ::dynagraph::IntoInput<<Path as ::std::borrow::ToOwned>::Owned>,
) -> ::dynagraph::DynamicHandle<String> {
    ::dynagraph::__private::invoke::<lines>((::dynagraph::IntoInput::into_input(path),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum lines {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn lines(path: &Path) -> io::Result<impl Iterator<Item = DynamicOutput<String>>> {
        read(path)
    }
    impl lines {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(path: &Path) -> io::Result<impl Iterator<Item = DynamicOutput<String>>> {
            lines(path)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for lines {
        const NAME: &'static str = "lines";
        type Inputs = (<Path as ::std::borrow::ToOwned>::Owned,);
        type Output = String;
        type Handles = ::dynagraph::DynamicHandle<String>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["path"])
                .blocking()
                .outputs([::dynagraph::__private::OutputSpec::emitted("output")])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<
                            <Path as ::std::borrow::ToOwned>::Owned,
                        >::OF
                            .captured_codec(),
                        ::dynagraph::__private::Capture::<String>::OF.captured_codec(),
                    ],
                )
                .retry(::dynagraph::__private::RetryPolicy::new(1u32))
                .pool("disk", 1u32)
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_path = call.held::<<Path as ::std::borrow::ToOwned>::Owned>();
            let out = call.emitter::<String>(0);
            call.done(
                match lines(&*given_path) {
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
                        ::core::result::Result::Err({
                            let is_retried: ::core::primitive::bool = io::Error::is_transient(
                                &error,
                            );
                            let error = <::dynagraph::OpError as ::core::convert::From<
                                _,
                            >>::from(error);
                            if is_retried {
                                error
                            } else {
                                ::dynagraph::OpError::permanent(error)
                            }
                        })
                    }
                },
            )
        }
    }
};
