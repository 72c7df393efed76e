//! The names of the first-party plugins that the binary holds.
//!
//! The engine holds their code; this list is what configurations and `bulkhead plugin list` know.

/// A first-party plugin.
pub struct Builtin {
    /// As in `component: builtin:NAME`.
    pub name: &'static str,
    /// The part of the pipeline that it belongs to: `feature`, `backend`, `filter` or `action`.
    pub kind: &'static str,
    /// One sentence.
    pub summary: &'static str,
}

impl Builtin {
    /// Whether its configuration may name a secret, under the key `secret`. Only then it needs the grant of
    /// that secret.
    pub fn may_name_secret(&self) -> bool {
        matches!(self.name, "http-backend" | "webhook")
    }

    /// The one of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        BUILTIN.iter().find(|builtin| builtin.name == name)
    }
}

/// All of them.
pub const BUILTIN: &[Builtin] = &[
    Builtin {
        name: "tls-required",
        kind: "feature",
        summary: "Answers a temporary failure to logins over unencrypted connections.",
    },
    Builtin {
        name: "relay-domains",
        kind: "feature",
        summary: "Rejects logins of users whose domain is not served here.",
    },
    Builtin {
        name: "rbl",
        kind: "feature",
        summary: "Rejects logins from addresses that block lists in the DNS hold.",
    },
    Builtin {
        name: "geoip",
        kind: "feature",
        summary: "Allows and rejects logins by country, continent or network operator.",
    },
    Builtin {
        name: "users-file",
        kind: "backend",
        summary: "Checks passwords against a list of users and stored hashes.",
    },
    Builtin {
        name: "ldap",
        kind: "backend",
        summary: "Finds users in LDAP directories and lets those check their passwords.",
    },
    Builtin {
        name: "sql",
        kind: "backend",
        summary: "Finds users in an SQL database with configured statements.",
    },
    Builtin {
        name: "http-backend",
        kind: "backend",
        summary: "Asks a web service about users.",
    },
    Builtin {
        name: "test",
        kind: "backend",
        summary: "Answers as it is told, for trying things.",
    },
    Builtin {
        name: "allow-nets",
        kind: "filter",
        summary: "Rejects logins from outside the networks that a user may come from.",
    },
    Builtin {
        name: "geoip-attributes",
        kind: "filter",
        summary: "Adds to a login's attributes where it came from.",
    },
    Builtin {
        name: "webhook",
        kind: "action",
        summary: "Posts the decision to a web service.",
    },
];
