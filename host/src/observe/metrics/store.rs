//! A store whose failures are counted.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};

use super::ServerMetrics;
use crate::store::{Key, Remaining, Store, StoreError};

/// Passes everything on to another store.
struct Counted {
    store: Arc<dyn Store>,
    metrics: ServerMetrics,
}

impl ServerMetrics {
    /// The same store, its failures counted. That a value is no number is the asker's mistake, not a
    /// failure.
    pub fn counting(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Counted {
            store,
            metrics: self.clone(),
        })
    }
}

impl Counted {
    fn watch<'a, T: 'a>(
        &'a self,
        operation: &'static str,
        done: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        done.inspect(move |done| {
            if let Err(StoreError::Unavailable(_)) = done {
                self.metrics.store_failed(operation);
            }
        })
        .boxed()
    }
}

impl Store for Counted {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        self.watch("get", self.store.get(key))
    }

    fn set(
        &self,
        key: Key,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.watch("set", self.store.set(key, value, ttl))
    }

    fn delete(&self, key: Key) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.watch("delete", self.store.delete(key))
    }

    fn increment(
        &self,
        key: Key,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<i64, StoreError>> {
        self.watch("increment", self.store.increment(key, by, ttl))
    }

    fn expire(&self, key: Key, ttl: Duration) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.watch("expire", self.store.expire(key, ttl))
    }

    fn time_to_live(&self, key: Key) -> BoxFuture<'_, Result<Remaining, StoreError>> {
        self.watch("time_to_live", self.store.time_to_live(key))
    }
}
