#[track_caller]
fn fetch(url: impl ::dynagraph::IntoInput<String>) -> ::dynagraph::OutputHandle<Page> {
    ::dynagraph::__private::invoke::<fetch>((::dynagraph::IntoInput::into_input(url),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum fetch {}
const _: () = {
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn fetch(url: String) -> Result<Page, reqwest::Error> {
        reqwest::get(url).await?.page().await
    }
    impl fetch {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(
            url: String,
        ) -> impl ::core::future::Future<Output = Result<Page, reqwest::Error>> {
            fetch(url)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for fetch {
        const NAME: &'static str = "download";
        type Inputs = (String,);
        type Output = Page;
        type Handles = ::dynagraph::OutputHandle<Page>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["url"])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<String>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<Page>::OF.captured_codec(),
                    ],
                )
                .max_concurrent(8usize)
                .version("2")
                .cached()
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.each_later::<
                    ::dynagraph::__private::Owned<String>,
                    Page,
                    _,
                >(|_, ::dynagraph::__private::Owned(given_url)| {
                async move {
                    match fetch(given_url).await {
                        ::core::result::Result::Ok(value) => {
                            ::core::result::Result::Ok(value)
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
            })
        }
    }
};
