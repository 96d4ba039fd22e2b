//! dagx: a node for each key and op, in a graph that is whole before it runs; outputs are read one by one.

use std::any::Any;
use std::marker::PhantomData;

use dagx::{DagRunner, Task, task};

use crate::work::{Increment, Tally, Work};

struct First<W>(u64, PhantomData<W>);

// As `#[task]` would, which has no generics.
impl<W: Work> Task for First<W> {
    type Input = ();
    type Output = W::Output;

    async fn run(self, (): ()) -> W::Output {
        W::call(self.0).await
    }

    async fn extract_and_run(self, _: Vec<Box<dyn Any + Send>>) -> Result<W::Output, String> {
        Ok(self.run(()).await)
    }
}

struct Next;

#[task]
impl Next {
    async fn run(x: &u64) -> u64 {
        Increment::call(*x).await
    }
}

pub(crate) async fn map<W: Work>(n: u64) -> Result<Tally, String> {
    let dag = DagRunner::new();
    let handles: Vec<_> = (0..n).map(|x| dag.add_task(First::<W>(x, PhantomData))).collect();
    run(&dag).await?;
    let mut tally = Tally::default();
    for handle in handles {
        tally = tally.with(dag.get(handle).map_err(|error| error.to_string())?);
    }
    Ok(tally)
}

pub(crate) async fn chain(n: u64) -> Result<Tally, String> {
    let dag = DagRunner::new();
    let link = |x| {
        let first = dag.add_task(First::<Increment>(x, PhantomData));
        let second = dag.add_task(Next).depends_on(&first);
        dag.add_task(Next).depends_on(second)
    };
    let handles: Vec<_> = (0..n).map(link).collect();
    run(&dag).await?;
    let mut tally = Tally::default();
    for handle in handles {
        tally = tally.with(dag.get(handle).map_err(|error| error.to_string())?);
    }
    Ok(tally)
}

async fn run(dag: &DagRunner) -> Result<(), String> {
    let spawner = |future| drop(tokio::spawn(future));
    dag.run(spawner).await.map_err(|error| error.to_string())
}
