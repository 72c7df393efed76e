//! The pipeline: one request in, one outcome out.
//!
//! The order of stages, and where those that are not built yet belong:
//!
//! 1. brute-force check: is the client banned?
//! 2. features, then controls in order (TLS, relay domains, block lists), which an aborting feature skips
//! 3. the checks for an empty name and an empty password
//! 4. cache, backends (`verify`)
//! 5. brute-force update, when a password was really checked
//! 6. filters
//! 7. the answer, and after it the post actions, which the caller runs
//!
//! Filters have nothing to say about a temporary failure of the backends, nor about a login that
//! ended before the backends were asked.

use std::{any::Any, sync::Arc, time::Instant};

use super::{
    BruteForce, CacheSource, Forget, Plugin, PostWork, Stages, actions, backends,
    brute_force::{self, Checked},
    challenge,
    features::{self, Ending},
    filters,
    login::Login,
    verify,
};
use crate::auth::{Decision, Event, Mode, Request, Trace, Value, Verdict};

/// Text of a login without a user name (Nauthilus' wording).
const NO_USERNAME: &str = "No username given";

/// All stages of one generation of the configuration.
pub struct Pipeline {
    pub(super) stages: Stages,
    post: Arc<[Arc<dyn Plugin>]>,
    /// Last, so that it goes after the plugins.
    lease: Option<Lease>,
}

/// Something that is dropped when a pipeline and all that it began has ended; the last post action of
/// the last login included.
pub type Lease = Arc<dyn Any + Send + Sync>;

/// What came of one request.
pub struct Outcome {
    /// The answer.
    pub decision: Decision,
    /// How it came about.
    pub trace: Trace,
    /// Pairs that plugins want in the login's log line, in order.
    pub log_fields: Vec<(String, Value)>,
    /// What is to run after the answer.
    pub post: PostWork,
}

impl Pipeline {
    /// Builds a pipeline that asks these plugins.
    pub fn new(stages: Stages) -> Self {
        let post = stages
            .actions
            .iter()
            .filter(|(event, _)| *event == Event::Post)
            .map(|(_, member)| Arc::clone(&member.plugin))
            .collect();
        Self {
            stages,
            post,
            lease: None,
        }
    }

    /// Keeps `lease` for as long as the pipeline is used.
    pub fn hold(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }

    /// Has `control` look at every login.
    pub fn count_failures(&mut self, control: Arc<dyn BruteForce>) {
        self.stages.brute_force = Some(control);
    }

    /// Has `memory` forget users too, after the others.
    pub fn remember(&mut self, memory: Arc<dyn Forget>) {
        self.stages.memories.push(memory);
    }

