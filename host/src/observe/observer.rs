//! Where a decided login is reported: the log line, the decision log, and whoever else listens.

use std::{path::PathBuf, sync::Arc};

use super::{DecisionLog, LoginRecord, login_line};
use crate::config::Observe;

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
    listeners: Vec<Arc<dyn LoginListener>>,
}

impl Observer {
    /// Opens what the configuration names. Does not set up the log: see [`super::init`].
    pub fn new(config: &Observe) -> Result<Self, ObserveError> {
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
        Ok(Self {
            decision_log,
            listeners: Vec::new(),
        })
    }

    /// Adds a listener.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<dyn LoginListener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Reports one login.
    pub fn login(&self, record: LoginRecord) {
        login_line::write(&record);
        for listener in &self.listeners {
            listener.login(&record);
        }
        if let Some(log) = &self.decision_log {
            log.write(Arc::new(record));
        }
    }

    /// Records that the decision log lacks.
    pub fn dropped_decisions(&self) -> u64 {
        self.decision_log.as_ref().map_or(0, DecisionLog::dropped)
    }

    /// Writes what waits. Blocks on the disk.
    pub fn close(&self) {
        if let Some(log) = &self.decision_log {
            log.close();
        }
    }
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
