//! What this process keeps: for each user, the logins that were decided lately.
//!
//! Bounded in bytes, and for each user in logins. A password that is accepted for the first time puts the
//! user's others to the test, and one that turns out wrong takes back that it was right: after a change of
//! password nothing old is answered that a newer answer speaks against. Knows no store.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{ops::compute::Op, sync::Cache};

use super::{digest::Digest, flights::FlightKey, jittered};
use crate::{
    auth::Value,
    pipeline::{Conclusion, ContextChange, Finding, Known},
};

/// Logins of one user that are kept; beyond it the one that would go soonest goes.
pub(super) const LOGINS_PER_USER: usize = 32;
/// What a login occupies beside its finding, about.
const OVERHEAD: usize = 256;

/// The cache in memory.
pub(super) struct Memory {
    users: Cache<Digest, Arc<Vec<Kept>>>,
    accepted: Duration,
    rejected: Duration,
}

/// One login.
#[derive(Clone)]
struct Kept {
    login: Digest,
    password: Digest,
    /// Of the account.
    account: Option<Digest>,
    finding: Arc<Finding>,
    until: Instant,
    /// False when it was accepted, but has to be asked about again.
    answers: bool,
    bytes: usize,
}

/// What was forgotten of one user.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Forgotten {
    /// A name for each login.
    pub(super) names: Vec<String>,
    /// The accounts that the backends named.
    pub(super) accounts: BTreeSet<String>,
}

impl Memory {
    /// Nothing yet; nothing at all if neither lifetime is more than zero.
    pub(super) fn new(accepted: Duration, rejected: Duration, bytes: u64) -> Option<Self> {
        let longest = accepted.max(rejected);
        (!longest.is_zero()).then(|| Self {
            users: Cache::builder()
                .max_capacity(bytes)
                .weigher(|_, kept: &Arc<Vec<Kept>>| weight(kept))
                .time_to_live(longest)
                .build(),
            accepted,
            rejected,
        })
    }

    /// What is known of this login.
    pub(super) fn get(&self, key: &FlightKey) -> Option<Arc<Finding>> {
        self.get_at(Instant::now(), key)
    }

    fn get_at(&self, now: Instant, key: &FlightKey) -> Option<Arc<Finding>> {
        let kept = self.users.get(&key.user)?;
        let same = |one: &&Kept| one.login == key.login && one.password == key.password;
        let found = kept.iter().find(same)?;
        if !found.answers || found.until <= now {
            return None;
        }
        Some(Arc::clone(&found.finding))
    }

    /// True if this password was right and has to be asked about again, whatever the store still says.
    pub(super) fn doubts(&self, key: &FlightKey) -> bool {
        let kept = self.users.get(&key.user).unwrap_or_default();
        let mut same = kept.iter().filter(|one| one.password == key.password);
        same.any(|one| !one.answers)
    }

    /// Keeps a finding that is certain. `account` is the digest of its account.
    pub(super) fn keep(&self, key: &FlightKey, account: Option<Digest>, finding: &Arc<Finding>) {
        let accepted = finding.conclusion == Conclusion::Accepted;
        let ttl = if accepted {
            self.accepted
        } else {
            self.rejected
        };
        let now = Instant::now();
        let new = Kept {
            login: key.login,
            password: key.password,
            account,
            finding: Arc::clone(finding),
            until: now + jittered(ttl),
            answers: true,
            bytes: OVERHEAD.saturating_add(size(finding)),
        };
        self.users.entry(key.user).and_upsert_with(|entry| {
            let before = entry.map(moka::Entry::into_value).unwrap_or_default();
            let mut kept = still_true(&before, &new, now);
            if !ttl.is_zero() {
                make_room(&mut kept);
                kept.push(new);
            }
            Arc::new(kept)
        });
    }

    /// The accounts that the backends named for this user.
    pub(super) fn accounts(&self, user: &Digest) -> BTreeSet<String> {
        let kept = self.users.get(user).unwrap_or_default();
        let known = kept.iter().filter_map(|one| one.finding.known.as_ref());
        known.map(Known::account).collect()
    }

