//! "Using dynamic outputs": a static job, and the same as a dynamic one.

use dynagraph::prelude::*;

#[op]
fn load_big_data() -> Vec<u64> {
    (1..=6).collect()
}

#[op]
fn expensive_processing(large_data: &[u64]) -> u64 {
    large_data.iter().map(|n| n * n).sum()
}

#[op]
fn analyze(interesting_result: u64) -> String {
    format!("the squares sum up to {interesting_result}")
}

/// A static job: if one part fails, all of it is done again.
#[job]
pub(crate) fn naive() -> OutputHandle<String> {
    analyze(expensive_processing(load_big_data()))
}

#[op]
async fn load_pieces(pieces: DynamicOut<Vec<u64>>) -> Result<(), OpError> {
    let large_data = load_big_data::call();
    for (idx, piece) in large_data.chunks(2).enumerate() {
        pieces.emit(piece.to_vec(), idx).await?;
    }
    Ok(())
}

#[op]
fn compute_piece(piece: &[u64]) -> u64 {
    expensive_processing::call(piece)
}

#[op]
fn merge_and_analyze(results: &[u64]) -> String {
    analyze::call(results.iter().sum())
}

/// The same with one copy of `compute_piece` for each piece.
#[job]
pub(crate) fn dynamic_graph() -> OutputHandle<String> {
    let pieces = load_pieces();
    let results = pieces.map(compute_piece);
    merge_and_analyze(results.collect())
}