    /// All plugins, those of the post actions included; one that has several places comes several
    /// times.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<dyn Plugin>> {
        let stages = &self.stages;
        let asked = stages
            .features
            .iter()
            .chain(&stages.controls)
            .chain(&stages.backends)
            .chain(&stages.filters);
        let acting = stages.actions.iter().map(|(_, member)| member);
        let members = asked.chain(acting).map(|member| &member.plugin);
        members.chain(&stages.cache_flush)
    }

    /// Decides as [`Self::decide`] does, for somebody who only wants to know how: failed logins are not
    /// counted, and bans do not hold.
    pub async fn try_out(&self, request: Arc<Request>, deadline: Instant) -> Outcome {
        self.run(request, deadline, None).await
    }

    /// Decides one request. Returns soon after `deadline` at the latest, with a temporary failure
    /// then. Dropping the future cancels the plugins that run.
    pub async fn decide(&self, request: Arc<Request>, deadline: Instant) -> Outcome {
        let brute_force = self.stages.brute_force.as_deref();
        self.run(request, deadline, brute_force).await
    }

    async fn run(
        &self,
        request: Arc<Request>,
        deadline: Instant,
        brute_force: Option<&dyn BruteForce>,
    ) -> Outcome {
        let mut login = Login::new(request, deadline);
        let (verdict, accounts) = match login.request.mode {
            Mode::ListAccounts => backends::list_accounts(&mut login, &self.stages.backends).await,
            Mode::Verify | Mode::LookUp => (self.log_in(&mut login, brute_force).await, Vec::new()),
        };
        // Whatever was found out too late, or assembled from calls that were cut short, is no answer.
        if login.expired() {
            login.temporary_failure_message = None;
            self.finish(login, Verdict::TemporaryFailure, Vec::new())
        } else {
            self.finish(login, verdict, accounts)
        }
    }

    async fn log_in(&self, login: &mut Login, brute_force: Option<&dyn BruteForce>) -> Verdict {
        let stages = &self.stages;
        match brute_force::check(login, brute_force).await {
            Checked::GoOn => {}
            Checked::Reject { is_new } => {
                if is_new {
                    actions::run(login, &stages.actions, Event::BruteForce).await;
                }
                return Verdict::Reject;
            }
            Checked::TemporaryFailure => return Verdict::TemporaryFailure,
        }
        let (verdict, event) = match features::run(login, stages).await {
            Ending::Reject(event) => (Verdict::Reject, event),
            Ending::TemporaryFailure(event) => (Verdict::TemporaryFailure, event),
            Ending::Continue | Ending::Abort => {
                return self.check_password(login, brute_force).await;
            }
        };
        if let Some(event) = event {
            if verdict == Verdict::Reject {
                brute_force::learn(login, brute_force, event).await;
            }
            actions::run(login, &stages.actions, event).await;
        }
        verdict
    }

    async fn check_password(
        &self,
        login: &mut Login,
        brute_force: Option<&dyn BruteForce>,
    ) -> Verdict {
        let request = &login.request;
        if request.username.is_empty() {
            login.temporary_failure_message = Some(NO_USERNAME.to_owned());
            return Verdict::TemporaryFailure;
        }
        if request.mode == Mode::Verify && request.lacks_password() {
            return Verdict::Reject;
        }
        let conclusion = verify::check(login, &self.stages).await;
        let verdict = conclusion.verdict();
        if verdict == Verdict::TemporaryFailure || login.expired() {
            return Verdict::TemporaryFailure;
        }
        if !brute_force::update(login, brute_force, conclusion).await {
            return Verdict::TemporaryFailure;
        }
        filters::run(login, &self.stages.filters, verdict).await
    }

    fn finish(&self, mut login: Login, verdict: Verdict, accounts: Vec<String>) -> Outcome {
        // Filters may have put it back.
        challenge::hide(
            &mut login.progress.attributes,
            self.stages.password_attribute.as_deref(),
        );
        let message = match verdict {
            Verdict::Accept => String::new(),
            Verdict::Reject if login.progress.status_message.is_empty() => {
                Decision::DEFAULT_REJECT.to_owned()
            }
            Verdict::Reject => login.progress.status_message.clone(),
            Verdict::TemporaryFailure => login
                .temporary_failure_message
                .take()
                .filter(|message| !message.is_empty())
                .unwrap_or_else(|| Decision::DEFAULT_TEMPORARY_FAILURE.to_owned()),
        };
        login.trace.elapsed = login.elapsed();
        let mut progress = login.progress_now();
        progress.status_message.clone_from(&message);
        // Post actions and logs see the outcome, not what the backends thought before the filters.
        progress.authenticated &= verdict == Verdict::Accept;
        let plugins = if login.request.mode == Mode::ListAccounts {
            Arc::default()
        } else {
            Arc::clone(&self.post)
        };
        Outcome {
            decision: Decision {
                verdict,
                status_message: message,
                progress: progress.clone(),
                accounts,
                response_headers: login.response_headers,
                recovered_password: login
                    .recovered_password
                    .filter(|_| verdict == Verdict::Accept),
                from_memory: login.answered_by == Some(CacheSource::Memory),
            },
            trace: login.trace,
            log_fields: login.log_fields,
            post: PostWork::new(plugins, login.request, progress, login.context)
                .holding(self.lease.clone()),
        }
    }
}
