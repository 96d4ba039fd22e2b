//! What the lanes of a fan-out do whose keys go through their nodes together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{FanOut, State};
use crate::engine::block::{Block, Slot};
use crate::key::MappingKey;
use crate::sync::lock;

/// Where keys of a fan-out wait.
#[derive(Debug, Default)]
pub(super) struct Slots {
    all: Vec<Arc<Slot>>,
    /// Those without a key that no lane has.
    free: Vec<Arc<Slot>>,
}

/// What a lane is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Work {
    /// Go on with the keys that it has, or was given.
    Some,
    /// Take a slot of the run, or wait for keys that have one.
    Slot,
    /// Wait for keys.
    Wait,
    /// End: there are no more.
    End,
}

impl FanOut {
    /// Gives keys that were woken, up to so many, and keys that have not begun if the lane has none in its block and may
    /// begin some.
    pub(in crate::engine) fn take_work(
        &self,
        block: &mut Block,
        woken: &mut VecDeque<Arc<Slot>>,
        most_woken: usize,
        may_begin: bool,
    ) -> Work {
        let mut pulled = Vec::new();
        let mut state = lock(&self.state);
        let count = (state.woken.len() / self.eager_lanes).clamp(1, most_woken);
        let count = count.min(state.woken.len());
        woken.extend(state.woken.drain(..count));
        let begins = !self.engine.stop.is_stopped() && self.has_keys_in(&state);
        if begins && may_begin && block.len() == 0 {
            self.fill(&mut state, block, &mut pulled);
        }
        let work = if !woken.is_empty() || (block.len() > 0 && may_begin) {
            Work::Some
        } else if block.len() > 0 || (begins && !may_begin) {
            state.idle += 1;
            Work::Slot
        } else if self.waiting.load(Ordering::SeqCst) == 0
            && (self.engine.stop.is_stopped() || (state.ending.is_some() && state.is_empty()))
        {
            state.lanes -= 1;
            Work::End
        } else {
            state.idle += 1;
            Work::Wait
        };
        drop(state);
        self.tell_pulled(&pulled);
        work
    }

    /// Fills a block whose keys are done. Says whether there were some.
    pub(in crate::engine) fn refill(&self, block: &mut Block) -> bool {
        let mut pulled = Vec::new();
        let mut state = lock(&self.state);
        if !self.engine.stop.is_stopped() && self.has_keys_in(&state) {
            self.fill(&mut state, block, &mut pulled);
        }
        drop(state);
        self.tell_pulled(&pulled);
        block.len() > 0
    }

    /// Whether a key may begin.
    fn has_keys_in(&self, state: &State) -> bool {
        self.has_work_in(state) && state.begun - state.finished < self.most_at_once
    }

    fn fill(&self, state: &mut State, block: &mut Block, pulled: &mut Vec<MappingKey>) {
        if state.shuffle.is_some() {
            if let Some(item) = self.take_any(state, pulled) {
                block.add(item);
                state.begun += 1;
            }
            return;
        }
        // Others may begin some too.
        let free = self.most_at_once.saturating_sub(state.begun - state.finished);
        let free = usize::try_from(free).unwrap_or(usize::MAX);
        let count = block.next_size().min((free / self.eager_lanes).max(1));
        let count = self.share_of(state, count);
        let queued = state.queue.len().min(count);
        state.queue.drain(..queued).for_each(|item| block.add(item));
        state.begun += queued as u64;
        if queued == count {
            return;
        }
        let room = usize::try_from(self.room_in(state)).unwrap_or(usize::MAX);
        let Some(mut list) = state.list.take() else { return };
        let told = self.engine.listeners.any();
        let missing = (count - queued).min(room);
        let first = state.emitted;
        state.emitted = block.add_listed(missing, first, &mut *list, |key| {
            if told {
                pulled.push(key.clone());
            }
        });
        state.begun += state.emitted - first;
        if list.remaining() > 0 {
            state.list = Some(list);
        }
    }

    /// A lane that waits for keys or a slot does not wait for keys any more: it has a slot.
    pub(in crate::engine) fn stop_waiting(&self) {
        let mut state = lock(&self.state);
        if state.idle > 0 {
            state.idle -= 1;
        } else if let Ok(called) = self.work.try_acquire() {
            called.forget();
        }
    }

    /// Some lane is to go on with the key in a slot.
    pub(in crate::engine) fn push_woken(self: &Arc<Self>, slot: Arc<Slot>) {
        let mut state = lock(&self.state);
        state.woken.push_back(slot);
        let lanes = self.call_lanes(&mut state, 1);
        drop(state);
        self.start_lanes(lanes);
    }

    /// Leaves keys that were woken to others.
    pub(in crate::engine) fn give_back(self: &Arc<Self>, woken: &mut VecDeque<Arc<Slot>>) {
        let mut state = lock(&self.state);
        let lanes = self.call_lanes(&mut state, woken.len());
        while let Some(slot) = woken.pop_back() {
            state.woken.push_front(slot);
        }
        drop(state);
        self.start_lanes(lanes);
    }

    /// A slot for a key that waits.
    pub(in crate::engine) fn slot(self: &Arc<Self>) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        slots.free.pop().unwrap_or_else(|| {
            let slot = Slot::new(self);
            slots.all.push(Arc::clone(&slot));
            slot
        })
    }

    /// Takes slots without a key, which other lanes may need.
    pub(in crate::engine) fn take_free(&self, slots: impl Iterator<Item = Arc<Slot>>) {
        lock(&self.slots).free.extend(slots);
    }

    /// So many more keys wait.
    pub(in crate::engine) fn add_waiting(&self, keys: usize) {
        self.waiting.fetch_add(keys, Ordering::SeqCst);
    }

    /// So many keys do not wait any more.
    pub(in crate::engine) fn sub_waiting(&self, keys: usize) {
        self.waiting.fetch_sub(keys, Ordering::SeqCst);
    }

    /// Nobody waits any more: what waited was canceled.
    pub(in crate::engine) fn abandon(&self) {
        let slots = std::mem::take(&mut lock(&self.slots).all);
        for slot in &slots {
            if let Some(waiting) = slot.take() {
                waiting.cancel(self);
            }
        }
        lock(&self.slots).all.extend(slots);
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        self.abandon();
    }
}
