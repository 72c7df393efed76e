//! The keys of `backend_health_checks` and of its targets.

use super::kind::{
    DefaultValue::Computed, HOUR, Key, Keys, Kind, MINUTE, duration, flag, key, optional, required,
    whole, written,
};

pub(in super::super) static HEALTH_CHECKS: Keys = Keys::new(
    "backend_health_checks",
    &[
        optional(
            "targets",
            Kind::Sections(&HEALTH_TARGET),
            "none",
            "The servers, at most 1024. For a protocol that is named here, the nginx route answers with one \
             that lives; if none does, with a temporary failure.",
        ),
        written(
            "selection",
            Kind::Choice(&[
                "round-robin",
                "random",
                "priority",
                "least-recently-failed",
                "consistent-hash",
            ]),
            "round-robin",
            "Which one of those that live: `round-robin` and `random` by weight; `priority`: the first of the \
             list; `least-recently-failed`: the one whose last failure is the longest ago, those without \
             one in turn; `consistent-hash`: the same account gets the same server while that lives, by \
             weight.",
        ),
        duration(
            "connect_interval",
            (100, HOUR),
            "10s",
            "From one check of the greeting to the next, a tenth more or less by chance.",
        ),
        duration(
            "deep_interval",
            (100, HOUR),
            "10s",
            "The same for logins (`deep_check`).",
        ),
        duration(
            "connect_timeout",
            (10, 5 * MINUTE),
            "5s",
            "For the name, the connection, TLS and the greeting.",
        ),
        duration("deep_timeout", (10, 5 * MINUTE), "5s", "For the login."),
        whole(
            "failure_threshold",
            (1, 100),
            "1",
            "Checks that fail in a row until a server counts as dead.",
        ),
        whole(
            "recovery_threshold",
            (1, 100),
            "1",
            "Checks that pass in a row until a dead server counts as alive.",
        ),
    ],
);

pub(in super::super) static HEALTH_TARGET: Keys = Keys::new(
    "backend_health_checks.targets",
    &[
        key(
            "name",
            Kind::Text,
            Computed("`PROTOCOL-HOST-PORT`", |_| None),
            "What logs, metrics and `/healthz` call it; unique.",
        ),
        required(
            "protocol",
            Kind::Choice(&["smtp", "lmtp", "imap", "pop3", "sieve", "http"]),
            "What it speaks.",
        ),
        required(
            "host",
            Kind::Text,
            "An IP address, or a name that is looked up at each check. nginx gets the address that answered.",
        ),
        required("port", Kind::Whole(1, 65535), "The port."),
        whole(
            "weight",
            (1, 1000),
            "1",
            "Its share of the logins beside the others.",
        ),
        written(
            "tls",
            Kind::Choice(&["none", "implicit", "starttls"]),
            "none",
            "`implicit`: from the first byte. `starttls`: by STARTTLS, or STLS; not for `http`. Of the check \
             only: how a front end connects is its own business.",
        ),
        optional(
            "tls_server_name",
            Kind::Text,
            "`host`",
            "The name in its certificate.",
        ),
        flag(
            "tls_skip_verify",
            "false",
            "Believe every certificate. Gives a warning.",
        ),
        optional(
            "ca_file",
            Kind::Path,
            "the system's",
            "Certificate authorities in PEM.",
        ),
        flag(
            "proxy_protocol",
            "false",
            "The connection begins with a PROXY protocol v2 header that names its own ends.",
        ),
        flag(
            "deep_check",
            "false",
            "Log in as well, at each `deep_interval`. LMTP without AUTH: ask whether mail for \
             `test_username` would be taken.",
        ),
        TEST_USERNAME,
        TEST_PASSWORD,
        AUTH_MECHANISM,
        written(
            "request_uri",
            Kind::Text,
            "/",
            "`http` only: what is asked for. Without `deep_check` every status below 500 is good; with it, \
             those below 400.",
        ),
        inherited("connect_interval", Kind::Duration(100, HOUR)),
        inherited("deep_interval", Kind::Duration(100, HOUR)),
        inherited("connect_timeout", Kind::Duration(10, 5 * MINUTE)),
        inherited("deep_timeout", Kind::Duration(10, 5 * MINUTE)),
        inherited("failure_threshold", Kind::Whole(1, 100)),
        inherited("recovery_threshold", Kind::Whole(1, 100)),
    ],
);

const TEST_USERNAME: Key = optional(
    "test_username",
    Kind::Text,
    "none",
    "Who logs in; needed by `deep_check`. An account of its own, which may do nothing else.",
)
.with("deep_check");

const TEST_PASSWORD: Key = optional(
    "test_password",
    Kind::Password,
    "none",
    "Its password: `{file: NAME}`, `{env: VARIABLE}`, or the text itself.",
)
.with("deep_check");

const AUTH_MECHANISM: Key = written(
    "auth_mechanism",
    Kind::Choice(&["auto", "PLAIN", "LOGIN", "USERPASS", "BASIC"]),
    "auto",
    "`auto`: the first that the server offers of `PLAIN` and `LOGIN` (SASL), and `USERPASS` (the commands \
     USER and PASS of POP3, LOGIN of IMAP); `BASIC` for `http`.",
);

const fn inherited(name: &'static str, kind: Kind) -> Key {
    optional(
        name,
        kind,
        "as above",
        "Of this server, instead of what `backend_health_checks` says.",
    )
}
