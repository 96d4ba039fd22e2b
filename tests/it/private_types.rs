//! Ops take and give types that only their own module sees.

use dynagraph::prelude::*;

#[derive(Debug, Clone, PartialEq)]
struct Private(u64);

#[op(out(one, many))]
fn two(x: Private) -> (Private, Vec<DynamicOutput<Private>>) {
    (x.clone(), vec![DynamicOutput::new(x, 1)])
}

#[op]
async fn emit_two(
    left: DynamicOut<Private>,
    right: DynamicOut<Option<Private>>,
) -> Result<(), OpError> {
    left.emit(Private(1), 1).await?;
    right.emit(None, 1).await?;
    Ok(())
}

mod inner {
    use dynagraph::prelude::*;

    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Restricted(pub(super) u64);

    #[op(out(one, other))]
    pub(super) fn restricted<T: Clone>(x: T) -> (Restricted, T) {
        (Restricted(1), x)
    }

    #[job]
    pub(super) fn of_restricted() -> OutputHandle<Restricted> {
        restricted(1).one
    }
}

#[job]
fn private() -> (OutputHandle<Private>, DynamicHandle<Private>) {
    let emitted = emit_two();
    (two(Private(3)).one, emitted.left)
}

#[tokio::test]
async fn an_op_of_several_outputs_gives_private_types() {
    let (one, emitted) = private().run().await.unwrap();
    assert_eq!((one, &emitted["1"]), (Private(3), &Private(1)));
    assert_eq!(inner::of_restricted().run().await.unwrap().0, 1);
}
