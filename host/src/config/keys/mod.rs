//! Every key that a configuration file may hold, by section: the one table behind the readers, "did you
//! mean", the JSON Schema, `bulkhead config show` and the reference in `CONFIGURATION.md`.

mod brute_force;
mod cache;
mod headers;
mod health;
mod kind;
mod ldap;
mod lookups;
mod pipeline;
mod plugins;
mod server;
mod service;
mod sql;
mod store;

pub use kind::{DefaultValue, Key, Keys, Kind};
pub(super) use {
    brute_force::{ALLOWED, BRUTE_FORCE, BUCKET, CUSTOM_TOLERATION, IP_SCOPING, PASSWORD_HISTORY},
    cache::{CACHE, MASTER_USERS},
    headers::HEADERS,
    health::{HEALTH_CHECKS, HEALTH_TARGET},
    ldap::{LDAP, LDAP_POOL},
    lookups::{DNS, GEOIP_DATABASE},
    pipeline::{ACTION, BACKEND, CACHE_FLUSH, CONTROL, FEATURE, FILTER, HOOK, INIT, PIPELINE},
    plugins::{GRANTS, HTTP_GRANT, LDAP_GRANT, PLUGIN, PLUGIN_LIMITS},
    server::{BASIC_AUTH, COMPRESSION, LISTEN, LOCKOUT, RATE_LIMIT, SERVER, TLS, UPSTREAM},
    service::{EXAMPLE_LOGIN, LIMITS, OBSERVE, RELOAD, SECRET, TOP, TRACES},
    sql::{SQL, SQL_GRANT},
    store::{
        REDIS, REDIS_CLUSTER, REDIS_PRIMARY, REDIS_REPLICA, REDIS_SENTINELS, REDIS_TLS, STORE,
    },
};

/// All sections. The first one is the file itself.
pub static ALL: &[&Keys] = &[
    &TOP,
    &SERVER,
    &BASIC_AUTH,
    &LISTEN,
    &TLS,
    &HEADERS,
    &UPSTREAM,
    &RATE_LIMIT,
    &LOCKOUT,
    &COMPRESSION,
    &HEALTH_CHECKS,
    &HEALTH_TARGET,
    &STORE,
    &REDIS,
    &REDIS_PRIMARY,
    &REDIS_REPLICA,
    &REDIS_SENTINELS,
    &REDIS_CLUSTER,
    &REDIS_TLS,
    &CACHE,
    &SECRET,
    &DNS,
    &GEOIP_DATABASE,
    &LDAP,
    &LDAP_POOL,
    &SQL,
    &PIPELINE,
    &FEATURE,
    &CONTROL,
    &BACKEND,
    &FILTER,
    &ACTION,
    &INIT,
    &HOOK,
    &CACHE_FLUSH,
    &MASTER_USERS,
    &PLUGIN,
    &GRANTS,
    &HTTP_GRANT,
    &LDAP_GRANT,
    &SQL_GRANT,
    &PLUGIN_LIMITS,
    &BRUTE_FORCE,
    &BUCKET,
    &ALLOWED,
    &CUSTOM_TOLERATION,
    &IP_SCOPING,
    &PASSWORD_HISTORY,
    &LIMITS,
    &OBSERVE,
    &TRACES,
    &RELOAD,
    &EXAMPLE_LOGIN,
];

/// The key of a section.
pub(super) fn find(section: &str, key: &str) -> Option<&'static Key> {
    ALL.iter()
        .find(|keys| keys.section == section)
        .and_then(|keys| keys.get(key))
}

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = written.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase().replace('-', "_");
            let likeness = strsim::normalized_damerau_levenshtein(&folded, &other)
                .max(strsim::jaro_winkler(&folded, &other) - 0.25);
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`, for messages.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_key_that_was_meant() {
        for (written, meant) in [
            ("lissten", "listen"),
            ("basic-auth", "basic_auth"),
            ("requesttimeout", "request_timeout"),
            ("Listen", "listen"),
            ("timeout", "request_timeout"),
        ] {
            let found = nearest(written, SERVER.names());
            if written == "timeout" {
                assert_eq!(found, None);
            } else {
                assert_eq!(found, Some(meant));
            }
        }
    }

    #[test]
    fn a_word_of_its_own_is_no_typing_error() {
        assert_eq!(nearest("colour", SERVER.names()), None);
    }
}
