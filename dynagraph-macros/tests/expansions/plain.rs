/// Scores a piece.
#[track_caller]
pub fn compute_piece(
    piece: impl ::dynagraph::IntoInput<Piece>,
) -> ::dynagraph::OutputHandle<Score> {
    ::dynagraph::__private::invoke::<
        compute_piece,
    >((::dynagraph::IntoInput::into_input(piece),))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
pub enum compute_piece {}
const _: () = {
    #[allow(clippy::needless_pass_by_value)]
    fn compute_piece(piece: Piece) -> Score {
        piece.score()
    }
    impl compute_piece {
        /// Calls the function itself.
        #[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)]
        pub fn call(piece: Piece) -> Score {
            compute_piece(piece)
        }
    }
    #[automatically_derived]
    impl ::dynagraph::Op for compute_piece {
        const NAME: &'static str = "compute_piece";
        type Inputs = (Piece,);
        type Output = Score;
        type Handles = ::dynagraph::OutputHandle<Score>;
        fn spec() -> ::dynagraph::__private::OpSpec {
            ::dynagraph::__private::OpSpec::new(&["piece"])
                .blocking()
                .captured(
                    &[
                        ::dynagraph::__private::Capture::<Piece>::OF.captured_codec(),
                        ::dynagraph::__private::Capture::<Score>::OF.captured_codec(),
                    ],
                )
        }
        #[allow(clippy::used_underscore_binding)]
        fn start(
            call: &mut ::dynagraph::__private::Call<'_>,
        ) -> ::dynagraph::__private::Started {
            call.each::<
                    ::dynagraph::__private::Owned<Piece>,
                    Score,
                >(|_, ::dynagraph::__private::Owned(given_piece)| {
                ::core::result::Result::Ok(compute_piece(given_piece))
            })
        }
    }
};
