//! Publish and subscribe within one process.
//!
//! Nobody waits: a subscriber that does not keep up loses the oldest messages and is told so.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::store::subscription::{Subscription, Topic};

/// The channels that somebody has subscribed to.
pub(in crate::store) struct Topics {
    topics: Mutex<HashMap<String, Topic>>,
    /// Whether a new channel is heard at once.
    heard_at_once: bool,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            topics: Mutex::default(),
            heard_at_once: true,
        }
    }
}

impl Topics {
    /// Channels that are heard once [`Topics::hears`] says so.
    pub(in crate::store) fn deaf() -> Self {
        Self {
            heard_at_once: false,
            ..Self::default()
        }
    }

    /// To whoever subscribes at this moment.
    pub(in crate::store) fn publish(&self, channel: &str, message: Vec<u8>) {
        let mut topics = self.topics();
        let Some(topic) = topics.get(channel) else {
            return;
        };
        if !topic.publish(message) {
            // The last subscriber has gone.
            topics.remove(channel);
        }
    }

    /// Messages from now on.
    pub(in crate::store) fn subscribe(&self, channel: &str) -> Subscription {
        let mut topics = self.topics();
        topics.retain(|name, topic| name == channel || topic.has_subscribers());
        topics
            .entry(channel.to_owned())
            .or_insert_with(|| Topic::new(self.heard_at_once))
            .subscribe()
    }

    /// The channels that somebody listens to.
    pub(in crate::store) fn names(&self) -> Vec<String> {
        let topics = self.topics();
        let heard = topics.iter().filter(|(_, topic)| topic.has_subscribers());
        heard.map(|(name, _)| name.clone()).collect()
    }

    /// Whether these channels are heard from now on.
    pub(in crate::store) fn hears<'a>(
        &self,
        channels: impl IntoIterator<Item = &'a String>,
        hears: bool,
    ) {
        let topics = self.topics();
        for topic in channels.into_iter().filter_map(|name| topics.get(name)) {
            topic.set_hears(hears);
        }
    }

    /// From now on none is heard.
    pub(in crate::store) fn all_deaf(&self) {
        self.topics()
            .values()
            .for_each(|topic| topic.set_hears(false));
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<String, Topic>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
