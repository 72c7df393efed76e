//! One server of a pool: its connections for searches, its connections for users' passwords, its breaker.
//!
//! The two kinds of connections never mix. On one kind only the pool's own identity is ever bound; on the
//! other only users' binds are made, one replacing the other, and nothing else is asked: whose bind
//! succeeded last gives nobody anything.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
    Timeouts,
};
use rustls::ClientConfig;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    LdapError,
    connection::{Connection, Failure},
    work::{Lane, Work},
};
use crate::{
    backend_io::breaker::{Breaker, BreakerState},
    config::{LdapBind, LdapPool, ServerUri},
};

/// How an attempt at one server failed.
pub(super) enum Attempt {
    /// The server answered.
    Answer(LdapError),
    /// It did not, or said that it cannot.
    Broken(LdapError),
    /// As before, and nothing was sent: the same can be asked again without doubt.
    NotSent(LdapError),
    /// No connection was free. Says nothing about the server.
    Crowded(LdapError),
}

/// One server.
pub(super) struct Server {
    pub(super) uri: ServerUri,
    pub(super) breaker: Breaker,
    searches: Pool<Opener>,
    binds: Pool<Opener>,
    /// Half of the connections for searches: what is not urgent takes no more.
    low: Semaphore,
    idle_timeout: Duration,
    connect_timeout: Duration,
    probe: Mutex<Option<Result<Duration, String>>>,
}

/// How a server stands, for health and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// The pool's name.
    pub pool: String,
    /// The server's URI.
    pub server: String,
    /// Its breaker.
    pub breaker: BreakerState,
    /// What the last probe found, and how long it took. Nothing before the first.
    pub probe: Option<Result<Duration, String>>,
    /// Open connections and those of them that are idle, for searches.
    pub searches: (usize, usize),
    /// The same for users' passwords.
    pub binds: (usize, usize),
}

impl ServerStatus {
    /// Whether it may be asked, as far as is known.
    pub fn is_up(&self) -> bool {
        self.breaker == BreakerState::Closed && !matches!(self.probe, Some(Err(_)))
    }
}

/// Opens connections of one lane.
pub(super) struct Opener {
    uri: ServerUri,
    start_tls: bool,
    tls: Arc<ClientConfig>,
    /// As whom; nothing for users' binds.
    bind: Option<LdapBind>,
    idle_timeout: Duration,
}

impl Opener {
    async fn open(&self) -> Result<Connection, Failure> {
        let mut connection = Connection::open(&self.uri, self.start_tls, &self.tls).await?;
        let refused = |why: &str| {
            let text = format!("{}: the pool's own bind was refused: {why}", self.uri.text);
            Failure::Broken(LdapError::Unavailable(text))
        };
        let bound = match &self.bind {
            None | Some(LdapBind::Nobody) => Ok(true),
            Some(LdapBind::External) => connection.bind_external().await.map(|()| true),
            Some(LdapBind::Simple(dn, password)) => connection.bind(dn, password.expose()).await,
        };
        match bound {
            Ok(true) => Ok(connection),
            Ok(false) => Err(refused("invalid credentials (49)")),
            // Whatever the server thinks of our own identity is no answer to the user's question.
            Err(Failure::Answer(error)) => Err(refused(&error.to_string())),
            Err(broken) => Err(broken),
        }
    }
}

impl Manager for Opener {
    type Type = Connection;
    type Error = LdapError;

    async fn create(&self) -> Result<Connection, LdapError> {
        self.open().await.map_err(|failure| match failure {
            Failure::Answer(error) | Failure::Broken(error) => error,
        })
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        metrics: &Metrics,
    ) -> RecycleResult<LdapError> {
        if connection.is_usable() && metrics.last_used() < self.idle_timeout {
            Ok(())
        } else {
            Err(RecycleError::message("not usable any more"))
        }
    }
}

impl Server {
    pub(super) fn new(
        uri: &ServerUri,
        config: &LdapPool,
        tls: &Arc<ClientConfig>,
    ) -> Result<Self, String> {
        let lane = |bind: Option<LdapBind>, size: u32| {
            let opener = Opener {
                uri: uri.clone(),
                start_tls: config.start_tls,
                tls: Arc::clone(tls),
                bind,
                idle_timeout: config.idle_timeout,
            };
            Pool::builder(opener)
                .max_size(usize::try_from(size).unwrap_or(usize::MAX))
                // The others grow old and are closed.
                .queue_mode(QueueMode::Lifo)
                .runtime(deadpool::Runtime::Tokio1)
                .build()
                .map_err(|error| error.to_string())
        };
        Ok(Self {
            uri: uri.clone(),
            breaker: Breaker::new(config.breaker_failures, config.breaker_cool_down),
            searches: lane(Some(config.bind.clone()), config.search_connections)?,
            binds: lane(None, config.bind_connections)?,
            low: Semaphore::new(
                usize::try_from(config.search_connections / 2)
                    .unwrap_or(1)
                    .max(1),
            ),
            idle_timeout: config.idle_timeout,
            connect_timeout: config.connect_timeout,
            probe: Mutex::default(),
        })
    }

