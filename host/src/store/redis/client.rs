//! One request after the other to the right server, tried again where that is safe.
//!
//! Promises: no operation takes longer than its time; what may have been done is not done again; a
//! redirection, a fail-over or a lost script is followed without the asker noticing, if there is time.

mod request;

use std::{sync::Arc, time::Duration};

use redis::Value;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

pub(super) use self::request::Request;
use super::{
    failure::{Failure, Kind},
    node::Node,
    numbers::{Numbers, StoreNumbers},
    topology::Topology,
};
use crate::config::{RedisAddress, RedisConfig};

/// The wait before the second try; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_millis(400);

/// Asks the servers.
pub(super) struct Client {
    pub(super) topology: Arc<Topology>,
    pub(super) numbers: Arc<Numbers>,
    places: Semaphore,
    capacity: u32,
    read_from_replicas: bool,
    min_replicas: u32,
    pool_timeout: Duration,
    read_timeout: Duration,
    write_timeout: Duration,
    operation_timeout: Duration,
    max_retries: u32,
}

/// What came back, and from where.
pub(super) struct Answer {
    /// One per command of the request.
    pub(super) values: Vec<Value>,
    pub(super) server: String,
}

/// Where the next try goes.
#[derive(Clone)]
enum Route {
    /// To whoever has the slot.
    Slot { replica: bool },
    /// To this server, whatever the map says.
    To { server: RedisAddress, asking: bool },
}

/// How one try is made.
struct Attempt<'a> {
    route: &'a Route,
    /// The server does not know the script.
    with_script: bool,
    /// Worth waiting for a connection.
    patient: bool,
    end: Instant,
}

impl Client {
    pub(super) fn new(config: &RedisConfig, topology: Topology, numbers: Arc<Numbers>) -> Self {
        Self {
            topology: Arc::new(topology),
            numbers,
            places: Semaphore::new(config.concurrency as usize),
            capacity: config.concurrency,
            read_from_replicas: config.read_from_replicas,
            min_replicas: config.min_replicas,
            pool_timeout: config.pool_timeout,
            read_timeout: config.read_timeout,
            write_timeout: config.write_timeout,
            operation_timeout: config.operation_timeout,
            max_retries: config.max_retries,
        }
    }

