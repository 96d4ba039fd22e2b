#[track_caller]
fn pages() -> ::dynagraph::DynamicHandle<String> {
    ::dynagraph::__private::invoke::<pages>(())
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum pages {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn pages() -> io::Result<Vec<DynamicOutput<String>>> {
        read_pages()
    }
    impl pages {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call() -> io::Result<Vec<DynamicOutput<String>>> {
            pages()
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for pages {
        const NAME: &'static str = "pages";
        type Inputs = ();
        type Output = String;
        type Handles = ::dynagraph::DynamicHandle<String>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&[])
                .blocking()
                .outputs([::dynagraph::__private::OutputSpec::dynamic("output")])
                .captured(
                    &[::dynagraph::__private::Capture::<String>::OF.captured_codec()],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.done(
                match pages() {
                    ::core::result::Result::Ok(value) => {
                        ::core::result::Result::Ok(
                            ::dynagraph::__private::Returned::one(
                                ::dynagraph::__private::Output::list::<String>(value),
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
                },
            )
        }
    }
};
