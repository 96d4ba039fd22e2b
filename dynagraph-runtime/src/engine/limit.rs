//! Slots: how many steps run at once.
//!
//! A step takes the slot of its node, then those of its pool, then its rate's turn, and the slot of the run last, always
//! in this order, and holds them only while its op runs. Whoever has all of them is running, and so gives them back;
//! nobody waits in a circle, and nobody who has a slot of the run waits for anything.

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Engine;
use super::rate::Turns;
use crate::graph::NodeId;
use crate::op::PoolUse;
use crate::plan::Plan;
use crate::sync::lock;
use crate::time::Rate;

/// What a run says of the pools that ops name.
pub(crate) type PoolOptions = BTreeMap<String, PoolOption>;

/// What a run says of one pool.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PoolOption {
    pub(crate) size: Option<usize>,
    pub(crate) rate: Option<Rate>,
}

/// The slots of one running step.
#[derive(Debug)]
pub(super) struct Slots {
    _node: NodeSlots,
    _run: OwnedSemaphorePermit,
}

/// The slots of one running step that are not the run's.
#[derive(Debug, Default)]
pub(super) struct NodeSlots {
    _own: Option<OwnedSemaphorePermit>,
    _pool: Option<OwnedSemaphorePermit>,
}

/// What limits the steps of a node, beside the run.
#[derive(Debug)]
pub(super) struct NodeLimits {
    own: Option<Arc<Semaphore>>,
    /// With how many slots of it a step takes.
    pool: Option<(Pool, NonZeroU32)>,
}

/// A pool, which all nodes that name it share.
#[derive(Debug, Clone)]
struct Pool {
    slots: Option<Arc<Semaphore>>,
    rate: Option<Arc<Turns>>,
}

/// So many slots.
pub(super) fn semaphore(limit: NonZeroUsize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limit.get().min(Semaphore::MAX_PERMITS)))
}

/// Takes a slot. Semaphores of the engine are never closed.
pub(super) async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    acquire_many(semaphore, 1).await
}

async fn acquire_many(semaphore: &Arc<Semaphore>, slots: u32) -> OwnedSemaphorePermit {
    match Arc::clone(semaphore).acquire_many_owned(slots).await {
        Ok(permit) => permit,
        Err(_) => std::future::pending().await,
    }
}

/// The limits of each node of a plan; none for a node that only the run limits.
pub(super) fn node_limits(plan: &Plan, pools: &PoolOptions) -> Vec<Option<NodeLimits>> {
    let pools: HashMap<_, _> =
        pools.iter().map(|(name, option)| (name.as_str(), Pool::new(*option))).collect();
    let of_node = |node| {
        let rules = &plan.op(node)?.spec.rules;
        let own = rules.max_concurrent.map(semaphore);
        let of_pool = |used: &PoolUse| Some((pools.get(&*used.name)?.clone(), used.weight));
        let pool = rules.pool.as_ref().and_then(of_pool);
        (own.is_some() || pool.is_some()).then_some(NodeLimits { own, pool })
    };
    (0..plan.nodes.len()).map(|node| of_node(NodeId(node))).collect()
}

impl Pool {
    fn new(option: PoolOption) -> Self {
        Self {
            slots: option.size.and_then(NonZeroUsize::new).map(semaphore),
            rate: option.rate.and_then(Turns::new).map(Arc::new),
        }
    }
}

impl NodeLimits {
    fn pool_slots(&self) -> Option<(&Arc<Semaphore>, u32)> {
        let (pool, weight) = self.pool.as_ref()?;
        Some((pool.slots.as_ref()?, weight.get()))
    }

    fn rate(&self) -> Option<&Turns> {
        self.pool.as_ref()?.0.rate.as_deref()
    }

    async fn acquire(&self) -> NodeSlots {
        let own = match &self.own {
            Some(slots) => Some(acquire(slots).await),
            None => None,
        };
        let pool = match self.pool_slots() {
            Some((slots, weight)) => Some(acquire_many(slots, weight).await),
            None => None,
        };
        NodeSlots { _own: own, _pool: pool }
    }

    /// As [`acquire`](Self::acquire), if nobody has to wait. Who waits already is not overtaken.
    fn try_acquire(&self) -> Option<NodeSlots> {
        let own = match &self.own {
            Some(slots) => Some(Arc::clone(slots).try_acquire_owned().ok()?),
            None => None,
        };
        let pool = match self.pool_slots() {
            Some((slots, weight)) => Some(Arc::clone(slots).try_acquire_many_owned(weight).ok()?),
            None => None,
        };
        Some(NodeSlots { _own: own, _pool: pool })
    }
}

impl Engine {
    /// Whether more than the run limits the steps of a node.
    pub(super) fn is_limited(&self, node: NodeId) -> bool {
        self.node_limits[node.0].is_some()
    }

