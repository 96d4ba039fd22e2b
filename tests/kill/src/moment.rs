//! When a session is killed.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// When a session is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While it opens the store, begins, or reads what is stored.
    Early,
    /// Anywhere.
    Middle,
    /// When the last steps end, or the run does.
    Late,
    Never,
}

impl Moment {
    pub(crate) fn any(random: &mut Rng) -> Self {
        match random.u8(..10) {
            0 | 1 => Self::Early,
            2 => Self::Late,
            _ => Self::Middle,
        }
    }

    /// Waits for the moment. Says whether the session goes on.
    pub(crate) fn wait(
        self,
        random: &mut Rng,
        child: &mut Child,
        journal: &Path,
        life: Duration,
    ) -> std::io::Result<bool> {
        let up_to = |time: Duration, random: &mut Rng| time.mul_f64(random.f64());
        match self {
            Self::Early => thread::sleep(up_to(life / 8, random)),
            Self::Middle => thread::sleep(up_to(life, random)),
            Self::Late => {
                until(child, || ends(journal))?;
                thread::sleep(up_to(Duration::from_millis(20), random));
            }
            Self::Never => until(child, || false)?,
        }
        Ok(child.try_wait()?.is_none())
    }
}

/// Waits until something is so, or the session has ended.
fn until(child: &mut Child, is_so: impl Fn() -> bool) -> std::io::Result<()> {
    let began = Instant::now();
    while child.try_wait()?.is_none() && !is_so() {
        if began.elapsed() > Duration::from_secs(600) {
            return Err(std::io::Error::other("a session hangs"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether one of the last steps is under way.
fn ends(journal: &Path) -> bool {
    let Ok(mut file) = fs::File::open(journal) else { return false };
    let len = file.metadata().map_or(0, |file| file.len());
    let mut end = Vec::new();
    let sought = file.seek(SeekFrom::Start(len.saturating_sub(4_096)));
    sought.is_ok()
        && file.read_to_end(&mut end).is_ok()
        && String::from_utf8_lossy(&end).contains(" finish")
}
