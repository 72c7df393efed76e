//! The keys of `server.headers`.

use super::kind::{Key, Keys, Kind, optional, written};

/// The defaults are those of `schema::DEFAULT_HEADERS`; a test compares the two.
pub(in super::super) static HEADERS: Keys = Keys::new(
    "server.headers",
    &[
        header("username", "Auth-User", "Who wants to log in."),
        header("password", "Auth-Pass", "The password."),
        header(
            "password_encoded",
            "X-Auth-Password-Encoded",
            "`1`: the password is URL-safe base64.",
        ),
        header(
            "protocol",
            "Auth-Protocol",
            "What the client speaks, such as `imap`.",
        ),
        header("auth_method", "Auth-Method", "SASL mechanism."),
        header(
            "login_attempt",
            "Auth-Login-Attempt",
            "Attempts of this connection, counted from 1.",
        ),
        header(
            "client_ip",
            "Client-IP",
            "The client's address. Believed from `trusted_proxies` only.",
        ),
        header("client_port", "X-Client-Port", "The client's port."),
        header("client_id", "X-Client-ID", "What the client calls itself."),
        optional(
            "client_host",
            Kind::Header,
            "none",
            "The client's host name.",
        ),
        header(
            "external_session_id",
            "X-External-Session-ID",
            "The session id of the caller.",
        ),
        header(
            "local_ip",
            "X-Local-IP",
            "The address that the client connected to.",
        ),
        header(
            "local_port",
            "X-Auth-Port",
            "The port that the client connected to.",
        ),
        header("oidc_cid", "X-OIDC-CID", "The client id of OpenID Connect."),
        header(
            "ssl",
            "X-SSL",
            "Any value: the client's connection is encrypted.",
        ),
        header("ssl_session_id", "X-SSL-Session-ID", "The TLS session."),
        header(
            "ssl_verify",
            "X-SSL-Client-Verify",
            "What the check of the client's certificate said.",
        ),
        header(
            "ssl_subject",
            "X-SSL-Client-DN",
            "Subject of the client's certificate.",
        ),
        header(
            "ssl_client_cn",
            "X-SSL-Client-CN",
            "Common name of that subject.",
        ),
        header("ssl_issuer", "X-SSL-Issuer", "Who issued that certificate."),
        header(
            "ssl_client_not_before",
            "X-SSL-Client-NotBefore",
            "It is valid from then on.",
        ),
        header(
            "ssl_client_not_after",
            "X-SSL-Client-NotAfter",
            "It is valid until then.",
        ),
        header(
            "ssl_subject_dn",
            "X-SSL-Subject-DN",
            "The subject as a distinguished name.",
        ),
        header(
            "ssl_issuer_dn",
            "X-SSL-Issuer-DN",
            "The issuer as a distinguished name.",
        ),
        header(
            "ssl_client_subject_dn",
            "X-SSL-Client-Subject-DN",
            "The subject as the proxy names it.",
        ),
        header(
            "ssl_client_issuer_dn",
            "X-SSL-Client-Issuer-DN",
            "The issuer as the proxy names it.",
        ),
        header("ssl_cipher", "X-SSL-Cipher", "The cipher."),
        header("ssl_protocol", "X-SSL-Protocol", "The version of TLS."),
        header(
            "ssl_serial",
            "Auth-SSL-Serial",
            "Serial number of the client's certificate.",
        ),
        header(
            "ssl_fingerprint",
            "Auth-SSL-Fingerprint",
            "Fingerprint of the client's certificate.",
        ),
    ],
);

const fn header(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    written(name, Kind::Header, default, meaning)
}

#[cfg(test)]
mod tests {
    use super::{super::kind::DefaultValue, *};
    use crate::config::DEFAULT_HEADERS;

    #[test]
    fn the_table_and_the_reader_have_the_same_names_and_defaults() {
        let table: Vec<_> = HEADERS
            .keys
            .iter()
            .map(|key| match key.default {
                DefaultValue::Written(text) => (key.name, text.to_lowercase()),
                _ => (key.name, String::new()),
            })
            .collect();
        let reader = DEFAULT_HEADERS.map(|(name, header)| (name, header.to_owned()));
        assert_eq!(table, reader);
    }
}
