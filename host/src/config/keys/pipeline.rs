//! The keys of `pipeline` and of its parts.

use super::kind::{Key, Keys, Kind, flag, optional, required, written};

pub(in super::super) static PIPELINE: Keys = Keys::new(
    "pipeline",
    &[
        flag(
            "sequential",
            "false",
            "Ask features one after the other; the first that objects ends the stage. Otherwise side \
             by side.",
        ),
        optional(
            "init",
            Kind::Sections(&INIT),
            "none",
            "Run once when the configuration is loaded; one that fails keeps it from being used.",
        ),
        optional(
            "features",
            Kind::Sections(&FEATURE),
            "none",
            "Asked before the password check.",
        ),
        optional(
            "controls",
            Kind::Sections(&CONTROL),
            "none",
            "Asked after the features, one after the other; the first that objects ends the stage. A \
             feature that aborts skips them.",
        ),
        optional(
            "backends",
            Kind::Sections(&BACKEND),
            "none",
            "Check the password; asked in order until one knows the user.",
        ),
        optional(
            "filters",
            Kind::Sections(&FILTER),
            "none",
            "Asked after the backends, side by side.",
        ),
        optional(
            "actions",
            Kind::Sections(&ACTION),
            "none",
            "React to an event.",
        ),
        optional(
            "hooks",
            Kind::Sections(&HOOK),
            "none",
            "Answer HTTP requests below `/api/v1/custom/`.",
        ),
        optional(
            "cache_flush",
            Kind::Sections(&CACHE_FLUSH),
            "none",
            "Asked what else to forget when an administrator flushes a user.",
        ),
        optional(
            "master_users",
            Kind::Section(&super::cache::MASTER_USERS),
            "nobody",
            "Who may log in as another user, with a password of his own.",
        ),
    ],
);

const CODE: &[&str] = &["component", "script"];

const NAME: Key = required(
    "name",
    Kind::Text,
    "1 to 64 letters, digits, `-`, `_`, `.`; unique over the whole pipeline.",
);
const COMPONENT: Key = optional(
    "component",
    Kind::Path,
    "",
    "A component file, or `builtin:NAME` for a first-party plugin.",
);
const SCRIPT: Key = optional(
    "script",
    Kind::Path,
    "",
    "A Lua file. Either this or `component`.",
);
const DIALECT: Key = written(
    "dialect",
    Kind::Choice(&["5.1", "5.4"]),
    "5.1",
    "Scripts only: `5.1` (Nauthilus scripts) or `5.4` (Dovecot scripts).",
)
.with("script");
const PACKAGE_PATH: Key = optional(
    "package_path",
    Kind::Templates,
    "none",
    "Scripts only: templates for `require`, joined by `;`. The script's folder is always searched.",
)
.with("script");
const WHEN_NO_AUTH: Key = flag(
    "when_no_auth",
    "false",
    "Ask it too when no password is checked.",
);

pub(in super::super) static INIT: Keys = Keys::new(
    "pipeline.init",
    &[NAME, COMPONENT, SCRIPT, DIALECT, PACKAGE_PATH],
)
.one_of(CODE);

pub(in super::super) static FEATURE: Keys = Keys::new(
    "pipeline.features",
    &[NAME, COMPONENT, SCRIPT, DIALECT, PACKAGE_PATH, WHEN_NO_AUTH],
)
.one_of(CODE);

pub(in super::super) static CONTROL: Keys = Keys::new(
    "pipeline.controls",
    &[NAME, COMPONENT, SCRIPT, DIALECT, PACKAGE_PATH, WHEN_NO_AUTH],
)
.one_of(CODE);

pub(in super::super) static BACKEND: Keys = Keys::new(
    "pipeline.backends",
    &[
        NAME,
        COMPONENT,
        SCRIPT,
        DIALECT,
        PACKAGE_PATH,
        optional(
            "protocols",
            Kind::Texts,
            "all",
            "The protocols that it serves. A login over a protocol that no backend serves is a temporary \
             failure. Lists that name no protocol (`account-provider`) ask all.",
        ),
        flag(
            "cache",
            "true",
            "What it says may be kept by the section `cache`. `false` for a backend that looks at more than \
             the cache tells apart, such as HTTP header fields, the context of features, or the time; \
             logins that may ask it are never answered by the cache.",
        ),
        optional(
            "cache_name",
            Kind::Text,
            "its own, for each protocol apart",
            "Where the store keeps what it says of users. Protocols and backends with the same name here \
             share it, so they must say the same of a user.",
        ),
    ],
)
.one_of(CODE);

pub(in super::super) static CACHE_FLUSH: Keys = Keys::new(
    "pipeline.cache_flush",
    &[NAME, COMPONENT, SCRIPT, DIALECT, PACKAGE_PATH],
)
.one_of(CODE);

pub(in super::super) static FILTER: Keys = Keys::new(
    "pipeline.filters",
    &[
        NAME,
        COMPONENT,
        SCRIPT,
        DIALECT,
        PACKAGE_PATH,
        WHEN_NO_AUTH,
        flag(
            "when_authenticated",
            "true",
            "Ask it when the password was right.",
        ),
        flag("when_unauthenticated", "true", "Ask it when it was not."),
    ],
)
.one_of(CODE);

pub(in super::super) static ACTION: Keys = Keys::new(
    "pipeline.actions",
    &[
        NAME,
        required(
            "on",
            Kind::Choice(&[
                "lua",
                "tls_encryption",
                "relay_domains",
                "rbl",
                "brute_force",
                "post",
            ]),
            "The event: `lua` (a feature plugin objected), `tls_encryption`, `relay_domains`, `rbl`, \
             `brute_force`, or `post` (the answer was sent).",
        ),
        COMPONENT,
        SCRIPT,
        DIALECT,
        PACKAGE_PATH,
    ],
)
.one_of(CODE);

pub(in super::super) static HOOK: Keys = Keys::new(
    "pipeline.hooks",
    &[
        NAME,
        required("location", Kind::Text, "Path below `/api/v1/custom/`."),
        written(
            "method",
            Kind::Choice(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
            "GET",
            "The method of the requests that it answers:",
        ),
        COMPONENT,
        SCRIPT,
        DIALECT,
        PACKAGE_PATH,
        optional(
            "alias",
            Kind::Text,
            "none",
            "An absolute path outside `/api/v1/` that answers too, where nothing else does.",
        ),
        optional(
            "content_type",
            Kind::Text,
            "none",
            "Of the answer, unless the hook sets one.",
        ),
    ],
)
.one_of(CODE);
