//! `async_dag`: a node for each key and op, all run by one task; values are read one by one.

use async_dag::Graph;

use crate::work::{Increment, Tally, Work};

pub(crate) async fn map<W: Work>(n: u64) -> Result<Tally, String> {
    let mut graph = Graph::new();
    let nodes: Vec<_> = (0..n).map(|x| graph.add_task(move || W::call(x))).collect();
    graph.run().await;
    let mut tally = Tally::default();
    for node in nodes {
        tally = tally.with(graph.get_value::<W::Output>(node).ok_or("no value")?);
    }
    Ok(tally)
}

pub(crate) async fn chain(n: u64) -> Result<Tally, String> {
    let mut graph = Graph::new();
    let mut nodes = Vec::new();
    for x in 0..n {
        let mut node = graph.add_task(move || Increment::call(x));
        for _ in 0..2 {
            let child = graph.add_child_task(node, Increment::call, 0);
            node = child.map_err(|_| "no dependency")?;
        }
        nodes.push(node);
    }
    graph.run().await;
    let mut tally = Tally::default();
    for node in nodes {
        tally = tally.with(graph.get_value::<u64>(node).ok_or("no value")?);
    }
    Ok(tally)
}
