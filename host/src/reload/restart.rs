//! What only a restart changes: the listening sockets, the store, the engine's pools, and what is set up
//! with them. A reload keeps these as they are, and says which keys have to wait.

use crate::config::{Config, ListenAt, Listener};

/// One key that a reload does not change.
struct Fixed {
    key: &'static str,
    differs: fn(&Config, &Config) -> bool,
    /// Puts the running value into the next configuration.
    keep: fn(&mut Config, &Config),
}

/// Puts the running values of fixed keys into the next configuration. Returns the keys that differ.
pub(super) fn keep_fixed(next: &mut Config, running: &Config) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for fixed in &FIXED {
        if (fixed.differs)(running, next) {
            keys.push(fixed.key);
            (fixed.keep)(next, running);
        }
    }
    keys
}

/// Where and how it listens. Certificates are files that a reload reads anew.
fn sockets(config: &Config) -> Vec<(&ListenAt, bool, bool)> {
    fn socket(listener: &Listener) -> (&ListenAt, bool, bool) {
        let encrypted = listener.tls.is_some();
        (&listener.at, listener.proxy_protocol, encrypted)
    }
    config.server.listeners.iter().map(socket).collect()
}

const FIXED: [Fixed; 24] = [
    Fixed {
        key: "server.listen",
        differs: |running, next| sockets(running) != sockets(next),
        keep: |next, running| {
            next.server.listeners.clone_from(&running.server.listeners);
        },
    },
    Fixed {
        key: "store",
        differs: |running, next| running.store != next.store,
        keep: |next, running| next.store.clone_from(&running.store),
    },
    Fixed {
        key: "dns",
        differs: |running, next| running.dns != next.dns,
        keep: |next, running| next.dns.clone_from(&running.dns),
    },
    Fixed {
        key: "cache_directory",
        differs: |running, next| running.cache_directory != next.cache_directory,
        keep: |next, running| next.cache_directory.clone_from(&running.cache_directory),
    },
    Fixed {
        key: "limits.instances",
        differs: |running, next| running.limits.instances != next.limits.instances,
        keep: |next, running| next.limits.instances.clone_from(&running.limits.instances),
    },
    Fixed {
        key: "limits.password_threads",
        differs: |running, next| running.limits.password_threads != next.limits.password_threads,
        keep: |next, running| {
            next.limits
                .password_threads
                .clone_from(&running.limits.password_threads)
        },
    },
    Fixed {
        key: "limits.password_queue",
        differs: |running, next| running.limits.password_queue != next.limits.password_queue,
        keep: |next, running| {
            next.limits
                .password_queue
                .clone_from(&running.limits.password_queue)
        },
    },
    Fixed {
        key: "limits.password_memory",
        differs: |running, next| {
            running.limits.password_memory_bytes != next.limits.password_memory_bytes
        },
        keep: |next, running| {
            next.limits
                .password_memory_bytes
                .clone_from(&running.limits.password_memory_bytes)
        },
    },
    Fixed {
        key: "limits.password_rounds",
        differs: |running, next| running.limits.password_rounds != next.limits.password_rounds,
        keep: |next, running| {
            next.limits
                .password_rounds
                .clone_from(&running.limits.password_rounds)
        },
    },
    Fixed {
        key: "limits.store_members",
        differs: |running, next| running.limits.store_members != next.limits.store_members,
        keep: |next, running| {
            next.limits
                .store_members
                .clone_from(&running.limits.store_members)
        },
    },
    Fixed {
        key: "limits.store_memory",
        differs: |running, next| {
            running.limits.store_memory_bytes != next.limits.store_memory_bytes
        },
        keep: |next, running| {
            next.limits
                .store_memory_bytes
                .clone_from(&running.limits.store_memory_bytes)
        },
    },
    Fixed {
        key: "limits.metric_series",
        differs: |running, next| running.limits.metric_series != next.limits.metric_series,
        keep: |next, running| {
            next.limits
                .metric_series
                .clone_from(&running.limits.metric_series)
        },
    },
    Fixed {
        key: "limits.post_actions",
        differs: |running, next| running.limits.post_actions != next.limits.post_actions,
        keep: |next, running| {
            next.limits
                .post_actions
                .clone_from(&running.limits.post_actions)
        },
    },
    Fixed {
        key: "limits.jobs",
        differs: |running, next| running.limits.jobs != next.limits.jobs,
        keep: |next, running| next.limits.jobs = running.limits.jobs,
    },
    Fixed {
        key: "limits.job_timeout",
        differs: |running, next| running.limits.job_timeout != next.limits.job_timeout,
        keep: |next, running| next.limits.job_timeout = running.limits.job_timeout,
    },
    Fixed {
        key: "limits.job_lifetime",
        differs: |running, next| running.limits.job_lifetime != next.limits.job_lifetime,
        keep: |next, running| next.limits.job_lifetime = running.limits.job_lifetime,
    },
    Fixed {
        key: "limits.post_action_workers",
        differs: |running, next| {
            running.limits.post_action_workers != next.limits.post_action_workers
        },
        keep: |next, running| {
            next.limits
                .post_action_workers
                .clone_from(&running.limits.post_action_workers)
        },
    },
    Fixed {
        key: "limits.connections",
        differs: |running, next| running.limits.connections != next.limits.connections,
        keep: |next, running| {
            next.limits
                .connections
                .clone_from(&running.limits.connections)
        },
    },
    Fixed {
        key: "limits.rate_limit_addresses",
        differs: |running, next| {
            running.limits.rate_limit_addresses != next.limits.rate_limit_addresses
        },
        keep: |next, running| {
            next.limits
                .rate_limit_addresses
                .clone_from(&running.limits.rate_limit_addresses)
        },
    },
    Fixed {
        key: "observe.log_level",
        differs: |running, next| running.observe.log_level != next.observe.log_level,
        keep: |next, running| {
            next.observe
                .log_level
                .clone_from(&running.observe.log_level)
        },
    },
    Fixed {
        key: "observe.log_format",
        differs: |running, next| running.observe.log_json != next.observe.log_json,
        keep: |next, running| next.observe.log_json.clone_from(&running.observe.log_json),
    },
    Fixed {
        key: "observe.decision_log",
        differs: |running, next| running.observe.decision_log != next.observe.decision_log,
        keep: |next, running| {
            next.observe
                .decision_log
                .clone_from(&running.observe.decision_log)
        },
    },
    Fixed {
        key: "observe.decision_sample",
        differs: |running, next| running.observe.decision_sample != next.observe.decision_sample,
        keep: |next, running| {
            next.observe
                .decision_sample
                .clone_from(&running.observe.decision_sample)
        },
    },
    Fixed {
        key: "observe.traces",
        differs: |running, next| running.observe.traces != next.observe.traces,
        keep: |next, running| next.observe.traces.clone_from(&running.observe.traces),
    },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::path::Path;

    use super::*;
    use crate::config;

    fn parsed(yaml: &str) -> Config {
        let pipeline = "pipeline: {backends: [{name: b, component: \"builtin:users-file\"}]}";
        let text = format!("{yaml}\n{pipeline}\n");
        config::parse(Path::new("/etc/bulkhead.yaml"), &text)
            .unwrap_or_else(|all| panic!("{}", config::render(&all, false)))
            .config
    }

    #[test]
    fn fixed_keys_keep_their_running_value_and_are_named() {
        let running = parsed("server: {listen: 127.0.0.1:9080, request_timeout: 5s}");
        let mut next = parsed(
            "server: {listen: 127.0.0.1:9081, request_timeout: 6s}\n\
             store: {kind: memory}\n\
             limits: {instances: 7, body_bytes: 2KiB}\n\
             observe: {log_level: debug}",
        );
        let keys = keep_fixed(&mut next, &running);
        assert_eq!(
            keys,
            [
                "server.listen",
                "store",
                "limits.instances",
                "observe.log_level"
            ]
        );
        assert_eq!(next.server.listeners, running.server.listeners);
        assert_eq!(next.limits.instances, running.limits.instances);
        assert_eq!(next.limits.body_bytes, 2048);
        assert_eq!(next.server.request_timeout.as_secs(), 6);
        assert!(keep_fixed(&mut next, &running).is_empty());
    }
}
