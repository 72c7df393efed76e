//! What the control keeps from one configuration to the next: the way to the store, what is done when it
//! is away, and the key of the digests.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{OnceCell, broadcast::error::RecvError},
    task::AbortHandle,
};

use super::{digest::DigestKey, rule::NAMESPACE};
use crate::{
    config::{BruteForce, OnStoreFailure},
    pipeline::Uncertain,
    store::{Command, Key, MemoryStore, Procedure, Reply, Store, StoreError, When},
};

/// Says to all nodes that bans have been lifted.
const FLUSHED: &str = "bulkhead.brute-force.flushed";
/// A store that has failed is not asked again for so long.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of a key that is drawn.
const KEY_BYTES: usize = 32;

/// This process' part of the control.
pub struct Node {
    store: Arc<dyn Store>,
    /// Counts while the store is away, if that is wanted.
    local: Arc<dyn Store>,
    /// The key that all nodes share, once the store has told it.
    shared_key: OnceCell<DigestKey>,
    local_key: DigestKey,
    flushes: Arc<AtomicU64>,
    away: Mutex<Option<Away>>,
    listener: OnceLock<AbortHandle>,
}

/// Why the store is not asked, and until when.
struct Away {
    until: Instant,
    why: String,
}

impl Node {
    /// Asks the store nothing yet.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            local: Arc::new(MemoryStore::new()),
            shared_key: OnceCell::new(),
            local_key: DigestKey::new(&drawn()),
            flushes: Arc::default(),
            away: Mutex::new(None),
            listener: OnceLock::new(),
        })
    }

    /// Listens to the flushes of other nodes from now on. Must be called within a tokio runtime.
    pub(super) fn listen(&self) {
        self.listener.get_or_init(|| {
            let mut messages = self.store.subscribe(FLUSHED);
            let heard = Arc::clone(&self.flushes);
            let listening = tokio::spawn(async move {
                // Who has missed messages has missed flushes.
                while !matches!(messages.recv().await, Err(RecvError::Closed)) {
                    heard.fetch_add(1, Ordering::AcqRel);
                }
            });
            listening.abort_handle()
        });
    }

    /// How many flushes this node has heard of.
    pub(super) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Acquire)
    }

    /// Bans have been lifted: no node knows them any more. A node that does not hear of it forgets them by
    /// itself.
    pub(super) async fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = self.store.publish(FLUSHED, Vec::new()).await {
            tracing::warn!(%error, "Other nodes do not hear that bans were lifted");
        }
    }

    /// One step on the store, or, where that is wanted, on what this process counts while the store is away.
    pub(super) async fn call(
        &self,
        config: &BruteForce,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Reply, Uncertain> {
        let local = (config.on_store_failure == OnStoreFailure::Local)
            .then(|| (keys.clone(), arguments.clone()));
        let step = || self.store.call(procedure, keys, arguments);
        let answer = self.ask(config, deadline, step).await;
        match (answer, local) {
            (Err(_), Some((keys, arguments))) => {
                let reply = self.local.call(procedure, keys, arguments).await;
                reply.map_err(|error| Uncertain(error.to_string()))
            }
            (answer, _) => answer,
        }
    }

    /// Commands that are one step, on the store itself.
    pub(super) async fn run(
        &self,
        config: &BruteForce,
        commands: Vec<Command>,
        deadline: Instant,
    ) -> Result<Vec<Reply>, Uncertain> {
        self.ask(config, deadline, || self.store.run(commands)).await
    }

    /// The key of the digests: as configured, or the one that is kept in the store, drawn by the first who
    /// needs it.
    pub(super) async fn digest_key(
        &self,
        config: &BruteForce,
        deadline: Instant,
    ) -> Result<DigestKey, Uncertain> {
        if let Some(key) = &config.digest_key {
            return Ok(DigestKey::new(key.expose()));
        }
        let key = self
            .shared_key
            .get_or_try_init(|| self.stored_key(config, deadline));
        match key.await {
            Ok(key) => Ok(key.clone()),
            Err(_) if config.on_store_failure == OnStoreFailure::Local => {
                Ok(self.local_key.clone())
            }
            Err(uncertain) => Err(uncertain),
        }
    }

    async fn stored_key(
        &self,
        config: &BruteForce,
        deadline: Instant,
    ) -> Result<DigestKey, Uncertain> {
        let key = Key::new(NAMESPACE, "digest-key");
        let commands = vec![
            Command::Set {
                key: key.clone(),
                value: drawn(),
                ttl: None,
                when: When::Absent,
            },
            Command::Get(key),
        ];
        match self.run(config, commands, deadline).await?.pop() {
            Some(Reply::Bytes(key)) if key.len() == KEY_BYTES => Ok(DigestKey::new(&key)),
            _ => Err(Uncertain("the store holds no key for digests".to_owned())),
        }
    }

    /// Begins a step on the store, unless it is away, and waits for as long as it may take and the login has
    /// time.
    async fn ask<T, S>(
        &self,
        config: &BruteForce,
        deadline: Instant,
        step: impl FnOnce() -> S,
    ) -> Result<T, Uncertain>
    where
        S: Future<Output = Result<T, StoreError>>,
    {
        if let Some(why) = self.is_away() {
            return Err(Uncertain(why));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = left.min(config.store_timeout);
        match tokio::time::timeout(patience, step()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.went_away(error.to_string())),
            Err(_) if left < config.store_timeout => {
                Err(Uncertain("the login's time is over".to_owned()))
            }
            Err(_) => {
                let limit = config.store_timeout.as_millis();
                Err(self.went_away(format!("the store did not answer within {limit} ms")))
            }
        }
    }

    fn is_away(&self) -> Option<String> {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.as_ref()
            .filter(|away| away.until > Instant::now())
            .map(|away| away.why.clone())
    }

    fn went_away(&self, why: String) -> Uncertain {
        let until = Instant::now() + PAUSE;
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away
            .as_ref()
            .is_none_or(|away| away.until <= Instant::now())
        {
            tracing::warn!(why, "Failed logins cannot be counted in the store");
        }
        *away = Some(Away {
            until,
            why: why.clone(),
        });
        Uncertain(why)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

fn drawn() -> Vec<u8> {
    rand::random::<[u8; KEY_BYTES]>().to_vec()
}
