/// Copies pages.
#[doc = include_str!("etl.md")]
#[track_caller]
pub fn etl(
    bucket: &str,
    mut limit: Option<usize>,
    (a, b): (std::num::NonZeroU8, [u8; 2]),
) -> ::dynagraph::Job<<() as ::dynagraph::JobOutput>::Output>
where
    (): ::dynagraph::JobOutput,
{
    ::dynagraph::__private::register_job! {
        etl, "etl", [r" Copies pages.", include_str!("etl.md")], ["bucket" "&str" : &
        str, "limit" "Option<usize>" : Option < usize >, "argument_3"
        "(std::num::NonZeroU8, [u8; 2])" : (std::num::NonZeroU8, [u8; 2])], where () :
        ::dynagraph::JobOutput
    }
    ::dynagraph::Job::compose::<
        (),
    >(
        "etl",
        move || -> () {
            copy(bucket, limit, a, b);
        },
    )
}
