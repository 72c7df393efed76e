//! Every key that a configuration file may hold, by section.
//!
//! The one list that the reader, its "did you mean" and the reference in `CONFIGURATION.md` share.

/// A section and its keys.
pub struct Keys {
    /// As messages and the reference name it: `server`, `plugins.NAME.limits`.
    pub section: &'static str,
    /// What may stand in it.
    pub keys: &'static [&'static str],
}

pub(super) const TOP: Keys = Keys {
    section: "",
    keys: &[
        "server",
        "store",
        "secrets",
        "pipeline",
        "plugins",
        "limits",
        "observe",
        "reload",
        "cache_directory",
    ],
};
pub(super) const SERVER: Keys = Keys {
    section: "server",
    keys: &[
        "listen",
        "basic_auth",
        "auth",
        "metrics_auth",
        "basic_networks",
        "request_timeout",
        "wait_delay",
        "max_login_attempts",
        "trusted_proxies",
        "headers",
        "disabled_endpoints",
        "upstreams",
        "password_attribute",
        "rate_limit",
        "lockout",
        "compression",
    ],
};
pub(super) const LISTEN: Keys = Keys {
    section: "server.listen",
    keys: &[
        "address",
        "unix",
        "mode",
        "systemd",
        "tls",
        "proxy_protocol",
    ],
};
pub(super) const TLS: Keys = Keys {
    section: "server.listen.tls",
    keys: &["certificate", "key", "client_ca", "minimum_version"],
};
pub(super) const UPSTREAM: Keys = Keys {
    section: "server.upstreams.PROTOCOL",
    keys: &["address", "port"],
};
pub(super) const RATE_LIMIT: Keys = Keys {
    section: "server.rate_limit",
    keys: &["per_second", "burst"],
};
pub(super) const LOCKOUT: Keys = Keys {
    section: "server.lockout",
    keys: &["failures", "window", "duration"],
};
pub(super) const COMPRESSION: Keys = Keys {
    section: "server.compression",
    keys: &["requests", "responses", "minimum_bytes"],
};
pub(super) const HEADERS: Keys = Keys {
    section: "server.headers",
    keys: &[
        "username",
        "password",
        "password_encoded",
        "protocol",
        "auth_method",
        "login_attempt",
        "client_ip",
        "client_port",
        "client_id",
        "client_host",
        "external_session_id",
        "local_ip",
        "local_port",
        "oidc_cid",
        "ssl",
        "ssl_session_id",
        "ssl_verify",
        "ssl_subject",
        "ssl_client_cn",
        "ssl_issuer",
        "ssl_client_not_before",
        "ssl_client_not_after",
        "ssl_subject_dn",
        "ssl_issuer_dn",
        "ssl_client_subject_dn",
        "ssl_client_issuer_dn",
        "ssl_cipher",
        "ssl_protocol",
        "ssl_serial",
        "ssl_fingerprint",
    ],
};
pub(super) const BASIC_AUTH: Keys = Keys {
    section: "server.basic_auth",
    keys: &["username", "password"],
};
pub(super) const STORE: Keys = Keys {
    section: "store",
    keys: &["kind", "path"],
};
pub(super) const SECRET: Keys = Keys {
    section: "secrets.NAME",
    keys: &["file", "env"],
};
pub(super) const PIPELINE: Keys = Keys {
    section: "pipeline",
    keys: &[
        "sequential",
        "init",
        "features",
        "backends",
        "filters",
        "actions",
        "hooks",
    ],
};
pub(super) const INIT: Keys = Keys {
    section: "pipeline.init",
    keys: &["name", "component", "script", "dialect", "package_path"],
};
pub(super) const FEATURE: Keys = Keys {
    section: "pipeline.features",
    keys: &[
        "name",
        "component",
        "script",
        "dialect",
        "package_path",
        "when_no_auth",
    ],
};
pub(super) const BACKEND: Keys = Keys {
    section: "pipeline.backends",
    keys: &["name", "component", "script", "dialect", "package_path"],
};
pub(super) const FILTER: Keys = Keys {
    section: "pipeline.filters",
    keys: &[
        "name",
        "component",
        "script",
        "dialect",
        "package_path",
        "when_no_auth",
        "when_authenticated",
        "when_unauthenticated",
    ],
};
pub(super) const ACTION: Keys = Keys {
    section: "pipeline.actions",
    keys: &[
        "name",
        "on",
        "component",
        "script",
        "dialect",
        "package_path",
    ],
};
pub(super) const HOOK: Keys = Keys {
    section: "pipeline.hooks",
    keys: &[
        "name",
        "location",
        "method",
        "alias",
        "content_type",
        "component",
        "script",
        "dialect",
        "package_path",
    ],
};
pub(super) const PLUGIN: Keys = Keys {
    section: "plugins.NAME",
    keys: &["configuration", "grants", "limits", "on_error", "instances"],
};
pub(super) const GRANTS: Keys = Keys {
    section: "plugins.NAME.grants",
    keys: &[
        "password",
        "store",
        "metrics",
        "may-accept",
        "http",
        "secret",
        "environment",
    ],
};
pub(super) const HTTP_GRANT: Keys = Keys {
    section: "plugins.NAME.grants.http",
    keys: &[
        "hosts",
        "private",
        "methods",
        "response_bytes",
        "request_bytes",
        "timeout",
        "redirects",
        "ca_file",
    ],
};
pub(super) const PLUGIN_LIMITS: Keys = Keys {
    section: "plugins.NAME.limits",
    keys: &[
        "memory",
        "cpu",
        "wall_clock",
        "concurrency",
        "queue",
        "boundary_bytes",
        "log_lines",
        "host_calls",
    ],
};
pub(super) const LIMITS: Keys = Keys {
    section: "limits",
    keys: &[
        "body_bytes",
        "concurrent_requests",
        "context_bytes",
        "store_value_bytes",
        "password_threads",
        "password_queue",
        "password_memory",
        "password_rounds",
        "component_bytes",
        "instances",
        "load_timeout",
        "metric_series",
        "post_actions",
        "post_action_timeout",
        "connections",
        "head_bytes",
        "head_timeout",
        "header_count",
        "tls_handshake_timeout",
        "streams",
        "rate_limit_addresses",
        "cbor_depth",
        "cbor_items",
    ],
};
pub(super) const OBSERVE: Keys = Keys {
    section: "observe",
    keys: &[
        "log_level",
        "log_format",
        "decision_log",
        "decision_sample",
        "traces",
    ],
};
pub(super) const TRACES: Keys = Keys {
    section: "observe.traces",
    keys: &["endpoint", "sample", "service_name"],
};
pub(super) const RELOAD: Keys = Keys {
    section: "reload",
    keys: &["watch", "settle", "logins"],
};
pub(super) const EXAMPLE_LOGIN: Keys = Keys {
    section: "reload.logins",
    keys: &[
        "username",
        "password",
        "protocol",
        "client_ip",
        "tls",
        "expect",
    ],
};

