//! The signals that a server listens to.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::reload::{Cause, Trigger};

/// SIGTERM and SIGINT end the server, SIGHUP reloads it.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal that ends the server and returns its name. While nothing is there to be
    /// reloaded, SIGHUP is taken and forgotten: what is being loaded is new anyway.
    pub(super) async fn end(&mut self, trigger: Option<&Trigger>) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => if let Some(trigger) = trigger {
                    trigger.pull(Cause::Signal);
                },
            }
        }
    }
}
