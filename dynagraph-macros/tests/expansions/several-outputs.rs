#[track_caller]
fn split(
    text: impl ::dynagraph::IntoInput<::std::string::String>,
) -> <split as ::dynagraph::Op>::Handles {
    ::dynagraph::__private::invoke::<split>((::dynagraph::IntoInput::into_input(text),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum split {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn split(
        text: &str,
        rest: DynamicOut<char>,
    ) -> (usize, Option<u8>, Vec<DynamicOutput<String>>) {
        parts(text, rest)
    }
    impl split {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(
            text: &str,
            rest: DynamicOut<char>,
        ) -> (usize, Option<u8>, Vec<DynamicOutput<String>>) {
            split(text, rest)
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, missing_docs, unnameable_types, unreachable_pub)]
    #[derive(::core::fmt::Debug)]
    struct Outputs {
        total: ::dynagraph::OutputHandle<usize>,
        first: ::dynagraph::OutputHandle<u8>,
        parts: ::dynagraph::DynamicHandle<String>,
        rest: ::dynagraph::DynamicHandle<char>,
    }
    impl ::core::marker::Copy for Outputs {}
    #[automatically_derived]
    impl ::core::clone::Clone for Outputs {
        fn clone(&self) -> Self {
            *self
        }
    }
    impl ::dynagraph::__private::Handles for Outputs {
        fn from_node(node: &::dynagraph::__private::NodeHandle) -> Self {
            Self {
                total: node.output(0usize),
                first: node.output(1usize),
                parts: node.dynamic(2usize),
                rest: node.dynamic(3usize),
            }
        }
    }
    impl ::core::convert::From<Outputs>
    for (
        ::dynagraph::OutputHandle<usize>,
        ::dynagraph::OutputHandle<u8>,
        ::dynagraph::DynamicHandle<String>,
        ::dynagraph::DynamicHandle<char>,
    ) {
        fn from(outputs: Outputs) -> Self {
            (outputs.total, outputs.first, outputs.parts, outputs.rest)
        }
    }
    impl ::dynagraph::__private::Composed for Outputs {
        type Mapped = <(
            ::dynagraph::OutputHandle<usize>,
            ::dynagraph::OutputHandle<u8>,
            ::dynagraph::DynamicHandle<String>,
            ::dynagraph::DynamicHandle<char>,
        ) as ::dynagraph::__private::Composed>::Mapped;
        fn mapped(self, place: &::dynagraph::__private::Place) -> Self::Mapped {
            ::dynagraph::__private::Composed::mapped(
                <(
                    ::dynagraph::OutputHandle<usize>,
                    ::dynagraph::OutputHandle<u8>,
                    ::dynagraph::DynamicHandle<String>,
                    ::dynagraph::DynamicHandle<char>,
                ) as ::core::convert::From<Self>>::from(self),
                place,
            )
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for split {
        const NAME: &'static str = "split";
        type Inputs = (::std::string::String,);
        type Output = Outputs;
        type Handles = Outputs;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["text"])
                .blocking()
                .outputs([
                    ::dynagraph::__private::OutputSpec::plain("total"),
                    ::dynagraph::__private::OutputSpec::optional("first"),
                    ::dynagraph::__private::OutputSpec::dynamic("parts"),
                    ::dynagraph::__private::OutputSpec::emitted("rest"),
                ])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<::std::string::String>::OF
                            .captured_codec(),
                        ::dynagraph::__private::Capture::<usize>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<u8>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<String>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<char>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_text = call.held::<::std::string::String>();
            let given_rest = call.emitter::<char>(3usize);
            call.done(
                match split(&*given_text, given_rest) {
                    (value_0, value_1, value_2) => {
                        ::core::result::Result::Ok(
                            ::dynagraph::__private::Returned::many([
                                ::dynagraph::__private::Output::value::<usize>(value_0),
                                ::dynagraph::__private::Output::optional::<u8>(value_1),
                                ::dynagraph::__private::Output::list::<String>(value_2),
                                ::dynagraph::__private::Output::emitted(),
                            ]),
                        )
                    }
                },
            )
        }
    }
};
