//! The keys of `dns` and `geoip`.

use super::kind::{GIB, HOUR, KIB, Keys, Kind, MINUTE, duration, optional, required, size, whole};

/// The longest time that an answer is kept: a day.
const DAY: u64 = 24 * HOUR;

pub(in super::super) static DNS: Keys = Keys::new(
    "dns",
    &[
        optional(
            "servers",
            Kind::Texts,
            "the system's",
            "List of name servers: `address` or `address:port`; without a port, 53. They must resolve \
             names by themselves (recursion). Without any, those of `/etc/resolv.conf`.",
        ),
        duration(
            "timeout",
            (10, MINUTE),
            "3s",
            "Of one question, all attempts included.",
        ),
        whole(
            "attempts",
            (1, 10),
            "2",
            "How often a question is tried; each gets its share of `timeout`. An answer that does not \
             fit into a datagram is asked for again over TCP.",
        ),
        whole(
            "cache_entries",
            (0, 10_000_000),
            "8192",
            "Answers that are kept, those that a name does not exist included. Failures are not kept.",
        ),
        duration(
            "min_ttl",
            (0, DAY),
            "0s",
            "Answers are kept at least this long.",
        ),
        duration(
            "max_ttl",
            (0, DAY),
            "1h",
            "Answers are kept at most this long.",
        ),
        duration(
            "max_negative_ttl",
            (0, DAY),
            "5m",
            "That a name does not exist is kept at most this long.",
        ),
        whole(
            "concurrency",
            (1, 100_000),
            "256",
            "Questions at the same time; more wait, within their timeout.",
        ),
        whole(
            "questions",
            (1, 10_000),
            "64",
            "Questions of one call of a plugin.",
        ),
        whole(
            "breaker_failures",
            (1, 100_000),
            "20",
            "Questions in a row to which nothing came back, after which the name servers are left alone: \
             questions fail at once. Answers that are errors do not count.",
        ),
        duration(
            "breaker_cool_down",
            (10, HOUR),
            "2s",
            "For how long; then one question tries.",
        ),
    ],
);

pub(in super::super) static GEOIP_DATABASE: Keys = Keys::new(
    "geoip.NAME",
    &[
        required(
            "file",
            Kind::Path,
            "A database in MaxMind's format, such as GeoLite2-City. When it changes, it is read anew; \
             one that cannot be used refuses the reload, and the former one stays.",
        ),
        size(
            "max_bytes",
            (KIB, 16 * GIB),
            "512MiB",
            "A larger file is refused: it is held in memory.",
        ),
    ],
);
