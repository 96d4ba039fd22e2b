#[track_caller]
fn echo<T, const N: usize>(
    values: impl ::dynagraph::IntoInput<[T; N]>,
) -> ::dynagraph::OutputHandle<[T; N]>
where
    T: Ord,
    T: ::dynagraph::__private::Value,
{
    ::dynagraph::__private::invoke::<
        echo<T, N>,
    >((::dynagraph::IntoInput::into_input(values),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
struct echo<T, const N: usize> {
    never: ::core::convert::Infallible,
    types: ::core::marker::PhantomData<fn() -> (T,)>,
}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn echo<T, const N: usize>(values: [T; N]) -> [T; N]
    where
        T: Ord,
    {
        values
    }
    impl<T, const N: usize> echo<T, N>
    where
        T: Ord,
    {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(values: [T; N]) -> [T; N] {
            echo::<T, N>(values)
        }
    }
    #[automatically_derived]
    impl<T, const N: usize> ::dynagraph::Op for echo<T, N>
    where
        T: Ord,
        T: ::dynagraph::__private::Value,
    {
        const NAME: &'static str = "echo";
        type Inputs = ([T; N],);
        type Output = [T; N];
        type Handles = ::dynagraph::OutputHandle<[T; N]>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["values"])
                .blocking()
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<[T; N]>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<[T; N]>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.each::<
                    ::dynagraph::__private::Owned<[T; N]>,
                    [T; N],
                >(|_, ::dynagraph::__private::Owned(given_values)| {
                ::core::result::Result::Ok(echo::<T, N>(given_values))
            })
        }
    }
};
