//! What an administrator starts and does not wait for: jobs in the background, and their records in the
//! store, which every node can show.
//!
//! Knows neither HTTP nor what a job does. Promises that a job that was accepted runs unless the server
//! is made to end, that its record says how it ended, and that neither jobs nor records grow without
//! bound: so many jobs run or wait, each has its time, and each record goes by itself.

mod record;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::record::{JobKind, JobRecord, JobStatus};
use crate::store::{Key, Store, StoreError};

/// Jobs that run side by side; the others wait. A job is rare and walks through the store: more at a time
/// would only take it from logins.
const SIDE_BY_SIDE: usize = 4;

/// How much may be asked of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLimits {
    /// Jobs that run or wait on this node (`limits.jobs`).
    pub jobs: u32,
    /// How long one may run (`limits.job_timeout`).
    pub timeout: Duration,
    /// How long a record stays after its last change (`limits.job_lifetime`).
    pub lifetime: Duration,
}

/// Why a job was not started.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    /// As many run or wait as may.
    #[error("{0} jobs run or wait, the limit `limits.jobs`")]
    TooMany(u32),
    /// The server ends.
    #[error("the server ends")]
    Ending,
    /// Its record cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The jobs of this node, and the records of all.
pub struct Jobs {
    store: Arc<dyn Store>,
    limits: JobLimits,
    accepted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    tasks: TaskTracker,
    cut_short: CancellationToken,
    runtime: Handle,
}

impl Jobs {
    /// No jobs yet. `runtime` runs them.
    pub fn new(store: Arc<dyn Store>, limits: JobLimits, runtime: Handle) -> Self {
        let jobs = usize::try_from(limits.jobs).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            store,
            limits,
            accepted: Arc::new(Semaphore::new(jobs.min(Semaphore::MAX_PERMITS))),
            running: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
            tasks: TaskTracker::new(),
            cut_short: CancellationToken::new(),
            runtime,
        }
    }

    /// Accepts a job and returns its id. `work` runs in the background; it returns what it counted, or
    /// why it failed.
    ///
    /// # Errors
    /// When too many run or wait, the server ends, or the record cannot be kept. Nothing runs then.
    pub async fn start<W>(&self, kind: JobKind, work: W) -> Result<String, JobError>
    where
        W: Future<Output = Result<u64, String>> + Send + 'static,
    {
        let place = match Arc::clone(&self.accepted).try_acquire_owned() {
            Ok(place) => place,
            Err(tokio::sync::TryAcquireError::Closed) => return Err(JobError::Ending),
            Err(tokio::sync::TryAcquireError::NoPermits) => {
                return Err(JobError::TooMany(self.limits.jobs));
            }
        };
        let id = record::new_id();
        let mut record = JobRecord::queued(kind);
        let kept = Kept {
            store: Arc::clone(&self.store),
            key: key(&id),
            lifetime: self.limits.lifetime,
        };
        kept.write(&record).await?;
        let running = Arc::clone(&self.running);
        let timeout = self.limits.timeout;
        let cut_short = self.cut_short.clone();
        let session = id.clone();
        self.tasks.spawn_on(
            async move {
                let _place = place;
                let work = async {
                    // It is never closed.
                    let _turn = running.acquire().await;
                    record.begin();
                    kept.note(&record, &session).await;
                    match tokio::time::timeout(timeout, work).await {
                        Ok(result) => result,
                        Err(_) => Err("it took longer than `limits.job_timeout`".to_owned()),
                    }
                };
                let result = cut_short.run_until_cancelled(work).await;
                record.end(result.unwrap_or_else(|| Err("the server ended".to_owned())));
                kept.note(&record, &session).await;
                tracing::info!(
                    job = session,
                    kind = kind.as_str(),
                    status = record.status.as_str(),
                    count = record.count,
                    error = record.error,
                    "A job has ended"
                );
            },
            &self.runtime,
        );
        Ok(id)
    }

    /// The record of a job of any node; nothing if there is none (any more).
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn find(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        if !record::is_id(id) {
            return Ok(None);
        }
        let Some(bytes) = self.store.get(key(id)).await? else {
            return Ok(None);
        };
        match serde_json::from_slice(&bytes) {
            Ok(record) => Ok(Some(record)),
            Err(_) => Err(StoreError::Unavailable(
                "the record of the job cannot be read".to_owned(),
            )),
        }
    }

    /// Accepts no more jobs, gives those in hand up to `grace`, and cuts short what is left; their
    /// records say so.
    pub async fn drain(&self, grace: Duration) {
        self.accepted.close();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(jobs = self.tasks.len(), "Jobs are cut short at shutdown");
            self.cut_short.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Where a record is kept.
struct Kept {
    store: Arc<dyn Store>,
    key: Key,
    lifetime: Duration,
}

impl Kept {
    async fn write(&self, record: &JobRecord) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(record)
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let key = self.key.clone();
        self.store.set(key, bytes, Some(self.lifetime)).await
    }

    /// The job goes on, whether or not the store hears how far it is.
    async fn note(&self, record: &JobRecord, job: &str) {
        if let Err(error) = self.write(record).await {
            tracing::warn!(job, %error, "The record of a job could not be kept");
        }
    }
}

fn key(id: &str) -> Key {
    Key::new("async:job", id)
}
