#[track_caller]
fn merge(
    scores: impl ::dynagraph::IntoInput<::std::vec::Vec<Score>>,
    title: impl ::dynagraph::IntoInput<::std::string::String>,
    place: impl ::dynagraph::IntoInput<<Path as ::std::borrow::ToOwned>::Owned>,
    style: impl ::dynagraph::IntoInput<Style>,
) -> ::dynagraph::OutputHandle<Report> {
    ::dynagraph::__private::invoke::<
        merge,
    >((
        ::dynagraph::IntoInput::into_input(scores),
        ::dynagraph::IntoInput::into_input(title),
        ::dynagraph::IntoInput::into_input(place),
        ::dynagraph::IntoInput::into_input(style),
    ))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
enum merge {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn merge(scores: &[Score], title: &str, place: &Path, style: &Style) -> Report {
        Report::new(scores, title, place, style)
    }
    impl merge {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        fn call(scores: &[Score], title: &str, place: &Path, style: &Style) -> Report {
            merge(scores, title, place, style)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for merge {
        const NAME: &'static str = "merge";
        type Inputs = (
            ::std::vec::Vec<Score>,
            ::std::string::String,
            <Path as ::std::borrow::ToOwned>::Owned,
            Style,
        );
        type Output = Report;
        type Handles = ::dynagraph::OutputHandle<Report>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["scores", "title", "place", "style"])
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<::std::vec::Vec<Score>>::OF
                            .captured_codec(),
                        ::dynagraph::__private::Capture::<::std::string::String>::OF
                            .captured_codec(),
                        ::dynagraph::__private::Capture::<
                            <Path as ::std::borrow::ToOwned>::Owned,
                        >::OF
                            .captured_codec(),
                        ::dynagraph::__private::Capture::<Style>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<Report>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            let given_scores = call.held::<::std::vec::Vec<Score>>();
            let given_title = call.held::<::std::string::String>();
            let given_place = call.held::<<Path as ::std::borrow::ToOwned>::Owned>();
            let given_style = call.held::<Style>();
            call.give::<
                    Report,
                >(
                ::core::result::Result::Ok(
                    merge(&*given_scores, &*given_title, &*given_place, &*given_style),
                ),
            )
        }
    }
};
