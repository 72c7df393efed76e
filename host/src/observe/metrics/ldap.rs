//! The numbers of directories: what they were asked, and how their servers stand.

use std::time::Duration;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{ServerMetrics, server::SECONDS, words::Word};
use crate::backend_io::{BreakerState, ldap::ServerStatus};

type Labels<const N: usize> = [(&'static str, Word); N];

/// All of them.
pub(super) struct Numbers {
    operations: Family<Labels<3>, Histogram, fn() -> Histogram>,
    up: Family<Labels<2>, Gauge>,
    breakers: Family<Labels<2>, Gauge>,
    connections: Family<Labels<4>, Gauge>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            operations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            up: Family::default(),
            breakers: Family::default(),
            connections: Family::default(),
        }
    }
}

impl Numbers {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "bulkhead_ldap_seconds",
            "Time from a directory being asked to its answer",
            self.operations.clone(),
        );
        registry.register(
            "bulkhead_ldap_up",
            "Whether a server of a directory answers",
            self.up.clone(),
        );
        registry.register(
            "bulkhead_ldap_breaker",
            "Circuit breakers of servers of directories: 0 closed, 1 half open, 2 open",
            self.breakers.clone(),
        );
        registry.register(
            "bulkhead_ldap_connections",
            "Connections to servers of directories",
            self.connections.clone(),
        );
    }

    /// Takes over how the servers stand; what is said about others is forgotten.
    pub(super) fn show(&self, servers: &[ServerStatus]) {
        self.up.clear();
        self.breakers.clear();
        self.connections.clear();
        for server in servers {
            let labels = || {
                [
                    ("pool", Word::from(server.pool.clone())),
                    ("server", Word::from(server.server.clone())),
                ]
            };
            let up = self.up.get_or_create_owned(&labels());
            up.set(i64::from(server.is_up()));
            let breaker = self.breakers.get_or_create_owned(&labels());
            breaker.set(match server.breaker {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            });
            for (kind, (all, idle)) in [("search", server.searches), ("bind", server.binds)] {
                let states = [("idle", idle), ("busy", all.saturating_sub(idle))];
                for (state, connections) in states {
                    let [pool, server] = labels();
                    let labels = [pool, server, ("kind", kind.into()), ("state", state.into())];
                    let gauge = self.connections.get_or_create_owned(&labels);
                    gauge.set(i64::try_from(connections).unwrap_or(i64::MAX));
                }
            }
        }
    }
}

impl ServerMetrics {
    /// Counts what a directory was asked; the words are those of a fixed set, but for the pool's name.
    pub fn ldap_operation(
        &self,
        pool: &str,
        operation: &'static str,
        outcome: &'static str,
        took: Duration,
    ) {
        let labels = [
            ("pool", self.configured(pool)),
            ("operation", operation.into()),
            ("outcome", outcome.into()),
        ];
        let times = self.ldap().operations.get_or_create(&labels);
        times.observe(took.as_secs_f64());
    }
}
