//! The keys of `brute_force`.

use super::kind::{
    DAY, Keys, Kind, MINUTE, SECOND, below, duration, flag, optional, required, whole, written,
};

pub(in super::super) static BRUTE_FORCE: Keys = Keys::new(
    "brute_force",
    &[
        required(
            "buckets",
            Kind::Sections(&BUCKET),
            "What is counted, in the order in which it is looked at; at most 32.",
        ),
        optional(
            "protocols",
            Kind::Texts,
            "all",
            "The control looks at logins over these protocols only.",
        ),
        optional(
            "ip_allowlist",
            Kind::Networks,
            "none",
            "Clients in these networks are never counted or banned.",
        ),
        optional(
            "allowlist",
            Kind::Sections(&ALLOWED),
            "none",
            "Users who are never counted or banned when they come from their networks.",
        ),
        optional(
            "learning",
            Kind::Texts,
            "none",
            "Names of features, or of their events (`lua`, `relay_domains`, `rbl`), whose rejects count as \
             failed logins too.",
        ),
        duration(
            "tolerate_ttl",
            (0, 365 * DAY),
            "0s",
            "How long it is remembered which users of an address succeeded and failed. `0s`: nothing is \
             tolerated.",
        ),
        whole(
            "tolerate_percent",
            (0, 100),
            "10",
            "An address over a limit is let through while no more users of it have failed than so many in a \
             hundred of those that succeeded. Where more succeed than fail, limits are raised by as much.",
        ),
        flag(
            "adaptive_toleration",
            "false",
            "The percentage grows with the logarithm of the number of users that succeed.",
        ),
        whole("min_tolerate_percent", (0, 100), "10", "Where it begins."),
        whole("max_tolerate_percent", (0, 100), "50", "Where it ends."),
        written(
            "scale_factor",
            Kind::Decimal(0, 100),
            "1",
            "How fast it grows: with 1 it ends at 99 users.",
        ),
        optional(
            "custom_tolerations",
            Kind::Sections(&CUSTOM_TOLERATION),
            "none",
            "Other percentages for some networks. Of those that hold a client the smallest counts.",
        ),
        whole(
            "tolerate_users",
            (1, 1_000_000),
            "1000",
            "Users that are remembered of one address; the one seen longest ago goes.",
        ),
        below(
            "ip_scoping",
            Kind::Section(&IP_SCOPING),
            "Which IPv6 addresses count as one client.",
        ),
        whole(
            "rwp_allowed_unique_hashes",
            (0, 100),
            "3",
            "So many different wrong passwords of a known account, however often they are repeated, do not \
             count; the next one counts for them too. 0: each wrong password counts.",
        ),
        duration(
            "rwp_window",
            (SECOND, 365 * DAY),
            "15m",
            "How long a wrong password is known as a repeated one after it was last seen.",
        ),
        flag(
            "cold_start_grace_enabled",
            "false",
            "The first wrong password of a known account at an address is forgiven: it counts nowhere and is not \
             known as a repeated one.",
        ),
        duration(
            "cold_start_grace_ttl",
            (SECOND, 365 * DAY),
            "1h",
            "So long after one was forgiven, none is forgiven to that account at that address.",
        ),
        below(
            "password_history",
            Kind::Section(&PASSWORD_HISTORY),
            "Digests of wrong passwords, for the log line of a login.",
        ),
        flag(
            "pw_history_for_known_accounts",
            "false",
            "Only known accounts have a history.",
        ),
        whole(
            "account_addresses",
            (0, 1000),
            "100",
            "Addresses, each with its protocols, that are remembered of one account, so that a flush of the \
             user reaches what is kept there; the one seen longest ago goes. 0: none.",
        ),
        duration(
            "decision_cache",
            (0, MINUTE),
            "1s",
            "How long a ban holds without the store being asked.",
        ),
        whole(
            "decision_cache_entries",
            (1, 10_000_000),
            "100000",
            "Bans that are known so.",
        ),
        optional(
            "digest_key",
            Kind::Password,
            "one is drawn and kept in the store",
            "Keys the digests of wrong passwords: the text, `{file: NAME}` or `{env: VARIABLE}`, of 16 \
             bytes or more, the same on all nodes.",
        ),
        written(
            "list_format",
            Kind::Choice(&["v3", "v1"]),
            "v3",
            "How `/api/v1/bruteforce/list` answers: as Nauthilus 3 (`v3`) or 1 (`v1`).",
        ),
    ],
);

pub(in super::super) static BUCKET: Keys = Keys::new(
    "brute_force.buckets",
    &[
        required(
            "name",
            Kind::Text,
            "Its name in logs, metrics and lists: up to 64 letters, digits, `_`, `-` and `.`.",
        ),
        duration_required("period", "Failures count for so long; the window slides."),
        duration(
            "ban_time",
            (SECOND, 365 * DAY),
            "8h",
            "How long a network is banned.",
        ),
        required(
            "cidr",
            Kind::Whole(1, 128),
            "Length of the prefix that makes up a network; at most 32 with `ipv4`.",
        ),
        flag("ipv4", "false", "Counts clients with IPv4 addresses."),
        flag("ipv6", "false", "Counts clients with IPv6 addresses."),
        required(
            "failed_requests",
            Kind::Whole(1, 1_000_000),
            "After so many failures in the period the next attempt is rejected and the network banned.",
        ),
        optional(
            "filter_by_protocol",
            Kind::Texts,
            "all together",
            "Counts, and bans, these protocols only, each for itself.",
        ),
        optional(
            "filter_by_oidc_cid",
            Kind::Texts,
            "all together",
            "Counts, and bans, logins through these clients of an identity provider only, each for itself.",
        ),
    ],
);

const fn duration_required(name: &'static str, meaning: &'static str) -> super::Key {
    required(name, Kind::Duration(SECOND, 365 * DAY), meaning)
}

pub(in super::super) static ALLOWED: Keys = Keys::new(
    "brute_force.allowlist",
    &[
        required("username", Kind::Text, "As the client gives it."),
        required("networks", Kind::Networks, "Where the user may come from."),
    ],
);

pub(in super::super) static CUSTOM_TOLERATION: Keys = Keys::new(
    "brute_force.custom_tolerations",
    &[
        required("ip_address", Kind::Text, "An address or a network."),
        required(
            "tolerate_percent",
            Kind::Whole(0, 100),
            "As `brute_force.tolerate_percent`.",
        ),
        optional(
            "tolerate_ttl",
            Kind::Duration(0, 365 * DAY),
            "that of `brute_force`",
            "As `brute_force.tolerate_ttl`.",
        ),
    ],
);

pub(in super::super) static IP_SCOPING: Keys = Keys::new(
    "brute_force.ip_scoping",
    &[
        whole(
            "rwp_ipv6_cidr",
            (0, 128),
            "0",
            "Repeated wrong passwords are remembered by prefixes of this length; 0 is the address.",
        ),
        whole(
            "tolerations_ipv6_cidr",
            (0, 128),
            "0",
            "Tolerations are remembered by prefixes of this length; 0 is the address.",
        ),
    ],
);

pub(in super::super) static PASSWORD_HISTORY: Keys = Keys::new(
    "brute_force.password_history",
    &[
        whole(
            "max_entries",
            (0, 10_000),
            "100",
            "Different wrong passwords that are remembered of an account at an address, and of an address. \
             0: none.",
        ),
        duration(
            "ttl",
            (SECOND, 365 * DAY),
            "1h",
            "How long after the last one.",
        ),
    ],
);
