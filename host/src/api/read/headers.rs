//! A login question in header fields: nginx' mail proxy, and whoever else speaks its language.
//!
//! The names are configured (`server.headers`); what nginx itself says about a client's TLS
//! connection has names of its own and comes first. User name and password are percent-encoded once,
//! the password may be base64 instead.

use axum::http::{HeaderMap, HeaderName};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::{fields::Fields, percent};
use crate::{
    api::refusal::Refusal,
    auth::{Challenge, Mechanism, Password},
    config::HeaderNames,
};

/// Facts: the member as in JSON, nginx' own header (empty if it has none), and the key in
/// `server.headers`.
const FACTS: [(&str, &str, &str); 25] = [
    ("protocol", "", "protocol"),
    ("method", "", "auth_method"),
    ("client_port", "", "client_port"),
    ("client_id", "", "client_id"),
    ("client_hostname", "client-host", "client_host"),
    ("external_session_id", "", "external_session_id"),
    ("local_ip", "", "local_ip"),
    ("local_port", "", "local_port"),
    ("oidc_cid", "", "oidc_cid"),
    ("ssl", "auth-ssl", "ssl"),
    ("ssl_protocol", "auth-ssl-protocol", "ssl_protocol"),
    ("ssl_cipher", "auth-ssl-cipher", "ssl_cipher"),
    ("ssl_client_verify", "auth-ssl-verify", "ssl_verify"),
    ("ssl_client_dn", "auth-ssl-subject", "ssl_subject"),
    ("ssl_issuer", "auth-ssl-issuer", "ssl_issuer"),
    ("ssl_serial", "auth-ssl-serial", "ssl_serial"),
    ("ssl_fingerprint", "auth-ssl-fingerprint", "ssl_fingerprint"),
    ("ssl_session_id", "", "ssl_session_id"),
    ("ssl_client_cn", "", "ssl_client_cn"),
    ("ssl_client_notbefore", "", "ssl_client_not_before"),
    ("ssl_client_notafter", "", "ssl_client_not_after"),
    ("ssl_subject_dn", "", "ssl_subject_dn"),
    ("ssl_issuer_dn", "", "ssl_issuer_dn"),
    ("ssl_client_subject_dn", "", "ssl_client_subject_dn"),
    ("ssl_client_issuer_dn", "", "ssl_client_issuer_dn"),
];

/// What nginx writes for a client's name that could not be resolved.
const NO_NAME: [&str; 2] = ["[UNAVAILABLE]", "[TEMPUNAVAIL]"];

/// nginx' challenge to the client.
const SALT: HeaderName = HeaderName::from_static("auth-salt");

/// Reads the fields.
pub(super) fn read(headers: &HeaderMap, names: &HeaderNames) -> Result<Fields, Refusal> {
    let mut fields = Fields::default();
    for (member, own_name, key) in FACTS {
        let value = Some(own_name)
            .filter(|name| !name.is_empty())
            .and_then(|name| headers.get(name))
            .filter(|value| !value.is_empty())
            .or_else(|| names.get(key).and_then(|name| headers.get(name)));
        let text = value
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .filter(|text| member != "client_hostname" || !NO_NAME.contains(&text.as_str()));
        if let Some(text) = text {
            fields.set(member, text);
        }
    }
    // The peer reads nonsense as "unknown" too.
    fields.login_attempt = names
        .get("login_attempt")
        .and_then(|name| headers.get(name)?.to_str().ok()?.trim().parse().ok())
        .unwrap_or(0);
    if let Some(name) = single(headers, names.get("username"))? {
        let name = String::from_utf8(percent::decode(name, false))
            .map_err(|_| Refusal::InvalidUsername)?;
        fields.set("username", name);
    }
    if let Some(password) = single(headers, names.get("password"))? {
        let is_base64 = names
            .get("password_encoded")
            .and_then(|name| headers.get(name))
            .is_some_and(|value| value.as_bytes() == b"1");
        let password = Zeroizing::new(percent::decode(password, false));
        let password = if is_base64 {
            let decoded = decode_base64(&password);
            Password::new(decoded.ok_or_else(|| malformed("the encoded password"))?)
        } else {
            Password::new(unwrapped(password))
        };
        fill_password(&mut fields, headers, password);
    }
    Ok(fields)
}

/// A password, or the client's answer to a challenge if there was one.
fn fill_password(fields: &mut Fields, headers: &HeaderMap, password: Password) {
    let method = fields.get("method").to_ascii_lowercase();
    let salt = headers.get(SALT).filter(|salt| !salt.is_empty());
    match (Mechanism::named(&method), salt) {
        (Some(mechanism), Some(salt)) => {
            fields.challenge = Some(Challenge {
                mechanism,
                salt: salt.as_bytes().to_vec(),
                response: Arc::new(password),
            });
        }
        _ => fields.password = Some(password),
    }
}

/// The field's value. Two of them could mean one thing to a proxy and another here.
fn single<'a>(
    headers: &'a HeaderMap,
    name: Option<&HeaderName>,
) -> Result<Option<&'a [u8]>, Refusal> {
    let Some(name) = name else {
        return Ok(None);
    };
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(malformed("a header that is there twice"));
    }
    Ok(first.map(|value| value.as_bytes()))
}

/// URL-safe base64, padded or not.
fn decode_base64(encoded: &[u8]) -> Option<Vec<u8>> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    BASE64.decode(encoded).ok()
}

fn unwrapped(mut bytes: Zeroizing<Vec<u8>>) -> Vec<u8> {
    std::mem::take(&mut *bytes)
}

fn malformed(what: &str) -> Refusal {
    Refusal::Malformed(format!("cannot read {what}"))
}
