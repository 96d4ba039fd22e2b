#[track_caller]
fn walk(
    root: impl ::dynagraph::IntoInput<PathBuf>,
) -> ::dynagraph::DynamicHandle<PathBuf> {
    ::dynagraph::__private::invoke::<walk>((::dynagraph::IntoInput::into_input(root),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum walk {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn walk(root: PathBuf, files: DynamicOut<PathBuf>) -> io::Result<()> {
        files.blocking_emit(root, 0)
    }
    impl walk {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(root: PathBuf, files: DynamicOut<PathBuf>) -> io::Result<()> {
            walk(root, files)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for walk {
        const NAME: &'static str = "walk";
        type Inputs = (PathBuf,);
        type Output = PathBuf;
        type Handles = ::dynagraph::DynamicHandle<PathBuf>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["root"])
                .blocking()
                .outputs([::dynagraph::__private::OutputSpec::emitted("files")])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<PathBuf>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<PathBuf>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_root = call.owned::<PathBuf>();
            let given_files = call.emitter::<PathBuf>(0usize);
            call.done(
                match walk(given_root, given_files) {
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
                },
            )
        }
    }
};
