//! Damaged files: whoever goes on with them ends right, or is told what is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use dynagraph::SqliteStore;
use dynagraph::store::StoreError;
use fastrand::Rng;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::folder;
use crate::job::{Given, expected};
use crate::journal::Calls;
use crate::moment::Moment;
use crate::outcome::{Outcome, Status};
use crate::round::{Files, Limit};
use crate::victim::Victim;

/// How many runs are damaged. Most were killed, each at another moment.
const PARTS: u32 = 9;
/// The run that failed, the one that is done, and the one that is done and whose log is taken in.
const FAILED: u32 = 6;
const DONE: u32 = 7;
const CLOSED: u32 = 8;

/// How many stores are damaged.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Damage {
    /// How many times a store is damaged and gone on with.
    #[arg(long, default_value_t = 100)]
    cases: u64,
    /// How many mapping keys each run has.
    #[arg(long, default_value_t = 1_000)]
    keys: u64,
    /// Where the damage comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How many panics there were, in any thread.
static PANICS: AtomicUsize = AtomicUsize::new(0);

impl Damage {
    pub(crate) fn run(&self) -> Result<()> {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            report(panic);
        }));
        let began = Instant::now();
        let runtime = Runtime::new()?;
        let folder = TempDir::new()?;
        let wholes = self.wholes(folder.path())?;
        let expected = expected(self.keys);
        let go_on = |folder: &Path| self.go_on(&runtime, folder, &expected);
        // How many calls each needs without damage.
        let needed =
            wholes.iter().map(|whole| Ok(go_on(copied(whole.path(), folder.path())?.path())?.1));
        let needed = needed.collect::<Result<Vec<_>>>()?;
        let mut ends = BTreeMap::<String, usize>::new();
        for number in 0..self.cases {
            let seed = self.seed.wrapping_add(number);
            let mut random = Rng::with_seed(seed);
            let place = random.usize(..wholes.len());
            let copied = copied(wholes[place].path(), folder.path())?;
            let what = harm(&mut random, copied.path())?;
            let case = || format!("seed {seed}, store {place}{what}");
            let (end, calls) = go_on(copied.path()).with_context(case)?;
            let more = if calls > needed[place] { ", after more calls" } else { "" };
            let (again, _) = go_on(copied.path()).with_context(case)?;
            // What one session does not read, the next one may.
            let then = if again == end { String::new() } else { format!(", then {again}") };
            *ends.entry(format!("{end}{more}{then}")).or_default() += 1;
        }
        println!("{} cases, {:.0?}", self.cases, began.elapsed());
        for (end, count) in ends {
            println!("{count:>6} {end}");
        }
        Ok(())
    }

    /// Folders with stores of runs that still have their logs: some that were killed, one that failed, one that is done.
    fn wholes(&self, folder: &Path) -> Result<Vec<TempDir>> {
        let mut wholes = Vec::new();
        let mut random = Rng::with_seed(self.seed);
        for part in 0..PARTS {
            let own = TempDir::new_in(folder)?;
            let mut files = Files::new(own.path(), self.keys)?;
            let life = Duration::from_millis(60) * (part + 1);
            if part.is_multiple_of(2) {
                session(&mut files, &[], Moment::Middle, &mut random, life)?;
                // Takes the log in, and the next session begins another one.
                drop(SqliteStore::open(folder::database(&files.store))?);
            }
            // What is open here keeps its log.
            let open = SqliteStore::open(folder::database(&files.store))?;
            match part {
                FAILED => session(&mut files, &["--failing"], Moment::Never, &mut random, life)?,
                DONE | CLOSED => session(&mut files, &[], Moment::Never, &mut random, life)?,
                _ => session(&mut files, &[], Moment::Middle, &mut random, life)?,
            }
            if part == CLOSED {
                drop(open);
                wholes.push(copied(&files.store, folder)?);
            } else {
                wholes.push(copied(&files.store, folder)?);
                drop(open);
            }
        }
        Ok(wholes)
    }

    fn victim(&self, folder: &Path) -> Victim {
        Victim {
            store: folder::database(folder),
            journal: None,
            output: None,
            keys: self.keys,
            normal: true,
            failing: false,
            pages: None,
            ctrl_c: false,
        }
    }

    /// Goes on with the run that a store may have. Says what came of it, and how many steps were called.
    fn go_on(
        &self,
        runtime: &Runtime,
        folder: &Path,
        expected: &Given,
    ) -> Result<(&'static str, usize)> {
        let journal = folder.join("journal");
        let victim = Victim { journal: Some(journal.clone()), ..self.victim(folder) };
        let session =
            async { tokio::time::timeout(Duration::from_secs(300), victim.session()).await };
        let Ok((outcome, given)) = runtime.block_on(session) else { bail!("it hangs") };
        ensure!(PANICS.load(Ordering::SeqCst) == 0, "it panics");
        let end = match outcome {
            Outcome::Done => {
                ensure!(given.as_ref() == Some(expected), "the output is wrong");
                "right"
            }
            Outcome::Refused(StoreError::Damaged { .. }) => "refused: damaged",
            Outcome::Refused(StoreError::NotAStore { .. }) => "refused: no store",
            Outcome::Refused(StoreError::NewerSchema { .. }) => "refused: a newer schema",
            Outcome::Refused(StoreError::Full { .. }) => "refused: full",
            other => bail!("{other}"),
        };
        let calls = Calls::read(&journal)?.0.len();
        fs::remove_file(&journal).or_else(|_| fs::write(&journal, ""))?;
        Ok((end, calls))
    }
}

