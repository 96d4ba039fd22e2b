//! The lanes of a fan-out: how many there are, and which keys they take.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Elements, FanOut, Item, State};
use crate::engine::lane;
use crate::key::MappingKey;
use crate::plan::Feed;
use crate::sync::lock;

/// A lane whose key waits, until it is dropped.
pub(in crate::engine) struct Suspended<'a>(&'a FanOut);

impl<'a> Suspended<'a> {
    pub(in crate::engine) fn new(fan_out: &'a FanOut) -> Self {
        lock(&fan_out.state).suspended += 1;
        Self(fan_out)
    }
}

impl Drop for Suspended<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).suspended -= 1;
    }
}

impl FanOut {
    /// Wakes or starts lanes for so many keys: while fewer than `eager_lanes` have work that does not wait.
    pub(super) fn call_lanes(self: &Arc<Self>, state: &mut State, keys: usize) {
        let busy = state.lanes - state.idle - state.suspended.min(state.lanes - state.idle);
        for _ in 0..keys.min(self.eager_lanes.saturating_sub(busy)) {
            if state.idle > 0 {
                state.idle -= 1;
                self.work.add_permits(1);
            } else if state.lanes < self.max_lanes {
                state.lanes += 1;
                self.engine.spawn(lane::run(Arc::clone(self)));
            } else {
                return;
            }
        }
    }

    /// Whether a key can be taken.
    pub(in crate::engine) fn has_work(&self) -> bool {
        self.has_work_in(&lock(&self.state))
    }

    pub(super) fn has_work_in(&self, state: &State) -> bool {
        !state.queue.is_empty() || (state.list.is_some() && self.room_in(state) > 0)
    }

    /// A lane's key waits for something: somebody else may take the others.
    pub(in crate::engine) fn share(self: &Arc<Self>, rest: &mut VecDeque<Item>) {
        let mut state = lock(&self.state);
        while let Some(item) = rest.pop_back() {
            state.queue.push_front(item);
        }
        if self.has_work_in(&state) {
            self.call_lanes(&mut state, 1);
        }
    }

    /// Takes up to `count` keys, in the order of emission; a run that shuffles them takes one.
    pub(in crate::engine) fn take(&self, count: usize, block: &mut VecDeque<Item>) {
        if self.engine.stop.is_stopped() {
            return;
        }
        let mut state = lock(&self.state);
        if state.shuffle.is_some() {
            let pulled = self.take_any(&mut state, block);
            drop(state);
            return self.tell_pulled(pulled.iter());
        }
        let listed = state.list.as_ref().map_or(0, |list| list.remaining());
        // The last keys are shared by all lanes.
        let fair = ((state.queue.len() + listed) / (2 * self.eager_lanes)).max(1);
        let count = count.min(fair);
        while block.len() < count
            && let Some(item) = state.queue.pop_front()
        {
            block.push_back(item);
        }
        if block.len() < count && state.list.is_some() {
            let room = usize::try_from(self.room_in(&state)).unwrap_or(usize::MAX);
            let most = count.min(block.len().saturating_add(room));
            let queued = block.len();
            self.pull(&mut state, most, block);
            drop(state);
            self.tell_pulled(block.range(queued..).map(|item| &item.key));
        }
    }

    /// Tells of the keys that were pulled from a list, before any of them begins.
    fn tell_pulled<'a>(&self, keys: impl Iterator<Item = &'a MappingKey>) {
        if !self.engine.listeners.any() {
            return;
        }
        let Some((node, output)) = self.engine.plan.emitter(self.scope) else { return };
        for key in keys {
            self.engine.tell_emitted(node, &self.frame.path, output, key);
        }
    }

    /// Takes any of the keys that can be taken. Gives those that were pulled for it, if anybody wants to know.
    fn take_any(&self, state: &mut State, block: &mut VecDeque<Item>) -> Vec<MappingKey> {
        let mut pulled = Vec::new();
        if state.list.is_some() {
            let room = usize::try_from(self.room_in(state)).unwrap_or(usize::MAX);
            let mut queue = std::mem::take(&mut state.queue);
            let queued = queue.len();
            self.pull(state, queued.saturating_add(room), &mut queue);
            if self.engine.listeners.any() {
                pulled.extend(queue.range(queued..).map(|item| item.key.clone()));
            }
            state.queue = queue;
        }
        if let Some(shuffle) = &mut state.shuffle {
            block.extend(shuffle.pick(&mut state.queue));
        }
        pulled
    }

    /// Pulls keys from a list until the block has so many.
    pub(super) fn pull(&self, state: &mut State, most: usize, block: &mut VecDeque<Item>) {
        let Some(mut list) = state.list.take() else { return };
        while block.len() < most
            && let Some((key, value)) = list.next()
        {
            let index = state.emitted;
            state.emitted += 1;
            if self.engine.options.keep_values
                && let Feed::Emitted { node, .. } = self.plan().feed
            {
                let path = self.frame.path.child(key.clone(), index);
                self.engine.keep_value(node, path, value.clone());
            }
            block.push_back(Item { index, key, elements: Elements::ready(value) });
        }
        if list.remaining() > 0 {
            state.list = Some(list);
        }
    }

    /// Waits for keys. Says whether there may be some; if not, the lane ends.
    pub(in crate::engine) async fn more(&self) -> bool {
        {
            let mut state = lock(&self.state);
            if self.has_work_in(&state) {
                return true;
            }
            if state.ending.is_some() && state.is_empty() {
                state.lanes -= 1;
                return false;
            }
            state.idle += 1;
        }
        match self.work.acquire().await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }
}
