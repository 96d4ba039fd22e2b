//! Who owns a run, and whether they are alive.
//!
//! An owner is written as `pid start host nonce`: the process, when it started, the machine it is on, and a number that
//! tells its logs apart. Where the system does not say when processes started, only the heartbeat tells who is alive.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often an owner says that it is alive.
pub(crate) const BEAT: Duration = Duration::from_secs(5);

/// How long an owner may be silent before others take its run over.
pub(crate) const STALE: Duration = Duration::from_secs(30);

/// What stands for something that the system does not say.
const UNKNOWN: &str = "-";

/// The owners of this process that are alive.
static OWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn own() -> MutexGuard<'static, BTreeSet<String>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An owner in this process, which is alive until this is dropped.
#[derive(Debug)]
pub(crate) struct Live(String);

impl Live {
    pub(crate) fn new() -> Self {
        let pid = process::id();
        // Each `RandomState` has keys of its own, so that its hash of nothing is random.
        let nonce = RandomState::new().hash_one(());
        let start = start_of(pid).unwrap_or_else(|| UNKNOWN.to_owned());
        let owner = format!("{pid} {start} {} {nonce:016x}", host());
        own().insert(owner.clone());
        Self(owner)
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        own().remove(&self.0);
    }
}

/// Whether the owner is alive, and what to call it then. Times are microseconds.
pub(crate) fn alive(owner: &str, beat: i64, now: i64) -> Option<String> {
    let mut parts = owner.split(' ');
    let (pid, start, on) = (parts.next()?, parts.next()?, parts.next()?);
    let stale = i64::try_from(STALE.as_micros()).unwrap_or(i64::MAX);
    if now.abs_diff(beat) >= stale.unsigned_abs() {
        return None;
    }
    if on == UNKNOWN {
        return Some(format!("process {pid}"));
    }
    if on != host() {
        return Some(format!("process {pid} on another machine"));
    }
    let pid: u32 = pid.parse().ok()?;
    let running = match start_of(pid) {
        // It may have had no room on its disk to say that it gave the run up.
        _ if pid == process::id() => own().contains(owner),
        now => start == UNKNOWN || now.as_deref() == Some(start),
    };
    running.then(|| format!("process {pid}"))
}

/// The machine since it was started, and the part of it whose process ids these are.
fn host() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let ids = fs::read_link("/proc/self/ns/pid");
    match (boot, ids) {
        (Ok(boot), Ok(ids)) => format!("{}/{}", boot.trim(), ids.display()),
        _ => UNKNOWN.to_owned(),
    }
}

/// When a process started, in ticks since the machine did. None if there is none, or it is dead and not yet buried.
fn start_of(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program comes before these, in parentheses, and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn this_process_is_alive_until_it_is_silent() {
        let live = Live::new();
        let owner = live.name().to_owned();
        assert!(alive(&owner, 0, 29 * SECOND).is_some());
        assert!(alive(&owner, 60 * SECOND, 31 * SECOND).is_some());
        assert!(alive(&owner, 0, 30 * SECOND).is_none());
        drop(live);
        assert!(alive(&owner, 0, SECOND).is_none());
        assert!(alive("", 0, 0).is_none());
    }

    #[test]
    fn a_process_of_this_machine_that_has_ended_is_dead_at_once() {
        let mut child = process::Command::new("true").spawn().unwrap();
        let owner = |pid| format!("{pid} 1 {} 0", host());
        let pid = child.id();
        child.wait().unwrap();
        assert!(alive(&owner(pid), 0, 0).is_none());
        // Its id is another process's now.
        assert!(alive(&owner(process::id()), 0, 0).is_none());
    }

    #[test]
    fn a_process_of_another_machine_is_known_by_its_heartbeat() {
        let owner = "1 1 elsewhere 0";
        assert_eq!(alive(owner, 0, SECOND).unwrap(), "process 1 on another machine");
        assert!(alive(owner, 0, 40 * SECOND).is_none());
    }
}