/// All sections. The first one is the file itself.
pub const ALL: &[&Keys] = &[
    &TOP,
    &SERVER,
    &BASIC_AUTH,
    &LISTEN,
    &TLS,
    &HEADERS,
    &UPSTREAM,
    &RATE_LIMIT,
    &LOCKOUT,
    &COMPRESSION,
    &STORE,
    &SECRET,
    &PIPELINE,
    &FEATURE,
    &BACKEND,
    &FILTER,
    &ACTION,
    &INIT,
    &HOOK,
    &PLUGIN,
    &GRANTS,
    &HTTP_GRANT,
    &PLUGIN_LIMITS,
    &LIMITS,
    &OBSERVE,
    &TRACES,
    &RELOAD,
    &EXAMPLE_LOGIN,
];

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = written.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase().replace('-', "_");
            let likeness = strsim::normalized_damerau_levenshtein(&folded, &other)
                .max(strsim::jaro_winkler(&folded, &other) - 0.25);
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`, for messages.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_key_that_was_meant() {
        for (written, meant) in [
            ("lissten", "listen"),
            ("basic-auth", "basic_auth"),
            ("requesttimeout", "request_timeout"),
            ("Listen", "listen"),
            ("timeout", "request_timeout"),
        ] {
            let found = nearest(written, SERVER.keys.iter().copied());
            if written == "timeout" {
                assert_eq!(found, None);
            } else {
                assert_eq!(found, Some(meant));
            }
        }
    }

    #[test]
    fn a_word_of_its_own_is_no_typing_error() {
        assert_eq!(nearest("colour", SERVER.keys.iter().copied()), None);
    }
}
