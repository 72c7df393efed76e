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
    message, printable,
    server::{Attempt, Server},
    tls,
    work::{BindWork, ModifyWork, SearchWork, Work},
};
use crate::{auth::Password, config::LdapPool};

/// What is kept of the deadline, so that whoever asked learns what went wrong instead of being ended.
const MARGIN: Duration = Duration::from_millis(50);

/// One configured pool.
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) config: LdapPool,
    pub(super) servers: Vec<Server>,
    /// What the files held when they were read.
    files: tls::Files,
    next: AtomicUsize,
    watch: Arc<dyn Watch>,
}

impl Pool {
    pub(super) fn new(
        name: &str,
        config: &LdapPool,
        watch: Arc<dyn Watch>,
    ) -> Result<Self, String> {
        let files = tls::Files::read(config)?;
        let tls = files.settings()?;
        let servers: Result<Vec<_>, _> = config
            .uris
            .iter()
            .map(|uri| Server::new(uri, config, &tls))
            .collect();
        Ok(Self {
            name: name.to_owned(),
            config: config.clone(),
            servers: servers?,
            files,
            next: AtomicUsize::new(0),
            watch,
        })
    }

    /// Whether the other was made of the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.config == other.config && self.files == other.files
    }

    pub(super) fn status(&self) -> impl Iterator<Item = ServerStatus> {
        self.servers.iter().map(|server| server.status(&self.name))
    }

    pub(super) async fn search(
        &self,
        search: &Search,
        deadline: Instant,
    ) -> Result<Found, LdapError> {
        let work = SearchWork {
            search,
            base: search.base.name()?,
            filter: message::filter(&search.filter.filter()?)?,
            limit: at_most(self.config.search_timeout, search.timeout),
            limits: Limits {
                entries: self.config.max_entries,
                bytes: usize::try_from(self.config.response_bytes).unwrap_or(usize::MAX),
                referrals_fail: self.config.referrals_fail,
            },
        };
        let (entries, more) = self.ask(&work, deadline).await?;
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
        let work = BindWork {
            dn,
            password,
            limit: self.config.bind_timeout,
        };
        self.ask(&work, deadline).await
    }

    pub(super) async fn modify(&self, modify: &Modify, deadline: Instant) -> Result<(), LdapError> {
        if modify.dn.is_empty() || modify.changes.is_empty() {
            let text = "a change names an entry and an attribute";
            return Err(LdapError::Invalid(text.to_owned()));
        }
        let work = ModifyWork {
            modify,
            limit: at_most(self.config.modify_timeout, modify.timeout),
        };
        self.ask(&work, deadline).await
    }

    async fn ask<W: Work>(&self, work: &W, deadline: Instant) -> Result<W::Output, LdapError> {
        let began = Instant::now();
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let result = self.rounds(work, deadline).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(LdapError::Unavailable(_) | LdapError::Protocol(_)) => "unavailable",
            Err(LdapError::TimedOut) => "timed_out",
            Err(_) => "refused",
        };
        self.watch
            .operation(&self.name, W::OPERATION, outcome, began.elapsed());
        result
    }

    async fn rounds<W: Work>(&self, work: &W, deadline: Instant) -> Result<W::Output, LdapError> {
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
            match self.round(work, deadline, &mut last).await {
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
    async fn round<W: Work>(
        &self,
        work: &W,
        deadline: Instant,
        last: &mut Option<LdapError>,
    ) -> Option<Result<W::Output, LdapError>> {
        for server in self.in_order() {
            let now = Instant::now();
            if now >= deadline {
                *last = last.take().or(Some(LdapError::TimedOut));
                break;
            }
            let Ok(permit) = server.breaker.enter(now) else {
                continue;
            };
            let (error, was_sent) = match server.attempt(work, deadline).await {
                Ok(value) => {
                    permit.succeeded(Instant::now());
                    return Some(Ok(value));
                }
                Err(Attempt::Answer(error)) => {
                    permit.succeeded(Instant::now());
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
            self.failed(server, W::OPERATION, &error, opened);
            if was_sent && !W::REPEATABLE {
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
