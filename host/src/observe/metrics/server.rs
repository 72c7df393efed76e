//! The server's own numbers, beside those that plugins report.
//!
//! Names that Nauthilus has are Nauthilus' names; the others begin with `bulkhead_`, and never with
//! `bulkhead_plugin_`, which is the plugins' own. `OBSERVE.md` lists them all. No label ever holds what a
//! client chose, but for the protocol, of which so many different ones count and the rest are `other`.
//! Counting takes neither a wait nor a lock that is held for long.

mod destinations;
mod logins;
mod names;
mod page;
mod sql;

pub use page::Snapshot;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{
    PluginMetrics, ldap,
    servers::StoreServers,
    words::{Word, Words},
};
use crate::{
    backend_io::{dns, geoip},
    pipeline::DropReason,
    store::Store,
};

/// Different protocols that have a label of their own.
pub const PROTOCOLS: usize = 64;
/// Different plugins, over all generations, that have a label of their own.
pub const PLUGINS: usize = 4096;
/// Different brute-force rules, over all generations, that have a label of their own.
const RULES: usize = 256;
/// Different servers behind proxies, over all generations, that have a label of their own.
pub(super) const SERVERS: usize = 4096;

/// Upper bounds of the buckets of all times, in seconds.
pub(super) const SECONDS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

type Labels<const N: usize> = [(&'static str, Word); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Sums<const N: usize> = Family<Labels<N>, Counter<f64, AtomicU64>>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, AtomicU64>;

/// The server's numbers. Cheap to clone: clones are the same numbers.
#[derive(Clone)]
pub struct ServerMetrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    /// One page at a time: some numbers are read when a page is made.
    page: Mutex<()>,
    protocols: Words,
    plugins: Words,
    rules: Words,
    accepted_protocols: Counters<1>,
    rejected_protocols: Counters<1>,
    logins: Counters<1>,
    decisions: Counters<2>,
    brute_force_rejected: Counters<1>,
    brute_force_bans: Counters<1>,
    brute_force_seconds: Histogram,
    functions: Histograms<2>,
    calls: Counters<3>,
    call_failures: Counters<3>,
    call_seconds: Histograms<2>,
    call_cpu: Sums<2>,
    call_queue: Sums<2>,
    calls_in_flight: Family<Labels<1>, Gauge>,
    http_requests: Counters<1>,
    http_times: Histograms<1>,
    concurrent_requests: Gauge,
    refusals: Counters<1>,
    connections: Gauge,
    lockouts: Counter,
    servers: Words,
    upstream_checks: Counters<3>,
    upstream_alive: Family<Labels<2>, Gauge>,
    upstream_logins: Counters<2>,
    post_actions_pending: Gauge,
    post_actions_dropped: Counters<1>,
    decision_log_dropped: Counter,
    spans: Counters<1>,
    store_errors: Counters<1>,
    store_times: Histograms<1>,
    store_keys: Gauge,
    store_bytes: Gauge,
    store_servers: StoreServers,
    name_lookups: Counters<2>,
    name_lookup_seconds: Histograms<1>,
    address_lookups: Counters<2>,
    ldap: ldap::Numbers,
    sql: sql::SqlNumbers,
    destinations: destinations::Numbers,
    reloads: Counters<1>,
    generation: Gauge,
    last_reload: Seconds,
}

impl fmt::Debug for ServerMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerMetrics")
    }
}

impl Default for ServerMetrics {
    /// Without numbers of plugins.
    fn default() -> Self {
        Self::new(&PluginMetrics::new(0))
    }
}

impl ServerMetrics {
    /// All zero; `plugins` are part of every page. The start of the server is now.
    pub fn new(plugins: &PluginMetrics) -> Self {
        let mut inner = Inner {
            registry: Registry::default(),
            page: Mutex::default(),
            protocols: Words::new(PROTOCOLS),
            plugins: Words::new(PLUGINS),
            rules: Words::new(RULES),
            accepted_protocols: Family::default(),
            rejected_protocols: Family::default(),
            logins: Family::default(),
            decisions: Family::default(),
            brute_force_rejected: Family::default(),
            brute_force_bans: Family::default(),
            brute_force_seconds: times(),
            functions: Family::new_with_constructor(times),
            calls: Family::default(),
            call_failures: Family::default(),
            call_seconds: Family::new_with_constructor(times),
            call_cpu: Family::default(),
            call_queue: Family::default(),
            calls_in_flight: Family::default(),
            http_requests: Family::default(),
            http_times: Family::new_with_constructor(times),
            concurrent_requests: Gauge::default(),
            refusals: Family::default(),
            connections: Gauge::default(),
            lockouts: Counter::default(),
            servers: Words::new(SERVERS),
            upstream_checks: Family::default(),
            upstream_alive: Family::default(),
            upstream_logins: Family::default(),
            post_actions_pending: Gauge::default(),
            post_actions_dropped: Family::default(),
            decision_log_dropped: Counter::default(),
            spans: Family::default(),
            store_errors: Family::default(),
            store_times: Family::new_with_constructor(times),
            store_keys: Gauge::default(),
            store_bytes: Gauge::default(),
            store_servers: StoreServers::default(),
            name_lookups: Family::default(),
            name_lookup_seconds: Family::new_with_constructor(times),
            address_lookups: Family::default(),
            ldap: ldap::Numbers::default(),
            sql: sql::SqlNumbers::new(),
            destinations: destinations::Numbers::default(),
            reloads: Family::default(),
            generation: Gauge::default(),
            last_reload: Seconds::default(),
        };
        inner.register();
        plugins.register(&mut inner.registry);
        // Series that are there from the start, so that the first event is an increase.
        for word in ["success", "failure", "temporary_failure"] {
            inner
                .logins
                .get_or_create(&[("logins", word.into())])
                .inc_by(0);
        }
        for word in ["ok", "failed"] {
            inner
                .reloads
                .get_or_create(&[("outcome", word.into())])
                .inc_by(0);
        }
        for why in DropReason::ALL {
            inner
                .post_actions_dropped
                .get_or_create(&[("reason", why.as_str().into())])
                .inc_by(0);
        }
        for word in ["sent", "dropped"] {
            inner
                .spans
                .get_or_create(&[("outcome", word.into())])
                .inc_by(0);
        }
        Self(Arc::new(inner))
    }

