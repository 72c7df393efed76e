//! The embedded store on disk: one file, one process.
//!
//! A change is answered only after it is on disk: a crash, even of the machine, loses no acknowledged
//! change. One thread makes all changes and commits those that wait together, so a hundred
//! simultaneous logins share the price of one flush. Steps that only read see every acknowledged change,
//! need no writer, and run off the async threads. After a failing disk the store works again as soon as
//! the disk does; a change that was answered with an error then may or may not have been stored. Expiry
//! uses wall-clock time. Dropping the future of a change after it was queued does not take the change back.

mod changing;
mod migrate;
mod open;
mod reading;
mod slot;
mod tables;
mod writer;

use std::{path::Path, sync::Arc};

use ::redb::{ReadableDatabase, ReadableTableMetadata};
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, oneshot};

pub use self::open::OpenError;
use self::{
    reading::Snapshot,
    slot::{Opener, Slot},
    tables::KEYS,
    writer::{Work, Writer},
};
use super::{
    Clock, Command, Key, Limits, Procedure, Reply, Store, StoreError, Subscription, Usage,
    WallClock,
    embedded::{self, Topics},
};

/// Steps that wait for the writer. Further callers wait to be let in.
const QUEUE: usize = 4096;

/// Keys and values in a file.
pub struct RedbStore {
    database: Arc<Slot>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    topics: Topics,
    writer: Writer,
    queue: Arc<Semaphore>,
}

impl RedbStore {
    /// Opens the file, or makes it, readable by its owner only. Missing folders are made.
    ///
    /// # Errors
    /// What stands in the way, and what to do about it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with_limits(path, Limits::default())
    }

    /// As [`RedbStore::open`], with other limits.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open_with_limits(path: &Path, limits: Limits) -> Result<Self, OpenError> {
        Self::open_with(path, Arc::new(WallClock), limits, Box::new(open::open))
    }

    /// As [`RedbStore::open`], with keys that expire by `clock`.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open_with_clock(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(path, clock, Limits::default(), Box::new(open::open))
    }

    fn open_with(
        path: &Path,
        clock: Arc<dyn Clock>,
        limits: Limits,
        opener: Opener,
    ) -> Result<Self, OpenError> {
        let database = Arc::new(Slot::open(path, opener)?);
        let writer = Writer::start(database.clone(), clock.clone(), limits)
            .map_err(|error| OpenError::Other(path.to_owned(), error.to_string()))?;
        Ok(Self {
            database,
            clock,
            limits,
            topics: Topics::default(),
            writer,
            queue: Arc::new(Semaphore::new(QUEUE)),
        })
    }

    async fn change(&self, work: Work) -> Result<Vec<Reply>, StoreError> {
        let permit = self.queue.clone().acquire_owned().await;
        let permit = permit.map_err(|_| stopped())?;
        let (reply, answer) = oneshot::channel();
        self.writer.send(work, reply, permit)?;
        answer.await.map_err(|_| stopped())?
    }

    async fn read(&self, commands: Vec<Command>) -> Result<Vec<Reply>, StoreError> {
        let (database, now, limits) = (self.database.get()?, self.clock.now_ms(), self.limits);
        let read = move || {
            let transaction = database.begin_read().map_err(unavailable)?;
            let mut snapshot = Snapshot::new(transaction, now);
            let run = |command| embedded::run(&mut snapshot, &limits, command);
            commands.into_iter().map(run).collect()
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(unavailable)?
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store's writer has stopped".to_owned())
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

impl Store for RedbStore {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        Box::pin(async move {
            if let Some(refusals) = self.limits.refuse_step(&commands) {
                return Ok(refusals);
            }
            if commands.iter().all(Command::only_reads) {
                self.read(commands).await
            } else {
                self.change(Work::Run(commands)).await
            }
        })
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            let work = Work::Call {
                procedure,
                keys,
                arguments,
            };
            self.change(work).await?.pop().ok_or_else(stopped)
        })
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        let channel = channel.to_owned();
        Box::pin(async move {
            self.topics.publish(&channel, message);
            Ok(())
        })
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.topics.subscribe(channel)
    }

    /// Reads.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let key = Key::new("bulkhead.health", "check");
            self.read(vec![Command::Exists(key)]).await.map(|_| ())
        })
    }

    fn usage(&self) -> Option<Usage> {
        let keys = || {
            let read = self.database.get().ok()?.begin_read().ok()?;
            read.open_table(KEYS).ok()?.len().ok()
        };
        Some(Usage {
            keys: keys()?,
            bytes: std::fs::metadata(self.database.path()).ok()?.len(),
        })
    }
}

#[cfg(test)]
mod tests;
