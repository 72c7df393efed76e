//! The keys of `plugins.NAME` and of its sections.

use super::kind::{
    GIB, HOUR, KIB, Keys, Kind, MINUTE, below, duration, flag, key, optional, required, size,
    whole, written,
};

pub(in super::super) static PLUGIN: Keys = Keys::new(
    "plugins.NAME",
    &[
        optional(
            "configuration",
            Kind::Anything,
            "none",
            "Handed to the plugin as it is.",
        ),
        key(
            "grants",
            Kind::Section(&GRANTS),
            super::kind::DefaultValue::Below,
            "What the plugin may ask the host to do: nothing, unless it is written there.",
        ),
        below(
            "limits",
            Kind::Section(&PLUGIN_LIMITS),
            "How much it may use.",
        ),
        written(
            "on_error",
            Kind::Choice(&["tempfail", "reject", "skip"]),
            "tempfail",
            "What a failure of the plugin means: `tempfail`, `reject`, or `skip` (as if it were not \
             configured).",
        ),
        written(
            "instances",
            Kind::Choice(&["fresh", "pooled"]),
            "fresh",
            "`fresh`: every call starts from the image made at load. `pooled`: instances serve one \
             call after the other; faster, and what a call leaves in memory the next call sees.",
        ),
    ],
);

pub(in super::super) static GRANTS: Keys = Keys::new(
    "plugins.NAME.grants",
    &[
        flag(
            "password",
            "false",
            "See the password; have hashes verified.",
        ),
        flag(
            "store",
            "false",
            "Use the shared store, in a namespace of its own.",
        ),
        flag("metrics", "false", "Count and measure."),
        flag(
            "may-accept",
            "false",
            "Filters only: turn a reject into an accept.",
        ),
        optional(
            "http",
            Kind::Section(&HTTP_GRANT),
            "nothing",
            "Send HTTP requests.",
        ),
        optional(
            "ldap",
            Kind::Section(&LDAP_GRANT),
            "nothing",
            "Ask directories.",
        ),
        optional(
            "sql",
            Kind::Section(&super::sql::SQL_GRANT),
            "nothing",
            "Ask SQL databases.",
        ),
        optional("secret", Kind::Texts, "none", "Names in `secrets`."),
        optional(
            "dns",
            Kind::FlagOrTexts,
            "nothing",
            "Ask the domain name system: `true` for any name, or a list of zones.",
        ),
        optional("geoip", Kind::Texts, "none", "Names in `geoip`."),
        optional(
            "environment",
            Kind::Texts,
            "none",
            "Scripts only: names of environment variables.",
        ),
        optional(
            "files",
            Kind::Paths,
            "none",
            "Scripts only: files, and folders with all that is below them, which the script may read.",
        ),
    ],
);

pub(in super::super) static HTTP_GRANT: Keys = Keys::new(
    "plugins.NAME.grants.http",
    &[
        required(
            "hosts",
            Kind::Texts,
            "List of `name`, `name:port`, `*.name`, an IP address, `[v6]:port`, or a network. Without \
             a port, 80 and 443.",
        ),
        flag(
            "private",
            "false",
            "Names may resolve to loopback, private and link-local addresses. Addresses and networks \
             in `hosts` need no `private`.",
        ),
        optional("methods", Kind::Texts, "all", "List of methods."),
        size("response_bytes", (0, GIB), "1MiB", "Largest response."),
        size("request_bytes", (0, GIB), "1MiB", "Largest request body."),
        duration("timeout", (1, 10 * MINUTE), "5s", "Of one exchange."),
        whole(
            "redirects",
            (0, 20),
            "5",
            "Most redirects that a request may ask for.",
        ),
        optional(
            "ca_file",
            Kind::Path,
            "the system's",
            "Certificate authorities in PEM.",
        ),
        whole(
            "breaker_failures",
            (1, 100_000),
            "10",
            "Requests in a row to one destination (scheme, host and port) to which nothing came back \
             (no address, no connection, no trust, a broken message, no answer in time), after which it is \
             left alone: requests to it fail at once. Any status is an answer.",
        ),
        duration(
            "breaker_cool_down",
            (10, HOUR),
            "2s",
            "For how long; then one request tries.",
        ),
    ],
);

pub(in super::super) static LDAP_GRANT: Keys = Keys::new(
    "plugins.NAME.grants.ldap",
    &[
        required("pools", Kind::Texts, "Names in `ldap.pools`."),
        flag("modify", "false", "Change entries as well."),
    ],
);

pub(in super::super) static PLUGIN_LIMITS: Keys = Keys::new(
    "plugins.NAME.limits",
    &[
        // 64 KiB is one page of WebAssembly memory; 4 GiB is all that it can address.
        size("memory", (64 * KIB, 4 * GIB), "32MiB", "Linear memory."),
        duration(
            "cpu",
            (1, 10 * MINUTE),
            "1s",
            "Time in the plugin's code and in host functions that do not wait.",
        ),
        duration(
            "wall_clock",
            (1, 10 * MINUTE),
            "5s",
            "From start to end, waiting included.",
        ),
        whole("concurrency", (1, 100_000), "32", "Calls at the same time."),
        whole(
            "queue",
            (0, 1_000_000),
            "256",
            "Calls that wait for a slot.",
        ),
        size(
            "boundary_bytes",
            (KIB, GIB),
            "4MiB",
            "All that the plugin hands to the host.",
        ),
        size(
            "file_bytes",
            (0, GIB),
            "16MiB",
            "Largest file that a script reads.",
        ),
        whole(
            "log_lines",
            (0, 1_000_000),
            "100",
            "Further lines are dropped and counted.",
        ),
        whole(
            "host_calls",
            (0, 100_000_000),
            "10000",
            "Calls of imported functions.",
        ),
    ],
);