    /// A place among the operations that run at the same time.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, Failure> {
        match tokio::time::timeout(self.pool_timeout, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Failure::new(
                Kind::Unreachable,
                format!(
                    "{} operations wait for Redis already (`store.redis.concurrency`)",
                    self.capacity
                ),
            )),
        }
    }

    /// Does it within the time of an operation. The caller has a place. Returns how often a server was
    /// waited for, too.
    ///
    /// Whoever finds that the last operation could not be done in all its time is not patient: it tries
    /// once, so that an outage costs each request little, until one is done again.
    pub(super) async fn perform(&self, request: &Request) -> (Result<Answer, Failure>, u64) {
        let patient = !self.topology.is_failing(request.slot);
        let (result, waits, from_replica) = self.try_until_done(request, patient).await;
        match &result {
            Ok(_) if patient || from_replica => {}
            Ok(_) => self.topology.set_failing(request.slot, None),
            Err(failure) if patient && failure.may_pass() => {
                self.topology.set_failing(request.slot, Some(failure));
            }
            Err(_) => {}
        }
        (result, waits)
    }

    async fn try_until_done(
        &self,
        request: &Request,
        patient: bool,
    ) -> (Result<Answer, Failure>, u64, bool) {
        let end = Instant::now() + self.operation_timeout;
        let mut waits = 0;
        let mut tries = 0;
        let mut route = self.first_route(request);
        let mut with_script = false;
        let mut last: Option<Failure> = None;
        loop {
            let (replica, redirected) = match &route {
                Route::Slot { replica } => (*replica, false),
                Route::To { .. } => (false, true),
            };
            let attempt = Attempt {
                route: &route,
                with_script,
                patient,
                end,
            };
            let tried = self.attempt(request, &attempt, &mut waits);
            let failure = match tried.await {
                Ok(answer) => return (Ok(answer), waits, replica),
                // What went wrong before says more than that the time is over.
                Err(None) => {
                    let failure = last.unwrap_or_else(|| self.too_late());
                    return (Err(failure), waits, replica);
                }
                Err(Some(failure)) => failure,
            };
            self.numbers.failed(&failure);
            let may_repeat = failure.kind == Kind::Unknown && request.repeatable;
            if !failure.is_harmless() && !may_repeat {
                return (Err(failure), waits, replica);
            }
            let mut pause = backoff(tries);
            match &failure.kind {
                Kind::NoScript if with_script || request.script.is_none() => {
                    return (Err(failure), waits, replica);
                }
                Kind::NoScript => {
                    with_script = true;
                    last = Some(failure);
                    continue;
                }
                Kind::Moved(server) | Kind::Ask(server) => {
                    let asking = matches!(failure.kind, Kind::Ask(_));
                    let server = RedisAddress::parse(server);
                    let Some(server) = server.filter(|_| self.topology.is_cluster()) else {
                        return (Err(failure), waits, replica);
                    };
                    if !asking {
                        self.topology.refresh_soon();
                    }
                    // A second redirection in a row may be two servers that disagree.
                    if !redirected {
                        pause = Duration::ZERO;
                    }
                    route = Route::To { server, asking };
                }
                Kind::Later => route = Route::Slot { replica: false },
                Kind::Unreachable | Kind::Unknown | Kind::Elsewhere if replica => {
                    pause = Duration::ZERO;
                    route = Route::Slot { replica: false };
                }
                _ if patient => {
                    let refreshed = self.topology.refresh();
                    // The time is looked at below.
                    let _ = tokio::time::timeout_at(end, refreshed).await;
                    route = Route::Slot { replica: false };
                }
                _ => self.topology.refresh_soon(),
            }
            let may_wait = pause.is_zero() || patient;
            if !may_wait || tries >= self.max_retries || Instant::now() + pause >= end {
                return (Err(failure), waits, replica);
            }
            tries += 1;
            self.numbers.retried();
            last = Some(failure);
            tokio::time::sleep(pause).await;
        }
    }

    fn first_route(&self, request: &Request) -> Route {
        Route::Slot {
            replica: request.only_reads && self.read_from_replicas,
        }
    }

    /// One try. `Err(None)` means that the time is over before anything was sent.
    async fn attempt(
        &self,
        request: &Request,
        attempt: &Attempt<'_>,
        waits: &mut u64,
    ) -> Result<Answer, Option<Failure>> {
        let (route, end) = (attempt.route, attempt.end);
        let connecting = async {
            let node = self.locate(request.slot, route).await?;
            let link = node.link(attempt.patient).await?;
            Ok::<_, Failure>((node, link))
        };
        let (node, link) = tokio::time::timeout_at(end, connecting)
            .await
            .map_err(|_| None)??;
        let server = node.address.to_string();
        let patience = if request.only_reads {
            self.read_timeout
        } else {
            self.write_timeout
        };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(None);
        }
        let asking = matches!(route, Route::To { asking: true, .. });
        let min_replicas = if request.only_reads {
            0
        } else {
            self.min_replicas
        };
        let packed = request.pack(asking, attempt.with_script, min_replicas, patience);
        self.numbers.sent(request.only_reads);
        *waits += 1;
        let values = link.ask(&packed.pipeline, patience.min(left)).await?;
        let values = packed.unpack(values, &server)?;
        Ok(Answer { values, server })
    }

    async fn locate(&self, slot: u16, route: &Route) -> Result<Arc<Node>, Failure> {
        let replica = match route {
            Route::To { server, .. } => return Ok(self.topology.node(server)),
            Route::Slot { replica } => *replica,
        };
        let map = self.topology.map().await?;
        let shard = map.shard(slot).ok_or_else(|| nobody_has(slot))?;
        let chosen = if replica {
            self.topology.choose(&shard.replicas)
        } else {
            None
        };
        Ok(self.topology.node(chosen.unwrap_or(&shard.primary)))
    }

    fn too_late(&self) -> Failure {
        Failure::new(
            Kind::Unreachable,
            format!(
                "there was no connection to Redis within {} ms (`store.redis.operation_timeout`)",
                self.operation_timeout.as_millis()
            ),
        )
    }

    /// All numbers.
    pub(super) fn numbers(&self) -> StoreNumbers {
        let free = self.places.available_permits() as u64;
        StoreNumbers {
            open: self.topology.open_links() as u64,
            in_use: u64::from(self.capacity).saturating_sub(free),
            capacity: u64::from(self.capacity),
            ..self.numbers.read()
        }
    }
}

/// The cluster lacks a slot.
pub(super) fn nobody_has(slot: u16) -> Failure {
    Failure::new(
        Kind::Elsewhere,
        format!(
            "no server of the Redis cluster has slot {slot}; see `redis-cli --cluster check` and start the nodes that are missing"
        ),
    )
}

fn backoff(tries: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << tries.min(16));
    doubled.min(LONGEST_WAIT)
}
