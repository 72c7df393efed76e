//! Several servers with the same content: which is asked, and what happens when one does not answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{
    Found, LdapError, Modify, Operation, Search, ServerStatus, Watch,
    connection::Limits,
    message,
    server::{Attempt, Lane, Server, Work},
    tls,
};
use crate::{
    auth::Password,
    config::{LdapBind, LdapPool},
};

/// What is kept of the deadline, so that whoever asked learns what went wrong instead of being ended.
const MARGIN: Duration = Duration::from_millis(50);

/// One configured pool.
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) config: LdapPool,
    pub(super) servers: Vec<Server>,
    next: AtomicUsize,
    watch: Arc<dyn Watch>,
}

/// What is asked of the servers in turn.
struct Job<'w, T> {
    operation: Operation,
    lane: Lane,
    limit: Duration,
    /// Asking twice does no harm.
    repeatable: bool,
    work: &'w Work<'w, T>,
}

impl Pool {
    pub(super) fn new(
        name: &str,
        config: &LdapPool,
        watch: Arc<dyn Watch>,
    ) -> Result<Self, String> {
        let identity = config.identity.as_ref();
        let identity =
            identity.map(|(certificate, key)| (certificate.as_path(), key.as_path()));
        let tls = tls::settings(config.ca_file.as_deref(), identity)?;
        let servers: Result<Vec<_>, _> = config
            .uris
            .iter()
            .map(|uri| Server::new(uri, config, &tls))
            .collect();
        Ok(Self {
            name: name.to_owned(),
            config: config.clone(),
            servers: servers?,
            next: AtomicUsize::new(0),
            watch,
        })
    }

    pub(super) fn status(&self) -> impl Iterator<Item = ServerStatus> {
        self.servers.iter().map(|server| server.status(&self.name))
    }

    pub(super) async fn search(
        &self,
        search: &Search,
        deadline: Instant,
    ) -> Result<Found, LdapError> {
        let base = search.base.name()?;
        let filter = message::filter(&search.filter.filter()?)?;
        let limit = at_most(self.config.search_timeout, search.timeout);
        let limits = Limits {
            entries: self.config.max_entries,
            bytes: usize::try_from(self.config.response_bytes).unwrap_or(usize::MAX),
            referrals_fail: self.config.referrals_fail,
        };
        let (entries, more) = self
            .ask(
                &Job {
                    operation: Operation::Search,
                    lane: Lane::Search,
                    limit,
                    repeatable: true,
                    work: &|connection| {
                        Box::pin(connection.search(search, &base, &filter, limit, limits))
                    },
                },
                deadline,
            )
            .await?;
        Ok(Found { entries, more })
    }

    pub(super) async fn check_password(
        &self,
        dn: &str,
        password: &Password,
        deadline: Instant,
    ) -> Result<bool, LdapError> {
        if dn.is_empty() || password.is_empty() {
            let text = "an empty name or password says nothing (RFC 4513, section 5.1)";
            return Err(LdapError::Invalid(text.to_owned()));
        }
        self.ask(
            &Job {
                operation: Operation::Bind,
                lane: Lane::Bind,
                limit: self.config.bind_timeout,
                repeatable: true,
                work: &|connection| Box::pin(connection.bind(dn, password.expose())),
            },
            deadline,
        )
        .await
    }

    pub(super) async fn modify(&self, modify: &Modify, deadline: Instant) -> Result<(), LdapError> {
        if modify.dn.is_empty() || modify.changes.is_empty() {
            let text = "a change names an entry and an attribute";
            return Err(LdapError::Invalid(text.to_owned()));
        }
        if self.config.bind == LdapBind::Nobody {
            tracing::debug!(pool = self.name, "A change is asked for anonymously");
        }
        self.ask(
            &Job {
                operation: Operation::Modify,
                lane: Lane::Search,
                limit: at_most(self.config.modify_timeout, modify.timeout),
                repeatable: false,
                work: &|connection| Box::pin(connection.modify(&modify.dn, &modify.changes)),
            },
            deadline,
        )
        .await
    }

