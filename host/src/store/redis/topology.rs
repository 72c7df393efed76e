//! Which servers there are at the moment, and how they are found.
//!
//! One fixed server, what sentinels say, or what the nodes of a cluster say: all end in one [`Map`]. It is
//! asked for anew when something went wrong, and every few seconds in the background; whoever asks at the
//! same time shares one answer. When servers disagree, the latest configuration wins.

mod discover;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::Instant;

use super::{
    dial::Dial,
    failure::{Failure, Kind},
    map::Map,
    node::Node,
    numbers::Numbers,
};
use crate::config::RedisAddress;

/// A map that is older is asked for anew, in the background.
const FRESH: Duration = Duration::from_secs(5);
/// A map that is younger is not asked for again.
const PAUSE: Duration = Duration::from_millis(50);

type Discovery = Shared<BoxFuture<'static, Result<Arc<Map>, Failure>>>;

/// Where the map comes from.
pub(super) enum Source {
    /// The configuration.
    Fixed(Map),
    /// Sentinels, which have nodes of their own.
    Sentinels {
        /// The name by which they know the primary.
        master: String,
        /// All of them.
        sentinels: Vec<Arc<Node>>,
    },
    /// Nodes of a cluster, of which these are some.
    Cluster(Vec<RedisAddress>),
}

/// The servers.
pub(super) struct Topology {
    source: Source,
    dial: Arc<Dial>,
    connections: u32,
    may_read_only: bool,
    /// For one answer of a sentinel or node.
    patience: Duration,
    numbers: Arc<Numbers>,
    nodes: Mutex<HashMap<RedisAddress, Arc<Node>>>,
    known: Mutex<Known>,
    /// Nobody said who has what, when this was last asked in vain.
    failing: AtomicBool,
    turn: AtomicUsize,
}

#[derive(Default)]
struct Known {
    map: Option<(Arc<Map>, Instant)>,
    running: Option<Discovery>,
}

/// What a topology is made of.
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) dial: Arc<Dial>,
    pub(super) connections: u32,
    pub(super) read_from_replicas: bool,
    pub(super) patience: Duration,
    pub(super) numbers: Arc<Numbers>,
}

impl Topology {
    /// Asks nobody yet.
    pub(super) fn new(plan: Plan) -> Self {
        let is_cluster = matches!(plan.source, Source::Cluster(_));
        Self {
            source: plan.source,
            dial: plan.dial,
            connections: plan.connections,
            may_read_only: is_cluster && plan.read_from_replicas,
            patience: plan.patience,
            numbers: plan.numbers,
            nodes: Mutex::default(),
            known: Mutex::default(),
            failing: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
        }
    }

    /// True if keys are spread over servers by slot.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.source, Source::Cluster(_))
    }

    /// Who has what, as far as known.
    pub(super) async fn map(self: &Arc<Self>) -> Result<Arc<Map>, Failure> {
        if let Source::Fixed(map) = &self.source {
            let mut known = self.known();
            let (map, _) = known
                .map
                .get_or_insert_with(|| (Arc::new(map.clone()), Instant::now()));
            return Ok(map.clone());
        }
        let present = self.known().map.clone();
        match present {
            Some((map, since)) => {
                if since.elapsed() > FRESH {
                    drop(self.discover());
                }
                Ok(map)
            }
            None => self.discover().await,
        }
    }

    /// Has the map asked for anew, and waits for it. If nobody answers, what is known stays.
    pub(super) async fn refresh(self: &Arc<Self>) {
        if !matches!(self.source, Source::Fixed(_)) {
            // Whoever wants the map next learns of the failure.
            let _ = self.discover().await;
        }
    }

    /// As [`Topology::refresh`], without waiting.
    pub(super) fn refresh_soon(self: &Arc<Self>) {
        if !matches!(self.source, Source::Fixed(_)) {
            drop(self.discover());
        }
    }

    /// The server at an address, which need not be on the map.
    pub(super) fn node(&self, address: &RedisAddress) -> Arc<Node> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            Arc::new(Node::new(
                address.clone(),
                self.dial.clone(),
                self.connections,
                self.may_read_only,
                self.numbers.clone(),
            ))
        };
        nodes.entry(address.clone()).or_insert_with(make).clone()
    }

    /// True if the last operation on the primary of the slot that had all its time was not done.
    pub(super) fn is_failing(&self, slot: u16) -> bool {
        match self.primary(slot) {
            Some(primary) => primary.is_failing(),
            None => self.failing.load(Ordering::Relaxed),
        }
    }

    /// Notes why an operation on the slot that had all its time was not done, or that one was done.
    pub(super) fn set_failing(&self, slot: u16, why: Option<&Failure>) {
        if let Some(primary) = self.primary(slot) {
            primary.set_failing(why);
        } else if self.failing.swap(why.is_some(), Ordering::Relaxed) != why.is_some()
            && let Some(failure) = why
        {
            tracing::warn!(error = failure.text, "Redis is failing");
        }
    }

    /// Who has the slot, as far as known now.
    fn primary(&self, slot: u16) -> Option<Arc<Node>> {
        let map = match &self.source {
            Source::Fixed(map) => return map.shard(slot).map(|shard| self.node(&shard.primary)),
            _ => self.known().map.clone(),
        };
        let (map, _) = map?;
        map.shard(slot).map(|shard| self.node(&shard.primary))
    }

    /// One of several, another one each time.
    pub(super) fn choose<'a, T>(&self, among: &'a [T]) -> Option<&'a T> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        among.get(turn.checked_rem(among.len())?)
    }

    /// Open connections to servers that hold data.
    pub(super) fn open_links(&self) -> usize {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.values().map(|node| node.open_links()).sum()
    }

    /// How servers that hold data are reached.
    pub(super) fn dial(&self) -> &Dial {
        &self.dial
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The discovery that runs, or a new one. It goes on without anybody waiting.
    fn discover(self: &Arc<Self>) -> Discovery {
        let mut known = self.known();
        // Nobody may be waiting for the last one, so it is asked here whether it has ended.
        let runs = |one: &&Discovery| (*one).clone().now_or_never().is_none();
        if let Some(running) = known.running.as_ref().filter(runs) {
            return running.clone();
        }
        if let Some((map, since)) = &known.map
            && since.elapsed() < PAUSE
        {
            let map = map.clone();
            return futures_util::future::ready(Ok(map)).boxed().shared();
        }
        let topology = self.clone();
        let task = tokio::spawn(async move {
            topology.numbers.discovered();
            let map = Arc::new(topology.ask_around().await?);
            topology.learn(&map);
            Ok(map)
        });
        let running = task
            .map(|ended| {
                ended
                    .unwrap_or_else(|error| Err(Failure::new(Kind::Unreachable, error.to_string())))
            })
            .boxed()
            .shared();
        known.running = Some(running.clone());
        running
    }

    fn learn(&self, map: &Arc<Map>) {
        let mut known = self.known();
        let is_new = known.map.as_ref().is_none_or(|(old, _)| old != map);
        known.map = Some((map.clone(), Instant::now()));
        drop(known);
        if is_new {
            // Connections to servers that are gone are closed.
            let there: HashSet<_> = map.servers().collect();
            let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            nodes.retain(|address, _| there.contains(address));
            let primaries = map.primaries().into_iter();
            let named: Vec<_> = primaries.map(|shard| shard.primary.to_string()).collect();
            tracing::info!(primaries = named.join(", "), "Redis servers found");
        }
    }
}
