#[track_caller]
fn upload(page: impl ::dynagraph::IntoInput<Page>) -> ::dynagraph::OutputHandle<()> {
    ::dynagraph::__private::invoke::<upload>((::dynagraph::IntoInput::into_input(page),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum upload {}
const _: () = {
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn upload(
        ctx: OpContext,
        bucket: &Resource<Bucket>,
        page: Page,
    ) -> Result<(), OpError> {
        bucket.put(ctx.step_key(), page).await
    }
    impl upload {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(
            ctx: OpContext,
            bucket: &Resource<Bucket>,
            page: Page,
        ) -> impl ::core::future::Future<Output = Result<(), OpError>> {
            upload(ctx, bucket, page)
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
                .resource::<Bucket>()
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
                let given_bucket = provided.resource::<Bucket>();
                async move {
                    match upload(given_ctx, &given_bucket, given_page).await {
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
