//! The programs that are counted. Each goes another way through the engine.

use std::error::Error;

use dynagraph::prelude::*;
use tokio::runtime::Builder;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Program {
    /// A returned list with integer keys, one async op, and a collect: the least that a key can cost.
    One,
    /// A chain of three async ops, keys of 16 bytes, and values on the heap: what goes on inside a copy.
    Three,
    /// An emitter that waits for its window, a sync op on threads that may block, and a fold: nothing is gathered.
    Emitted,
}

impl Program {
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Three, Self::Emitted];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Three => "three",
            Self::Emitted => "emitted",
        }
    }

    /// Runs it on one thread and those that may block, so that a count repeats.
    pub(crate) fn run(self, keys: u64) -> Result<u64, Box<dyn Error>> {
        let job = match self {
            Self::One => one(keys),
            Self::Three => three(keys),
            Self::Emitted => emitted(keys),
        };
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(runtime.block_on(job.run().into_future())?)
    }
}

#[op(inline)]
fn numbers(up_to: u64) -> Vec<DynamicOutput<u64>> {
    (0..up_to).map(|n| DynamicOutput::new(n, n)).collect()
}

#[op]
async fn inc(n: u64) -> u64 {
    n + 1
}

#[op(inline)]
fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

#[job]
fn one(keys: u64) -> OutputHandle<u64> {
    sum(numbers(keys).map(inc).collect())
}

#[op(inline)]
fn texts(up_to: u64) -> Vec<DynamicOutput<String>> {
    (0..up_to).map(|n| DynamicOutput::new(n.to_string(), format!("number-{n:09}"))).collect()
}

#[op]
async fn parse(text: String) -> Result<u64, OpError> {
    Ok(text.parse()?)
}

#[op]
async fn print(n: &u64) -> String {
    n.to_string()
}

#[op]
async fn length(text: &str) -> u64 {
    text.len() as u64
}

#[job]
fn three(keys: u64) -> OutputHandle<u64> {
    sum(texts(keys).map(parse).map(print).map(length).collect())
}

#[op]
async fn emit(up_to: u64, numbers: DynamicOut<u64>) -> Result<(), OpError> {
    for n in 0..up_to {
        numbers.emit(n, n).await?;
    }
    Ok(())
}

#[op]
fn square(n: u64) -> u64 {
    n * n
}

#[op(inline)]
fn add(sum: u64, n: u64) -> u64 {
    sum + n
}

#[job]
fn emitted(keys: u64) -> OutputHandle<u64> {
    emit(keys).map(square).fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn the_programs_compute_what_they_say() {
        let results = Program::ALL.map(|program| program.run(11).unwrap());
        assert_eq!(results, [66, 12, 385]);
    }
}
