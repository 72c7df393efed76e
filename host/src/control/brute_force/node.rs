//! What the control keeps from one configuration to the next: the way to the store, the flushes that it has
//! heard of, and the key of the digests.
//!
//! A store that is away says so; whether another stands in for it is the store's business. A key that the
//! other one told is used no longer than it stands in: nodes that share a store share the key, whatever
//! happened before.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::{sync::OnceCell, task::AbortHandle};

use super::{digest::DigestKey, rule::NAMESPACE};
use crate::{
    auth::Password,
    config::BruteForce,
    pipeline::Uncertain,
    store::{Call, Command, Heard, Key, Procedure, Reply, Store, StoreError, When},
};

/// Says to all nodes that bans have been lifted.
const FLUSHED: &str = "bulkhead.brute-force.flushed";
/// Bytes of a key that is drawn.
const KEY_BYTES: usize = 32;
/// How often the key is asked for again because the store has changed meanwhile.
const TRIES: usize = 3;

/// This process' part of the control.
pub struct Node {
    store: Arc<dyn Store>,
    /// The key that all nodes share.
    shared_key: Mutex<SharedKey>,
    heard: Arc<News>,
    listener: OnceLock<AbortHandle>,
}

/// What was heard of other nodes.
#[derive(Default)]
struct News {
    flushes: AtomicU64,
    /// Times that the store was heard again: it may have lost everything, and others may be there.
    reunions: AtomicU64,
}

/// Which store is asked: its reign, and how often it was heard again. Both only grow.
type Sight = (u64, u64);

/// The key of a store.
#[derive(Clone, Default)]
struct SharedKey {
    of: Sight,
    /// Filled once the store has told it, by one asker for all.
    key: Arc<OnceCell<Arc<Password>>>,
    /// The last one that was known: if the store has none, all go on with it.
    before: Option<Arc<Password>>,
}

impl Node {
    /// Asks the store nothing yet.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            shared_key: Mutex::default(),
            heard: Arc::default(),
            listener: OnceLock::new(),
        })
    }

    /// Listens to the flushes of other nodes from now on. Must be called within a tokio runtime.
    pub(super) fn listen(&self) {
        self.listener.get_or_init(|| {
            let mut messages = self.store.subscribe(FLUSHED);
            let heard = Arc::clone(&self.heard);
            let listening = tokio::spawn(async move {
                while let Some(news) = messages.next().await {
                    if news == Heard::Again {
                        heard.reunions.fetch_add(1, Ordering::AcqRel);
                    }
                    // Who has missed messages has missed flushes.
                    heard.flushes.fetch_add(1, Ordering::AcqRel);
                }
            });
            listening.abort_handle()
        });
    }

    /// How many flushes this node has heard of.
    pub(super) fn flushes(&self) -> u64 {
        self.heard.flushes.load(Ordering::Acquire)
    }

    /// Bans have been lifted: no node knows them any more. A node that does not hear of it forgets them by
    /// itself.
    pub(super) async fn flushed(&self) {
        self.heard.flushes.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = self.store.publish(FLUSHED, Vec::new()).await {
            tracing::warn!(%error, "Other nodes do not hear that bans were lifted");
        }
    }

    /// One step on the store.
    pub(super) async fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Reply, Uncertain> {
        within(deadline, self.store.call(procedure, keys, arguments)).await
    }

    /// Procedures side by side, each with an answer of its own.
    pub(super) async fn call_all(
        &self,
        calls: Vec<Call>,
        deadline: Instant,
    ) -> Vec<Result<Reply, Uncertain>> {
        let asked = calls.len();
        let done = async { Ok(self.store.call_all(calls).await) };
        match within(deadline, done).await {
            Ok(replies) => {
                let replies = replies.into_iter();
                replies.map(|reply| reply.map_err(uncertain)).collect()
            }
            Err(late) => vec![Err(late); asked],
        }
    }

    /// Whether another store stands in for Redis, which knows nothing of it.
    pub(super) fn is_local(&self) -> bool {
        self.store.numbers().is_some_and(|numbers| numbers.local)
    }

    /// Commands that are one step.
    pub(super) async fn run(
        &self,
        commands: Vec<Command>,
        deadline: Instant,
    ) -> Result<Vec<Reply>, Uncertain> {
        within(deadline, self.store.run(commands)).await
    }

    /// The key of the digests: as configured, or the one that is kept in the store, drawn by the first who
    /// needs it.
    pub(super) async fn digest_key(
        &self,
        config: &BruteForce,
        deadline: Instant,
    ) -> Result<DigestKey, Uncertain> {
        match &config.digest_key {
            Some(key) => Ok(DigestKey::new(key.expose())),
            None => {
                let key = self.shared_key(deadline).await?;
                Ok(DigestKey::new(key.expose()))
            }
        }
    }

    async fn shared_key(&self, deadline: Instant) -> Result<Arc<Password>, Uncertain> {
        for _ in 0..TRIES {
            let SharedKey { of, key, before } = self.current_key();
            let stored = || self.stored_key(before, deadline);
            let key = key.get_or_try_init(stored).await?;
            if self.sight() == of {
                return Ok(Arc::clone(key));
            }
        }
        Err(Uncertain("the store comes and goes".to_owned()))
    }

    fn sight(&self) -> Sight {
        let reunions = self.heard.reunions.load(Ordering::Acquire);
        (self.store.reign(), reunions)
    }

    /// The key of the store as it is now, or the place for it.
    fn current_key(&self) -> SharedKey {
        let now = self.sight();
        let mut shared = self
            .shared_key
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now > shared.of {
            let last = shared.key.get().cloned();
            let before = last.or_else(|| shared.before.take());
            *shared = SharedKey {
                of: now,
                key: Arc::default(),
                before,
            };
        }
        shared.clone()
    }

    /// The key that the store has; `before` or a new one if it has none.
    async fn stored_key(
        &self,
        before: Option<Arc<Password>>,
        deadline: Instant,
    ) -> Result<Arc<Password>, Uncertain> {
        let proposed = match before {
            Some(before) => before.expose().to_vec(),
            None => rand::random::<[u8; KEY_BYTES]>().to_vec(),
        };
        let key = Key::new(NAMESPACE, "digest-key");
        let commands = vec![
            Command::Set {
                key: key.clone(),
                value: proposed,
                ttl: None,
                when: When::Absent,
            },
            Command::Get(key),
        ];
        match self.run(commands, deadline).await?.pop() {
            Some(Reply::Bytes(key)) if key.len() == KEY_BYTES => Ok(Arc::new(Password::new(key))),
            _ => Err(Uncertain("the store holds no key for digests".to_owned())),
        }
    }
}

#[allow(clippy::needless_pass_by_value)]
fn uncertain(error: StoreError) -> Uncertain {
    Uncertain(error.to_string())
}

/// Waits for the store as long as the login has time.
async fn within<T>(
    deadline: Instant,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Uncertain> {
    match tokio::time::timeout_at(tokio::time::Instant::from_std(deadline), step).await {
        Ok(answer) => answer.map_err(uncertain),
        Err(_) => Err(Uncertain("the store did not answer in time".to_owned())),
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}
