//! Counts failed logins by network, and bans networks that fail too often (Nauthilus' `brute_force`).
//!
//! A login asks the store once whether its client is banned, and once more when its password was wrong;
//! each question is one procedure, so that parallel logins on several nodes neither lose a count nor ban
//! twice. Beside what it counts it writes down where the account was seen, for whoever flushes a user. A new
//! ban costs one more step, which lists it. What cannot be counted is never guessed: without the store the
//! login is a temporary failure. The store holds neither names nor passwords that were tried, but for the
//! user whose attempt led to a ban.
//!
//! Knows nothing of HTTP; implements what the pipeline wants of such a control.

mod digest;
mod flush;
mod forget;
mod known;
mod lists;
mod network;
mod node;
mod procedures;
mod rule;
mod seen;
#[cfg(test)]
mod tests;

use std::{
    iter,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use self::{
    digest::Kind,
    known::Known,
    procedures::{
        check::{self, CHECK, Look, Seen, State},
        failure::{self, FAILURE, Failed, Outcome},
        remember::{self, REMEMBER},
    },
    rule::{Attempt, Place},
};
use crate::{
    auth::{Event, Request},
    config,
    pipeline::{self, Ban, Clearance, FailedLogin, Standing, Uncertain},
    store::{Call, Reply},
};

pub use self::{
    flush::{FlushFailed, FlushWish, Flushed},
    lists::{AccountEntry, BanEntry, ListWish, Page},
    node::Node,
};

/// The control as one configuration has it.
pub struct Control {
    config: Arc<config::BruteForce>,
    node: Arc<Node>,
    known: Known,
}

impl Control {
    /// Counts as `config` says, in the store that `node` knows. Must be called within a tokio runtime.
    pub fn new(config: &config::BruteForce, node: Arc<Node>) -> Self {
        node.listen();
        Self {
            known: Known::new(config.decision_cache, config.decision_cache_entries),
            config: Arc::new(rule::canonical(config)),
            node,
        }
    }

    /// How administrators want to see the lists.
    pub fn list_format(&self) -> config::ListFormat {
        self.config.list_format
    }

    async fn find(&self, request: &Request, deadline: Instant) -> Standing {
        let Some(attempt) = rule::attempt(&self.config, request) else {
            return Standing::Exempt;
        };
        // Before the store is asked: a flush while it answers makes the answer an old one.
        let flushes = self.node.flushes();
        if let Some((place, failures)) = self.known.find(&attempt.places, flushes) {
            return Standing::Banned(ban(place, failures, true));
        }
        let seen = self.ask(&attempt, deadline).await;
        match seen {
            Ok(seen) => self.judge(&attempt, seen, request, flushes, deadline).await,
            Err(uncertain) => Standing::Uncertain(uncertain),
        }
    }

    async fn ask(&self, attempt: &Attempt, deadline: Instant) -> Result<Seen, Uncertain> {
        let looks: Vec<_> = attempt
            .places
            .iter()
            .filter_map(|place| self.config.buckets.get(place.bucket))
            .map(|bucket| Look {
                period: milliseconds(bucket.period),
                limit: bucket.failed_requests,
                ban: milliseconds(bucket.ban_time),
            })
            .collect();
        let toleration = &attempt.toleration;
        let ttl = milliseconds(toleration.ttl);
        let arguments = check::arguments(ttl, toleration.tolerate, &looks);
        let mut keys = vec![attempt.positive(), attempt.negative()];
        keys.extend(attempt.buckets());
        let reply = self.node.call(&CHECK, keys, arguments, deadline);
        read(reply.await?, Seen::read)
    }

    async fn judge(
        &self,
        attempt: &Attempt,
        seen: Seen,
        request: &Request,
        flushes: u64,
        deadline: Instant,
    ) -> Standing {
        let Some(place) = attempt.places.get(seen.bucket) else {
            return Standing::Uncertain(Uncertain("the store names no such bucket".to_owned()));
        };
        let is_new = match seen.state {
            State::Clear => return Standing::Clear(Clearance::default()),
            State::Tolerated => {
                let bucket = self.config.buckets.get(place.bucket);
                let tolerated = bucket.map(|bucket| bucket.period);
                return Standing::Clear(Clearance { tolerated });
            }
            State::Banned => false,
            State::NewlyBanned => true,
        };
        let remaining = Duration::from_millis(seen.remaining);
        self.known
            .remember(place, seen.failures, remaining, flushes);
        if is_new {
            tracing::info!(
                session = request.session,
                bucket = place.name,
                network = %place.network,
                failures = seen.failures,
                ban_s = remaining.as_secs(),
                "A network is banned"
            );
            self.enlist(attempt, place, request, remaining, deadline)
                .await;
        }
        Standing::Banned(ban(place, seen.failures, !is_new))
    }

    async fn count(
        &self,
        login: FailedLogin<'_>,
        deadline: Instant,
    ) -> Result<pipeline::Counted, Uncertain> {
        let FailedLogin {
            request,
            account,
            clearance,
        } = login;
        // The request may be another one than was checked: that of a master user's target.
        let Some(attempt) = rule::attempt(&self.config, request) else {
            return Ok(pipeline::Counted::default());
        };
        let key = self.node.digest_key(&self.config, deadline).await?;
        let password = request
            .password
            .as_ref()
            .filter(|_| request.challenge.is_none());
        let user = account.unwrap_or(&request.username);
        let history = key.digest(Kind::User, &[user.as_bytes()]);
        let repeated = seen::repeated(&key, user, request);
        let keeps_history = account.is_some() || !self.config.history_for_known_accounts;
        let failed = Failed {
            digest: password
                .map(|password| key.digest(Kind::Password, &[password.expose()]))
                .unwrap_or_default(),
            user: key.digest(Kind::User, &[request.username.as_bytes()]),
            history_entries: if keeps_history {
                self.config.history_entries
            } else {
                0
            },
            history_ttl: milliseconds(self.config.history_ttl),
            repeated_allowed: account.map_or(0, |_| self.config.repeated_allowed),
            repeated_window: milliseconds(self.config.repeated_window),
            users_ttl: milliseconds(attempt.toleration.ttl),
            users: self.config.tolerate_users,
            grace_ttl: account.map_or(0, |_| milliseconds(self.config.cold_start_grace)),
            periods: self.periods(&attempt, clearance),
        };
        let history = hex::encode(history);
        let mut keys = vec![
            attempt.account_history(&history),
            attempt.address_history(),
            attempt.repeated(&hex::encode(repeated)),
            attempt.negative(),
            attempt.grace(&history),
        ];
        keys.extend(attempt.buckets());
        let count = Call {
            procedure: &FAILURE,
            keys,
            arguments: failed.arguments(),
        };
        let seen = seen::calls(&self.config, &key, &attempt, request, account);
        let reply = self.with_traces(count, seen, request, deadline).await?;
        let counted = read(reply, failure::Counted::read)?;
        Ok(pipeline::Counted {
            repeated: counted.outcome == Outcome::Repeated,
            password_retries: counted.tried,
            account_passwords: counted.of_account,
            total_passwords: counted.of_address,
            failures: counted.failures,
        })
    }

    /// Does what a login is about, and writes down beside it where the account was seen: a login that
    /// could not be written down counts all the same.
    async fn with_traces(
        &self,
        main: Call,
        traces: Vec<Call>,
        request: &Request,
        deadline: Instant,
    ) -> Result<Reply, Uncertain> {
        let calls = iter::once(main).chain(traces).collect();
        let mut replies = self.node.call_all(calls, deadline).await.into_iter();
        let main = replies.next();
        let main = main.unwrap_or_else(|| Err(Uncertain("the store says nothing".to_owned())))?;
        let lost = replies.find_map(|trace| match trace {
            Ok(Reply::Refused(why)) | Err(Uncertain(why)) => Some(why),
            Ok(_) => None,
        });
        if let Some(why) = lost {
            let session = &request.session;
            tracing::warn!(
                session,
                why,
                "A login counts, but a flush of its user will not reach its address"
            );
        }
        Ok(main)
    }

    /// The periods of the buckets that count, in milliseconds; 0 for one that does not.
    fn periods(&self, attempt: &Attempt, clearance: Clearance) -> Vec<u64> {
        let least = clearance.tolerated.unwrap_or_default();
        let buckets = attempt.places.iter();
        buckets
            .map(|place| match self.config.buckets.get(place.bucket) {
                Some(bucket) if bucket.period >= least => milliseconds(bucket.period),
                _ => 0,
            })
            .collect()
    }

    async fn remember(
        &self,
        request: &Request,
        account: Option<&str>,
        deadline: Instant,
    ) -> Result<(), Uncertain> {
        let attempt = rule::attempt(&self.config, request);
        let Some(attempt) = attempt.filter(|attempt| !attempt.toleration.ttl.is_zero()) else {
            return Ok(());
        };
        let key = self.node.digest_key(&self.config, deadline).await?;
        let user = key.digest(Kind::User, &[request.username.as_bytes()]);
        let ttl = milliseconds(attempt.toleration.ttl);
        let remember = Call {
            procedure: &REMEMBER,
            keys: vec![attempt.positive()],
            arguments: remember::arguments(&user, ttl, self.config.tolerate_users),
        };
        let seen = seen::calls(&self.config, &key, &attempt, request, account);
        let reply = self.with_traces(remember, seen, request, deadline);
        reply.await.map(|_| ())
    }
}

impl pipeline::BruteForce for Control {
    fn check<'a>(&'a self, request: &'a Request, deadline: Instant) -> BoxFuture<'a, Standing> {
        Box::pin(self.find(request, deadline))
    }

    fn failed<'a>(
        &'a self,
        login: FailedLogin<'a>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<pipeline::Counted, Uncertain>> {
        Box::pin(self.count(login, deadline))
    }

    fn succeeded<'a>(
        &'a self,
        request: &'a Request,
        account: Option<&'a str>,
        deadline: Instant,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(Uncertain(why)) = self.remember(request, account, deadline).await {
                tracing::debug!(
                    session = request.session,
                    why,
                    "A right password is not remembered"
                );
            }
        })
    }

    fn learns_from(&self, feature: &str, event: Event) -> bool {
        let word = match event {
            Event::Lua => "lua",
            Event::TlsEncryption => "tls_encryption",
            Event::RelayDomains => "relay_domains",
            Event::Rbl => "rbl",
            Event::BruteForce | Event::Post => return false,
        };
        let mut learning = self.config.learning.iter();
        learning.any(|name| name == feature || name == word)
    }
}

fn ban(place: &Place, failures: u32, repeating: bool) -> Ban {
    Ban {
        bucket: place.name.clone(),
        network: place.network.to_string(),
        failures,
        repeating,
    }
}

/// An answer that cannot be read is no answer.
fn read<T>(
    reply: Reply,
    how: impl FnOnce(&Reply) -> Result<T, crate::store::StoreError>,
) -> Result<T, Uncertain> {
    how(&reply).map_err(|error| Uncertain(error.to_string()))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
