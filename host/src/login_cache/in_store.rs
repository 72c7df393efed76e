//! What all nodes keep together, in the store.
//!
//! Under the tag of a user (a digest of the name) there are: one sealed entry for each password and place
//! where it was decided; the state (`version`), without which no entry opens; the passwords that were
//! right lately, as digests; and an index of the entries. Under the tag of an account there are the tags of
//! the users that have it. One round trip finds everything that a login needs, and one keeps what was found.
//!
//! The state changes when a user is forgotten, when a password is right for the first time while another
//! one was right before, and when one that was right no longer is. From then on no older entry opens, not
//! even one that a slow node writes later. Names and passwords are nowhere in the clear.

mod forgetting;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use ring::rand::{SecureRandom, SystemRandom};

use super::{
    digest::{Digest, Digests},
    entry, jittered,
    outage::Outage,
    seal::{Belongs, Seals},
};
use crate::{
    auth::Password,
    config,
    pipeline::{CacheQuestion, Conclusion, Finding},
    store::{Bound, Command, Key, Reply, SortedCommand, Store, When},
};

/// The namespace of all keys, and the channel.
pub(super) const CACHE: &str = "cache";
/// The names of keys beside the entries.
const VERSION: &[u8] = b"version";
const ENTRIES: &[u8] = b"entries";
const PASSWORDS: &[u8] = b"passwords";
const USERS: &[u8] = b"users";
/// How much longer a state stays than any entry, so that no request in work outlives it.
const SLACK: Duration = Duration::from_secs(3600);

/// The part of the cache that is in the store.
pub(super) struct InStore {
    store: Arc<dyn Store>,
    seals: Seals,
    random: SystemRandom,
    outage: Outage,
    accepted: Duration,
    /// Zero: rejects are not kept.
    rejected: Duration,
    timeout: Duration,
    by_client_address: bool,
}

/// What one login is called in the store.
#[derive(Clone, Copy)]
pub(super) struct Place {
    user: Digest,
    entry: Digest,
    password: Digest,
}

/// How a user stood when the store was asked.
pub(super) struct Standing {
    version: Vec<u8>,
    /// This password was right lately.
    was_right: bool,
    /// Another one was.
    has_others: bool,
}

/// What the store knows of a login.
pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) finding: Option<Finding>,
}

impl Place {
    /// Whose it is.
    pub(super) fn user(&self) -> Digest {
        self.user
    }
}

