//! The credentials of the API's callers (HTTP Basic, RFC 7617). Not those of the users who log in.

use std::time::Duration;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::config::BasicAuth;

/// Bytes that are wiped.
type Secret = Zeroizing<Vec<u8>>;

/// How long a wrong guess waits for its answer. It waits alone: it holds no place in the server.
const DELAY: Duration = Duration::from_millis(300);

/// Lets the caller pass, or refuses it after a pause.
pub(super) async fn check(wanted: Option<&BasicAuth>, headers: &HeaderMap) -> Result<(), Refusal> {
    match wanted {
        Some(wanted) if !is_right(wanted, headers) => {
            tokio::time::sleep(DELAY).await;
            Err(Refusal::Unauthorized)
        }
        _ => Ok(()),
    }
}

/// Compares digests, in constant time: neither the length of what is right nor how much of a guess
/// is right can be measured.
fn is_right(wanted: &BasicAuth, headers: &HeaderMap) -> bool {
    let Some((username, password)) = presented(headers) else {
        return false;
    };
    let same_name = same(wanted.username.as_bytes(), username.as_slice());
    let same_password = same(wanted.password.expose(), password.as_slice());
    (same_name & same_password).into()
}

fn same(wanted: &[u8], presented: &[u8]) -> subtle::Choice {
    Sha256::digest(wanted)
        .as_slice()
        .ct_eq(Sha256::digest(presented).as_slice())
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::auth::Password;

    #[test]
    fn only_the_right_pair_passes() {
        let wanted = BasicAuth {
            username: "dovecot".to_owned(),
            password: Arc::new(Password::new(b"se:cret".to_vec())),
        };
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let rows = [
            (basic("dovecot:se:cret"), true),
            (
                format!("bAsIc {}", STANDARD.encode("dovecot:se:cret")),
                true,
            ),
            (basic("dovecot:se:cre"), false),
            (basic("dovecot:se:crett"), false),
            (basic("Dovecot:se:cret"), false),
            (basic("dovecot"), false),
            (basic(":se:cret"), false),
            (basic("dovecot:"), false),
            ("Basic ???".to_owned(), false),
            ("Basic".to_owned(), false),
            ("Bearer abc".to_owned(), false),
        ];
        for (header, passes) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(is_right(&wanted, &headers), passes, "{header}");
        }
        assert!(!is_right(&wanted, &HeaderMap::new()));
    }
}
