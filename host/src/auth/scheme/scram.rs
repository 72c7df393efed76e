//! SCRAM-SHA-1 and SCRAM-SHA-256: `iterations,salt,StoredKey,ServerKey` (RFC 5802, section 3).

use hmac::{Hmac, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CostLimits, Encoding, SchemeError, ascii, cap, equal, malformed};

/// What Dovecot demands at least (RFC 7677, section 4).
const LEAST_ITERATIONS: u32 = 4096;

pub(super) fn sha1(data: &[u8], password: &[u8], limits: &CostLimits) -> Result<bool, SchemeError> {
    verify(data, password, limits, |password, salt, iterations| {
        let mut salted = Zeroizing::new([0; 20]);
        pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, iterations, salted.as_mut_slice()).ok()?;
        let mut mac = Hmac::<Sha1>::new_from_slice(salted.as_slice()).ok()?;
        mac.update(b"Client Key");
        Some(Sha1::digest(mac.finalize().into_bytes()).to_vec())
    })
}

pub(super) fn sha256(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    verify(data, password, limits, |password, salt, iterations| {
        let mut salted = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, iterations, salted.as_mut_slice()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(salted.as_slice()).ok()?;
        mac.update(b"Client Key");
        Some(Sha256::digest(mac.finalize().into_bytes()).to_vec())
    })
}

fn verify(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
    stored_key: impl Fn(&[u8], &[u8], u32) -> Option<Vec<u8>>,
) -> Result<bool, SchemeError> {
    let wrong = || malformed("SCRAM value: it is not `iterations,salt,StoredKey,ServerKey`");
    let fields: Vec<&str> = ascii(data, "SCRAM")?.split(',').collect();
    let [iterations, salt, stored, server] = fields.as_slice() else {
        return Err(wrong());
    };
    let iterations: u32 = iterations.parse().map_err(|_| wrong())?;
    let salt = Encoding::Base64.decode(salt.as_bytes())?;
    let stored = Encoding::Base64.decode(stored.as_bytes())?;
    let server = Encoding::Base64.decode(server.as_bytes())?;
    if iterations < LEAST_ITERATIONS || stored.len() != server.len() {
        return Err(wrong());
    }
    cap(
        "iterations",
        u64::from(iterations),
        u64::from(limits.rounds),
    )?;

    let derived = stored_key(password, &salt, iterations).ok_or_else(wrong)?;
    if derived.len() != stored.len() {
        return Err(wrong());
    }
    if equal(&derived, &stored) {
        return Ok(true);
    }
    // Dovecot 2.3 stores the password as typed; programs that follow the RFC prepare it first
    // (SASLprep, RFC 4013). Where the two differ, both are right.
    let prepared = std::str::from_utf8(password)
        .ok()
        .and_then(|text| stringprep::saslprep(text).ok());
    match prepared {
        Some(prepared) if prepared.as_bytes() != password => {
            let derived = stored_key(prepared.as_bytes(), &salt, iterations).ok_or_else(wrong)?;
            Ok(equal(&derived, &stored))
        }
        _ => Ok(false),
    }
}
