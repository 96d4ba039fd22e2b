//! cano: a `BatchTask` that takes each key through its whole work; all items are in one task.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cano::prelude::*;

use crate::work::{self, Tally, Work};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State {
    Map,
    Done,
}

struct Map<W> {
    n: u64,
    tally: Arc<Mutex<Tally>>,
    work: PhantomData<W>,
}

#[task::batch(state = State)]
impl<W: Work> Map<W> {
    fn concurrency(&self) -> usize {
        W::CONCURRENT
    }

    async fn load(&self, _: &Resources) -> Result<Vec<u64>, CanoError> {
        Ok((0..self.n).collect())
    }

    async fn process_item(&self, x: &u64) -> Result<W::Output, CanoError> {
        Ok(W::call(*x).await)
    }

    async fn finish(
        &self,
        _: &Resources,
        outputs: Vec<Result<W::Output, CanoError>>,
    ) -> Result<TaskResult<State>, CanoError> {
        let tally = outputs.into_iter().flatten().fold(Tally::default(), Tally::with);
        set(&self.tally, tally)
    }
}

/// Each item knows how often it was tried.
struct Retries {
    n: u64,
    tally: Arc<Mutex<Tally>>,
}

#[task::batch(state = State)]
impl Retries {
    fn concurrency(&self) -> usize {
        64
    }

    fn item_retry(&self) -> RetryMode {
        RetryMode::fixed(2, Duration::ZERO)
    }

    async fn load(&self, _: &Resources) -> Result<Vec<(u64, AtomicU32)>, CanoError> {
        Ok((0..self.n).map(|x| (x, AtomicU32::new(0))).collect())
    }

    async fn process_item(&self, item: &(u64, AtomicU32)) -> Result<u64, CanoError> {
        let attempt = item.1.fetch_add(1, Ordering::Relaxed) + 1;
        work::fail_twice(attempt, item.0).map_err(CanoError::task_execution)
    }

    async fn finish(
        &self,
        _: &Resources,
        outputs: Vec<Result<u64, CanoError>>,
    ) -> Result<TaskResult<State>, CanoError> {
        let outputs = outputs.into_iter().map(|output| output.map_err(|error| error.to_string()));
        set(&self.tally, outputs.fold(Tally::default(), Tally::with))
    }
}

fn set(shared: &Mutex<Tally>, tally: Tally) -> Result<TaskResult<State>, CanoError> {
    *shared.lock().map_err(|_| CanoError::task_execution("poisoned"))? = tally;
    Ok(TaskResult::Single(State::Done))
}

pub(crate) async fn map<W: Work>(n: u64) -> Result<Tally, String> {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let map = Map::<W> { n, tally: Arc::clone(&tally), work: PhantomData };
    run(Workflow::bare().register(State::Map, map), &tally).await
}

pub(crate) async fn retries(n: u64) -> Result<Tally, String> {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let retries = Retries { n, tally: Arc::clone(&tally) };
    run(Workflow::bare().register(State::Map, retries), &tally).await
}

async fn run(workflow: Workflow<State>, tally: &Mutex<Tally>) -> Result<Tally, String> {
    let workflow = workflow.add_exit_state(State::Done);
    let ended = workflow.orchestrate(State::Map, CancellationToken::disabled()).await;
    ended.map_err(|error| error.to_string())?;
    tally.lock().map(|tally| *tally).map_err(|error| error.to_string())
}
