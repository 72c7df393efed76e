//! Post actions: what runs after the answer, bounded in number and time.
//!
//! The request, and with it the password, lives until the last post action that may see the password
//! has ended; those after it get a copy without. Work that does not fit is dropped and reported,
//! never waited for. At shutdown the work in hand gets a grace, then it is cancelled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Call, Context, Lease, Plugin, Question, ask::ask, login::StageClock};
use crate::auth::{Event, Progress, Request, Stage, StageTrace, TraceContext};

/// The post actions of one login, ready to run.
pub struct PostWork {
    plugins: Arc<[Arc<dyn Plugin>]>,
    request: Arc<Request>,
    progress: Progress,
    context: Context,
    /// Only held. Last, so that it goes after the plugins.
    lease: Option<Lease>,
}

impl PostWork {
    pub(super) fn new(
        plugins: Arc<[Arc<dyn Plugin>]>,
        request: Arc<Request>,
        progress: Progress,
        context: Context,
    ) -> Self {
        Self {
            plugins,
            request,
            progress,
            context,
            lease: None,
        }
    }

    /// Keeps the pipeline's lease until the last action has ended.
    pub(super) fn holding(mut self, lease: Option<Lease>) -> Self {
        self.lease = lease;
        self
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.plugins.is_empty()
    }

    /// The number of actions.
    pub fn len(&self) -> usize {
        self.plugins.len()
    }

    /// Lets the actions know what the client was told.
    pub fn set_http_status(&mut self, status: u16) {
        self.progress.http_status = status;
    }

    /// Runs the actions one after the other in configuration order, all within `timeout`. A failure
    /// is logged, and the next action runs.
    pub async fn run(self, timeout: Duration) -> StageTrace {
        let began = Instant::now();
        let deadline = began + timeout;
        let progress = Arc::new(self.progress);
        let mut context = self.context;
        let mut request = self.request;
        let sees_password = |plugin: &Arc<dyn Plugin>| plugin.sees_password();
        let last_with_password = self.plugins.iter().rposition(sees_password);
        let mut clock = StageClock::start(Stage::PostActions, began);
        for (position, plugin) in self.plugins.iter().enumerate() {
            if last_with_password.is_none_or(|last| position > last) && request.password.is_some() {
                request = Arc::new(request.without_password());
            }
            if Instant::now() >= deadline {
                clock.skipped(plugin.name());
                continue;
            }
            let call = Call {
                request: Arc::clone(&request),
                progress: Arc::clone(&progress),
                context: context.clone(),
                deadline,
                began,
                trace: None,
            };
            let question = Question::Action(Event::Post);
            let asked = ask(plugin.as_ref(), Stage::PostActions, question, call).await;
            context.apply(asked.context);
            clock.push(asked.trace);
        }
        clock.finish()
    }
}

/// Who wants to know what became of post actions. Must be quick and must not block.
pub trait PostListener: Send + Sync {
    /// The actions of one login have ended. `login` is the login's span, if it is in a trace.
    fn ended(&self, login: Option<&TraceContext>, actions: &StageTrace);
    /// So many actions were dropped.
    fn dropped(&self, actions: usize);
}

/// Runs post actions in the background.
pub struct PostActions {
    slots: Arc<Semaphore>,
    limit: usize,
    timeout_ms: AtomicU64,
    tasks: TaskTracker,
    cancelled: CancellationToken,
    dropped: AtomicU64,
    runtime: Handle,
    listener: Option<Arc<dyn PostListener>>,
}

impl PostActions {
    /// At most `limit` actions run or wait at a time; those of one login have `timeout` together.
    /// `runtime` runs them.
    pub fn new(limit: u32, timeout: Duration, runtime: Handle) -> Self {
        let limit = usize::try_from(limit)
            .unwrap_or(Semaphore::MAX_PERMITS)
            .min(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(limit)),
            limit,
            timeout_ms: AtomicU64::new(milliseconds(timeout)),
            tasks: TaskTracker::new(),
            cancelled: CancellationToken::new(),
            dropped: AtomicU64::new(0),
            runtime,
            listener: None,
        }
    }

    /// Tells the listener what becomes of the actions.
    #[must_use]
    pub fn reporting_to(self, listener: Arc<dyn PostListener>) -> Self {
        Self {
            listener: Some(listener),
            ..self
        }
    }

    /// Starts the actions of one login, or drops and reports them when too many run already or the
    /// server stops. Never waits. Returns whether they were started.
    pub fn start(&self, work: PostWork) -> bool {
        if work.is_empty() {
            return true;
        }
        let actions = work.len();
        // A login with more actions than may run takes all places rather than never running.
        let places = actions.min(self.limit).max(1);
        let wanted = u32::try_from(places).unwrap_or(u32::MAX);
        let Ok(slots) = Arc::clone(&self.slots).try_acquire_many_owned(wanted) else {
            let session = work.request.session.as_str();
            self.report_dropped(actions, session);
            return false;
        };
        let cancelled = self.cancelled.clone();
        let timeout = Duration::from_millis(self.timeout_ms.load(Ordering::Relaxed));
        let listener = self.listener.clone();
        self.tasks.spawn_on(
            async move {
                // Freed before anybody is told, and when the work is cancelled.
                let slots = slots;
                let trace = work.request.trace.clone();
                let ran = cancelled.run_until_cancelled(work.run(timeout)).await;
                drop(slots);
                if let (Some(stage), Some(listener)) = (ran, listener) {
                    listener.ended(trace.as_ref(), &stage);
                }
            },
            &self.runtime,
        );
        true
    }

    /// Changes the time that the actions of logins from now on have.
    pub fn set_timeout(&self, timeout: Duration) {
        let timeout = milliseconds(timeout);
        self.timeout_ms.store(timeout, Ordering::Relaxed);
    }

    /// How many actions were dropped since the start, those cancelled at the end included.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How many actions run or wait now.
    pub fn pending(&self) -> usize {
        self.limit.saturating_sub(self.slots.available_permits())
    }

    /// Takes no more work, waits up to `grace` for the work in hand, cancels and reports the rest.
    /// Returns the number of actions that were cancelled.
    pub async fn drain(&self, grace: Duration) -> usize {
        self.slots.close();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let left = self.pending();
        self.cancelled.cancel();
        self.tasks.wait().await;
        self.dropped.fetch_add(left as u64, Ordering::Relaxed);
        self.tell_dropped(left);
        tracing::warn!(actions = left, "Post actions were cancelled at shutdown");
        left
    }

    /// Every drop is counted; the log hears of the first and then of every hundredth, so that a flood
    /// of logins is not one of log lines.
    fn report_dropped(&self, actions: usize, session: &str) {
        let before = self.dropped.fetch_add(actions as u64, Ordering::Relaxed);
        let now = before + actions as u64;
        self.tell_dropped(actions);
        if before == 0 || before / 100 != now / 100 {
            tracing::warn!(
                session,
                dropped_so_far = now,
                limit = self.limit,
                "Post actions were dropped: too many run already"
            );
        }
    }

    fn tell_dropped(&self, actions: usize) {
        if let Some(listener) = &self.listener {
            listener.dropped(actions);
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
