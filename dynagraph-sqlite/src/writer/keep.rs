//! What owners do from time to time: they say that they are alive, and look whether they are asked to cancel.

use std::time::{Duration, Instant};

use dynagraph_runtime::store::StoreError;
use rusqlite::params;

use super::Writing;
use super::session::Open;
use crate::owner::BEAT;
use crate::time::now;

/// How often an owner looks whether it is asked to cancel.
const LOOK: Duration = Duration::from_millis(500);

/// When the next of these is due.
#[derive(Debug)]
pub(super) struct Clock {
    beat: Instant,
    look: Instant,
}

impl Clock {
    pub(super) fn new(now: Instant) -> Self {
        Self { beat: now + BEAT, look: now + LOOK }
    }

    /// Has the owner look at once.
    pub(super) fn look_for_cancels(&mut self) {
        self.look = Instant::now();
    }

    /// How long there is nothing to do.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        self.beat.min(self.look).saturating_duration_since(now)
    }
}

impl Writing<'_> {
    /// Does what is due.
    pub(super) fn keep_alive(&mut self) {
        let at = Instant::now();
        if at >= self.clock.look {
            self.clock.look = at + LOOK;
            self.logs.iter().filter(|log| self.is_canceled(log)).for_each(|log| {
                log.shared.ask_cancel();
            });
        }
        if at >= self.clock.beat {
            self.clock.beat = at + BEAT;
            self.beat();
        }
    }

    fn is_canceled(&self, log: &Open) -> bool {
        let sql = "SELECT cancel FROM run WHERE number = ?";
        // What cannot be read now can be read the next time.
        self.conn.query_row(sql, [log.session.number], |row| row.get(0)).unwrap_or_default()
    }

    fn beat(&mut self) {
        let sql = "UPDATE run SET beat = ?3 WHERE number = ?1 AND owner = ?2";
        for log in self.logs.iter().filter(|log| !log.ended) {
            let beaten = self.conn.execute(sql, params![log.session.number, log.row.owner, now()]);
            // A write that fails now may do so for a reason that passes, and is tried again.
            if let Ok(0) = beaten {
                log.shared.fail(StoreError::taken_over(log.session.run));
            }
        }
    }

    /// Gives a run up. Says whether that could be written.
    pub(super) fn release(&self, log: &Open) -> bool {
        let sql = "UPDATE run SET owner = NULL, beat = NULL WHERE number = ?1 AND owner = ?2";
        log.ended || self.conn.execute(sql, params![log.session.number, log.row.owner]).is_ok()
    }
}
