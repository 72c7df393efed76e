//! The servers behind the proxies: which of them live, and which one gets a login.
//!
//! [`Upstreams`] belongs to a generation. Each server has a task of its own that checks it
//! ([`crate::backend_io::probe`]) as long as some generation names it; a reload takes over the servers whose
//! configuration is unchanged, with what is known of them. Until a server has been found dead, it is used:
//! a start must not refuse logins that would work. No check holds up another, or a login.
//!
//! Knows neither HTTP nor nginx: `api` asks [`Upstreams::choose`] and writes the answer down.

mod choose;
mod server;
mod watch;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

pub use self::server::{Life, Status};
use self::{
    choose::{Candidate, Turns},
    watch::Watched,
};
use crate::{
    config::{HealthChecks, Selection},
    observe::metrics::ServerMetrics,
};

/// Where a login may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No server of this protocol is checked: not our business.
    Unchecked,
    /// There are servers of this protocol, and none is alive (or has an address yet).
    NoneAlive,
    /// There.
    Server {
        /// As logs and metrics call it.
        name: String,
        /// Where it answered last.
        address: SocketAddr,
    },
}

/// The servers of the generation in force, for everybody who asks. Nobody is checked before the first
/// [`Current::serve`].
#[derive(Default)]
pub struct Current(ArcSwap<Upstreams>);

impl Current {
    /// The servers now.
    pub fn load(&self) -> Arc<Upstreams> {
        self.0.load_full()
    }

    /// Puts the servers of a generation that begins to serve in force; see [`Upstreams::start`].
    pub fn serve(&self, config: &HealthChecks, metrics: &ServerMetrics) {
        let next = Upstreams::start(config, &self.load(), metrics);
        self.0.store(Arc::new(next));
    }
}

/// All servers of one generation.
#[derive(Default)]
pub struct Upstreams {
    selection: Selection,
    servers: Vec<Arc<Watched>>,
    turns: Mutex<Turns>,
}

impl Upstreams {
    /// Begins to check what `config` names, and goes on with those of `previous` that are named
    /// unchanged. To be called within a tokio runtime, when the generation begins to serve.
    pub fn start(config: &HealthChecks, previous: &Self, metrics: &ServerMetrics) -> Self {
        let servers = config.targets.iter().map(|target| {
            let known = previous
                .servers
                .iter()
                .find(|server| server.target() == target);
            known.map_or_else(
                || Watched::start(target.clone(), metrics.clone()),
                Arc::clone,
            )
        });
        Self {
            selection: config.selection,
            servers: servers.collect(),
            turns: Mutex::default(),
        }
    }

    /// The server for a login of that account. `protocol` is what the front end calls it.
    pub fn choose(&self, protocol: &str, account: &str) -> Choice {
        let of_protocol = || {
            self.servers
                .iter()
                .filter(|server| protocol.eq_ignore_ascii_case(server.target().protocol.as_str()))
        };
        if of_protocol().next().is_none() {
            return Choice::Unchecked;
        }
        let usable: Vec<_> = of_protocol()
            .filter_map(|server| Some((server, server.usable()?)))
            .collect();
        let candidates: Vec<_> = usable
            .iter()
            .map(|(server, usable)| Candidate {
                name: &server.target().name,
                weight: server.target().weight,
                last_failure: usable.last_failure,
            })
            .collect();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        choose::choose(self.selection, &candidates, account, &mut turns)
            .and_then(|index| usable.get(index))
            .map_or(Choice::NoneAlive, |(server, usable)| Choice::Server {
                name: server.target().name.clone(),
                address: usable.address,
            })
    }

    /// What is known of each server, in configuration order.
    pub fn statuses(&self) -> Vec<Status> {
        self.servers.iter().map(|server| server.status()).collect()
    }
}