/// One session of a run in a process of its own.
fn session(
    files: &mut Files,
    more: &[&str],
    moment: Moment,
    random: &mut Rng,
    life: Duration,
) -> Result<()> {
    let mut child = files.spawn(Limit::None, more)?;
    if moment.wait(random, &mut child, &files.journal(), life)? {
        child.kill()?;
    }
    let status = Status::of(child.wait()?);
    ensure!(!matches!(status, Status::Other), "a whole run: {}", files.said());
    Ok(())
}

fn copied(from: &Path, beside: &Path) -> io::Result<TempDir> {
    let to = TempDir::new_in(beside)?;
    folder::copy(from, to.path())?;
    Ok(to)
}

/// Damages a store in some places, and says where.
fn harm(random: &mut Rng, to: &Path) -> Result<String> {
    let files = folder::files(to)?;
    let mut what = String::new();
    for _ in 0..random.usize(1..4) {
        // Most of the files are values: the database and its log are damaged as often.
        let file = match random.u8(..3) {
            0 => &files[0],
            1 => &files[1.min(files.len() - 1)],
            _ => random.choice(&files).context("a store has files")?,
        };
        let path = to.join(file);
        let Ok(mut bytes) = fs::read(&path) else { continue };
        // What is written to may be a link.
        fs::remove_file(&path)?;
        if bytes.is_empty() || random.u8(..20) == 0 {
            write!(what, ", {} is gone", file.display())?;
            continue;
        }
        let how = damage(random, &mut bytes);
        fs::write(&path, bytes)?;
        write!(what, ", {} {how}", file.display())?;
    }
    Ok(what)
}

fn damage(random: &mut Rng, bytes: &mut Vec<u8>) -> String {
    // Some of it where a file says what it is.
    let up_to = if random.u8(..4) == 0 { bytes.len().min(200) } else { bytes.len() };
    let at = random.usize(..up_to);
    let end = (at + random.usize(1..6_000)).min(bytes.len());
    match random.u8(..6) {
        0 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        1 => {
            bytes.drain(at..end);
            format!("without {at}..{end}")
        }
        2 => {
            bytes[at..end].iter_mut().for_each(|byte| *byte = random.u8(..));
            format!("noise in {at}..{end}")
        }
        3 => {
            bytes[at..end].fill(0);
            format!("nothing in {at}..{end}")
        }
        4 => {
            bytes[at] ^= 1 << random.u8(..8);
            format!("a bit of {at}")
        }
        _ => {
            bytes[at] = random.u8(..);
            format!("a byte of {at}")
        }
    }
}
