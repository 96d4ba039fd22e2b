//! The lanes of a fan-out: how many there are, and which keys they take.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Elements, FanOut, Item, State};
use crate::engine::lane;
use crate::key::MappingKey;
use crate::plan::Feed;
use crate::sync::lock;

/// What a lane is to do next.
pub(in crate::engine) enum Taken {
    /// Run this key, and those that were taken with it.
    Key(Item),
    /// Wait for keys.
    Wait,
    /// End: there are no more.
    End,
}

impl FanOut {
    /// Calls lanes for so many keys: while fewer than `eager_lanes` have work that does not wait. Those that are idle are
    /// woken; gives how many others are to be [started](Self::start_lanes).
    #[must_use]
    pub(super) fn call_lanes(&self, state: &mut State, keys: usize) -> usize {
        let busy = state.lanes - state.idle - state.suspended.min(state.lanes - state.idle);
        let called = keys.min(self.eager_lanes.saturating_sub(busy));
        let woken = called.min(state.idle);
        if woken > 0 {
            state.idle -= woken;
            self.work.add_permits(woken);
        }
        let started = (called - woken).min(self.max_lanes.saturating_sub(state.lanes));
        state.lanes += started;
        started
    }

    /// Starts lanes that are counted already, not under a lock that others wait for.
    pub(super) fn start_lanes(self: &Arc<Self>, lanes: usize) {
        for _ in 0..lanes {
            lane::start(self);
        }
    }

    pub(super) fn has_work_in(&self, state: &State) -> bool {
        !state.queue.is_empty() || (state.list.is_some() && self.room_in(state) > 0)
    }

    /// A lane's key waits for something: somebody else may take the others.
    ///
    /// It goes on with [`resume`](Self::resume) or [`finish`](Self::finish). Of a run that is over, nobody counts lanes.
    pub(in crate::engine) fn suspend(self: &Arc<Self>, rest: &mut VecDeque<Item>) {
        let mut state = lock(&self.state);
        state.suspended += 1;
        while let Some(item) = rest.pop_back() {
            state.queue.push_front(item);
        }
        let lanes = if self.has_work_in(&state) { self.call_lanes(&mut state, 1) } else { 0 };
        drop(state);
        self.start_lanes(lanes);
    }

    /// A lane's key goes on.
    pub(in crate::engine) fn resume(&self) {
        lock(&self.state).suspended -= 1;
    }

    /// Takes up to `count` keys, in the order of emission, all but the first to `rest`; a run that shuffles them takes one.
    pub(in crate::engine) fn take(&self, count: usize, rest: &mut VecDeque<Item>) -> Taken {
        if self.engine.stop.is_stopped() {
            return Taken::End;
        }
        let mut pulled = Vec::new();
        let mut state = lock(&self.state);
        let first = if state.shuffle.is_some() {
            self.take_any(&mut state, &mut pulled)
        } else {
            self.take_first(&mut state, count, rest, &mut pulled)
        };
        let taken = match first {
            Some(first) => Taken::Key(first),
            None if state.ending.is_some() && state.is_empty() => {
                state.lanes -= 1;
                Taken::End
            }
            None => {
                state.idle += 1;
                Taken::Wait
            }
        };
        drop(state);
        self.tell_pulled(&pulled);
        taken
    }

    /// Tells of the keys that were pulled from a list, before any of them begins.
    pub(super) fn tell_pulled(&self, keys: &[MappingKey]) {
        if keys.is_empty() {
            return;
        }
        let Some((node, output)) = self.engine.plan.emitter(self.scope) else { return };
        for key in keys {
            self.engine.tell_emitted(node, &self.frame.path, output, key);
        }
    }

    /// How many keys a lane may take that wants so many: the last ones are shared by all lanes.
    pub(super) fn share_of(&self, state: &State, count: usize) -> usize {
        let listed = state.list.as_ref().map_or(0, |list| list.remaining());
        count.min(((state.queue.len() + listed) / (2 * self.eager_lanes)).max(1))
    }

    fn take_first(
        &self,
        state: &mut State,
        count: usize,
        rest: &mut VecDeque<Item>,
        pulled: &mut Vec<MappingKey>,
    ) -> Option<Item> {
        let count = self.share_of(state, count);
        let mut first = state.queue.pop_front();
        let queued = state.queue.len().min(count - 1);
        rest.extend(state.queue.drain(..queued));
        let missing = count - rest.len() - usize::from(first.is_some());
        if missing > 0 {
            self.pull(state, missing, pulled, |item| match first {
                Some(_) => rest.push_back(item),
                None => first = Some(item),
            });
        }
        first
    }

    /// Takes any of the keys that can be taken.
    pub(super) fn take_any(&self, state: &mut State, pulled: &mut Vec<MappingKey>) -> Option<Item> {
        let mut queue = std::mem::take(&mut state.queue);
        self.pull(state, usize::MAX, pulled, |item| queue.push_back(item));
        let taken = state.shuffle.as_mut().and_then(|shuffle| shuffle.pick(&mut queue));
        state.queue = queue;
        taken
    }

    /// Pulls keys from a list, up to so many and as there is room. Gives also their names, if anybody is told of them.
    fn pull(
        &self,
        state: &mut State,
        most: usize,
        pulled: &mut Vec<MappingKey>,
        mut give: impl FnMut(Item),
    ) {
        if state.list.is_none() {
            return;
        }
        let room = usize::try_from(self.room_in(state)).unwrap_or(usize::MAX);
        let Some(mut list) = state.list.take() else { return };
        let told = self.engine.listeners.any();
        for _ in 0..most.min(room) {
            let Some((key, value)) = list.next() else { break };
            let index = state.emitted;
            state.emitted += 1;
            if self.engine.options.keep_values
                && let Feed::Emitted { node, .. } = self.plan().feed
            {
                let path = self.frame.path.child(key.clone(), index);
                self.engine.keep_value(node, path, value.clone());
            }
            if told {
                pulled.push(key.clone());
            }
            give(Item { index, key, elements: Elements::ready(value) });
        }
        if list.remaining() > 0 {
            state.list = Some(list);
        }
    }

    /// Waits for keys, after it was told to. Says whether there may be some; if not, the lane ends.
    pub(in crate::engine) async fn called(&self) -> bool {
        match self.work.acquire().await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }
}
