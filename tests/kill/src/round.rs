//! Rounds: a run is started, broken off, and gone on with until it is done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::check::{Progress, Unbroken};
use crate::folder;
use crate::job::expected;
use crate::journal::Calls;
use crate::moment::Moment;
use crate::outcome::Status;
use crate::tally::Tally;
use crate::victim::{self, Victim};

/// What ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BySignal {
    /// SIGKILL: the process is gone.
    Kill,
    /// SIGINT: the run is canceled.
    Int,
}

/// What is done to how many runs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rounds {
    /// How many runs are broken off until they are done.
    #[arg(long = "rounds", default_value_t = 10)]
    count: u64,
    /// How many mapping keys each run has.
    #[arg(long, default_value_t = 10_000)]
    keys: u64,
    /// What ends a session of a run.
    #[arg(long, value_enum, default_value_t = BySignal::Kill)]
    signal: BySignal,
    /// Some steps fail in the first sessions.
    #[arg(long)]
    failing: bool,
    /// The first sessions have too little room on the disk.
    #[arg(long)]
    disk: bool,
    /// Where the moments come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Rounds {
    pub(crate) fn run(&self) -> Result<()> {
        let began = Instant::now();
        let (unbroken, life) = self.unbroken()?;
        println!("{} steps, {} calls, {life:.0?}", unbroken.steps(), unbroken.necessary());
        let mut tally = Tally::default();
        for number in 0..self.count {
            let seed = self.seed.wrapping_add(number);
            let folder = tempfile::tempdir()?;
            let mut round = Round::new(self, &unbroken, life, seed, folder.path())?;
            if let Err(error) = round.run(&mut tally) {
                let kept = folder.keep();
                return Err(error.context(format!("seed {seed}, kept in {}", kept.display())));
            }
            if tally.rounds().is_multiple_of(10) {
                println!("{} rounds, {:.0?}", tally.rounds(), began.elapsed());
            }
        }
        println!("{}", tally.summary(began.elapsed()));
        Ok(())
    }

    /// A run that nothing happens to, and how long it takes.
    fn unbroken(&self) -> Result<(Unbroken, Duration)> {
        let folder = TempDir::new()?;
        let mut round = Files::new(folder.path(), self.keys)?;
        let began = Instant::now();
        let mut child = round.spawn(Limit::None, &[])?;
        Moment::Never.wait(
            &mut Rng::with_seed(0),
            &mut child,
            &round.journal(),
            began.elapsed(),
        )?;
        ensure!(Status::of(child.wait()?) == Status::Done, "an unbroken run: {}", round.said());
        let life = began.elapsed();
        let output = fs::read_to_string(&round.output)?;
        ensure!(
            output == victim::text(&expected(self.keys)),
            "an unbroken run gives another output"
        );
        Ok((Unbroken::new(Calls::read(&round.journal())?, output)?, life))
    }
}

/// How much room a session has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    None,
    /// For the database.
    Pages(u32),
    /// For any file, in blocks of 512 bytes.
    Blocks(u64),
}

/// The files of a round.
#[derive(Debug)]
pub(crate) struct Files {
    victim: Victim,
    pub(crate) store: PathBuf,
    output: PathBuf,
    folder: PathBuf,
    session: u32,
}

impl Files {
    pub(crate) fn new(folder: &Path, keys: u64) -> Result<Self> {
        let store = folder.join("store");
        fs::create_dir(&store)?;
        let victim = Victim {
            store: folder::database(&store),
            journal: None,
            output: None,
            keys,
            normal: false,
            failing: false,
            pages: None,
            ctrl_c: false,
        };
        let (output, folder) = (folder.join("output"), folder.to_owned());
        Ok(Self { victim, store, output, folder, session: 0 })
    }

    /// Where the session says what it calls.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join(format!("journal {}", self.session))
    }

    /// What the session said of its end.
    pub(crate) fn said(&self) -> String {
        let said = fs::read_to_string(self.folder.join(format!("said {}", self.session)));
        said.unwrap_or_default().trim().to_owned()
    }

    /// Starts the next session.
    pub(crate) fn spawn(&mut self, limit: Limit, more: &[&str]) -> Result<Child> {
        self.session += 1;
        let own = std::env::current_exe()?;
        let mut command = match limit {
            Limit::Blocks(blocks) => {
                let mut shell = Command::new("sh");
                // Whoever ignores the signal is told of the limit by an error instead.
                let script = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
                shell.args(["-c", script, "sh", &blocks.to_string()]).arg(own);
                shell
            }
            _ => Command::new(own),
        };
        command.arg("victim").arg("--store").arg(&self.victim.store);
        command.arg("--journal").arg(self.journal()).arg("--output").arg(&self.output);
        command.arg("--keys").arg(self.victim.keys.to_string()).args(more);
        if let Limit::Pages(pages) = limit {
            command.arg("--pages").arg(pages.to_string());
        }
        let said = File::create(self.folder.join(format!("said {}", self.session)))?;
        command.stdin(Stdio::null()).stderr(said.try_clone()?).stdout(said);
        command.spawn().context("the victim")
    }
}

