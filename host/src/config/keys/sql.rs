//! The keys of `sql.NAME` and of `plugins.NAME.grants.sql`.

use super::kind::{
    DefaultValue::Computed, GIB, HOUR, KIB, Keys, Kind, MINUTE, duration, flag, key, optional,
    required, size, whole,
};

pub(in super::super) static SQL: Keys = Keys::new(
    "sql.NAME",
    &[
        required(
            "kind",
            Kind::Choice(&["postgresql", "mysql", "sqlite"]),
            "`postgresql`, `mysql` (MariaDB too) or `sqlite`.",
        ),
        optional(
            "hosts",
            Kind::Texts,
            "none",
            "List of `name`, `name:port`, an IP address, `[v6]:port` or a path: the socket of MariaDB, the \
             folder of PostgreSQL's socket. The first that can be reached is asked. Not for SQLite.",
        ),
        optional(
            "replicas",
            Kind::Texts,
            "none",
            "Hosts that are tried before `hosts` by plugins that may only read.",
        ),
        optional(
            "path",
            Kind::Path,
            "none",
            "The database file. SQLite only.",
        ),
        optional(
            "database",
            Kind::Text,
            "none",
            "Name of the database on the server. Not for SQLite.",
        ),
        optional(
            "username",
            Kind::Text,
            "none",
            "Who asks. Give this account no more rights than the statements need. Not for SQLite.",
        ),
        optional(
            "password",
            Kind::Password,
            "none",
            "The text, `{file: NAME}` or `{env: VARIABLE}`.",
        ),
        key(
            "tls",
            Kind::Choice(&["off", "require", "verify-ca", "verify-full"]),
            Computed(
                "`off` for sockets and loopback addresses, else `verify-full`",
                |_| None,
            ),
            "`off`; `require`: encrypted, whoever answers; `verify-ca`: the certificate is checked; \
             `verify-full`: and the host's name in it.",
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
            "Certificate of this server for the database, in PEM.",
        ),
        optional("key", Kind::Path, "none", "Its private key, in PEM.").with("certificate"),
        whole(
            "connections",
            (1, 10_000),
            "10",
            "To each host at the same time; as many again for plugins that may change something.",
        ),
        duration(
            "connect_timeout",
            (10, MINUTE),
            "2s",
            "Until a new connection can be used.",
        ),
        duration(
            "wait_timeout",
            (1, MINUTE),
            "1s",
            "For one of the connections to be free.",
        ),
        duration(
            "query_timeout",
            (10, 10 * MINUTE),
            "3s",
            "Of one statement.",
        ),
        duration(
            "idle_timeout",
            (1000, 24 * HOUR),
            "5m",
            "After which an unused connection is given up.",
        ),
        whole("rows", (1, 10_000_000), "10000", "Most rows of one answer."),
        size(
            "result_bytes",
            (KIB, GIB),
            "4MiB",
            "Most bytes of one answer.",
        ),
        whole(
            "failures",
            (1, 1000),
            "5",
            "Failures in a row (no connection, broken connection, no answer in time) after which a host is \
             left alone for `cool_down`.",
        ),
        duration(
            "cool_down",
            (100, HOUR),
            "10s",
            "Then one statement at a time tries whether it is back.",
        ),
        duration(
            "probe_interval",
            (100, HOUR),
            "10s",
            "Between two looks at each host, for `/healthz` and so that logins need not find out.",
        ),
    ],
);

pub(in super::super) static SQL_GRANT: Keys = Keys::new(
    "plugins.NAME.grants.sql",
    &[
        required("databases", Kind::Texts, "Names in `sql`."),
        flag(
            "read_only",
            "true",
            "Statements that change something are refused, and connections are set to read only. What \
             counts in the end are the rights of the database's account.",
        ),
    ],
);
