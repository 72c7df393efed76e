//! Jobs over the store in memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use tokio::sync::oneshot;

use super::*;
use crate::{capability::Services, store::MemoryStore};

const HOUR: Duration = Duration::from_secs(3600);

fn jobs(store: Arc<dyn Store>, most: u32, timeout: Duration) -> Jobs {
    let limits = JobLimits {
        jobs: most,
        timeout,
        lifetime: HOUR,
    };
    Jobs::new(store, limits, Handle::current())
}

fn in_memory(most: u32) -> Jobs {
    jobs(Arc::new(MemoryStore::new()), most, HOUR)
}

async fn ended(jobs: &Jobs, id: &str) -> JobRecord {
    loop {
        let record = jobs.find(id).await.unwrap().unwrap();
        if record.finished.is_some() {
            return record;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_job_is_queued_then_runs_then_is_done() {
    let jobs = in_memory(10);
    let mut gates = Vec::new();
    let mut ids = Vec::new();
    for count in 0..=SIDE_BY_SIDE as u64 {
        let (open, opened) = oneshot::channel::<()>();
        let work = async move { opened.await.map(|()| count).map_err(|_| "gone".to_owned()) };
        ids.push(jobs.start(JobKind::CacheFlush, work).await.unwrap());
        gates.push(open);
    }
    let status = async |index: usize| jobs.find(&ids[index]).await.unwrap().unwrap().status;
    while status(0).await != JobStatus::InProgress {
        tokio::task::yield_now().await;
    }
    assert_eq!(status(SIDE_BY_SIDE).await, JobStatus::Queued);
    for gate in gates {
        gate.send(()).unwrap();
    }
    for (count, id) in (0..).zip(&ids) {
        let record = ended(&jobs, id).await;
        assert_eq!(
            (record.status, record.count),
            (JobStatus::Done, Some(count))
        );
        assert!(record.created <= record.started.unwrap());
        assert!(record.started <= record.finished);
        assert_eq!(record.error, "");
    }
}

#[tokio::test]
async fn a_job_that_fails_says_why() {
    let jobs = in_memory(1);
    let work = async { Err("no such thing".to_owned()) };
    let id = jobs.start(JobKind::BruteForceFlush, work).await.unwrap();
    let record = ended(&jobs, &id).await;
    assert_eq!(record.status, JobStatus::Error);
    assert_eq!(record.kind, JobKind::BruteForceFlush);
    assert_eq!(
        (record.count, record.error.as_str()),
        (None, "no such thing")
    );
}

#[tokio::test]
async fn so_many_jobs_and_not_one_more() {
    let jobs = in_memory(2);
    let (open, opened) = oneshot::channel::<()>();
    let first = async move { opened.await.map(|()| 1).map_err(|_| String::new()) };
    let first = jobs.start(JobKind::CacheFlush, first).await.unwrap();
    let second = std::future::pending;
    jobs.start(JobKind::CacheFlush, second()).await.unwrap();
    let third = jobs.start(JobKind::CacheFlush, async { Ok(3) }).await;
    assert_eq!(third, Err(JobError::TooMany(2)));
    open.send(()).unwrap();
    ended(&jobs, &first).await;
    while jobs.accepted.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(
        jobs.start(JobKind::CacheFlush, async { Ok(3) })
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_an_error() {
    let jobs = jobs(Arc::new(MemoryStore::new()), 1, Duration::from_millis(20));
    let work = std::future::pending();
    let id = jobs.start(JobKind::CacheFlush, work).await.unwrap();
    let record = ended(&jobs, &id).await;
    assert_eq!(record.status, JobStatus::Error);
    assert_eq!(record.error, "it took longer than `limits.job_timeout`");
}

#[tokio::test]
async fn shutdown_waits_for_jobs_and_then_cuts_them_short() {
    let jobs = in_memory(9);
    let short = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(7)
    };
    let short = jobs.start(JobKind::CacheFlush, short).await.unwrap();
    let endless = std::future::pending();
    let endless = jobs.start(JobKind::CacheFlush, endless).await.unwrap();
    jobs.drain(Duration::from_secs(1)).await;
    assert_eq!(ended(&jobs, &short).await.count, Some(7));
    assert_eq!(ended(&jobs, &endless).await.error, "the server ended");
    let late = jobs.start(JobKind::CacheFlush, async { Ok(1) }).await;
    assert_eq!(late, Err(JobError::Ending));
}

#[tokio::test]
async fn without_the_store_nothing_starts_and_nobody_knows() {
    let jobs = jobs(Services::none().store, 1, HOUR);
    let work = async { panic!("it must not run") };
    let started = jobs.start(JobKind::CacheFlush, work).await;
    assert!(matches!(started, Err(JobError::Store(_))));
    assert!(jobs.find("1-0123456789abcdef").await.is_err());
    assert_eq!(jobs.find("no id").await, Ok(None));
}
