//! Ctrl-C, as often as it is pressed.

use std::future::pending;
use std::panic::catch_unwind;

#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Listening, ctrl_c as listen};
#[cfg(unix)]
use {std::io, tokio::signal::unix::Signal as Listening};

/// Listens for Ctrl-C. Where nobody can, it is never pressed.
#[derive(Debug)]
pub(super) struct CtrlC(Option<Listening>);

impl CtrlC {
    /// What is pressed from now on is heard.
    pub(super) fn listen() -> Self {
        // Tokio panics in a runtime without I/O.
        let listening = catch_unwind(listen).ok();
        Self(listening.and_then(Result::ok))
    }

    /// Waits until it is pressed.
    pub(super) async fn pressed(&mut self) {
        let pressed = match &mut self.0 {
            Some(listening) => listening.recv().await,
            None => None,
        };
        if pressed.is_none() {
            pending::<()>().await;
        }
    }
}

#[cfg(unix)]
fn listen() -> io::Result<Listening> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}