    /// Forgets these users.
    pub(super) fn forget(&self, users: &[Digest]) {
        users.iter().for_each(|user| self.users.invalidate(user));
    }

    /// Forgets these users, and whoever has one of these accounts. Walks through all there is.
    pub(super) fn forget_accounts(&self, users: &[Digest], accounts: &[Digest]) -> Forgotten {
        let mut forgotten = Forgotten::default();
        let now = Instant::now();
        for (user, kept) in &self.users {
            let has_account = |one: &Kept| one.account.is_some_and(|one| accounts.contains(&one));
            if !users.contains(&user) && !kept.iter().any(has_account) {
                continue;
            }
            self.users.invalidate(&*user);
            for one in kept.iter().filter(|one| one.until > now) {
                let name = [one.login, one.password].concat();
                // As much of it as tells two of them apart.
                let name = name.chunks(8).filter_map(|chunk| chunk.first().copied());
                let name: Vec<u8> = name.collect();
                forgotten
                    .names
                    .push(format!("memory:{}", hex::encode(name)));
                let account = one.finding.known.as_ref().map(Known::account);
                forgotten.accounts.extend(account);
            }
        }
        forgotten
    }

    /// Forgets everybody. What it doubts it goes on doubting: the store may still say so, if it was away
    /// when the doubt arose.
    pub(super) fn forget_all(&self) {
        for (user, _) in &self.users {
            self.users.entry(*user).and_compute_with(|entry| {
                let mut kept = match entry {
                    Some(entry) => entry.into_value().as_ref().clone(),
                    None => return Op::Nop,
                };
                kept.retain(|one| !one.answers);
                match kept.is_empty() {
                    true => Op::Remove,
                    false => Op::Put(Arc::new(kept)),
                }
            });
        }
    }
}

/// What stays beside a new login. Of other passwords that were right it stays known that they were: one
/// that is right again is no news.
fn still_true(before: &[Kept], new: &Kept, now: Instant) -> Vec<Kept> {
    let is_accepted = |one: &Kept| one.finding.conclusion == Conclusion::Accepted;
    let living = || before.iter().filter(|one| one.until > now);
    let was_right = living().any(|one| one.password == new.password && is_accepted(one));
    let is_news = is_accepted(new) != was_right;
    let stays = |one: &&Kept| match (is_news, is_accepted(new)) {
        (true, true) => is_accepted(one),
        (true, false) => one.password != new.password,
        (false, _) => one.login != new.login || one.password != new.password,
    };
    let doubted = |one: &Kept| Kept {
        answers: one.answers && !(is_news && is_accepted(new)),
        ..one.clone()
    };
    living().filter(stays).map(doubted).collect()
}

fn make_room(kept: &mut Vec<Kept>) {
    while kept.len() >= LOGINS_PER_USER {
        let soonest = kept.iter().enumerate().min_by_key(|(_, one)| one.until);
        match soonest.map(|(index, _)| index) {
            Some(index) => drop(kept.swap_remove(index)),
            None => return,
        }
    }
}

fn weight(kept: &[Kept]) -> u32 {
    let bytes = kept
        .iter()
        .fold(OVERHEAD, |sum, one| sum.saturating_add(one.bytes));
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// About the bytes that a finding occupies.
fn size(finding: &Finding) -> usize {
    let context = finding.context.iter().map(|change| match change {
        ContextChange::Set(key, value) => key.len().saturating_add(value.len()),
        ContextChange::Delete(key) => key.len(),
    });
    let user = finding.known.as_ref().map_or(0, |known| {
        let user = &known.user;
        let values = user.attributes.iter().flat_map(|attribute| {
            let values = attribute.values.iter().map(|value| match value {
                Value::Text(text) => text.len() + 32,
                Value::Bytes(bytes) => bytes.len() + 32,
                Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_) => 32,
            });
            values.chain([attribute.name.len() + 48])
        });
        let groups = user.groups.iter().chain(&user.group_dns);
        OVERHEAD + values.sum::<usize>() + groups.map(|group| group.len() + 24).sum::<usize>()
    });
    context.map(|bytes| bytes + 64).sum::<usize>() + user
}

#[cfg(test)]
mod tests;
