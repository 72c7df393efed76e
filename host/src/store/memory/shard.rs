//! The entries of one lock, and when they expire.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    super::embedded::{NEVER, is_expired},
    body::Body,
};

/// Expired entries that one step removes at most.
const SWEEP: usize = 16;
/// What an entry takes beside name and content: its places in the tables, about.
const ENTRY: usize = 128;

/// Names and what they hold.
#[derive(Default)]
pub(super) struct Shard {
    entries: HashMap<Arc<[u8]>, Entry>,
    /// Entries that will expire, soonest first.
    expiries: BTreeSet<(u64, Arc<[u8]>)>,
    /// Of names and contents.
    bytes: u64,
}

pub(super) struct Entry {
    expires: u64,
    /// Of name and content.
    bytes: u64,
    pub(super) body: Body,
}

impl Shard {
    pub(super) fn keys(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What has not expired, and when it will.
    pub(super) fn live(&self, name: &[u8], now: u64) -> Option<(u64, &Body)> {
        let entry = self.entries.get(name)?;
        (!is_expired(entry.expires, now)).then_some((entry.expires, &entry.body))
    }

    /// As [`Shard::live`], to be changed by so many bytes as the function says.
    pub(super) fn change<T>(
        &mut self,
        name: &[u8],
        now: u64,
        change: impl FnOnce(&mut Body) -> (T, i64),
    ) -> Option<T> {
        let entry = self.entries.get_mut(name)?;
        if is_expired(entry.expires, now) {
            return None;
        }
        let (done, grown) = change(&mut entry.body);
        entry.bytes = entry.bytes.saturating_add_signed(grown);
        self.bytes = self.bytes.saturating_add_signed(grown);
        Some(done)
    }

    /// Replaces whatever is there.
    pub(super) fn put(&mut self, name: &[u8], body: Body, expires: u64) {
        let content = match &body {
            Body::Value(value) => value.len(),
            Body::Plain(..) | Body::Sorted(..) => 0,
        };
        let bytes = length(name.len().saturating_add(content).saturating_add(ENTRY));
        if let Some(entry) = self.entries.get_mut(name) {
            self.bytes = self.bytes.saturating_sub(entry.bytes).saturating_add(bytes);
            entry.body = body;
            entry.bytes = bytes;
            self.set_expiry(name, expires);
            return;
        }
        let name: Arc<[u8]> = Arc::from(name);
        if expires != NEVER {
            self.expiries.insert((expires, name.clone()));
        }
        self.bytes = self.bytes.saturating_add(bytes);
        let entry = Entry {
            expires,
            bytes,
            body,
        };
        self.entries.insert(name, entry);
    }

    pub(super) fn set_expiry(&mut self, name: &[u8], expires: u64) {
        let Some((shared, entry)) = self.entries.get_key_value(name) else {
            return;
        };
        let before = entry.expires;
        if before == expires {
            return;
        }
        let shared = shared.clone();
        if before != NEVER {
            self.expiries.remove(&(before, shared.clone()));
        }
        if expires != NEVER {
            self.expiries.insert((expires, shared));
        }
        if let Some(entry) = self.entries.get_mut(name) {
            entry.expires = expires;
        }
    }

    /// True if it was there and had not expired.
    pub(super) fn remove(&mut self, name: &[u8], now: u64) -> bool {
        let Some((name, entry)) = self.entries.remove_entry(name) else {
            return false;
        };
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        if entry.expires != NEVER {
            self.expiries.remove(&(entry.expires, name));
        }
        !is_expired(entry.expires, now)
    }

    pub(super) fn sweep(&mut self, now: u64) {
        for _ in 0..SWEEP {
            match self.expiries.first() {
                Some((expires, _)) if is_expired(*expires, now) => {
                    if let Some((_, name)) = self.expiries.pop_first()
                        && let Some(entry) = self.entries.remove(&name)
                    {
                        self.bytes = self.bytes.saturating_sub(entry.bytes);
                    }
                }
                _ => return,
            }
        }
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