    async fn ask<T>(&self, job: &Job<'_, T>, deadline: Instant) -> Result<T, LdapError> {
        let began = Instant::now();
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let result = self.rounds(job, deadline).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(LdapError::Unavailable(_) | LdapError::Protocol(_)) => "unavailable",
            Err(LdapError::TimedOut) => "timed_out",
            Err(_) => "refused",
        };
        self.watch
            .operation(&self.name, job.operation, outcome, began.elapsed());
        result
    }

    async fn rounds<T>(&self, job: &Job<'_, T>, deadline: Instant) -> Result<T, LdapError> {
        let mut last = None;
        let mut pause = self.config.retry_delay;
        for round in 0..=self.config.retries {
            if round > 0 {
                // Half of it at random, so that those who failed together do not come back together.
                let wait = pause.mul_f64(rand::random_range(0.5..=1.0));
                if Instant::now() + wait >= deadline {
                    break;
                }
                tokio::time::sleep(wait).await;
                pause = pause.saturating_mul(2).min(self.config.retry_delay_limit);
            }
            match self.round(job, deadline, &mut last).await {
                Some(result) => return result,
                // Nobody may be asked now, and that will not change within a login's time.
                None if last.is_none() => break,
                None => {}
            }
        }
        Err(last.unwrap_or_else(|| {
            let text = format!(
                "pool `{}`: the circuit breaker of every server is open",
                self.name
            );
            LdapError::Unavailable(text)
        }))
    }

    /// Asks one server after the other until one answers.
    async fn round<T>(
        &self,
        job: &Job<'_, T>,
        deadline: Instant,
        last: &mut Option<LdapError>,
    ) -> Option<Result<T, LdapError>> {
        for server in self.in_order() {
            let now = Instant::now();
            if now >= deadline {
                *last = last.take().or(Some(LdapError::TimedOut));
                break;
            }
            let Some(permit) = server.breaker.enter(now) else {
                continue;
            };
            let attempt = server
                .attempt(job.lane, job.limit, deadline, job.repeatable, job.work)
                .await;
            let (error, was_sent) = match attempt {
                Ok(value) => {
                    permit.succeeded();
                    return Some(Ok(value));
                }
                Err(Attempt::Answer(error)) => {
                    permit.succeeded();
                    return Some(Err(error));
                }
                Err(Attempt::Crowded(error)) => {
                    *last = Some(error);
                    continue;
                }
                Err(Attempt::NotSent(error)) => (error, false),
                Err(Attempt::Broken(error)) => (error, true),
            };
            let opened = permit.failed(Instant::now());
            self.failed(server, job.operation, &error, opened);
            if was_sent && !job.repeatable {
                return Some(Err(error));
            }
            *last = Some(error);
        }
        None
    }

    fn failed(&self, server: &Server, operation: Operation, error: &LdapError, opened: bool) {
        let (pool, uri) = (&self.name, &server.uri.text);
        let operation = operation.as_str();
        let error = printable(&error.to_string());
        tracing::warn!(pool, server = uri, operation, error, "A directory failed");
        if opened {
            let seconds = self.config.breaker_cool_down.as_secs_f64();
            tracing::warn!(
                pool,
                server = uri,
                cool_down_s = seconds,
                "The circuit breaker opens"
            );
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &Server> {
        let first = match self.config.spread {
            true => self.next.fetch_add(1, Relaxed) % self.servers.len().max(1),
            false => 0,
        };
        let (before, from) = self.servers.split_at_checked(first).unwrap_or_default();
        from.iter().chain(before)
    }
}

fn at_most(limit: Duration, wanted: Option<Duration>) -> Duration {
    wanted.map_or(limit, |wanted| wanted.min(limit))
}