impl InStore {
    /// Keeps in `store` what `config` wants kept there, sealed under keys made of `secret`.
    pub(super) fn new(config: &config::Cache, secret: &Password, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            seals: Seals::new(secret),
            random: SystemRandom::new(),
            outage: Outage::default(),
            accepted: config.store_ttl,
            rejected: match config.negative_in_store {
                true => config.negative_ttl,
                false => Duration::ZERO,
            },
            timeout: config.store_timeout,
            by_client_address: config.by_client_address,
        }
    }

    /// Where a login is kept.
    pub(super) fn place(
        &self,
        digests: &Digests,
        question: &CacheQuestion,
        user: Digest,
        password: Digest,
    ) -> Place {
        let keepers = &question.backends;
        let request = &question.request;
        let entry = digests.entry(request, keepers, self.by_client_address, &password);
        Place {
            user,
            entry,
            password,
        }
    }

    /// What the store knows; nothing if it cannot say. Leaves at least half of the time until `deadline`.
    pub(super) async fn find(&self, place: &Place, deadline: Instant) -> Option<Found> {
        let left = deadline.saturating_duration_since(Instant::now());
        let sorted = |command| Command::OnSorted(key(&place.user, PASSWORDS), command);
        let now = Bound::Excluding(milliseconds(SystemTime::now()));
        let commands = vec![
            Command::Get(key(&place.user, VERSION)),
            sorted(SortedCommand::Score(place.password.to_vec())),
            sorted(SortedCommand::Count(now, Bound::Including(f64::INFINITY))),
            Command::Get(key(&place.user, hex::encode(place.entry).as_bytes())),
        ];
        let replies = self.run(commands, self.timeout.min(left / 2)).await?;
        let [version, right_until, right, entry] = replies.try_into().ok()?;
        let version = match version {
            Reply::Bytes(version) => version,
            Reply::Nothing => Vec::new(),
            _ => return None,
        };
        let was_right = match right_until {
            Reply::Number(until) => until > milliseconds(SystemTime::now()),
            _ => false,
        };
        let has_others = matches!(right, Reply::Integer(count) if count > i64::from(was_right));
        let finding = match entry {
            Reply::Bytes(sealed) => self.open(&sealed, place, &version),
            _ => None,
        };
        Some(Found {
            standing: Standing {
                version,
                was_right,
                has_others,
            },
            finding,
        })
    }

    fn open(&self, sealed: &[u8], place: &Place, version: &[u8]) -> Option<Finding> {
        let belongs = Belongs {
            user: &place.user,
            name: &place.entry,
            version,
        };
        entry::decode(&self.seals.open(sealed, belongs)?)
    }

    /// Keeps what the backends said. True when older entries of the user no longer open: other nodes
    /// should hear of it.
    pub(super) async fn keep(
        &self,
        digests: &Digests,
        place: &Place,
        standing: Standing,
        finding: &Finding,
    ) -> bool {
        let is_right = finding.conclusion == Conclusion::Accepted;
        let is_news = match is_right {
            true => standing.has_others && !standing.was_right,
            false => standing.was_right,
        };
        let mut version = standing.version;
        let mut commands = Vec::new();
        if is_news {
            let Some(new) = self.new_version() else {
                return false;
            };
            version = new;
            commands.push(self.set_version(&place.user, &version));
        }
        if standing.was_right && !is_right {
            let gone = SortedCommand::Remove(vec![place.password.to_vec()]);
            commands.push(Command::OnSorted(key(&place.user, PASSWORDS), gone));
        }
        let ttl = if is_right {
            self.accepted
        } else {
            self.rejected
        };
        let belongs = Belongs {
            user: &place.user,
            name: &place.entry,
            version: &version,
        };
        let sealed = match ttl.is_zero() {
            true => None,
            false => entry::encode(finding).and_then(|entry| self.seals.seal(&entry, belongs)),
        };
        if let Some(sealed) = sealed {
            let name = hex::encode(place.entry).into_bytes();
            let ttl = jittered(ttl);
            commands.push(set(key(&place.user, &name), sealed, ttl));
            commands.extend(self.index(key(&place.user, ENTRIES), name, ttl));
            if is_right {
                let index = key(&place.user, PASSWORDS);
                commands.extend(self.index(index, place.password.to_vec(), ttl));
            }
            if let Some(known) = &finding.known {
                let account = digests.user(&known.account());
                let member = place.user.to_vec();
                if account != place.user {
                    commands.extend(self.index(key(&account, USERS), member, ttl));
                }
            }
        }
        let done = commands.is_empty() || self.run(commands, self.timeout).await.is_some();
        done && is_news
    }

    /// Adds to an index, and takes out what has expired.
    fn index(&self, index: Key, member: Vec<u8>, ttl: Duration) -> [Command; 3] {
        let now = SystemTime::now();
        let until = milliseconds(now + ttl);
        let expired = SortedCommand::RemoveByScore(
            Bound::Including(f64::NEG_INFINITY),
            Bound::Including(milliseconds(now)),
        );
        [
            Command::OnSorted(index.clone(), expired),
            Command::OnSorted(index.clone(), SortedCommand::Add(vec![(until, member)])),
            Command::Expire {
                key: index,
                ttl: self.longest(),
            },
        ]
    }

    fn set_version(&self, user: &Digest, version: &[u8]) -> Command {
        let ttl = self.longest() + SLACK;
        set(key(user, VERSION), version.to_vec(), ttl)
    }

    fn longest(&self) -> Duration {
        self.accepted.max(self.rejected)
    }

    fn new_version(&self) -> Option<Vec<u8>> {
        let mut version = vec![0; 16];
        self.random.fill(&mut version).ok()?;
        Some(version)
    }

    #[cfg(test)]
    pub(super) fn pause_is_over(&self) {
        self.outage.ended();
    }

    /// Nothing when the store is left alone, fails or takes too long.
    async fn run(&self, commands: Vec<Command>, timeout: Duration) -> Option<Vec<Reply>> {
        if !self.outage.may_ask() {
            return None;
        }
        match tokio::time::timeout(timeout, self.store.run(commands)).await {
            Ok(Ok(replies)) => {
                self.outage.ended();
                Some(replies)
            }
            Ok(Err(error)) => {
                self.outage.failed(&error);
                None
            }
            Err(_) => {
                self.outage
                    .failed(&format_args!("it took longer than {timeout:?}"));
                None
            }
        }
    }
}

fn key(tag: &Digest, name: &[u8]) -> Key {
    Key::tagged(CACHE, hex::encode(tag), name)
}

fn set(key: Key, value: Vec<u8>, ttl: Duration) -> Command {
    Command::Set {
        key,
        value,
        ttl: Some(ttl),
        when: When::Always,
    }
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1000.0
}
