//! The keys of the file itself, and of `store`, `secrets`, `limits`, `observe` and `reload`.

use super::kind::{
    DefaultValue::Computed, GIB, HOUR, KIB, Keys, Kind, MIB, MINUTE, SECOND, below, duration, flag,
    key, optional, required, size, whole, written,
};
use super::store::STORE;
use crate::config::yaml;

pub(in super::super) static TOP: Keys = Keys::new(
    "",
    &[
        optional(
            "include",
            Kind::Includes,
            "none",
            "Files that are read too: a path, or a list of paths. One `*` may stand in the last part \
             of each.",
        ),
        below(
            "server",
            Kind::Section(&super::server::SERVER),
            "Where and how to listen.",
        ),
        optional(
            "backend_health_checks",
            Kind::Section(&super::health::HEALTH_CHECKS),
            "none",
            "The servers behind the proxies, which of them live, and which one gets a login.",
        ),
        below("store", Kind::Section(&STORE), "Shared state."),
        optional(
            "cache",
            Kind::Section(&super::cache::CACHE),
            "none: nothing is cached",
            "What backends say of passwords, kept for a while. The section switches it on; it may be \
             empty (`cache: {}`).",
        ),
        optional(
            "secrets",
            Kind::Named(&SECRET),
            "none",
            "Secrets by name; plugins get those that they are granted.",
        ),
        below(
            "dns",
            Kind::Section(&super::lookups::DNS),
            "How names are looked up.",
        ),
        optional(
            "geoip",
            Kind::Named(&super::lookups::GEOIP_DATABASE),
            "none",
            "Databases that know where an address is, by name; plugins get those that they are granted.",
        ),
        below(
            "ldap",
            Kind::Section(&super::ldap::LDAP),
            "Directories that plugins may be allowed to ask.",
        ),
        optional(
            "sql",
            Kind::Named(&super::sql::SQL),
            "none",
            "SQL databases by name; plugins ask those that they are granted.",
        ),
        required(
            "pipeline",
            Kind::Section(&super::pipeline::PIPELINE),
            "Which plugins there are, and when each is asked.",
        ),
        optional(
            "plugins",
            Kind::Named(&super::plugins::PLUGIN),
            "none",
            "Configuration, grants and limits, by the names that `pipeline` uses.",
        ),
        optional(
            "brute_force",
            Kind::Section(&super::brute_force::BRUTE_FORCE),
            "none",
            "Counts failed logins by network, and bans networks.",
        ),
        below(
            "limits",
            Kind::Section(&LIMITS),
            "Limits of the server as a whole.",
        ),
        below(
            "observe",
            Kind::Section(&OBSERVE),
            "Logs, the decision log, traces.",
        ),
        below(
            "reload",
            Kind::Section(&RELOAD),
            "When the next generation is loaded, and what it must pass first.",
        ),
        key(
            "cache_directory",
            Kind::Path,
            Computed(
                "`$XDG_CACHE_HOME/bulkhead`, `~/.cache/bulkhead`; `/var/cache/bulkhead` for root",
                |config| Some(path(&config.cache_directory)),
            ),
            "Compiled components.",
        ),
    ],
);

fn path(path: &std::path::Path) -> String {
    yaml::written(&path.display().to_string())
}

pub(in super::super) static SECRET: Keys = Keys::new(
    "secrets.NAME",
    &[
        optional(
            "file",
            Kind::Path,
            "",
            "A file; its content without one line end at its end.",
        ),
        optional(
            "env",
            Kind::Text,
            "",
            "An environment variable of the server.",
        ),
    ],
)
.one_of(&["file", "env"]);

