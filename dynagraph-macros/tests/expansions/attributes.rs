#[cfg(unix)]
/// Counts words.
#[cfg_attr(docsrs, doc(cfg(unix)))]
#[must_use]
#[allow(clippy::unused_async)]
#[expect(dead_code, reason = "not used yet")]
#[deprecated]
#[track_caller]
pub(crate) fn count_words(
    text: impl ::dynagraph::IntoInput<String>,
) -> ::dynagraph::OutputHandle<usize> {
    ::dynagraph::__private::invoke::<
        count_words,
    >((::dynagraph::IntoInput::into_input(text),))
}
#[cfg(unix)]
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
pub(crate) enum count_words {}
#[cfg(unix)]
const _: () = {
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    #[cfg_attr(docsrs, inline)]
    #[tracing::instrument]
    #[allow(clippy::unused_async)]
    async fn count_words(text: String) -> usize {
        text.len()
    }
    impl count_words {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        pub(crate) fn call(text: String) -> impl ::core::future::Future<Output = usize> {
            count_words(text)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for count_words {
        const NAME: &'static str = "count_words";
        type Inputs = (String,);
        type Output = usize;
        type Handles = ::dynagraph::OutputHandle<usize>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["text"])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<String>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<usize>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.each_later::<
                    ::dynagraph::__private::Owned<String>,
                    usize,
                    _,
                >(|_, ::dynagraph::__private::Owned(given_text)| {
                async move { ::core::result::Result::Ok(count_words(given_text).await) }
            })
        }
    }
};
