//! Runs a job: shows how far it is, and cancels it on Ctrl-C.

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::{Run, RunReport};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{MissedTickBehavior, interval};

use super::ctrl_c::CtrlC;
use super::pace::Pace;
use super::{Counts, line};
use crate::console::Console;

/// How often progress is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// Runs a job. None if Ctrl-C was pressed twice: then the run is aborted.
pub(crate) async fn watch(
    run: Run<Shown>,
    counts: &Counts,
    console: &mut Console<'_>,
) -> io::Result<Option<RunReport<Shown>>> {
    let mut ctrl_c = CtrlC::listen();
    let run = run.start();
    let canceler = run.canceler();
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut drawing = console.is_watched.then(Drawing::default);
    let mut run = pin!(run.wait());
    let mut is_canceled = false;
    let report = loop {
        tokio::select! {
            biased;
            report = &mut run => break Some(report),
            () = ctrl_c.pressed() => {
                if is_canceled {
                    break None;
                }
                is_canceled = true;
                canceler.cancel();
                let told = "canceling: what runs may end; Ctrl-C again ends it at once";
                match &drawing {
                    Some(drawing) => drawing.bar.println(told),
                    None => console.say(told)?,
                }
            }
            _ = frames.tick(), if drawing.is_some() => {
                if let Some(drawing) = &mut drawing {
                    drawing.draw(counts);
                }
            }
        }
    };
    if let Some(drawing) = drawing {
        drawing.bar.finish_and_clear();
    }
    Ok(report)
}

/// The lines on a terminal.
struct Drawing {
    bar: ProgressBar,
    paces: Vec<Pace>,
    began: Instant,
}

impl Default for Drawing {
    fn default() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, paces: Vec::new(), began: Instant::now() }
    }
}

impl Drawing {
    fn draw(&mut self, counts: &Counts) {
        let tallies = counts.tallies();
        self.paces.resize_with(tallies.len(), Pace::default);
        let lines = line::progress(&tallies, &mut self.paces, self.began.elapsed());
        self.bar.set_message(lines.join("\n"));
    }
}
