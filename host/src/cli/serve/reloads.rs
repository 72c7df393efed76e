//! Connects reloads with what they change: the routes' state, certificates, systemd, the terminal.

use std::{io::IsTerminal, sync::Arc};

use futures_util::future::BoxFuture;

use super::{
    super::{report, systemd},
    generation::for_api,
};
use crate::{
    api::{self, ReloadAnswer},
    backend_io::ldap::LdapClient,
    config::{self, Config},
    reload::{
        Cause, Commit, External, Front, Generation, ReloadOutcome, Reloader, Running, Trigger,
        Watch,
    },
};

/// Everything that a reload changes. To add something with files of its own, add an `External`; to
/// hear of each outcome (metrics), add to [`Routes::ended`].
pub(super) fn reloader(
    running: Running,
    state: &Arc<api::State>,
    ldap: Arc<LdapClient>,
    trigger: &Trigger,
) -> Reloader {
    state.reload_with(Arc::new(Administrator(trigger.clone())));
    let watch = Watch::start(trigger.clone())
        .inspect_err(|why| {
            tracing::warn!("Files cannot be watched ({why}): changes need a reload by hand");
        })
        .ok();
    let front = Box::new(Routes(Arc::clone(state)));
    let certificates = Box::new(Certificates(Arc::clone(state)));
    let directories = Box::new(Directories(ldap));
    Reloader::new(running, front, vec![certificates, directories], watch)
}

/// The routes, and whoever else wants to know of reloads.
struct Routes(Arc<api::State>);

impl Front for Routes {
    fn begins(&self) {
        systemd::reloading();
    }

    fn serve(&self, generation: Generation, number: u64) {
        let metrics = self.0.observer.metrics();
        let checks = generation.config.health_checks.clone();
        self.0.swap(for_api(generation), number);
        self.0.upstreams.serve(&checks, metrics);
    }

    fn ended(&self, outcome: &ReloadOutcome) {
        let metrics = self.0.observer.metrics();
        metrics.reloaded(outcome.result.is_ok());
        if let Err(refused) = &outcome.result {
            self.0.reload_refused(refused.summary());
            // The log has a line for each; who looks at a terminal gets to see the places.
            if std::io::stderr().is_terminal() {
                report::diagnostics(&refused.problems);
            }
        }
        systemd::ready();
    }
}

/// The certificates of the listeners.
struct Certificates(Arc<api::State>);

impl External for Certificates {
    fn prepare(&self, config: &Config) -> Result<Commit, Vec<String>> {
        let prepared = self.0.certificates.prepare(&config.server)?;
        Ok(Box::new(move || prepared.commit()))
    }
}

/// The pools of directories.
struct Directories(Arc<LdapClient>);

impl External for Directories {
    fn prepare(&self, config: &Config) -> Result<Commit, Vec<String>> {
        Ok(Box::new(self.0.prepare(&config.ldap)?))
    }
}

/// Reloads for the route of administrators.
struct Administrator(Trigger);

impl api::Reload for Administrator {
    fn reload(&self) -> BoxFuture<'_, ReloadAnswer> {
        Box::pin(async {
            let Some(outcome) = self.0.reload(Cause::Request).await else {
                return ReloadAnswer::Unavailable;
            };
            let took_ms = u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX);
            match &outcome.result {
                Ok(reloaded) => ReloadAnswer::Done {
                    number: reloaded.number,
                    loaded: reloaded.loaded.clone(),
                    reused: reloaded.reused,
                    warnings: reloaded.warnings.clone(),
                    took_ms,
                },
                Err(refused) => ReloadAnswer::Refused {
                    problems: config::to_json(&refused.problems),
                    took_ms,
                },
            }
        })
    }
}
