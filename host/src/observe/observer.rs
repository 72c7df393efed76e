//! Where a decided login is reported: the log line, metrics, the decision log, traces, and whoever else
//! listens.

use std::{path::PathBuf, sync::Arc};

use tokio::runtime::Handle;

use super::{
    DecisionLog, HookRecord, LoginRecord, login_line,
    metrics::{ServerMetrics, Snapshot},
    sample,
    traces::Traces,
};
use crate::{
    auth::{Header, Request, StageTrace, TraceContext, Verdict},
    config::Observe,
    pipeline::{DropReason, PostListener},
};

/// Why observation cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The decision log cannot be opened.
    #[error("cannot open the decision log {path}: {source}")]
    DecisionLog {
        /// Its path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Traces cannot be sent.
    #[error("cannot send traces: {0}")]
    Traces(String),
}

/// Somebody who wants to know of each login, such as metrics. Must be quick and must not block.
pub trait LoginListener: Send + Sync {
    /// Called once per login, when it is decided.
    fn login(&self, record: &LoginRecord);
}

/// Reports logins.
#[derive(Default)]
pub struct Observer {
    decision_log: Option<DecisionLog>,
    decision_sample: f64,
    metrics: ServerMetrics,
    traces: Option<Traces>,
    listeners: Vec<Arc<dyn LoginListener>>,
}

impl Observer {
    /// [`Observer::with_metrics`] of its own.
    pub fn new(config: &Observe) -> Result<Self, ObserveError> {
        Self::with_metrics(config, ServerMetrics::default())
    }

    /// Opens what the configuration names, and counts in these metrics. Does not set up the log: see
    /// [`super::init`]. With `traces` it must be called within a tokio runtime, which sends them.
    pub fn with_metrics(config: &Observe, metrics: ServerMetrics) -> Result<Self, ObserveError> {
        let decision_log = match &config.decision_log {
            None => None,
            Some(path) => {
                Some(
                    DecisionLog::open(path).map_err(|source| ObserveError::DecisionLog {
                        path: path.clone(),
                        source,
                    })?,
                )
            }
        };
        let traces = match &config.traces {
            None => None,
            Some(traces) => {
                let runtime = Handle::try_current()
                    .map_err(|error| ObserveError::Traces(error.to_string()))?;
                let started = Traces::start(traces, metrics.clone(), &runtime);
                Some(started.map_err(ObserveError::Traces)?)
            }
        };
        Ok(Self {
            decision_log,
            decision_sample: config.decision_sample,
            metrics,
            traces,
            listeners: Vec::new(),
        })
    }

    /// Adds a listener.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<dyn LoginListener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// The numbers of the server.
    pub fn metrics(&self) -> &ServerMetrics {
        &self.metrics
    }

    /// The metrics page, in the OpenMetrics text format.
    pub fn metrics_page(&self, now: &Snapshot) -> String {
        self.metrics
            .set_decision_log_dropped(self.dropped_decisions());
        self.metrics.page(now)
    }

    /// The span of a request with these header fields (names in lower case); nothing unless traces are
    /// configured.
    pub fn span(&self, headers: &[Header]) -> Option<TraceContext> {
        self.traces.as_ref().map(|traces| traces.begin(headers))
    }

    /// The request with its span, if traces are configured. To be called once, before it is decided.
    #[must_use]
    pub fn traced(&self, request: Request) -> Request {
        Request {
            trace: self.span(&request.http.headers),
            ..request
        }
    }

    /// Reports one login.
    pub fn login(&self, record: LoginRecord) {
        login_line::write(&record);
        self.metrics.login(&record);
        for listener in &self.listeners {
            listener.login(&record);
        }
        let record = Arc::new(record);
        if let Some(traces) = &self.traces {
            traces.login(&record);
        }
        if let Some(log) = &self.decision_log
            && is_written(&record, self.decision_sample)
        {
            log.write(record);
        }
    }

    /// Reports one request to a hook.
    pub fn hook(&self, record: HookRecord) {
        self.metrics.hook(&record.call);
        if let Some(traces) = &self.traces {
            traces.hook(record);
        }
    }

    /// Records that the decision log lacks.
    pub fn dropped_decisions(&self) -> u64 {
        self.decision_log.as_ref().map_or(0, DecisionLog::dropped)
    }

    /// Writes and sends what waits. Blocks on the disk, and up to five seconds on the collector of
    /// traces.
    pub fn close(&self) {
        if let Some(log) = &self.decision_log {
            log.close();
        }
        if let Some(traces) = &self.traces {
            traces.close();
        }
    }
}

impl PostListener for Observer {
    fn ended(&self, login: Option<&TraceContext>, actions: &StageTrace) {
        self.metrics.stage(actions);
        if let (Some(traces), Some(login)) = (&self.traces, login) {
            traces.post_actions(login, actions);
        }
    }

    fn dropped(&self, actions: usize, why: DropReason) {
        self.metrics.post_actions_dropped(actions, why);
    }
}

/// Whether the decision log gets the login: temporary failures and what callers ask for always, the rest
/// by sample.
fn is_written(record: &LoginRecord, share: f64) -> bool {
    record.is_wanted
        || record.verdict == Verdict::TemporaryFailure
        || sample::holds(&record.session, share)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);

    impl LoginListener for Ear {
        fn login(&self, record: &LoginRecord) {
            self.0.lock().unwrap().push(record.session.clone());
        }
    }

    #[test]
    fn every_listener_hears_of_every_login() {
        let ears = [Arc::new(Ear::default()), Arc::new(Ear::default())];
        let mut observer = Observer::default();
        for ear in &ears {
            observer = observer.with_listener(Arc::clone(ear) as Arc<dyn LoginListener>);
        }
        observer.login(LoginRecord::example());
        for ear in &ears {
            assert_eq!(*ear.0.lock().unwrap(), ["s1"]);
        }
        assert_eq!(observer.dropped_decisions(), 0);
    }

    #[test]
    fn a_decision_log_that_cannot_be_opened_is_an_error_that_names_it() {
        let config = Observe {
            log_level: "info".to_owned(),
            log_json: false,
            decision_log: Some("/nowhere/at/all.jsonl".into()),
            ..Observe::default()
        };
        let error = Observer::new(&config).err().unwrap().to_string();
        assert!(error.contains("/nowhere/at/all.jsonl"), "{error}");
    }
}
