//! What the store counts about its servers, for metrics and tests.
//!
//! Plain counters; reading them costs nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::failure::{Failure, Kind};

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    reads: AtomicU64,
    writes: AtomicU64,
    round_trips: AtomicU64,
    retries: AtomicU64,
    unreachable: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
    connected: AtomicU64,
    not_connected: AtomicU64,
    discoveries: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreNumbers {
    /// Requests that only read, sent to a server; one per slot of a cluster, and per try.
    pub reads: u64,
    /// Requests that change something, likewise.
    pub writes: u64,
    /// Times that a caller waited for the servers: parallel requests of one operation count once, each
    /// further try once more.
    pub round_trips: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Tries without a connection.
    pub unreachable: u64,
    /// Tries without an answer: broken connections, and answers that came too late.
    pub unknown: u64,
    /// Tries that a server refused, redirections included.
    pub refused: u64,
    /// Connections made.
    pub connected: u64,
    /// Connections that could not be made.
    pub not_connected: u64,
    /// Times that sentinels or a cluster were asked who has what.
    pub discoveries: u64,
    /// Connections that are open.
    pub open: u64,
    /// True while messages of other nodes are heard.
    pub subscribed: bool,
    /// Times that they could no longer be heard.
    pub subscriptions_lost: u64,
    /// Operations in work.
    pub in_use: u64,
    /// Operations that may be in work at the same time.
    pub capacity: u64,
    /// True while a store in memory stands in for Redis.
    pub local: bool,
    /// Times that it took over.
    pub outages: u64,
    /// Operations that it did.
    pub local_operations: u64,
}

impl Numbers {
    pub(super) fn sent(&self, only_reads: bool) {
        let counter = if only_reads {
            &self.reads
        } else {
            &self.writes
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn round_trips(&self, count: u64) {
        self.round_trips.fetch_add(count, Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self, failure: &Failure) {
        let counter = match failure.kind {
            Kind::Unreachable => &self.unreachable,
            Kind::Unknown => &self.unknown,
            _ => &self.refused,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn connected(&self, ok: bool) {
        let counter = if ok {
            &self.connected
        } else {
            &self.not_connected
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn discovered(&self) {
        self.discoveries.fetch_add(1, Relaxed);
    }

    /// All counters; what is not counted here is 0.
    pub(super) fn read(&self) -> StoreNumbers {
        StoreNumbers {
            reads: self.reads.load(Relaxed),
            writes: self.writes.load(Relaxed),
            round_trips: self.round_trips.load(Relaxed),
            retries: self.retries.load(Relaxed),
            unreachable: self.unreachable.load(Relaxed),
            unknown: self.unknown.load(Relaxed),
            refused: self.refused.load(Relaxed),
            connected: self.connected.load(Relaxed),
            not_connected: self.not_connected.load(Relaxed),
            discoveries: self.discoveries.load(Relaxed),
            ..StoreNumbers::default()
        }
    }
}
