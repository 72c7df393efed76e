//! Redis, and a store in memory that takes over while Redis is away (`store.redis.on_outage: local`).
//!
//! Promises: whoever asks gets an answer from one of the two; all get it from the same one, from the first
//! operation that Redis could not do until Redis takes changes again. What was counted here meanwhile
//! counts for this server alone, and is forgotten when Redis is back. An operation of which nobody knows
//! whether Redis did it is done here, once.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Call, Command, Key, Limits, MemoryStore, Procedure, RedisStore, Reply, Store, StoreError,
    StoreNumbers, Subscription,
};

/// How often Redis is tried while it is away.
const PROBE: Duration = Duration::from_secs(1);

/// Redis with a substitute.
pub struct Standby(Arc<Inner>);

struct Inner {
    redis: RedisStore,
    /// Of what stands in.
    limits: Limits,
    /// While Redis is away.
    local: Mutex<Option<Arc<MemoryStore>>>,
    outages: AtomicU64,
    /// Odd while another stands in.
    reign: AtomicU64,
    operations: AtomicU64,
}

impl Standby {
    /// Nothing is local yet. What will stand in has these limits.
    pub fn new(redis: RedisStore, limits: Limits) -> Self {
        Self(Arc::new(Inner {
            redis,
            limits,
            local: Mutex::default(),
            outages: AtomicU64::new(0),
            reign: AtomicU64::new(0),
            operations: AtomicU64::new(0),
        }))
    }

    /// Asks Redis, or whoever stands in for it. `local` does it there.
    async fn ask<T>(
        &self,
        redis: impl AsyncFnOnce(&RedisStore) -> Result<T, StoreError>,
        local: impl AsyncFnOnce(&MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let substitute = match self.0.substitute() {
            Some(substitute) => substitute,
            None => match redis(&self.0.redis).await {
                Err(StoreError::Unavailable(why)) => take_over(&self.0, &why),
                done => return done,
            },
        };
        self.0.operations.fetch_add(1, Relaxed);
        local(&substitute).await
    }
}

impl Inner {
    fn local(&self) -> MutexGuard<'_, Option<Arc<MemoryStore>>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn substitute(&self) -> Option<Arc<MemoryStore>> {
        self.local().clone()
    }
}

/// From now on it is done here. Returns the store that all share.
fn take_over(inner: &Arc<Inner>, why: &str) -> Arc<MemoryStore> {
    let mut local = inner.local();
    if let Some(substitute) = &*local {
        return substitute.clone();
    }
    tracing::error!(
        error = why,
        "Redis is away: this server counts for itself until it is back"
    );
    inner.outages.fetch_add(1, Relaxed);
    let substitute = Arc::new(MemoryStore::new().with_limits(inner.limits));
    *local = Some(substitute.clone());
    inner.reign.fetch_add(1, Release);
    tokio::spawn(wait_for_redis(Arc::downgrade(inner)));
    substitute
}

async fn wait_for_redis(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(PROBE).await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        if inner.redis.check().await.is_ok() {
            let mut local = inner.local();
            *local = None;
            inner.reign.fetch_add(1, Release);
            drop(local);
            tracing::info!("Redis is back: what was counted here meanwhile is forgotten");
            return;
        }
    }
}

impl Store for Standby {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        let again = commands.clone();
        self.ask(
            async move |redis| redis.run(commands).await,
            async move |local| local.run(again).await,
        )
        .boxed()
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        let (keys_again, arguments_again) = (keys.clone(), arguments.clone());
        self.ask(
            async move |redis| redis.call(procedure, keys, arguments).await,
            async move |local| local.call(procedure, keys_again, arguments_again).await,
        )
        .boxed()
    }

    fn call_all(&self, calls: Vec<Call>) -> BoxFuture<'_, Vec<Result<Reply, StoreError>>> {
        async move {
            let substitute = match self.0.substitute() {
                Some(substitute) => substitute,
                None => {
                    let done = self.0.redis.call_all(calls.clone()).await;
                    let failed = done.iter().find_map(|done| match done {
                        Err(StoreError::Unavailable(why)) => Some(why),
                        _ => None,
                    });
                    match failed {
                        Some(why) => take_over(&self.0, why),
                        None => return done,
                    }
                }
            };
            self.0.operations.fetch_add(1, Relaxed);
            // What Redis has done all the same is forgotten here when it is back.
            substitute.call_all(calls).await
        }
        .boxed()
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        let channel = channel.to_owned();
        async move {
            let again = message.clone();
            self.ask(
                async |redis| redis.publish(&channel, message).await,
                async |_| {
                    // Who listens here hears it; nobody else can.
                    self.0.redis.deliver(&channel, again);
                    Ok(())
                },
            )
            .await
        }
        .boxed()
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.0.redis.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.ask(async |redis| redis.check().await, async |_| Ok(()))
            .boxed()
    }

    fn reign(&self) -> u64 {
        self.0.reign.load(Acquire)
    }

    fn numbers(&self) -> Option<StoreNumbers> {
        Some(StoreNumbers {
            local: self.0.substitute().is_some(),
            outages: self.0.outages.load(Relaxed),
            local_operations: self.0.operations.load(Relaxed),
            ..self.0.redis.counted()
        })
    }
}
