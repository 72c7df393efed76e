//! The facts that only Dovecot gives, as the member `dovecot` of a JSON request: an object whose
//! members have the names of Dovecot 2.4's Lua request. An addition of Bulkhead's to the peer's
//! request; other members are ignored.

use std::collections::BTreeMap;

use crate::{
    api::client,
    auth::{Dovecot, Endpoint},
};

/// The members, all text.
const NAMES: [&str; 16] = [
    "real_remote_ip",
    "real_remote_port",
    "real_local_ip",
    "real_local_port",
    "client_pid",
    "session_pid",
    "original_user",
    "auth_user",
    "login_user",
    "master_user",
    "local_name",
    "secured",
    "cert",
    "ssl_ja3_hash",
    "ssl_client_cert_fp",
    "ssl_client_cert_pubkey_fp",
];

/// What was given, by name.
pub(super) type Facts = BTreeMap<&'static str, String>;

/// The known member of that name.
pub(super) fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

/// The facts, if there are any.
pub(super) fn build(mut given: Facts) -> Option<Dovecot> {
    let mut take = |name: &str| given.remove(name).unwrap_or_default();
    let facts = Dovecot {
        real_client: Endpoint {
            address: client::canonical_or_as_is(take("real_remote_ip")),
            port: take("real_remote_port"),
        },
        real_local: Endpoint {
            address: client::canonical_or_as_is(take("real_local_ip")),
            port: take("real_local_port"),
        },
        client_pid: take("client_pid"),
        session_pid: take("session_pid"),
        original_user: take("original_user"),
        auth_user: take("auth_user"),
        login_user: take("login_user"),
        master_user: take("master_user"),
        local_name: take("local_name"),
        secured: take("secured"),
        certificate: take("cert"),
        ja3_hash: take("ssl_ja3_hash"),
        certificate_fingerprint: take("ssl_client_cert_fp"),
        certificate_key_fingerprint: take("ssl_client_cert_pubkey_fp"),
    };
    (facts != Dovecot::default()).then_some(facts)
}
