//! The keys of `cache` and of `pipeline.master_users`.

use super::kind::{
    DefaultValue, GIB, HOUR, Keys, Kind, MIB, MINUTE, duration, flag, key, optional, required, size,
};

pub(in super::super) static CACHE: Keys = Keys::new(
    "cache",
    &[
        duration(
            "memory_ttl",
            (0, HOUR),
            "30s",
            "How long this process keeps what the backends said, for logins that are equal in all but \
             ports, ids and the HTTP request behind them; `0s`: not at all.",
        ),
        size(
            "memory_bytes",
            (MIB, 64 * GIB),
            "64MiB",
            "About the most memory for it; beyond it the least used goes.",
        ),
        duration(
            "store_ttl",
            (0, 30 * 24 * HOUR),
            "1h",
            "How long the store keeps what the backends said of an account, for logins over the same \
             protocol (or with the same `cache_name`); up to a tenth less, at random. `0s`: not at all.",
        ),
        duration(
            "store_timeout",
            (1, MINUTE),
            "500ms",
            "How long a login waits for the store before it asks the backends. After that, logins do \
             without the store for a second.",
        ),
        duration(
            "negative_ttl",
            (0, 10 * MINUTE),
            "0s",
            "How long a wrong password or an unknown user is remembered; such a reject counts like any \
             other. `0s`: not at all. A password that somebody tries before it is set is refused for that \
             long afterwards.",
        ),
        flag(
            "negative_in_store",
            "false",
            "The store remembers wrong passwords and unknown users too.",
        ),
        flag(
            "by_client_address",
            "false",
            "What the store keeps holds only for the client's address. Needed where a backend looks at \
             it; a filter that does needs nothing.",
        ),
        key(
            "secret",
            Kind::Password,
            DefaultValue::Absent("none: nothing is kept in the store"),
            "16 bytes or more, the same on all nodes: entries in the store are sealed under keys made \
             of it. Another secret makes them unreadable, which is as if they had expired.",
        ),
    ],
);

pub(in super::super) static MASTER_USERS: Keys = Keys::new(
    "pipeline.master_users",
    &[
        optional(
            "format",
            Kind::Text,
            "`\"{user}*{master_user}\"`",
            "How a master user writes both names. A name that can be taken apart in two ways is an \
             ordinary one.",
        ),
        optional(
            "delimiter",
            Kind::Text,
            "none",
            "Instead of `format`: what stands between the name of the user and that of the master.",
        ),
        required(
            "accounts",
            Kind::Texts,
            "The accounts whose passwords let somebody log in as another user.",
        ),
        optional(
            "networks",
            Kind::Networks,
            "everywhere",
            "Where such a login may come from.",
        ),
    ],
);
