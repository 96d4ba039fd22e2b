//! The blocks of a fan-out whose keys go through their nodes together: which lane goes on with which.

use std::sync::Arc;

use super::{FanOut, State};
use crate::engine::block::Block;
use crate::key::MappingKey;
use crate::sync::lock;

/// What a lane is to do next.
pub(in crate::engine) enum TakenBlock {
    /// Go on with the keys of this block.
    Keys(Box<Block>),
    /// Wait for keys.
    Wait,
    /// End: there are no more.
    End,
}

impl FanOut {
    /// Gives keys that have begun before those that have not, which a lane takes in the order of emission. What the lane
    /// has used until now is used again.
    pub(in crate::engine) fn take_block(&self, used: Option<Box<Block>>) -> TakenBlock {
        if self.engine.stop.is_stopped() {
            return TakenBlock::End;
        }
        let mut pulled = Vec::new();
        let mut state = lock(&self.state);
        if let Some(begun) = state.begun.pop() {
            state.spare.extend(used);
            return TakenBlock::Keys(begun);
        }
        if !self.has_work_in(&state) {
            if state.ending.is_some() && state.is_empty() {
                state.lanes -= 1;
                state.spare.extend(used);
                return TakenBlock::End;
            }
            state.idle += 1;
            state.spare.extend(used.map(|mut used| {
                used.pause();
                used
            }));
            return TakenBlock::Wait;
        }
        let Some(mut block) = used.or_else(|| state.spare.pop()) else {
            drop(state);
            return self.take_block(Some(Block::new(self)));
        };
        self.fill(&mut state, &mut block, &mut pulled);
        drop(state);
        self.tell_pulled(&pulled);
        TakenBlock::Keys(block)
    }

    fn fill(&self, state: &mut State, block: &mut Block, pulled: &mut Vec<MappingKey>) {
        if state.shuffle.is_some() {
            if let Some(item) = self.take_any(state, pulled) {
                block.add(item);
            }
            return;
        }
        let count = self.share_of(state, block.next_size());
        let queued = state.queue.len().min(count);
        state.queue.drain(..queued).for_each(|item| block.add(item));
        if queued == count {
            return;
        }
        let room = usize::try_from(self.room_in(state)).unwrap_or(usize::MAX);
        let Some(mut list) = state.list.take() else { return };
        let told = self.engine.listeners.any();
        let missing = (count - queued).min(room);
        state.emitted = block.add_listed(missing, state.emitted, &mut *list, |key| {
            if told {
                pulled.push(key.clone());
            }
        });
        if list.remaining() > 0 {
            state.list = Some(list);
        }
    }

    /// A lane's key waits for something: others may go on with the rest of its block, and with what else there is.
    pub(in crate::engine) fn pass_on(self: &Arc<Self>, block: Box<Block>) {
        let mut state = lock(&self.state);
        state.suspended += 1;
        let begun = block.len() > 0;
        if begun {
            state.begun.push(block);
        } else {
            state.spare.push(block);
        }
        let work = begun || self.has_work_in(&state);
        let lanes = if work { self.call_lanes(&mut state, 1) } else { 0 };
        drop(state);
        self.start_lanes(lanes);
    }

    /// A block without keys.
    pub(in crate::engine) fn spare_block(&self) -> Box<Block> {
        let spare = lock(&self.state).spare.pop();
        spare.unwrap_or_else(|| Block::new(self))
    }

    /// Keeps a block without keys for others.
    pub(in crate::engine) fn keep_block(&self, block: Box<Block>) {
        lock(&self.state).spare.push(block);
    }
}
