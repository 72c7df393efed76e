//! The one thread that changes the file.
//!
//! Takes what waits, applies it in order in one transaction, commits durably, then answers. An
//! operation that cannot be done (not a number) changes nothing and fails alone; a failing disk fails
//! the whole batch, and the file is opened anew.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::Duration,
};

use ::redb::{Database, ReadableTable, Table};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    super::{
        Clock, StoreError,
        entry::{NEVER, add, expires_at, is_expired},
    },
    ENTRIES, EXPIRIES, Slot, stopped,
};

/// Changes that share a commit.
const BATCH: usize = 512;
/// Expired entries that one transaction removes at most.
const SWEEP: usize = 256;
/// How long an idle writer waits before it looks for expired entries.
const IDLE: Duration = Duration::from_secs(30);

/// One change to one key.
pub(super) enum Change {
    Set {
        value: Vec<u8>,
        ttl: Option<Duration>,
    },
    Delete,
    Increment {
        by: i64,
        ttl: Option<Duration>,
    },
    Expire {
        ttl: Duration,
    },
}

/// What a change did.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Stored,
    Existed(bool),
    Sum(i64),
}

struct Job {
    key: Vec<u8>,
    change: Change,
    reply: oneshot::Sender<Result<Outcome, StoreError>>,
    /// Gives the place in the queue back when the job ends.
    _permit: OwnedSemaphorePermit,
}

/// The handle of the thread. Dropping it finishes the queued changes and waits for the thread, so
/// that the file can be opened again at once.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(database: Arc<Slot>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&database, clock.as_ref(), &queue))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn send(
        &self,
        key: Vec<u8>,
        change: Change,
        reply: oneshot::Sender<Result<Outcome, StoreError>>,
        permit: OwnedSemaphorePermit,
    ) -> Result<(), StoreError> {
        let job = Job {
            key,
            change,
            reply,
            _permit: permit,
        };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).map_err(|_| stopped())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook, and its callers got errors.
            let _ = thread.join();
        }
    }
}

fn run(database: &Slot, clock: &dyn Clock, queue: &mpsc::Receiver<Job>) {
    loop {
        let mut jobs = Vec::new();
        match queue.recv_timeout(IDLE) {
            Ok(job) => jobs.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while jobs.len() < BATCH {
            match queue.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
        let (replies, changes): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .map(|job| ((job.reply, job._permit), (job.key, job.change)))
            .unzip();
        let committed = database.get_or_open().and_then(|open| {
            commit(&open, clock.now_ms(), changes)
                .map_err(|error| StoreError::Unavailable(error.to_string()))
        });
        match committed {
            Ok(outcomes) => {
                for ((reply, _permit), outcome) in replies.into_iter().zip(outcomes) {
                    // The caller may have gone away; the change stands.
                    let _ = reply.send(outcome);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot write");
                database.close();
                for (reply, _permit) in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Applies changes and expiry in one durable transaction.
fn commit(
    database: &Database,
    now: u64,
    changes: Vec<(Vec<u8>, Change)>,
) -> Result<Vec<Result<Outcome, StoreError>>, ::redb::Error> {
    let transaction = database.begin_write()?;
    let mut outcomes = Vec::with_capacity(changes.len());
    let mut dirty = false;
    {
        let mut tables = Tables {
            entries: transaction.open_table(ENTRIES)?,
            expiries: transaction.open_table(EXPIRIES)?,
            now,
        };
        for (key, change) in changes {
            outcomes.push(tables.apply(&key, change)?);
            dirty = true;
        }
        dirty |= tables.sweep()? > 0;
    }
    if dirty {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(outcomes)
}

struct Tables<'transaction> {
    entries: Table<'transaction, &'static [u8], (u64, &'static [u8])>,
    expiries: Table<'transaction, (u64, &'static [u8]), ()>,
    now: u64,
}

impl Tables<'_> {
    fn apply(
        &mut self,
        key: &[u8],
        change: Change,
    ) -> Result<Result<Outcome, StoreError>, ::redb::Error> {
        Ok(Ok(match change {
            Change::Set { value, ttl } => {
                self.put(key, &value, expires_at(self.now, ttl))?;
                Outcome::Stored
            }
            Change::Delete => Outcome::Existed(self.take(key)?.is_some()),
            Change::Increment { by, ttl } => {
                let live = self.live(key)?;
                let sum = match add(live.as_ref().map(|(_, value)| value.as_slice()), by) {
                    Ok(sum) => sum,
                    Err(error) => return Ok(Err(error)),
                };
                let expires =
                    live.map_or_else(|| expires_at(self.now, ttl), |(expires, _)| expires);
                self.put(key, sum.to_string().as_bytes(), expires)?;
                Outcome::Sum(sum)
            }
            Change::Expire { ttl } => {
                let live = self.take(key)?;
                let existed = live.is_some();
                if let Some((_, value)) = live {
                    self.put(key, &value, expires_at(self.now, Some(ttl)))?;
                }
                Outcome::Existed(existed)
            }
        }))
    }

    fn live(&self, key: &[u8]) -> Result<Option<(u64, Vec<u8>)>, ::redb::Error> {
        Ok(self.entries.get(key)?.and_then(|entry| {
            let (expires, value) = entry.value();
            (!is_expired(expires, self.now)).then(|| (expires, value.to_vec()))
        }))
    }

    fn put(&mut self, key: &[u8], value: &[u8], expires: u64) -> Result<(), ::redb::Error> {
        if is_expired(expires, self.now) {
            self.take(key)?;
            return Ok(());
        }
        let before = self.entries.insert(key, (expires, value))?;
        let before = before.map(|entry| entry.value().0);
        if before != Some(expires) {
            if let Some(before) = before.filter(|before| *before != NEVER) {
                self.expiries.remove((before, key))?;
            }
            if expires != NEVER {
                self.expiries.insert((expires, key), ())?;
            }
        }
        Ok(())
    }

    /// Removes the entry; returns it if it was alive.
    fn take(&mut self, key: &[u8]) -> Result<Option<(u64, Vec<u8>)>, ::redb::Error> {
        let removed = self.entries.remove(key)?.map(|entry| {
            let (expires, value) = entry.value();
            (expires, value.to_vec())
        });
        if let Some((expires, _)) = &removed
            && *expires != NEVER
        {
            self.expiries.remove((*expires, key))?;
        }
        Ok(removed.filter(|(expires, _)| !is_expired(*expires, self.now)))
    }

    /// Removes some expired entries, soonest first; returns how many.
    fn sweep(&mut self) -> Result<usize, ::redb::Error> {
        let mut removed = 0;
        while removed < SWEEP {
            let Some((expires, key)) = self.expiries.first()?.map(|(index, _)| {
                let (expires, key) = index.value();
                (expires, key.to_vec())
            }) else {
                break;
            };
            if !is_expired(expires, self.now) {
                break;
            }
            self.expiries.remove((expires, key.as_slice()))?;
            self.entries.remove(key.as_slice())?;
            removed += 1;
        }
        Ok(removed)
    }
}
