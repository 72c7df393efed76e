//! Numbers of the SQL databases.
//!
//! Statements and openings of circuits are counted as they happen; connections and circuits are looked at
//! when a page is made.

use std::time::Duration;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{Counters, Histograms, Labels, ServerMetrics, page::whole, times};
use crate::{
    backend_io::sql::{Condition, Listener},
    observe::metrics::words::{Word, Words},
};

/// Different databases, over all generations, that have a label of their own.
const DATABASES: usize = 256;

/// All of them.
pub(super) struct SqlNumbers {
    names: Words,
    statements: Counters<2>,
    seconds: Histograms<1>,
    circuits_opened: Counters<1>,
    connections: Family<Labels<2>, Gauge>,
    left_alone: Family<Labels<1>, Gauge>,
}

impl SqlNumbers {
    pub(super) fn new() -> Self {
        Self {
            names: Words::new(DATABASES),
            statements: Family::default(),
            seconds: Family::new_with_constructor(times),
            circuits_opened: Family::default(),
            connections: Family::default(),
            left_alone: Family::default(),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "bulkhead_sql_statements",
            "SQL statements by outcome",
            self.statements.clone(),
        );
        registry.register(
            "bulkhead_sql_seconds",
            "Time of SQL statements, waiting for a connection included",
            self.seconds.clone(),
        );
        registry.register(
            "bulkhead_sql_circuits_opened",
            "How often a host of an SQL database was left alone after failures",
            self.circuits_opened.clone(),
        );
        registry.register(
            "bulkhead_sql_connections",
            "Connections to SQL databases by state",
            self.connections.clone(),
        );
        registry.register(
            "bulkhead_sql_hosts_left_alone",
            "Hosts of SQL databases that are left alone now",
            self.left_alone.clone(),
        );
    }

    /// Shows these databases and no other.
    pub(super) fn set(&self, conditions: &[Condition]) {
        self.connections.clear();
        self.left_alone.clear();
        for condition in conditions {
            let name = ("database", self.names.get(&condition.database));
            let idle = condition.open.saturating_sub(condition.used);
            for (state, number) in [("used", condition.used), ("idle", idle)] {
                let labels = [name.clone(), ("state", Word::from(state))];
                // Two generations may have different databases of one name for a while.
                let gauge = self.connections.get_or_create_owned(&labels);
                gauge.inc_by(whole(number));
            }
            let gauge = self.left_alone.get_or_create_owned(&[name]);
            gauge.inc_by(whole(condition.left_alone));
        }
    }
}

impl Listener for ServerMetrics {
    fn asked(&self, database: &str, outcome: &'static str, elapsed: Duration) {
        let numbers = &self.0.sql;
        let name = [("database", numbers.names.get(database))];
        numbers
            .seconds
            .get_or_create(&name)
            .observe(elapsed.as_secs_f64());
        let [name] = name;
        numbers
            .statements
            .get_or_create(&[name, ("outcome", outcome.into())])
            .inc();
    }

    fn left_alone(&self, database: &str) {
        let numbers = &self.0.sql;
        let name = ("database", numbers.names.get(database));
        numbers.circuits_opened.get_or_create(&[name]).inc();
    }
}
