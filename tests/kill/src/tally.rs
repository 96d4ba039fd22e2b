//! What all rounds came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::check::Session;
use crate::moment::Moment;
use crate::outcome::Status;

/// What all rounds came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rounds: usize,
    sessions: usize,
    /// How the sessions ended.
    ends: BTreeMap<String, usize>,
    /// How many sessions that did not end by themselves had begun nothing, were under way, or had nothing left to do.
    nothing_begun: usize,
    under_way: usize,
    necessary: usize,
    beyond: usize,
    most_beyond: usize,
    most_in_flight: usize,
    most_not_stored: usize,
}

impl Tally {
    pub(crate) fn session(&mut self, moment: Moment, status: Status, session: &Session) {
        self.sessions += 1;
        let end = match status {
            Status::Killed => format!("killed {moment:?}").to_lowercase(),
            _ => format!("{status:?}").to_lowercase(),
        };
        *self.ends.entry(end).or_default() += 1;
        if status == Status::Killed {
            self.nothing_begun += usize::from(session.executed == 0);
            self.under_way += usize::from(session.executed > 0);
            self.most_in_flight = self.most_in_flight.max(session.in_flight);
            self.most_not_stored = self.most_not_stored.max(session.not_stored);
        }
    }

    pub(crate) fn round(&mut self, necessary: usize, beyond: usize) {
        self.rounds += 1;
        self.necessary += necessary;
        self.beyond += beyond;
        self.most_beyond = self.most_beyond.max(beyond);
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds
    }

    pub(crate) fn summary(&self, took: Duration) -> String {
        format!("{self}\nin {took:.0?}")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, sessions, necessary, beyond, .. } = self;
        let ends: Vec<_> = self.ends.iter().map(|(end, n)| format!("{n} {end}")).collect();
        writeln!(f, "{rounds} rounds, {sessions} sessions: {}", ends.join(", "))?;
        writeln!(
            f,
            "killed before the first call: {}, after it: {}",
            self.nothing_begun, self.under_way
        )?;
        writeln!(
            f,
            "calls: {necessary} necessary, {beyond} beyond, {} in a round",
            self.most_beyond
        )?;
        write!(
            f,
            "at a kill, at most {} calls in flight, and {} that had ended and were not yet stored",
            self.most_in_flight, self.most_not_stored
        )
    }
}
