//! What an `Authorization` field of the scheme Basic holds (RFC 7617), whoever's it is.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Bytes that are wiped.
type Secret = Zeroizing<Vec<u8>>;

/// Name and password of the header, if it is there and well-formed.
pub(super) fn presented(headers: &HeaderMap) -> Option<(Secret, Secret)> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_ascii()).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (username, rest) = decoded.split_at_checked(colon)?;
    let (_, password) = rest.split_first()?;
    Some((
        Zeroizing::new(username.to_vec()),
        Zeroizing::new(password.to_vec()),
    ))
}
