//! Post actions: what runs after the answer.
//!
//! The request, and with it the password, lives until the last post action that may see the password
//! has ended; those after it get a copy without. When they run, and how many, is the queue's business.

mod queue;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub use self::queue::{DropReason, PostActions, PostLimits, PostListener};
use super::{Call, Context, Lease, Plugin, Question, ask::ask, login::StageClock};
use crate::auth::{Event, Progress, Request, Stage, StageTrace};

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

    /// Wipes the password if no action may see it: work may wait for long.
    fn without_needless_password(mut self) -> Self {
        let is_needed = self.plugins.iter().any(|plugin| plugin.sees_password());
        if !is_needed && self.request.password.is_some() {
            self.request = Arc::new(self.request.without_password());
        }
        self
    }

    /// Runs the actions one after the other in configuration order, all within `timeout`. A failure
    /// is logged, and the next action runs; those for which no time is left do not.
    pub async fn run(self, timeout: Duration) -> StageTrace {
        self.run_telling(timeout, |_| ()).await
    }

    /// The same; `over` hears of each action when it is over, and whether it ran.
    async fn run_telling(self, timeout: Duration, mut over: impl FnMut(bool) + Send) -> StageTrace {
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
                over(false);
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
            over(true);
        }
        clock.finish()
    }
}
