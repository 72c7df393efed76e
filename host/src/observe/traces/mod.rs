//! OpenTelemetry traces: which requests are traced, and the way of their spans to the collector.
//!
//! A request only ever hands a finished record to a bounded queue; a task makes spans of it and sends
//! them (`exporter`). A collector that is slow, down or lying costs spans, which are counted, and
//! nothing else.

mod client;
mod context;
mod exporter;
mod spans;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc as blocking,
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::{runtime::Handle, sync::mpsc, task::AbortHandle};
use tokio_util::sync::CancellationToken;

use super::{HookRecord, LoginRecord, metrics::ServerMetrics, sample};
use crate::{
    auth::{Header, StageTrace, TraceContext},
    config,
};

/// Requests whose spans wait to be sent; those of more are dropped.
const QUEUE: usize = 2048;
/// What sending the rest may take when the server stops.
const FLUSH: Duration = Duration::from_secs(5);
/// The log hears of lost spans at most this often.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Something that becomes spans.
enum Job {
    Login(Arc<LoginRecord>),
    PostActions {
        login: TraceContext,
        ended_at: SystemTime,
        stage: StageTrace,
    },
    Hook(Box<HookRecord>),
}

/// Traces are configured.
pub(super) struct Traces {
    share: f64,
    queue: mpsc::Sender<Job>,
    losses: Arc<Losses>,
    stopping: CancellationToken,
    /// Says when everything is sent; taken by the first to close.
    finished: Mutex<Option<blocking::Receiver<()>>>,
    task: AbortHandle,
}

impl Traces {
    /// Starts the exporter on the runtime. The text says why it cannot be.
    pub(super) fn start(
        config: &config::Traces,
        metrics: ServerMetrics,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let exporter = exporter::Exporter::new(config)?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (finish, finished) = blocking::channel();
        let stopping = CancellationToken::new();
        let losses = Arc::new(Losses::new(metrics));
        let task = runtime.spawn({
            let losses = Arc::clone(&losses);
            let stopping = stopping.clone();
            async move {
                exporter.run(jobs, &losses, &stopping).await;
                // Nobody may be waiting.
                let _ = finish.send(());
            }
        });
        Ok(Self {
            share: config.sample,
            queue,
            losses,
            stopping,
            finished: Mutex::new(Some(finished)),
            task: task.abort_handle(),
        })
    }

    /// The span of a request with these header fields: of the caller's trace if it names one, else of
    /// a new one, which is recorded if chance wants it.
    pub(super) fn begin(&self, headers: &[Header]) -> TraceContext {
        context::of_caller(headers).unwrap_or_else(|| {
            let number: u128 = rand::random::<u128>() | 1;
            let trace_id = number.to_be_bytes();
            // As OpenTelemetry's own ratio sampler: the lower half of the name decides.
            let lower = number as u64;
            TraceContext::root(trace_id, sample::is_below(lower, self.share))
        })
    }

    /// Hands over a login that is decided.
    pub(super) fn login(&self, record: &Arc<LoginRecord>) {
        if is_recorded(record.span.as_ref()) {
            let spans = || 1 + record.trace.stages.iter().map(spans::count).sum::<usize>();
            self.send(Job::Login(Arc::clone(record)), spans);
        }
    }

    /// Hands over the post actions of a login.
    pub(super) fn post_actions(&self, login: &TraceContext, stage: &StageTrace) {
        if login.sampled {
            let job = Job::PostActions {
                login: login.clone(),
                ended_at: SystemTime::now(),
                stage: stage.clone(),
            };
            self.send(job, || spans::count(stage));
        }
    }

    /// Hands over a hook's request.
    pub(super) fn hook(&self, record: HookRecord) {
        if is_recorded(record.span.as_ref()) {
            self.send(Job::Hook(Box::new(record)), || 2);
        }
    }

    fn send(&self, job: Job, spans: impl FnOnce() -> usize) {
        if self.queue.try_send(job).is_err() {
            self.losses.count(spans(), "more wait than may wait");
        }
    }

    /// Sends what waits, within [`FLUSH`]. Blocks. What comes later is dropped.
    pub(super) fn close(&self) {
        self.stopping.cancel();
        let finished = self
            .finished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(finished) = finished else { return };
        if finished.recv_timeout(FLUSH).is_err() {
            self.task.abort();
            tracing::warn!("Not all traces could be sent before the server ended");
        }
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

fn is_recorded(span: Option<&TraceContext>) -> bool {
    span.is_some_and(|span| span.sampled)
}

/// Counts spans that the collector will never get.
struct Losses {
    metrics: ServerMetrics,
    began: Instant,
    dropped: AtomicU64,
    /// Milliseconds since `began` before which the log hears nothing; 0 at first.
    silent_until: AtomicU64,
}

impl Losses {
    fn new(metrics: ServerMetrics) -> Self {
        Self {
            metrics,
            began: Instant::now(),
            dropped: AtomicU64::new(0),
            silent_until: AtomicU64::new(0),
        }
    }

    fn count(&self, spans: usize, why: &str) {
        self.metrics.spans(false, spans);
        let dropped = self.dropped.fetch_add(spans as u64, Relaxed) + spans as u64;
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let silent = self.silent_until.load(Relaxed);
        let next = now.saturating_add(u64::try_from(REPORT_EVERY.as_millis()).unwrap_or(u64::MAX));
        let is_mine = now >= silent
            && self
                .silent_until
                .compare_exchange(silent, next, Relaxed, Relaxed)
                .is_ok();
        if is_mine {
            tracing::warn!(
                dropped_so_far = dropped,
                why,
                "Spans of traces were dropped"
            );
        }
    }
}
