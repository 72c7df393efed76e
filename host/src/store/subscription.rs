//! What a subscriber hears: messages, and when it may have missed some.
//!
//! Promises: whoever keeps something that a message would take back can tell when to keep it no longer. What
//! was published while a subscription heard is told in order, or [`Heard::Again`] stands in its place.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};

/// Messages that wait for a slow subscriber; older ones are lost.
const WAITING: usize = 1024;

/// What a subscriber is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody has published this.
    Message(Vec<u8>),
    /// From some moment before on nothing is heard, until [`Heard::Again`].
    Deaf,
    /// From here on everything is heard. What was said before may have been missed.
    Again,
}

/// Messages on one channel from a moment on.
#[derive(Debug)]
pub struct Subscription {
    receiver: Receiver<Heard>,
    hears: Arc<AtomicBool>,
}

impl Subscription {
    /// False if nothing is heard yet, or at the moment. Both are told by [`Subscription::next`] too when
    /// they change.
    pub fn hears(&self) -> bool {
        self.hears.load(Ordering::Acquire)
    }

    /// What is heard next; nothing when the store is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(heard) => Some(heard),
            // Too slow: the oldest are lost, and a change of the state may be among them.
            Err(RecvError::Lagged(_)) if self.hears() => Some(Heard::Again),
            Err(RecvError::Lagged(_)) => Some(Heard::Deaf),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next message, whatever was missed before it; nothing when the store is gone.
    pub async fn message(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Heard::Message(message) = self.next().await? {
                return Some(message);
            }
        }
    }
}

/// One channel, as the store has it.
pub(super) struct Topic {
    sender: Sender<Heard>,
    hears: Arc<AtomicBool>,
}

impl Topic {
    pub(super) fn new(hears: bool) -> Self {
        Self {
            sender: Sender::new(WAITING),
            hears: Arc::new(AtomicBool::new(hears)),
        }
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription {
            receiver: self.sender.subscribe(),
            hears: self.hears.clone(),
        }
    }

    pub(super) fn has_subscribers(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// False if nobody subscribes.
    pub(super) fn publish(&self, message: Vec<u8>) -> bool {
        self.sender.send(Heard::Message(message)).is_ok()
    }

    /// Says whether anything is heard from now on, if that is news.
    pub(super) fn set_hears(&self, hears: bool) {
        if self.hears.swap(hears, Ordering::AcqRel) != hears {
            let news = if hears { Heard::Again } else { Heard::Deaf };
            // Who subscribes later asks for it.
            let _ = self.sender.send(news);
        }
    }
}