    /// Counts an HTTP request from now until what comes back is dropped. `path` is the route's own
    /// pattern, never what the client asked for.
    pub fn request(&self, path: &str) -> RequestInWork {
        let path = Word::from(path.to_owned());
        self.0
            .http_requests
            .get_or_create(&[("path", path.clone())])
            .inc();
        self.0.concurrent_requests.inc();
        RequestInWork {
            metrics: self.clone(),
            path,
            began: Instant::now(),
        }
    }

    /// Counts a request that got no decision; `reason` is one of a fixed set of words.
    pub fn refused(&self, reason: &'static str) {
        self.0
            .refusals
            .get_or_create(&[("reason", reason.into())])
            .inc();
    }

    /// Counts an address that was locked out for guessing the API's credentials.
    pub fn locked_out(&self) {
        self.0.lockouts.inc();
    }

    /// Counts an open connection until what comes back is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.0.connections.inc();
        OpenConnection(self.clone())
    }

    /// Counts an attempt to put another generation into force.
    pub fn reloaded(&self, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.0
            .reloads
            .get_or_create(&[("outcome", outcome.into())])
            .inc();
    }

    /// Counts a check of a server behind the proxies; `outcome` is one of a fixed set of words.
    pub fn upstream_checked(&self, server: &str, protocol: &'static str, outcome: &'static str) {
        let inner = &self.0;
        let server = ("server", inner.servers.get(server));
        let (protocol, outcome) = (("protocol", protocol.into()), ("outcome", outcome.into()));
        inner
            .upstream_checks
            .get_or_create(&[server, protocol, outcome])
            .inc();
    }

    /// Counts a login that was sent to a server, or that found none alive (`none`).
    pub fn upstream_chosen(&self, server: Option<&str>, protocol: &str) {
        let inner = &self.0;
        let server = server.map_or_else(|| "none".into(), |name| inner.servers.get(name));
        let protocol = ("protocol", inner.protocols.get(protocol));
        inner
            .upstream_logins
            .get_or_create(&[("server", server), protocol])
            .inc();
    }

    /// Counts post actions that were dropped.
    pub fn post_actions_dropped(&self, actions: usize, why: DropReason) {
        self.0
            .post_actions_dropped
            .get_or_create(&[("reason", why.as_str().into())])
            .inc_by(actions as u64);
    }

    /// Counts an operation of the store, and how long it took.
    pub fn store_asked(&self, operation: &'static str, time: Duration, has_failed: bool) {
        let labels = [("operation", operation.into())];
        self.0
            .store_times
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
        if has_failed {
            self.0.store_errors.get_or_create(&labels).inc();
        }
    }

    /// Shows what the store counts about its servers.
    pub(super) fn show_servers_of(&self, store: &Arc<dyn Store>) {
        self.0.store_servers.watch(store);
    }

    /// Counts and times each question to the domain name system.
    pub fn name_lookups(&self) -> dns::Listener {
        let metrics = self.clone();
        Box::new(move |kind, outcome, time| {
            let kind = ("kind", kind.as_str().into());
            let inner = &metrics.0;
            inner
                .name_lookups
                .get_or_create(&[kind.clone(), ("outcome", outcome.into())])
                .inc();
            inner
                .name_lookup_seconds
                .get_or_create(&[kind])
                .observe(time.as_secs_f64());
        })
    }

    /// Counts each look-up in a database of addresses.
    pub fn address_lookups(&self) -> geoip::Listener {
        let metrics = self.clone();
        Box::new(move |database, outcome| {
            let database = ("database", database.to_owned().into());
            metrics
                .0
                .address_lookups
                .get_or_create(&[database, ("outcome", outcome.into())])
                .inc();
        })
    }

    pub(super) fn ldap(&self) -> &ldap::Numbers {
        &self.0.ldap
    }

    /// The label for something of the configuration that plugins may name.
    pub(super) fn configured(&self, name: &str) -> Word {
        self.0.plugins.get(name)
    }

    /// Counts spans that the collector took, or that it will never get.
    pub fn spans(&self, was_sent: bool, spans: usize) {
        let outcome = if was_sent { "sent" } else { "dropped" };
        self.0
            .spans
            .get_or_create(&[("outcome", outcome.into())])
            .inc_by(spans as u64);
    }

    /// Sets how many records the decision log lacks.
    pub(in crate::observe) fn set_decision_log_dropped(&self, records: u64) {
        self.0.decision_log_dropped.inner().store(records, Relaxed);
    }
}

/// An HTTP request in work; timed when it is dropped.
pub struct RequestInWork {
    metrics: ServerMetrics,
    path: Word,
    began: Instant,
}

impl Drop for RequestInWork {
    fn drop(&mut self) {
        let inner = &self.metrics.0;
        inner.concurrent_requests.dec();
        inner
            .http_times
            .get_or_create(&[("path", self.path.clone())])
            .observe(self.began.elapsed().as_secs_f64());
    }
}

/// An open connection; counted until it is dropped.
pub struct OpenConnection(ServerMetrics);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

fn times() -> Histogram {
    Histogram::new(SECONDS)
}

#[cfg(test)]
mod tests;
