//! The queue of post actions: bounded in number and time, and nobody waits for it.
//!
//! Some logins' actions run at a time, those of others wait their turn, in the order of their answers.
//! What does not fit is dropped and reported. Clients that have gone change nothing. At shutdown the work
//! in hand gets a grace, then the rest is cancelled and reported.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{MaybeDone, maybe_done},
};
use tokio::{
    runtime::Handle,
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::PostWork;
use crate::auth::{StageTrace, TraceContext};

/// How many post actions there may be, and how long they may take.
#[derive(Clone, Copy, Debug)]
pub struct PostLimits {
    /// Actions that run or wait. With 0 all are dropped.
    pub actions: u32,
    /// Logins whose actions run at the same time; at least 1. More than a plugin's `concurrency` and `queue`
    /// together would have it refuse calls.
    pub logins: u32,
    /// What the actions of one login have together, from the moment when the first begins.
    pub timeout: Duration,
}

/// Why a post action did not run to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Too many run and wait already.
    Full,
    /// Those before it, of the same login, took all the time.
    Late,
    /// The server ends.
    Shutdown,
}

impl DropReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Late, Self::Shutdown];

    /// The word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Late => "late",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Who wants to know what became of post actions. Must be quick and must not block.
pub trait PostListener: Send + Sync {
    /// The actions of one login have ended. `login` is the login's span, if it is in a trace.
    fn ended(&self, login: Option<&TraceContext>, actions: &StageTrace);
    /// So many actions were dropped.
    fn dropped(&self, actions: usize, why: DropReason);
}

/// Runs post actions in the background.
pub struct PostActions {
    places: Arc<Semaphore>,
    limit: usize,
    workers: Arc<Semaphore>,
    timeout_ms: AtomicU64,
    tasks: TaskTracker,
    cancelled: CancellationToken,
    drops: Arc<Drops>,
    runtime: Handle,
}

impl PostActions {
    /// `runtime` runs the actions.
    pub fn new(limits: PostLimits, runtime: Handle) -> Self {
        let permits = |number: u32| {
            usize::try_from(number)
                .unwrap_or(Semaphore::MAX_PERMITS)
                .min(Semaphore::MAX_PERMITS)
        };
        let limit = permits(limits.actions);
        Self {
            places: Arc::new(Semaphore::new(limit)),
            limit,
            workers: Arc::new(Semaphore::new(permits(limits.logins.max(1)))),
            timeout_ms: AtomicU64::new(milliseconds(limits.timeout)),
            tasks: TaskTracker::new(),
            cancelled: CancellationToken::new(),
            drops: Arc::default(),
            runtime,
        }
    }

    /// Tells the listener what becomes of the actions.
    #[must_use]
    pub fn reporting_to(self, listener: Arc<dyn PostListener>) -> Self {
        let drops = Drops {
            listener: Some(listener),
            ..Drops::default()
        };
        Self {
            drops: Arc::new(drops),
            ..self
        }
    }

    /// Starts the actions of one login or has them wait; drops and reports them when too many do already,
    /// or the server ends. Never waits. Returns whether they were taken.
    pub fn start(&self, work: PostWork) -> bool {
        if work.is_empty() {
            return true;
        }
        let actions = work.len();
        // A login with more actions than may run takes all places rather than never running.
        let places = actions.min(self.limit).max(1);
        let wanted = u32::try_from(places).unwrap_or(u32::MAX);
        let places = match Arc::clone(&self.places).try_acquire_many_owned(wanted) {
            Ok(places) => places,
            Err(error) => {
                let why = match error {
                    TryAcquireError::NoPermits => DropReason::Full,
                    TryAcquireError::Closed => DropReason::Shutdown,
                };
                self.drops.report(actions, why);
                return false;
            }
        };
        let job = Job {
            work: work.without_needless_password(),
            places,
            timeout: Duration::from_millis(self.timeout_ms.load(Ordering::Relaxed)),
            drops: Arc::clone(&self.drops),
        };
        let mut turn = Box::pin(maybe_done(Arc::clone(&self.workers).acquire_owned()));
        // Waits from now on, so that turns come in the order of the logins and not of the tasks.
        let _ = turn.as_mut().now_or_never();
        self.tasks
            .spawn_on(job.run(turn, self.cancelled.clone()), &self.runtime);
        true
    }

    /// Changes the time that the actions of logins from now on have.
    pub fn set_timeout(&self, timeout: Duration) {
        let timeout = milliseconds(timeout);
        self.timeout_ms.store(timeout, Ordering::Relaxed);
    }

    /// How many actions were dropped since the start, those cancelled at the end included.
    pub fn dropped(&self) -> u64 {
        self.drops.all.load(Ordering::Relaxed)
    }

    /// How many actions run or wait now.
    pub fn pending(&self) -> usize {
        self.limit.saturating_sub(self.places.available_permits())
    }

    /// Takes no more work, waits up to `grace` for the work in hand, cancels and reports the rest.
    /// Returns the number of actions that were cancelled.
    pub async fn drain(&self, grace: Duration) -> u64 {
        self.places.close();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let before = self.dropped();
        // Who still waits shall not begin now.
        self.workers.close();
        self.cancelled.cancel();
        self.tasks.wait().await;
        let actions = self.dropped() - before;
        let grace_ms = milliseconds(grace);
        tracing::warn!(actions, grace_ms, "Post actions were cancelled at shutdown");
        actions
    }
}

/// The actions of one login in the queue.
struct Job {
    work: PostWork,
    /// One for each action, but for logins that have more than there are.
    places: OwnedSemaphorePermit,
    timeout: Duration,
    drops: Arc<Drops>,
}

impl Job {
    /// `turn` is the wait for a worker.
    async fn run(
        self,
        mut turn: Pin<
            Box<MaybeDone<impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>>>>,
        >,
        cancelled: CancellationToken,
    ) {
        let Self {
            work,
            mut places,
            timeout,
            drops,
        } = self;
        let trace = work.request.trace.clone();
        let mut left = work.len();
        let mut late = 0;
        let over = |ran: bool| {
            left -= 1;
            if !ran {
                late += 1;
            }
            if places.num_permits() > left {
                drop(places.split(1));
            }
        };
        let ran = cancelled
            .run_until_cancelled(async {
                turn.as_mut().await;
                let _worker = turn.as_mut().take_output()?.ok()?;
                Some(work.run_telling(timeout, over).await)
            })
            .await
            .flatten();
        drop(places);
        if late > 0 {
            drops.report(late, DropReason::Late);
        }
        match (ran, &drops.listener) {
            (Some(stage), Some(listener)) => listener.ended(trace.as_ref(), &stage),
            (Some(_), None) => {}
            (None, _) => drops.report(left, DropReason::Shutdown),
        }
    }
}

/// Counts and reports what is dropped.
#[derive(Default)]
struct Drops {
    all: AtomicU64,
    listener: Option<Arc<dyn PostListener>>,
}

impl Drops {
    /// Every drop is counted; the log hears of the first and then of every hundredth, so that a flood
    /// of logins is not one of log lines. What the end of the server costs is said at once, by it.
    fn report(&self, actions: usize, why: DropReason) {
        let before = self.all.fetch_add(actions as u64, Ordering::Relaxed);
        let now = before + actions as u64;
        if let Some(listener) = &self.listener {
            listener.dropped(actions, why);
        }
        if why != DropReason::Shutdown && (before == 0 || before / 100 != now / 100) {
            tracing::warn!(
                why = why.as_str(),
                dropped_so_far = now,
                "Post actions were dropped"
            );
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
