//! The names of the server's numbers; `OBSERVE.md` says what they mean.

use std::time::SystemTime;

use prometheus_client::metrics::info::Info;

use super::{Inner, Seconds, page::unix_seconds};

impl Inner {
    /// Gives every metric its name. The library itself appends `_total` to counters and `_info` to infos.
    #[allow(clippy::too_many_lines)]
    pub(super) fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "accepted_protocols",
            "Accepted logins by protocol",
            self.accepted_protocols.clone(),
        );
        registry.register(
            "rejected_protocols",
            "Rejected logins by protocol",
            self.rejected_protocols.clone(),
        );
        registry.register("logins", "Password checks by result", self.logins.clone());
        registry.register(
            "bulkhead_decisions",
            "Decisions by mode and verdict",
            self.decisions.clone(),
        );
        registry.register(
            "bruteforce_rejected",
            "Logins that were rejected because their network is banned, by rule",
            self.brute_force_rejected.clone(),
        );
        registry.register(
            "bulkhead_bruteforce_bans",
            "Networks that were banned, by rule",
            self.brute_force_bans.clone(),
        );
        registry.register(
            "bruteforce_eval_seconds",
            "Time in which it was found out whether a client is banned",
            self.brute_force_seconds.clone(),
        );
        registry.register(
            "function_duration_seconds",
            "Time of whole logins and of their stages",
            self.functions.clone(),
        );
        registry.register(
            "bulkhead_calls",
            "Plugin calls by verdict",
            self.calls.clone(),
        );
        registry.register(
            "bulkhead_call_failures",
            "Plugin calls that failed, by kind",
            self.call_failures.clone(),
        );
        registry.register(
            "bulkhead_call_seconds",
            "Time from a plugin being asked to its answer",
            self.call_seconds.clone(),
        );
        registry.register(
            "bulkhead_call_cpu_seconds",
            "Time in which plugin code or a host function ran",
            self.call_cpu.clone(),
        );
        registry.register(
            "bulkhead_call_queue_seconds",
            "Time that calls waited for a free slot",
            self.call_queue.clone(),
        );
        registry.register(
            "bulkhead_calls_in_flight",
            "Plugin calls that run now",
            self.calls_in_flight.clone(),
        );
        registry.register(
            "http_requests",
            "HTTP requests by route",
            self.http_requests.clone(),
        );
        registry.register(
            "http_response_time_seconds",
            "Time from a request's head to its response's head",
            self.http_times.clone(),
        );
        registry.register(
            "server_concurrent_requests",
            "HTTP requests in work, that for this page included",
            self.concurrent_requests.clone(),
        );
        registry.register(
            "bulkhead_refusals",
            "Requests that got no decision, by reason",
            self.refusals.clone(),
        );
        registry.register(
            "bulkhead_connections_open",
            "Connections of clients",
            self.connections.clone(),
        );
        registry.register(
            "bulkhead_lockouts",
            "Addresses locked out for guessing the credentials of the API",
            self.lockouts.clone(),
        );
        registry.register(
            "bulkhead_post_actions_pending",
            "Post actions that run or wait",
            self.post_actions_pending.clone(),
        );
        registry.register(
            "bulkhead_post_actions_dropped",
            "Post actions that were never run or cancelled",
            self.post_actions_dropped.clone(),
        );
        registry.register(
            "bulkhead_decision_log_dropped",
            "Records that the decision log lacks",
            self.decision_log_dropped.clone(),
        );
        registry.register(
            "bulkhead_trace_spans",
            "Spans by what became of them",
            self.spans.clone(),
        );
        registry.register(
            "bulkhead_upstream_checks",
            "Checks of servers behind the proxies, by outcome",
            self.upstream_checks.clone(),
        );
        registry.register(
            "bulkhead_upstream_alive",
            "Whether a server behind the proxies is used",
            self.upstream_alive.clone(),
        );
        registry.register(
            "bulkhead_upstream_logins",
            "Accepted logins of nginx by the server that they were sent to",
            self.upstream_logins.clone(),
        );
        registry.register(
            "bulkhead_store_errors",
            "Operations of the store that failed",
            self.store_errors.clone(),
        );
        registry.register_collector(Box::new(self.store_servers.clone()));
        registry.register(
            "bulkhead_store_seconds",
            "Time of an operation of the store",
            self.store_times.clone(),
        );
        registry.register(
            "bulkhead_store_keys",
            "Keys in the store",
            self.store_keys.clone(),
        );
        registry.register(
            "bulkhead_store_bytes",
            "What the store takes in memory, or its file on disk",
            self.store_bytes.clone(),
        );
        registry.register(
            "bulkhead_dns_lookups",
            "Questions to the domain name system, by kind and by what came of them",
            self.name_lookups.clone(),
        );
        registry.register(
            "bulkhead_dns_lookup_seconds",
            "Time from a question to its answer, the cache's included",
            self.name_lookup_seconds.clone(),
        );
        registry.register(
            "bulkhead_geoip_lookups",
            "Look-ups in databases of addresses, by database and by what came of them",
            self.address_lookups.clone(),
        );
        self.ldap.register(registry);
        self.sql.register(registry);
        self.destinations.register(registry);
        registry.register(
            "bulkhead_reloads",
            "Attempts to put another generation into force",
            self.reloads.clone(),
        );
        registry.register(
            "bulkhead_generation",
            "Number of the generation in force",
            self.generation.clone(),
        );
        registry.register(
            "last_reload_timestamp",
            "When the generation in force came into force, in seconds since 1970",
            self.last_reload.clone(),
        );
        let start = Seconds::default();
        start.set(unix_seconds(SystemTime::now()));
        registry.register(
            "start_timestamp",
            "When the server started, in seconds since 1970",
            start,
        );
        registry.register(
            "bulkhead_version",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
    }
}
