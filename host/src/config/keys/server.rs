//! The keys of `server` and of its sections.

use super::kind::{
    DefaultValue::Computed, HOUR, Key, Keys, Kind, MIB, MINUTE, SECOND, below, duration, flag, key,
    optional, required, size, whole, written,
};

pub(in super::super) static SERVER: Keys = Keys::new(
    "server",
    &[
        written(
            "listen",
            Kind::Listen(&LISTEN),
            "127.0.0.1:9080",
            "IP address and port, or a list of such and of sections as in `server.listen` below.",
        ),
        optional(
            "basic_auth",
            Kind::Section(&BASIC_AUTH),
            "none",
            "Credentials of the API's callers. Without them the server listens on loopback addresses \
             only.",
        ),
        optional(
            "auth",
            Kind::Choice(&["none"]),
            "",
            "`none`: no credentials on any address, because something else guards the port.",
        ),
        optional(
            "metrics_auth",
            Kind::Section(&BASIC_AUTH),
            "none",
            "Credentials for `/metrics`, as in `server.basic_auth`. Without them, on loopback addresses \
             and Unix sockets everybody may see the page; as soon as one listener is elsewhere (or \
             systemd's), it needs the credentials of `basic_auth`, if there are any.",
        ),
        key(
            "basic_networks",
            Kind::Networks,
            Computed("loopback", |_| Some(LOOPBACK.to_owned())),
            "Who may ask `/api/v1/auth/basic`, whose `Authorization` header is the end user's. Others \
             get 403. Forwarding headers do not count.",
        ),
        duration(
            "request_timeout",
            (10, 10 * MINUTE),
            "10s",
            "The one deadline of a request.",
        ),
        whole(
            "wait_delay",
            (0, 255),
            "10",
            "Upper bound of the header `Auth-Wait`, in seconds.",
        ),
        whole(
            "max_login_attempts",
            (1, 255),
            "15",
            "Read for compatibility; has no effect.",
        ),
        key(
            "trusted_proxies",
            Kind::Networks,
            Computed("loopback", |_| Some(LOOPBACK.to_owned())),
            "Addresses and networks whose forwarding headers and PROXY protocol headers are believed.",
        ),
        below(
            "headers",
            Kind::Section(&super::headers::HEADERS),
            "Names of request headers.",
        ),
        optional(
            "disabled_endpoints",
            Kind::Choices(&[
                "auth_json",
                "auth_cbor",
                "auth_header",
                "auth_nginx",
                "auth_basic",
                "auth_saslauthd",
                "custom_hooks",
                "admin",
                "metrics",
                "openapi",
            ]),
            "none",
            "Endpoints that answer as if they did not exist:",
        ),
        below(
            "upstreams",
            Kind::Named(&UPSTREAM),
            "Where the nginx route sends an accepted login, by protocol.",
        ),
        optional(
            "password_attribute",
            Kind::Text,
            "none",
            "The attribute in which backends supply the password in plain text, for APOP and CRAM-MD5 \
             on the nginx route. Never sent as an attribute.",
        ),
        optional(
            "rate_limit",
            Kind::Section(&RATE_LIMIT),
            "none",
            "Requests per client address.",
        ),
        below(
            "lockout",
            Kind::Section(&LOCKOUT),
            "Of addresses that guess the API's credentials.",
        ),
        below("compression", Kind::Section(&COMPRESSION), "Of bodies."),
    ],
);

const LOOPBACK: &str = "[127.0.0.0/8, \"::1\"]";

pub(in super::super) static BASIC_AUTH: Keys = Keys::new(
    "server.basic_auth",
    &[
        required("username", Kind::Text, "Without a colon (RFC 7617)."),
        required(
            "password",
            Kind::Password,
            "`{file: NAME}`, `{env: VARIABLE}`, or the text itself. At least 16 bytes; on a loopback \
             address a shorter one gives a warning. One line end at its end does not count.",
        ),
    ],
);

pub(in super::super) static LISTEN: Keys = Keys::new(
    "server.listen",
    &[
        optional("address", Kind::Address, "", "IP address and port."),
        optional("unix", Kind::Path, "", "A socket in the file system; its clients count as 127.0.0.1."),
        MODE,
        optional(
            "systemd",
            Kind::Text,
            "",
            "A socket that systemd opened, by its `FileDescriptorName`.",
        ),
        optional(
            "tls",
            Kind::Section(&TLS),
            "none",
            "Speak TLS, with these files.",
        ),
        flag(
            "proxy_protocol",
            "false",
            "Connections begin with a PROXY protocol header (v2, or v1); only `trusted_proxies` may \
             connect. Who the header names is the peer from then on.",
        ),
    ],
)
.one_of(&["address", "unix", "systemd"]);

const MODE: Key = written(
    "mode",
    Kind::Mode,
    "\"0660\"",
    "With `unix` only: permissions of that socket.",
)
.with("unix");

pub(in super::super) static TLS: Keys = Keys::new(
    "server.listen.tls",
    &[
        required(
            "certificate",
            Kind::Path,
            "The chain in PEM, own certificate first.",
        ),
        required("key", Kind::Path, "The private key in PEM."),
        optional(
            "client_ca",
            Kind::Path,
            "none",
            "Clients must show a certificate of one of these authorities (PEM).",
        ),
        written(
            "minimum_version",
            Kind::Choice(&["1.2", "1.3"]),
            "1.2",
            "The oldest version of TLS: `1.2` or `1.3`.",
        ),
    ],
);

pub(in super::super) static UPSTREAM: Keys = Keys::new(
    "server.upstreams.PROTOCOL",
    &[
        optional("address", Kind::Ip, "", "IP address: nginx takes no names."),
        optional("port", Kind::Whole(1, 65535), "", "The port."),
    ],
);

pub(in super::super) static RATE_LIMIT: Keys = Keys::new(
    "server.rate_limit",
    &[
        required(
            "per_second",
            Kind::Whole(1, 1_000_000),
            "Requests per second of one client: an IPv4 address or an IPv6 network of 64 bits. `/ping`, \
             `/healthz` and `/metrics` do not count.",
        ),
        key(
            "burst",
            Kind::Whole(1, 10_000_000),
            Computed("twice `per_second`", |config| {
                let limit = config.server.rate_limit?;
                Some(limit.burst.to_string())
            }),
            "Most at once.",
        ),
    ],
);

pub(in super::super) static LOCKOUT: Keys = Keys::new(
    "server.lockout",
    &[
        whole(
            "failures",
            (0, 1000),
            "5",
            "Wrong credentials from one client that lock it out, the right ones included; 0 turns it off.",
        ),
        duration(
            "window",
            (SECOND, HOUR),
            "1m",
            "The time in which they count.",
        ),
        duration("duration", (SECOND, 24 * HOUR), "2m", "Of the lock-out."),
    ],
);

pub(in super::super) static COMPRESSION: Keys = Keys::new(
    "server.compression",
    &[
        flag(
            "requests",
            "true",
            "Compressed bodies are read: gzip, br, zstd. `limits.body_bytes` holds for what comes out.",
        ),
        flag(
            "responses",
            "false",
            "Bodies are compressed for clients that accept it.",
        ),
        size(
            "minimum_bytes",
            (0, 64 * MIB),
            "1KiB",
            "Smaller bodies go out as they are.",
        ),
    ],
);
