#[allow(unused_variables)]
#[track_caller]
fn echo(
    value: impl ::dynagraph::IntoInput<::std::string::String>,
) -> ::dynagraph::OutputHandle<&'static str> {
    { ::core::unreachable!() }
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum echo {}
const _: () = {
    impl echo {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        #[allow(unused_variables)]
        fn call(value: &str) -> &'static str {
            { ::core::unreachable!() }
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for echo {
        const NAME: &'static str = "echo";
        type Inputs = ();
        type Output = &'static str;
        type Handles = ::dynagraph::OutputHandle<&'static str>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["value"]).blocking()
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            { ::core::unreachable!() }
        }
    }
};
::core::compile_error! {
    "an op cannot be `unsafe`: the engine is its only caller"
}
::core::compile_error! {
    "an op has no lifetime parameters: write `&T` without one"
}
::core::compile_error! {
    "an op returns an owned value"
}
