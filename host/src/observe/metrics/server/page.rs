//! The page of all numbers. What something else knows better is read at the moment a page is made.

use std::{sync::PoisonError, time::SystemTime};

use super::ServerMetrics;
use crate::{
    backend_io::{http, ldap::ServerStatus, sql::Condition},
    store::Usage,
};

/// What is read at the moment in which a page is made.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Each plugin of the generation in force, and its calls that run.
    pub running: Vec<(String, usize)>,
    /// Each server behind the proxies: its name, what it speaks, and whether it is used.
    pub upstreams: Vec<(String, &'static str, bool)>,
    /// The SQL databases in use.
    pub databases: Vec<Condition>,
    /// How the destinations are that plugins send requests to.
    pub destinations: Vec<http::Condition>,
    /// Post actions that run or wait.
    pub post_actions_pending: usize,
    /// How the servers of all directories stand.
    pub directories: Vec<ServerStatus>,
    /// Number of the generation in force.
    pub generation: u64,
    /// When it came into force.
    pub loaded_at: Option<SystemTime>,
    /// What the store holds, if it can say.
    pub store: Option<Usage>,
}

impl ServerMetrics {
    /// All numbers, those of plugins included, in the OpenMetrics text format.
    pub fn page(&self, now: &Snapshot) -> String {
        let inner = &self.0;
        let _page = inner.page.lock().unwrap_or_else(PoisonError::into_inner);
        inner.calls_in_flight.clear();
        for (plugin, running) in &now.running {
            let plugin = ("plugin", inner.plugins.get(plugin));
            let gauge = inner.calls_in_flight.get_or_create_owned(&[plugin]);
            gauge.set(whole(*running));
        }
        inner.upstream_alive.clear();
        for (server, protocol, alive) in &now.upstreams {
            let server = ("server", inner.servers.get(server));
            let protocol = ("protocol", (*protocol).into());
            let gauge = inner
                .upstream_alive
                .get_or_create_owned(&[server, protocol]);
            gauge.set(i64::from(*alive));
        }
        inner.ldap.show(&now.directories);
        inner.sql.set(&now.databases);
        inner.destinations.set(&now.destinations, &inner.plugins);
        inner
            .post_actions_pending
            .set(whole(now.post_actions_pending));
        inner
            .generation
            .set(i64::try_from(now.generation).unwrap_or(i64::MAX));
        if let Some(loaded_at) = now.loaded_at {
            inner.last_reload.set(unix_seconds(loaded_at));
        }
        let store = now.store.unwrap_or_default();
        inner
            .store_keys
            .set(i64::try_from(store.keys).unwrap_or(i64::MAX));
        inner
            .store_bytes
            .set(i64::try_from(store.bytes).unwrap_or(i64::MAX));
        let mut text = String::with_capacity(16 << 10);
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &inner.registry);
        text
    }
}

pub(super) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