pub(in super::super) static LIMITS: Keys = Keys::new(
    "limits",
    &[
        size(
            "body_bytes",
            (KIB, 64 * MIB),
            "64KiB",
            "Largest request body.",
        ),
        whole(
            "concurrent_requests",
            (1, 1_000_000),
            "3000",
            "Requests at the same time.",
        ),
        size(
            "context_bytes",
            (KIB, GIB),
            "1MiB",
            "All context values of one request.",
        ),
        size("store_value_bytes", (KIB, GIB), "1MiB", "One stored value."),
        whole(
            "store_members",
            (1000, 10_000_000),
            "200000",
            "Members of a set, fields of a hash or elements of a list that one command to the store \
             names or one reply has.",
        ),
        size(
            "store_memory",
            (MIB, 64 * GIB),
            "1GiB",
            "What a store of `kind: memory` holds at most. A full one takes no further changes: they \
             fail for the time being.",
        ),
        key(
            "password_threads",
            Kind::Whole(1, 1024),
            Computed("number of cores", |config| {
                Some(config.limits.password_threads.to_string())
            }),
            "Password verifications at the same time.",
        ),
        whole(
            "password_queue",
            (0, 1_000_000),
            "256",
            "Verifications that wait.",
        ),
        size(
            "password_memory",
            (MIB, 16 * GIB),
            "256MiB",
            "Most memory that one stored hash may ask for.",
        ),
        whole(
            "password_rounds",
            (1000, 999_999_999),
            "1000000",
            "Most rounds of SHA-crypt, PBKDF2 and SCRAM.",
        ),
        size(
            "component_bytes",
            (KIB, GIB),
            "64MiB",
            "Largest component file.",
        ),
        whole(
            "instances",
            (1, 100_000),
            "1000",
            "Plugin instances at the same time, over all plugins.",
        ),
        duration(
            "load_timeout",
            (100, 10 * MINUTE),
            "10s",
            "For loading one plugin.",
        ),
        whole(
            "metric_series",
            (0, 1_000_000),
            "1000",
            "Series per plugin.",
        ),
        whole(
            "post_actions",
            (0, 1_000_000),
            "1000",
            "Post actions that run or wait; what comes beyond is dropped, counted and logged.",
        ),
        whole(
            "post_action_workers",
            (1, 100_000),
            "32",
            "Logins whose post actions run at the same time; those of others wait their turn. More than \
             `concurrency` and `queue` of a plugin together would have it refuse some.",
        ),
        duration(
            "post_action_timeout",
            (100, HOUR),
            "30s",
            "For the post actions of one login together, from the moment when the first begins.",
        ),
        duration(
            "post_action_grace",
            (10, 10 * MINUTE),
            "10s",
            "What post actions get to end when the server does; the rest is dropped. The service manager must \
             wait longer.",
        ),
        whole(
            "jobs",
            (1, 10_000),
            "100",
            "Asynchronous jobs of administrators that run or wait.",
        ),
        duration(
            "job_timeout",
            (SECOND, 24 * HOUR),
            "10m",
            "For one job to run.",
        ),
        duration(
            "job_lifetime",
            (MINUTE, 30 * 24 * HOUR),
            "1h",
            "For how long the record of a job is kept.",
        ),
        whole(
            "connections",
            (1, 1_000_000),
            "10000",
            "Connections at the same time; more wait to be accepted.",
        ),
        size(
            "head_bytes",
            (8 * KIB, MIB),
            "64KiB",
            "Largest head of a request. In HTTP/2 each field counts 32 bytes more (RFC 9113 6.5.2).",
        ),
        duration(
            "head_timeout",
            (100, 10 * MINUTE),
            "30s",
            "For the head of a request to arrive, idle time of a kept connection included, and for a client \
             to take some of an answer.",
        ),
        whole(
            "header_count",
            (10, 10_000),
            "100",
            "Header fields of one request.",
        ),
        duration(
            "tls_handshake_timeout",
            (100, 10 * MINUTE),
            "10s",
            "For the TLS handshake and the PROXY header before it.",
        ),
        whole(
            "streams",
            (1, 10_000),
            "200",
            "Requests at the same time on one HTTP/2 connection.",
        ),
        whole(
            "rate_limit_addresses",
            (1, 10_000_000),
            "100000",
            "Addresses that `server.rate_limit` and `server.lockout` remember.",
        ),
        whole("cbor_depth", (1, 256), "32", "Nesting of a CBOR request."),
        whole(
            "cbor_items",
            (1, 1_000_000),
            "4096",
            "Elements or pairs in one array or map of a CBOR request.",
        ),
    ],
);

pub(in super::super) static OBSERVE: Keys = Keys::new(
    "observe",
    &[
        written(
            "log_level",
            Kind::Choice(&["error", "warn", "info", "debug"]),
            "info",
            "`error`, `warn`, `info` or `debug`.",
        ),
        written(
            "log_format",
            Kind::Choice(&["text", "json"]),
            "text",
            "`text` or `json`. Logs go to standard error.",
        ),
        optional(
            "decision_log",
            Kind::Path,
            "none",
            "A file that gets one JSON object per login, with its trace.",
        ),
        written(
            "decision_sample",
            Kind::Share,
            "1",
            "The share of logins that the decision log gets; the session id decides. Temporary \
             failures, and requests with the header `X-Bulkhead-Trace: 1`, are always written. See \
             [OBSERVE.md](OBSERVE.md).",
        ),
        optional(
            "traces",
            Kind::Section(&TRACES),
            "none",
            "Where OpenTelemetry traces go.",
        ),
    ],
);

pub(in super::super) static TRACES: Keys = Keys::new(
    "observe.traces",
    &[
        required(
            "endpoint",
            Kind::Text,
            "URL of an OTLP/HTTP collector: `http://127.0.0.1:4318/v1/traces`.",
        ),
        written(
            "sample",
            Kind::Share,
            "1",
            "The share of logins without a trace context that are traced.",
        ),
        written(
            "service_name",
            Kind::Text,
            "bulkhead",
            "What traces call this server.",
        ),
    ],
);

pub(in super::super) static RELOAD: Keys = Keys::new(
    "reload",
    &[
        flag(
            "watch",
            "true",
            "Load the next generation when a file changes that the running one was made of.",
        ),
        duration(
            "settle",
            (10, MINUTE),
            "300ms",
            "How long files must have been left alone before that.",
        ),
        optional(
            "logins",
            Kind::Sections(&EXAMPLE_LOGIN),
            "none",
            "Example logins that each generation must decide as expected before it serves.",
        ),
    ],
);

pub(in super::super) static EXAMPLE_LOGIN: Keys = Keys::new(
    "reload.logins",
    &[
        required("username", Kind::Text, "Who logs in."),
        optional(
            "password",
            Kind::Password,
            "none",
            "The text, `{file: NAME}` or `{env: VARIABLE}`. Without one, the user is looked up.",
        ),
        written("protocol", Kind::Text, "imap", "What the client speaks."),
        written("client_ip", Kind::Ip, "127.0.0.1", "Where it comes from."),
        flag(
            "tls",
            "true",
            "The client's connection counts as encrypted.",
        ),
        written(
            "expect",
            Kind::Choice(&["accept", "reject", "temporary-failure"]),
            "accept",
            "`accept`, `reject` or `temporary-failure`.",
        ),
    ],
);
