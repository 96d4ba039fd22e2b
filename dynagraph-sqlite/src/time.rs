//! Times as the database has them: microseconds.

use std::time::{Duration, SystemTime};

/// The microseconds since 1970.
pub(crate) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => length(after),
        Err(before) => -length(before.duration()),
    }
}

/// The time so many microseconds after 1970.
pub(crate) fn time(micros: i64) -> Option<SystemTime> {
    let length = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    }
}

/// A length of time in microseconds.
pub(crate) fn length(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// The microseconds since 1970, now.
pub(crate) fn now() -> i64 {
    micros(SystemTime::now())
}
