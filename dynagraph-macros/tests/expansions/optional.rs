#[track_caller]
fn find(text: impl ::dynagraph::IntoInput<String>) -> ::dynagraph::OutputHandle<Page> {
    ::dynagraph::__private::invoke::<find>((::dynagraph::IntoInput::into_input(text),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum find {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn find(text: String) -> Option<Page> {
        search(text)
    }
    impl find {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(text: String) -> Option<Page> {
            find(text)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for find {
        const NAME: &'static str = "find";
        type Inputs = (String,);
        type Output = Page;
        type Handles = ::dynagraph::OutputHandle<Page>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["text"])
                .blocking()
                .outputs([::dynagraph::__private::OutputSpec::optional("output")])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<String>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<Page>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_text = call.owned::<String>();
            call.done(
                ::core::result::Result::Ok(
                    ::dynagraph::__private::Returned::one(
                        ::dynagraph::__private::Output::optional::<
                            Page,
                        >(find(given_text)),
                    ),
                ),
            )
        }
    }
};
