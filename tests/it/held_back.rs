//! S34 where somebody is held back: by a slot, by a limit that several share, by an order.

use std::time::Duration;

use dynagraph::prelude::*;
use tokio::time::sleep;

use super::support::{FLAVORS, add, count, echo, ends};

#[op]
async fn emit_at_once(out: DynamicOut<u64>) -> Result<(), OpError> {
    let early = async {
        for i in 0..3 {
            out.emit(i, i).await?;
        }
        Ok::<_, OpError>(())
    };
    let late = async {
        sleep(Duration::from_millis(30)).await;
        for i in 1_000..1_002 {
            out.emit(i, i).await?;
        }
        Ok::<_, OpError>(())
    };
    let (early, late) = tokio::join!(early, late);
    early.and(late)
}

#[op]
async fn slow(x: u64) -> u64 {
    sleep(Duration::from_millis(20)).await;
    x
}

#[job]
fn two_emits_wait() -> OutputHandle<u64> {
    emit_at_once().window(2).map(slow).fold(0, add)
}

/// S34
#[test]
fn two_emits_of_one_op_do_not_wait_for_the_slot_that_one_of_them_has() {
    for flavor in FLAVORS {
        let total =
            ends(flavor, || async { two_emits_wait().run().max_concurrent(1).await.unwrap() });
        assert_eq!(total, 2_004);
    }
}

/// Its first outer key gives its keys last.
#[op]
async fn late(x: u64) -> Vec<DynamicOutput<u64>> {
    if x == 0 {
        sleep(Duration::from_millis(100)).await;
    }
    (0..2).map(|i| DynamicOutput::new(i, i)).collect()
}

#[op]
async fn many(_of: u64, out: DynamicOut<u64>) -> Result<(), OpError> {
    for i in 0..20 {
        out.emit(i, i).await?;
    }
    Ok(())
}

#[job]
fn a_shared_limit() -> OutputHandle<u64> {
    let inner = count(3).map(|outer| late(outer).map(|x| many(x).window(2).map(echo)));
    inner.flatten().max_concurrent(1).flatten().fold(0, add)
}

/// S34
#[test]
fn what_an_ordered_reader_has_not_come_to_does_not_keep_a_shared_slot() {
    for flavor in FLAVORS {
        let total = ends(flavor, || async { a_shared_limit().run().await.unwrap() });
        assert_eq!(total, 3 * 2 * 190);
    }
}

#[op]
fn downwards(n: u64) -> Vec<DynamicOutput<u64>> {
    (0..n).rev().map(|i| DynamicOutput::new(i, i)).collect()
}

#[job]
fn a_zip_in_another_order(limit: usize) -> OutputHandle<u64> {
    let pairs = count(3).zip(downwards(3)).max_concurrent(limit);
    let copies = pairs.map(|pair| {
        let (left, _right) = pair.unzip();
        many(left).window(2).map(echo)
    });
    copies.flatten().fold(0, add)
}

/// S34
#[test]
fn pairs_that_are_found_in_another_order_than_they_are_read_in_do_not_stop_the_zip() {
    for flavor in FLAVORS {
        for limit in [1, 2, 8] {
            let total =
                ends(
                    flavor,
                    move || async move { a_zip_in_another_order(limit).run().await.unwrap() },
                );
            assert_eq!(total, 3 * 190);
        }
    }
}