/// One run that is broken off until it is done.
#[derive(Debug)]
struct Round<'a> {
    asked: &'a Rounds,
    unbroken: &'a Unbroken,
    whole_life: Duration,
    /// How long the next session may take.
    life: Duration,
    random: Rng,
    files: Files,
    normal: bool,
}

impl<'a> Round<'a> {
    fn new(
        asked: &'a Rounds,
        unbroken: &'a Unbroken,
        whole_life: Duration,
        seed: u64,
        folder: &Path,
    ) -> Result<Self> {
        let files = Files::new(folder, asked.keys)?;
        let normal = seed.is_multiple_of(3);
        let (life, random) = (whole_life, Rng::with_seed(seed));
        Ok(Self { asked, unbroken, whole_life, life, random, files, normal })
    }

    fn run(&mut self, tally: &mut Tally) -> Result<()> {
        let breaks = self.random.u32(2..9);
        let mut progress = Progress::default();
        for session in 0.. {
            let left = breaks.saturating_sub(session);
            let (moment, status) = self.session(left)?;
            let journal = self.files.journal();
            let seen = progress
                .session(self.unbroken, status, &journal, &self.files.store)
                .with_context(|| format!("session {session}: {}", self.files.said()))?;
            tally.session(moment, status, &seen);
            // A session that goes on has less to do.
            let missing = u32::try_from(1_000 * seen.missing / self.unbroken.steps())?;
            self.life = self.whole_life / 4 + self.whole_life * 3 / 4 * missing / 1_000;
            self.check_status(status, left)?;
            if status == Status::Done {
                break;
            }
        }
        let output = fs::read_to_string(&self.files.output)?;
        tally.round(self.unbroken.necessary(), progress.done(self.unbroken, &output)?);
        Ok(())
    }

    /// Runs a session after which so many are left to be broken off.
    fn session(&mut self, left: u32) -> Result<(Moment, Status)> {
        let Rounds { failing, disk, signal, .. } = *self.asked;
        let limit = if disk && left > 0 { self.limit(left)? } else { Limit::None };
        // Sessions that end by themselves are not all killed.
        let by_itself = left == 0 || ((failing || disk) && self.random.bool());
        let moment = if by_itself { Moment::Never } else { Moment::any(&mut self.random) };
        let mut more = Vec::new();
        more.extend(self.normal.then_some("--normal"));
        more.extend((failing && left > 0).then_some("--failing"));
        more.extend((signal == BySignal::Int).then_some("--ctrl-c"));
        let mut child = self.files.spawn(limit, &more)?;
        let journal = self.files.journal();
        if moment.wait(&mut self.random, &mut child, &journal, self.life)? {
            match signal {
                BySignal::Kill => child.kill()?,
                BySignal::Int => {
                    kill_process(Pid::from_child(&child), Signal::INT)?;
                    Moment::Never.wait(&mut self.random, &mut child, &journal, self.life)?;
                }
            }
        }
        Ok((moment, Status::of(child.wait()?)))
    }

    /// More room from session to session, and never enough for all.
    fn limit(&mut self, left: u32) -> Result<Limit> {
        // What a whole run takes, more or less.
        let bytes = 110 * self.unbroken.steps() / (left as usize + 1);
        let bytes = bytes * self.random.usize(20..120) / 100;
        if self.random.bool() {
            return Ok(Limit::Pages(u32::try_from(bytes / 4_096)?));
        }
        // The journal has to fit in any case.
        Ok(Limit::Blocks(u64::try_from((bytes / 512).max(self.unbroken.necessary() / 6))?))
    }

    /// Whether a session may end so.
    fn check_status(&self, status: Status, left: u32) -> Result<()> {
        let is_right = match status {
            Status::Done => true,
            Status::Killed => left > 0,
            Status::Failed => self.asked.failing && left > 0,
            Status::Refused => self.asked.disk && left > 0,
            Status::Canceled => self.asked.signal == BySignal::Int && left > 0,
            Status::Other => false,
        };
        if !is_right {
            bail!("a session ended as {status:?}: {}", self.files.said());
        }
        Ok(())
    }
}