    fn lane(&self, lane: Lane) -> &Pool<Opener> {
        match lane {
            Lane::Search => &self.searches,
            Lane::Bind => &self.binds,
        }
    }

    /// Does the work once, within its limit and by `deadline`. If a connection that was open before turns
    /// out to be dead, the next one is new: the server may merely have been restarted.
    pub(super) async fn attempt<W: Work>(
        &self,
        work: &W,
        deadline: Instant,
    ) -> Result<W::Output, Attempt> {
        let _low = match work.is_low() {
            true => Some(self.turn(deadline).await?),
            false => None,
        };
        loop {
            let mut connection = self.connection(W::LANE, deadline).await?;
            let reused = Object::metrics(&connection).recycle_count > 0;
            let by = Instant::now()
                .checked_add(work.limit())
                .map_or(deadline, |by| by.min(deadline));
            let done = tokio::time::timeout_at(by.into(), work.run(&mut connection)).await;
            if !connection.is_usable() {
                drop(Object::take(connection));
            }
            match done {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Failure::Answer(error))) => return Err(Attempt::Answer(error)),
                Ok(Err(Failure::Broken(error))) => {
                    // The others are as old as this one.
                    self.lane(W::LANE).retain(|_, _| false);
                    if !(reused && W::REPEATABLE) {
                        return Err(Attempt::Broken(error));
                    }
                }
                Err(_) => return Err(Attempt::Broken(LdapError::TimedOut)),
            }
        }
    }

    /// Waits until fewer than half of the connections do what is not urgent.
    async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Attempt> {
        let left = deadline.saturating_duration_since(Instant::now());
        let turn = tokio::time::timeout(self.connect_timeout.min(left), self.low.acquire());
        match turn.await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let text = format!(
                    "half of the connections to {} are in use for what is not urgent",
                    self.uri.text
                );
                Err(Attempt::Crowded(LdapError::Unavailable(text)))
            }
        }
    }

    async fn connection(&self, lane: Lane, deadline: Instant) -> Result<Object<Opener>, Attempt> {
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = self.connect_timeout.min(left);
        let timeouts = Timeouts {
            wait: Some(patience),
            create: Some(patience),
            recycle: None,
        };
        let pool = self.lane(lane);
        pool.timeout_get(&timeouts)
            .await
            .map_err(|error| match error {
                PoolError::Backend(error) => Attempt::NotSent(error),
                PoolError::Timeout(TimeoutType::Wait) => {
                    let most = pool.status().max_size;
                    let text = format!("all {most} connections to {} are in use", self.uri.text);
                    Attempt::Crowded(LdapError::Unavailable(text))
                }
                PoolError::Timeout(_) => Attempt::NotSent(LdapError::TimedOut),
                other => Attempt::NotSent(LdapError::Unavailable(other.to_string())),
            })
    }

    /// A connection of its own, bound as the pool, for probes.
    pub(super) async fn open(&self) -> Result<Connection, LdapError> {
        self.searches.manager().create().await
    }

    /// Keeps what a probe found, and closes what has been idle for long. True if that is news.
    pub(super) fn probed(&self, found: Result<Duration, String>) -> bool {
        for pool in [&self.searches, &self.binds] {
            pool.retain(|_, metrics| metrics.last_used() < self.idle_timeout);
        }
        let mut probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner);
        let news = match &*probe {
            None => found.is_err(),
            Some(before) => before.is_ok() != found.is_ok(),
        };
        *probe = Some(found);
        news
    }

    pub(super) fn status(&self, pool: &str) -> ServerStatus {
        let connections = |lane: &Pool<Opener>| {
            let status = lane.status();
            (status.size, status.available.min(status.size))
        };
        let probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner);
        ServerStatus {
            pool: pool.to_owned(),
            server: self.uri.text.clone(),
            breaker: self.breaker.state(),
            probe: probe.clone(),
            searches: connections(&self.searches),
            binds: connections(&self.binds),
        }
    }
}
