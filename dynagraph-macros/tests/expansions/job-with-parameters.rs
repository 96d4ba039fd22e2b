#[track_caller]
fn etl<T: Value>(
    bucket: String,
    value: T,
) -> ::dynagraph::Job<
    <(OutputHandle<T>, DynamicHandle<u64>) as ::dynagraph::JobOutput>::Output,
>
where
    (OutputHandle<T>, DynamicHandle<u64>): ::dynagraph::JobOutput,
{
    ::dynagraph::Job::compose::<
        (OutputHandle<T>, DynamicHandle<u64>),
    >(
        "nightly",
        move || -> (OutputHandle<T>, DynamicHandle<u64>) { (echo(value), read(bucket)) },
    )
}
