//! The credentials of the API's callers (HTTP Basic, RFC 7617). Not those of the users who log in.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Generation, State, basic_scheme, lockout::Counted, refusal::Refusal, source::Source};
use crate::config::BasicAuth;

/// How long a wrong guess waits for its answer. It waits alone: it holds no place in the server.
const DELAY: Duration = Duration::from_millis(300);

/// Lets the caller pass if it shows `server.basic_auth` or none is configured. `peer` is the other end
/// of the connection ([`super::origin::peer`]); call this before a place is taken and before the body
/// is asked for.
pub(super) async fn check(
    state: &State,
    generation: &Generation,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let wanted = generation.server.basic_auth.as_ref();
    check_against(wanted, state, generation, peer, headers).await
}

/// [`check`] with credentials of another section, such as `server.metrics_auth`.
///
/// Wrong credentials count towards `server.lockout`, a request without any does not. While a client is
/// locked out even the right ones are refused, so that guessing on teaches nothing.
pub(super) async fn check_against(
    wanted: Option<&BasicAuth>,
    state: &State,
    generation: &Generation,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let server = &generation.server;
    let (source, address) = Source::of(peer, &server.trusted_proxies, headers);
    if server.lockout.is_some()
        && let Some(retry_after) = state.lockouts.remaining(source, Instant::now())
    {
        return Err(Refusal::LockedOut { retry_after });
    }
    if is_right(wanted, headers) {
        return Ok(());
    }
    // Counted before the pause: guesses that come at the same time all count.
    if let Some(rule) = server.lockout
        && headers.contains_key(AUTHORIZATION)
    {
        match state.lockouts.failed(source, rule, Instant::now()) {
            Counted::Free => {}
            Counted::LastOne => {
                state.observer.metrics().locked_out();
                tracing::warn!(
                    client = %address,
                    failures = rule.failures,
                    seconds = rule.duration.as_secs(),
                    "A client guessed the API's credentials and is locked out"
                );
            }
            Counted::LockedOut(retry_after) => return Err(Refusal::LockedOut { retry_after }),
        }
    }
    tokio::time::sleep(DELAY).await;
    Err(Refusal::Unauthorized)
}

/// Compares digests, in constant time: neither the length of what is right nor how much of a guess
/// is right can be measured.
fn is_right(wanted: &BasicAuth, headers: &HeaderMap) -> bool {
    let Some((username, password)) = basic_scheme::presented(headers) else {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use base64::{Engine, engine::general_purpose::STANDARD};

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
