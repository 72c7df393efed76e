//! The keys of `ldap`.

use super::kind::{
    GIB, HOUR, KIB, Keys, Kind, MINUTE, SECOND, duration, flag, optional, required, size, whole,
    written,
};

pub(in super::super) static LDAP: Keys = Keys::new(
    "ldap",
    &[optional(
        "pools",
        Kind::Named(&LDAP_POOL),
        "none",
        "Directories by name. Plugins reach those that they are granted.",
    )],
);

pub(in super::super) static LDAP_POOL: Keys = Keys::new(
    "ldap.pools.NAME",
    &[
        required(
            "uris",
            Kind::Texts,
            "Servers with the same content: `ldap://host:port`, `ldaps://host:port`, \
             `ldapi:///socket`. The first that works is asked.",
        ),
        flag(
            "spread",
            "false",
            "Each request begins with another server instead of with the first.",
        ),
        flag(
            "start_tls",
            "false",
            "Encrypt `ldap` connections with StartTLS. A server that refuses is not used.",
        ),
        optional(
            "ca_file",
            Kind::Path,
            "the system's",
            "Certificate authorities in PEM.",
        ),
        optional(
            "certificate",
            Kind::Path,
            "none",
            "The certificate that servers are shown, in PEM, with its chain.",
        )
        .with("key"),
        optional("key", Kind::Path, "none", "Its key in PEM.").with("certificate"),
        optional(
            "bind_dn",
            Kind::Text,
            "anonymous",
            "As whom to search and change.",
        )
        .with("bind_password"),
        optional(
            "bind_password",
            Kind::Password,
            "none",
            "The text, `{file: NAME}` or `{env: VARIABLE}`.",
        )
        .with("bind_dn"),
        flag(
            "external",
            "false",
            "Instead: as whoever the certificate or the socket says (SASL EXTERNAL).",
        ),
        whole(
            "search_connections",
            (1, 10_000),
            "10",
            "Connections to each server for searches and changes.",
        ),
        whole(
            "bind_connections",
            (1, 10_000),
            "10",
            "Connections to each server for users' passwords; nothing else is asked on them.",
        ),
        duration(
            "idle_timeout",
            (SECOND, 24 * HOUR),
            "5m",
            "An idle connection is closed after that.",
        ),
        duration(
            "connect_timeout",
            (1, MINUTE),
            "2s",
            "For a connection, TLS and the pool's own bind included; also for a free connection.",
        ),
        duration(
            "search_timeout",
            (1, 10 * MINUTE),
            "3s",
            "For a whole search.",
        ),
        duration("bind_timeout", (1, MINUTE), "3s", "For a user's bind."),
        duration("modify_timeout", (1, MINUTE), "5s", "For a change."),
        whole(
            "retries",
            (0, 10),
            "2",
            "Further rounds over all servers after one in which none answered, as far as the request's \
             deadline allows.",
        ),
        duration(
            "retry_delay",
            (1, MINUTE),
            "200ms",
            "Before the first of them; it doubles.",
        ),
        duration("retry_delay_limit", (1, MINUTE), "2s", "Up to that."),
        whole(
            "breaker_failures",
            (1, 1000),
            "5",
            "Failures in a row after which a server is left alone.",
        ),
        duration(
            "breaker_cool_down",
            (10, HOUR),
            "30s",
            "For how long; then one request tries it.",
        ),
        duration(
            "probe_interval",
            (100, HOUR),
            "10s",
            "How often each server is tried out, for `/healthz`, metrics and the breaker.",
        ),
        duration("probe_timeout", (1, MINUTE), "1500ms", "For that."),
        written(
            "referrals",
            Kind::Choice(&["fail", "ignore"]),
            "fail",
            "What it means when a search says that more may be found elsewhere: `fail`, a temporary \
             failure, or `ignore`. An answer that is nothing but a referral always fails.",
        ),
        whole(
            "max_entries",
            (1, 10_000_000),
            "100000",
            "Entries of one search.",
        ),
        size(
            "response_bytes",
            (KIB, GIB),
            "16MiB",
            "Bytes of one search's answer.",
        ),
    ],
);
