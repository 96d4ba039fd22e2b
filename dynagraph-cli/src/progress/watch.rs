//! Runs a job: says which run it is, shows how far it is, and cancels it on Ctrl-C.

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use dynagraph_runtime::registry::Shown;
use dynagraph_runtime::{EventKind, Run, RunId, RunReport};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch::error::RecvError;
use tokio::sync::watch::{Receiver, channel};
use tokio::time::{MissedTickBehavior, interval};

use super::ctrl_c::CtrlC;
use super::pace::Pace;
use super::{Counts, line};
use crate::console::Console;

/// How often progress is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// A run that was watched to its end.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The run, if it began.
    pub(crate) id: Option<RunId>,
    /// None if Ctrl-C was pressed twice: then the run is aborted.
    pub(crate) report: Option<RunReport<Shown>>,
}

/// Runs a job. Says which run it is, where that matters to somebody.
pub(crate) async fn watch(
    run: Run<Shown>,
    counts: &Counts,
    mut names_run: bool,
    console: &mut Console<'_>,
) -> io::Result<Watched> {
    let mut ctrl_c = CtrlC::listen();
    let (begins, mut began) = channel(None);
    let run = run.on_event(move |event| {
        if let EventKind::RunStart { run, .. } = event.kind {
            begins.send_replace(Some(run));
        }
    });
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
            Ok(id) = id_of(&mut began), if names_run => {
                names_run = false;
                say(format!("run {id}"), drawing.as_ref(), console)?;
            }
            report = &mut run => break Some(report),
            () = ctrl_c.pressed() => {
                if is_canceled {
                    break None;
                }
                is_canceled = true;
                canceler.cancel();
                let told = "canceling: what runs may end; Ctrl-C again ends it at once";
                say(told.to_owned(), drawing.as_ref(), console)?;
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
    let id = *began.borrow();
    Ok(Watched { id, report })
}

/// Waits until it is known which run it is.
async fn id_of(began: &mut Receiver<Option<RunId>>) -> Result<RunId, RecvError> {
    loop {
        if let Some(id) = *began.borrow_and_update() {
            return Ok(id);
        }
        began.changed().await?;
    }
}

/// Says something while lines may be drawn below it.
fn say(text: String, drawing: Option<&Drawing>, console: &mut Console<'_>) -> io::Result<()> {
    match drawing {
        Some(drawing) => {
            drawing.bar.println(text);
            Ok(())
        }
        None => console.say(text),
    }
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
