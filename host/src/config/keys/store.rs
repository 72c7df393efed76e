//! The keys of `store` and of its sections.

use super::kind::{
    DefaultValue::Computed, Keys, Kind, MINUTE, duration, flag, key, optional, required, whole,
    written,
};
use crate::config::{schema::StoreConfig, yaml};

pub(in super::super) static STORE: Keys = Keys::new(
    "store",
    &[
        written(
            "kind",
            Kind::Choice(&["redb", "memory", "redis"]),
            "redb",
            "`redb`: a database file. `memory`: gone when the server ends. `redis`: one or several \
             Redis servers, which several Bulkhead servers may share.",
        ),
        key(
            "path",
            Kind::Path,
            Computed(
                "`$XDG_STATE_HOME/bulkhead/bulkhead.redb`, `~/.local/state/…`; \
                 `/var/lib/bulkhead/bulkhead.redb` for root",
                |config| match &config.store {
                    StoreConfig::Redb { path } => Some(yaml::written(&path.display().to_string())),
                    StoreConfig::Memory | StoreConfig::Redis(_) => None,
                },
            ),
            "The database file, with `kind: redb`.",
        ),
        optional(
            "redis",
            Kind::Section(&REDIS),
            "none",
            "The servers, with `kind: redis`.",
        ),
    ],
);

pub(in super::super) static REDIS: Keys = Keys::new(
    "store.redis",
    &[
        optional(
            "primary",
            Kind::Section(&REDIS_PRIMARY),
            "",
            "One server that takes all changes.",
        ),
        optional(
            "sentinels",
            Kind::Section(&REDIS_SENTINELS),
            "",
            "Redis Sentinel, which knows the primary and its replicas.",
        ),
        optional(
            "cluster",
            Kind::Section(&REDIS_CLUSTER),
            "",
            "Redis Cluster.",
        ),
        optional(
            "replica",
            Kind::Section(&REDIS_REPLICA),
            "none",
            "Copies of `primary` that answer what only reads. Needs `read_from_replicas`.",
        )
        .with("primary"),
        optional(
            "username",
            Kind::Text,
            "the server's default user",
            "A user of Redis' ACL.",
        )
        .with("password"),
        optional(
            "password",
            Kind::Password,
            "none",
            "`{file: NAME}`, `{env: VARIABLE}`, or the text itself.",
        ),
        optional(
            "tls",
            Kind::Section(&REDIS_TLS),
            "none",
            "Speak TLS with the servers, and with the sentinels. `tls: {}` trusts the system's authorities.",
        ),
        whole(
            "database_number",
            (0, 65_535),
            "0",
            "The database; a cluster has only number 0.",
        ),
        written(
            "prefix",
            Kind::Text,
            "bulkhead:",
            "What the names of all keys and channels begin with; without `{` and `}`. Servers with the same \
             prefix in the same database share bans, counters and caches.",
        ),
        flag(
            "read_from_replicas",
            "false",
            "What only reads may be answered by a replica, which may lag behind. If none answers, the \
             primary is asked.",
        ),
        whole(
            "min_replicas",
            (0, 16),
            "0",
            "A change counts as made when so many replicas have it (`WAIT`); otherwise the operation fails. \
             With 0, what Redis acknowledged in its last moment can be lost in a fail-over.",
        ),
        whole(
            "pool_size",
            (1, 256),
            "4",
            "Connections to each server. Many operations share one.",
        ),
        whole(
            "concurrency",
            (1, 65_536),
            "1024",
            "Operations at the same time; further ones wait.",
        ),
        duration(
            "pool_timeout",
            (1, MINUTE),
            "1s",
            "Longest such wait.",
        ),
        duration(
            "dial_timeout",
            (1, MINUTE),
            "2s",
            "Until a new connection can be used.",
        ),
        duration(
            "read_timeout",
            (1, MINUTE),
            "1s",
            "Until the answer to what only reads.",
        ),
        duration(
            "write_timeout",
            (1, MINUTE),
            "1s",
            "Until the answer to what changes something.",
        ),
        duration(
            "operation_timeout",
            (1, MINUTE),
            "3s",
            "For one operation with all its tries.",
        ),
        whole(
            "max_retries",
            (0, 100),
            "10",
            "Further tries within that time. A change whose fate is unknown is never tried again, unless \
             doing it twice makes no difference.",
        ),
        written(
            "on_outage",
            Kind::Choice(&["tempfail", "local"]),
            "tempfail",
            "While Redis is away. `tempfail`: what needs the store fails temporarily. `local`: a store in \
             memory takes over until Redis is back; what it counts counts for this server alone, and is \
             forgotten then.",
        ),
    ],
)
.one_of(&["primary", "sentinels", "cluster"]);

pub(in super::super) static REDIS_PRIMARY: Keys = Keys::new(
    "store.redis.primary",
    &[required(
        "address",
        Kind::Text,
        "Name or IP address, and port: `redis.example.org:6379`.",
    )],
);

pub(in super::super) static REDIS_REPLICA: Keys = Keys::new(
    "store.redis.replica",
    &[required(
        "addresses",
        Kind::Texts,
        "Names or IP addresses, with ports.",
    )],
);

pub(in super::super) static REDIS_SENTINELS: Keys = Keys::new(
    "store.redis.sentinels",
    &[
        required(
            "master",
            Kind::Text,
            "The name by which the sentinels know the primary (`sentinel monitor NAME …`).",
        ),
        required(
            "addresses",
            Kind::Texts,
            "The sentinels: names or IP addresses, with ports.",
        ),
        optional(
            "username",
            Kind::Text,
            "none",
            "A user of the sentinels themselves.",
        )
        .with("password"),
        optional(
            "password",
            Kind::Password,
            "none",
            "Of the sentinels themselves.",
        ),
    ],
);

pub(in super::super) static REDIS_CLUSTER: Keys = Keys::new(
    "store.redis.cluster",
    &[required(
        "addresses",
        Kind::Texts,
        "Some of the nodes: names or IP addresses, with ports. They know the others.",
    )],
);

pub(in super::super) static REDIS_TLS: Keys = Keys::new(
    "store.redis.tls",
    &[
        optional(
            "ca_file",
            Kind::Path,
            "the system's",
            "The authorities that may have signed the servers' certificates (PEM).",
        ),
        optional(
            "certificate",
            Kind::Path,
            "none",
            "The certificate that we show (PEM), own certificate first.",
        )
        .with("key"),
        optional("key", Kind::Path, "none", "Its private key (PEM).").with("certificate"),
    ],
);
