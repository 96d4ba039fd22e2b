#[track_caller]
fn upload(page: impl ::dynagraph::IntoInput<Page>) -> ::dynagraph::OutputHandle<()> {
    ::dynagraph::__private::invoke::<upload>((::dynagraph::IntoInput::into_input(page),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum upload {}
const _: () = {
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn upload(ctx: OpContext, page: Page) -> Result<(), UploadError> {
        put(ctx, page).await
    }
    impl upload {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(
            ctx: OpContext,
            page: Page,
        ) -> impl ::core::future::Future<Output = Result<(), UploadError>> {
            upload(ctx, page)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for upload {
        const NAME: &'static str = "upload";
        type Inputs = (Page,);
        type Output = ();
        type Handles = ::dynagraph::OutputHandle<()>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["page"])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<Page>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<()>::OF.captured_codec(),
                    ],
                )
                .retry(
                    ::dynagraph::__private::RetryPolicy::new(3u32)
                        .delay(::core::time::Duration::from_nanos(200000000u64))
                        .backoff(::dynagraph::__private::Backoff::Exponential)
                        .jitter(::dynagraph::__private::Jitter::PlusMinus)
                        .max_delay(::core::time::Duration::from_nanos(90000000000u64))
                        .retry_panics(true),
                )
                .timeout(::core::time::Duration::from_nanos(30000000000u64))
                .idle_timeout(::core::time::Duration::from_nanos(1500000000u64))
                .max_concurrent(8usize)
                .pool("gpu", 2u32)
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.each_later::<
                    ::dynagraph::__private::Owned<Page>,
                    (),
                    _,
                >(|provided, ::dynagraph::__private::Owned(given_page)| {
                let given_ctx = provided.context();
                async move {
                    match upload(given_ctx, given_page).await {
                        ::core::result::Result::Ok(value) => {
                            ::core::result::Result::Ok(value)
                        }
                        ::core::result::Result::Err(error) => {
                            ::core::result::Result::Err({
                                let is_retried: ::core::primitive::bool = errors::is_transient(
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
                    }
                }
            })
        }
    }
};
