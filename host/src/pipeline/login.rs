//! The state of one login on its way through the stages.
//!
//! Collects what plugins report (context, trace, log fields, headers) so that the stages need only
//! care for verdicts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{CacheSource, Call, Clearance, Context, ContextChange};
use crate::auth::{
    Header, PluginTrace, Progress, RecoveredPassword, Request, Stage, StageTrace, Trace, Value,
};

/// One login, while it is being decided.
pub(super) struct Login {
    pub(super) request: Arc<Request>,
    pub(super) progress: Progress,
    pub(super) context: Context,
    pub(super) deadline: Instant,
    /// Text for the client if this ends as a temporary failure; the default text if absent.
    pub(super) temporary_failure_message: Option<String>,
    pub(super) trace: Trace,
    pub(super) log_fields: Vec<(String, Value)>,
    pub(super) response_headers: Vec<Header>,
    /// What the brute-force control said, if it has to hear of the password.
    pub(super) clearance: Option<Clearance>,
    /// The password behind the challenge that the client answered.
    pub(super) recovered_password: Option<RecoveredPassword>,
    /// A backend was left out because it failed (`on_error: skip`): it may know a user whom the others do
    /// not.
    pub(super) left_out: bool,
    /// Who answered in place of the backends.
    pub(super) answered_by: Option<CacheSource>,
    started: Instant,
}

impl Login {
    pub(super) fn new(request: Arc<Request>, deadline: Instant) -> Self {
        Self {
            request,
            progress: Progress::default(),
            context: Context::default(),
            deadline,
            temporary_failure_message: None,
            trace: Trace::default(),
            log_fields: Vec::new(),
            response_headers: Vec::new(),
            clearance: None,
            recovered_password: None,
            left_out: false,
            answered_by: None,
            started: Instant::now(),
        }
    }

    /// What a plugin that is asked now may see.
    pub(super) fn call(&self) -> Call {
        Call {
            request: Arc::clone(&self.request),
            progress: Arc::new(self.progress_now()),
            context: self.context.clone(),
            deadline: self.deadline,
            began: self.started,
            trace: None,
        }
    }

    /// Since the pipeline began.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The clock of a stage that begins now.
    pub(super) fn clock(&self, stage: Stage) -> StageClock {
        StageClock::start(stage, self.started)
    }

    /// The progress with its clock brought up to date.
    pub(super) fn progress_now(&self) -> Progress {
        Progress {
            latency_ms: self.started.elapsed().as_secs_f64() * 1000.0,
            ..self.progress.clone()
        }
    }

    /// True when no time is left: whatever was found out, the answer is a temporary failure.
    pub(super) fn expired(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Takes over what a plugin left behind besides its answer.
    pub(super) fn keep(&mut self, context: Vec<ContextChange>, log_fields: Vec<(String, Value)>) {
        self.context.apply(context);
        self.log_fields.extend(log_fields);
    }
}

/// Builds the trace of one stage.
pub(super) struct StageClock {
    stage: Stage,
    began: Instant,
    started: Instant,
    plugins: Vec<PluginTrace>,
}

impl StageClock {
    /// Starts now; beginnings count from `began`.
    pub(super) fn start(stage: Stage, began: Instant) -> Self {
        Self {
            stage,
            began,
            started: Instant::now(),
            plugins: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, plugin: PluginTrace) {
        self.plugins.push(plugin);
    }

    /// A plugin that is configured and was not asked.
    pub(super) fn skipped(&mut self, name: &str) {
        let now = self.began.elapsed();
        self.plugins.push(PluginTrace::skipped(name, now));
    }

    /// The stage began so long before its clock.
    pub(super) fn started_before(&mut self, by: Duration) {
        self.started = self.started.checked_sub(by).unwrap_or(self.started);
    }

    pub(super) fn finish(self) -> StageTrace {
        StageTrace {
            stage: self.stage,
            started: self.started.saturating_duration_since(self.began),
            elapsed: self.started.elapsed(),
            plugins: self.plugins,
        }
    }

    /// Adds the stage to the trace, unless nothing is configured in it.
    pub(super) fn finish_into(self, trace: &mut Trace) {
        if !self.plugins.is_empty() {
            trace.stages.push(self.finish());
        }
    }
}
