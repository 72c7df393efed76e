//! Who asks for a reload, and what they hear.
//!
//! Wishes that come while a generation is being built are granted by the next one, all together: there
//! is never more than one at a time, and after the last wish there is always one that began later.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Cause, ReloadOutcome};

/// Wishes that can wait. Further ones are no loss: they would be granted together with these.
const WAITING: usize = 64;

/// Asks for reloads. Cheap to clone.
#[derive(Clone)]
pub struct Trigger(mpsc::Sender<Wish>);

/// The other end.
pub struct Wishes(mpsc::Receiver<Wish>);

struct Wish {
    cause: Cause,
    reply: Option<oneshot::Sender<Arc<ReloadOutcome>>>,
}

/// Wishes that are granted together.
pub(super) struct Round(Vec<Wish>);

/// A way to ask for reloads, and the end that [`super::Reloader::run`] listens at.
pub fn queue() -> (Trigger, Wishes) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Trigger(sender), Wishes(receiver))
}

impl Trigger {
    /// Asks for a reload and goes on.
    pub fn pull(&self, cause: Cause) {
        // Full: one that has not begun yet will see the same files. Closed: the server ends.
        let _ = self.0.try_send(Wish { cause, reply: None });
    }

    /// Asks for a reload and waits for what comes of it; nothing if the server ends before.
    pub async fn reload(&self, cause: Cause) -> Option<Arc<ReloadOutcome>> {
        let (sender, receiver) = oneshot::channel();
        let wish = Wish {
            cause,
            reply: Some(sender),
        };
        self.0.send(wish).await.ok()?;
        receiver.await.ok()
    }
}

impl Wishes {
    /// Waits for a wish; takes all that wait with it. Nothing when nobody is left who could wish.
    pub(super) async fn next(&mut self) -> Option<Round> {
        let mut round = vec![self.0.recv().await?];
        while let Ok(wish) = self.0.try_recv() {
            round.push(wish);
        }
        Some(Round(round))
    }
}

impl Round {
    /// The first wish's.
    pub(super) fn cause(&self) -> Cause {
        self.0.first().map_or(Cause::Request, |wish| wish.cause)
    }

    pub(super) fn grant(self, outcome: &Arc<ReloadOutcome>) {
        for reply in self.0.into_iter().filter_map(|wish| wish.reply) {
            // Who asked may have gone.
            let _ = reply.send(Arc::clone(outcome));
        }
    }
}
