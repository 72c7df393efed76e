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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capability::Services, observe::metrics::Snapshot, store::MemoryStore};

    fn key() -> Key {
        Key {
            namespace: "n".to_owned(),
            name: b"k".to_vec(),
        }
    }

    #[tokio::test]
    async fn failures_are_counted_by_operation_and_mistakes_are_not() {
        let metrics = ServerMetrics::default();
        let broken = metrics.counting(Services::none().store);
        let minute = Duration::from_secs(60);
        assert!(broken.get(key()).await.is_err());
        assert!(broken.get(key()).await.is_err());
        assert!(broken.set(key(), Vec::new(), None).await.is_err());
        assert!(broken.delete(key()).await.is_err());
        assert!(broken.increment(key(), 1, None).await.is_err());
        assert!(broken.expire(key(), minute).await.is_err());
        assert!(broken.time_to_live(key()).await.is_err());

        let well = metrics.counting(Arc::new(MemoryStore::new()));
        assert_eq!(well.set(key(), b"text".to_vec(), None).await, Ok(()));
        let mistake = well.increment(key(), 1, None).await;
        assert_eq!(mistake, Err(StoreError::NotANumber));

        let page = metrics.page(&Snapshot::default());
        for (operation, failures) in [
            ("get", 2),
            ("set", 1),
            ("delete", 1),
            ("increment", 1),
            ("expire", 1),
            ("time_to_live", 1),
        ] {
            let line =
                format!("bulkhead_store_errors_total{{operation=\"{operation}\"}} {failures}\n");
            assert!(page.contains(&line), "{line}{page}");
        }
    }
}
