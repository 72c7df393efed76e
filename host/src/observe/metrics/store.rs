//! A store whose operations are timed, and its failures counted.

use std::{sync::Arc, time::Instant};

use futures_util::{FutureExt, future::BoxFuture};

use super::ServerMetrics;
use crate::store::{
    Call, Command, Key, Procedure, Reply, Store, StoreError, StoreNumbers, Subscription, Usage,
};

/// Passes everything on to another store.
struct Counted {
    store: Arc<dyn Store>,
    metrics: ServerMetrics,
}

impl ServerMetrics {
    /// The same store, its operations timed and its failures counted. That a value is no number is the asker's mistake, not a
    /// failure.
    pub fn counting(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        self.show_servers_of(&store);
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
        let began = Instant::now();
        done.inspect(move |done| {
            let has_failed = matches!(done, Err(StoreError::Unavailable(_)));
            self.metrics
                .store_asked(operation, began.elapsed(), has_failed);
        })
        .boxed()
    }
}

impl Store for Counted {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        let operation = match commands.as_slice() {
            [command] => command.name(),
            _ => "several",
        };
        self.watch(operation, self.store.run(commands))
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.watch(procedure.name, self.store.call(procedure, keys, arguments))
    }

    fn call_all(&self, calls: Vec<Call>) -> BoxFuture<'_, Vec<Result<Reply, StoreError>>> {
        let began = Instant::now();
        let names: Vec<_> = calls.iter().map(|call| call.procedure.name).collect();
        let watch = move |all: &Vec<Result<Reply, StoreError>>| {
            for (operation, done) in names.iter().zip(all) {
                let has_failed = matches!(done, Err(StoreError::Unavailable(_)));
                self.metrics
                    .store_asked(operation, began.elapsed(), has_failed);
            }
        };
        self.store.call_all(calls).inspect(watch).boxed()
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.watch("publish", self.store.publish(channel, message))
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.store.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.watch("check", self.store.check())
    }

    fn reign(&self) -> u64 {
        self.store.reign()
    }

    fn usage(&self) -> Option<Usage> {
        self.store.usage()
    }

    fn numbers(&self) -> Option<StoreNumbers> {
        self.store.numbers()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{capability::Services, observe::metrics::Snapshot, store::MemoryStore};

    fn key() -> Key {
        Key::new("n", "k")
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
        // Those that failed and those that did not.
        let all = "bulkhead_store_seconds_count{operation=\"set\"} 2\n";
        assert!(page.contains(all), "{all}{page}");
    }
}
