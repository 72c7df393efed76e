//! ARGON2I and ARGON2ID, in the PHC string form that libsodium writes (RFC 9106).

use argon2::{Argon2, Params, PasswordHash, PasswordVerifier, password_hash};

use super::{CostLimits, SchemeError, ascii, cap, malformed};

/// Refuses Argon2d, which is not for passwords.
pub(super) fn verify(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    let wrong = || malformed("ARGON2 value: it is not an Argon2i or Argon2id string");
    let hash = PasswordHash::new(ascii(data, "ARGON2")?).map_err(|_| wrong())?;
    if !matches!(hash.algorithm.as_str(), "argon2i" | "argon2id") || hash.hash.is_none() {
        return Err(wrong());
    }
    let params = Params::try_from(&hash).map_err(|_| wrong())?;
    cap(
        "bytes of memory",
        u64::from(params.m_cost()) * 1024,
        limits.memory_bytes,
    )?;
    cap(
        "passes",
        u64::from(params.t_cost()),
        u64::from(limits.argon2_passes),
    )?;
    match Argon2::default().verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::Password) => Ok(false),
        Err(_) => Err(wrong()),
    }
}
