//! floxide: a node that splits, nodes for the ops, and one that holds until all keys are there; one key at a time.

use async_trait::async_trait;
use floxide::{FloxideError, Node, SharedState, SplitNode, Transition, Workflow, WorkflowCtx};
use floxide_macros::workflow;
use serde::{Deserialize, Serialize};

use crate::work::{self, Increment, Tally};

/// What was added up so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sum {
    state: SharedState<(u64, u64)>,
    expected: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Step;

#[async_trait]
impl Node<Sum> for Step {
    type Input = u64;
    type Output = u64;

    async fn process(&self, _: &Sum, x: u64) -> Result<Transition<u64>, FloxideError> {
        Ok(Transition::Next(<Increment as work::Work>::call(x).await))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Merge;

#[async_trait]
impl Node<Sum> for Merge {
    type Input = u64;
    type Output = u64;

    async fn process(&self, ctx: &Sum, x: u64) -> Result<Transition<u64>, FloxideError> {
        let mut state = ctx.state.get().await;
        state.0 += x;
        state.1 += 1;
        Ok(if state.1 < ctx.expected { Transition::Hold } else { Transition::Next(state.0) })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct End;

#[async_trait]
impl Node<Sum> for End {
    type Input = u64;
    type Output = u64;

    async fn process(&self, _: &Sum, x: u64) -> Result<Transition<u64>, FloxideError> {
        Ok(Transition::Next(x))
    }
}

type Split = SplitNode<u64, u64, fn(u64) -> Vec<u64>>;

workflow! {
    pub struct Map {
        split: Split,
        step: Step,
        merge: Merge,
        end: End,
    }
    context = Sum;
    start = split;
    edges {
        split => { [step] };
        step => { [merge] };
        merge => { [end] };
        end => { [] };
    }
}

/// The macro makes traits that would have the same names.
mod chain_of_three {
    use floxide::{Node as _, Transition};
    use floxide_macros::workflow;

    use super::{End, Merge, Split, Step, Sum};

    workflow! {
        pub struct Chain {
            split: Split,
            first: Step,
            second: Step,
            third: Step,
            merge: Merge,
            end: End,
        }
        context = Sum;
        start = split;
        edges {
            split => { [first] };
            first => { [second] };
            second => { [third] };
            third => { [merge] };
            merge => { [end] };
            end => { [] };
        }
    }
}

fn split() -> Split {
    SplitNode::new(|n| (0..n).collect())
}

fn context(n: u64) -> WorkflowCtx<Sum> {
    WorkflowCtx::new(Sum { state: SharedState::default(), expected: n })
}

fn done(sum: Result<u64, FloxideError>) -> Result<Tally, String> {
    sum.map(|sum| Tally { sum, failed: 0 }).map_err(|error| error.to_string())
}

pub(crate) async fn map(n: u64) -> Result<Tally, String> {
    let map = Map { split: split(), step: Step, merge: Merge, end: End };
    done(map.run(&context(n), n).await)
}

pub(crate) async fn chain(n: u64) -> Result<Tally, String> {
    let chain = chain_of_three::Chain {
        split: split(),
        first: Step,
        second: Step,
        third: Step,
        merge: Merge,
        end: End,
    };
    done(chain.run(&context(n), n).await)
}
