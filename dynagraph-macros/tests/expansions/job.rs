/// Composes.
#[track_caller]
pub fn dynamic_graph() -> ::dynagraph::Job<<() as ::dynagraph::JobOutput>::Output>
where
    (): ::dynagraph::JobOutput,
{
    ::dynagraph::Job::compose::<
        (),
    >(
        "dynamic_graph",
        move || -> () {
            load_pieces().map(compute_piece);
        },
    )
}
