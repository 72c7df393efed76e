//! Publish and subscribe within one process.
//!
//! Nobody waits: a subscriber that does not keep up loses the oldest messages and is told how many.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::broadcast;

/// Messages that wait for a slow subscriber; older ones are lost.
const WAITING: usize = 1024;

/// The channels that somebody has subscribed to.
#[derive(Default)]
pub(in crate::store) struct Topics(Mutex<HashMap<String, broadcast::Sender<Vec<u8>>>>);

impl Topics {
    /// To whoever subscribes at this moment.
    pub(in crate::store) fn publish(&self, channel: &str, message: Vec<u8>) {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(topic) = topics.get(channel) else {
            return;
        };
        if topic.send(message).is_err() {
            // The last subscriber has gone.
            topics.remove(channel);
        }
    }

    /// Messages from now on.
    pub(in crate::store) fn subscribe(&self, channel: &str) -> broadcast::Receiver<Vec<u8>> {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.retain(|name, topic| name == channel || topic.receiver_count() > 0);
        topics
            .entry(channel.to_owned())
            .or_insert_with(|| broadcast::channel(WAITING).0)
            .subscribe()
    }

    /// The channels that somebody listens to.
    pub(in crate::store) fn names(&self) -> Vec<String> {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = topics
            .iter()
            .filter(|(_, topic)| topic.receiver_count() > 0);
        heard.map(|(name, _)| name.clone()).collect()
    }
}
