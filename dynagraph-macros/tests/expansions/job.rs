/// Composes.
#[track_caller]
pub fn dynamic_graph() -> ::dynagraph::Job<<() as ::dynagraph::JobOutput>::Output>
where
    (): ::dynagraph::JobOutput,
{
    ::dynagraph::__private::register_job! {
        dynamic_graph, "dynamic_graph", [r" Composes."], [], where () :
        ::dynagraph::JobOutput
    }
    ::dynagraph::Job::compose::<
        (),
    >(
        "dynamic_graph",
        move || -> () {
            load_pieces().map(compute_piece);
        },
    )
}