    /// A slot of the run, if nobody has to wait for it.
    pub(super) fn try_run_slot(&self) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.run_slots).try_acquire_owned().ok()?;
        (!self.stop.is_stopped()).then_some(slot)
    }

    /// Gives slots back that were held without a permit.
    pub(super) fn give_run_slots(&self, slots: usize) {
        self.run_slots.add_permits(slots);
    }

    /// A slot of the run. In a run that was told to stop, nobody gets it.
    pub(super) async fn run_slot(&self) -> OwnedSemaphorePermit {
        self.unless_stopped(acquire(&self.run_slots).await).await
    }

    /// What was taken, unless the run was told to stop meanwhile: then it is given back, and its taker waits for ever.
    async fn unless_stopped<T>(&self, taken: T) -> T {
        if self.stop.is_stopped() {
            drop(taken);
            return std::future::pending().await;
        }
        taken
    }

    async fn node_slots(&self, node: NodeId) -> NodeSlots {
        match &self.node_limits[node.0] {
            Some(limits) => limits.acquire().await,
            None => NodeSlots::default(),
        }
    }

    /// Everything that an attempt needs to start. In a run that was told to stop, nobody gets it.
    pub(super) async fn slots(&self, node: NodeId) -> Slots {
        let (node, run) = self.beside(node).await;
        Slots { _node: node, _run: run }
    }

    /// As [`slots`](Self::slots), for a caller that keeps the run's slot for other steps too.
    pub(super) async fn beside(&self, node: NodeId) -> (NodeSlots, OwnedSemaphorePermit) {
        let slots = self.node_slots(node).await;
        let run = match self.node_limits[node.0].as_ref().and_then(NodeLimits::rate) {
            Some(rate) => rate.take(&self.run_slots).await,
            None => acquire(&self.run_slots).await,
        };
        self.unless_stopped((slots, run)).await
    }

    /// What an attempt needs to start beside the slot of the run that the caller has, if it can be had at once.
    pub(super) fn try_beside(&self, node: NodeId) -> Option<NodeSlots> {
        if self.stop.is_stopped() {
            return None;
        }
        let Some(limits) = &self.node_limits[node.0] else { return Some(NodeSlots::default()) };
        let slots = limits.try_acquire()?;
        let turn = limits.rate().is_none_or(Turns::try_take);
        turn.then_some(slots)
    }

    /// The slots for an attempt that goes on, and needs no turn. None once the run is told to stop.
    async fn slots_again(&self, node: NodeId) -> Option<Slots> {
        let slots = async {
            let node = self.node_slots(node).await;
            Slots { _node: node, _run: acquire(&self.run_slots).await }
        };
        tokio::select! {
            biased;
            () = self.stop.stopped() => None,
            slots = slots => Some(slots),
        }
    }
}

/// The slots of a producer, which gives them up while it waits for room.
///
/// Once the run is told to stop, it goes on without them, to its end.
#[derive(Debug)]
pub(super) struct Lendable {
    engine: Arc<Engine>,
    node: NodeId,
    state: Mutex<Lent>,
    /// Held by the emit that takes the slots again: a second one would wait for what the first has.
    taking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Lent {
    slots: Option<Slots>,
    /// How many of the producer's emits wait. The slots are given up while it is not zero.
    waiting: usize,
    /// Whether the step has ended, and so needs no slots.
    ended: bool,
}

impl Lent {
    fn needs_slots(&self) -> bool {
        self.waiting == 0 && self.slots.is_none() && !self.ended
    }
}

impl Lendable {
    pub(super) fn new(engine: Arc<Engine>, node: NodeId, slots: Slots) -> Arc<Self> {
        engine.lenders.add();
        let state = Mutex::new(Lent { slots: Some(slots), waiting: 0, ended: false });
        Arc::new(Self { engine, node, state, taking: tokio::sync::Mutex::default() })
    }

    /// Gives the slots up while `wait` waits.
    pub(super) async fn give_up_during(&self, wait: impl Future<Output = ()>) {
        struct Waiting<'a>(&'a Lendable);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                lock(&self.0.state).waiting -= 1;
            }
        }

        let slots = {
            let mut state = lock(&self.state);
            state.waiting += 1;
            state.slots.take()
        };
        let waiting = Waiting(self);
        drop(slots);
        wait.await;
        drop(waiting);
        if !lock(&self.state).needs_slots() {
            return;
        }
        let _taking = self.taking.lock().await;
        let needs_slots = lock(&self.state).needs_slots();
        if needs_slots && let Some(slots) = self.engine.slots_again(self.node).await {
            let mut state = lock(&self.state);
            if state.needs_slots() {
                state.slots = Some(slots);
            }
        }
    }

    /// Gives the slots up for good.
    pub(super) fn give_back(&self) {
        let (ended_before, slots) = {
            let mut state = lock(&self.state);
            (std::mem::replace(&mut state.ended, true), state.slots.take())
        };
        drop(slots);
        if !ended_before {
            self.engine.lenders.sub();
        }
    }
}
