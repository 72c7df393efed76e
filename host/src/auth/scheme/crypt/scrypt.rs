//! scrypt and yescrypt strings, `$7$` and `$y$`.

use super::{CostLimits, SchemeError, cap, digits64, encode64, equal, wrong};

/// Reads yescrypt's parameters and refuses those that cost too much.
pub(super) fn check_yescrypt(field: Option<&str>, limits: &CostLimits) -> Result<(), SchemeError> {
    use yescrypt::Mode;
    let params: yescrypt::Params = field.ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
    let (n, r, p) = (params.n(), params.r(), params.p());
    check_memory(n, r, p, limits)?;
    // The crate does not tell `t`, which multiplies the time; libcrypt never sets it.
    let plain = |mode| yescrypt::Params::new(mode, n, r, p).is_ok_and(|plain| plain == params);
    if ![Mode::Rw, Mode::Worm, Mode::Classic].into_iter().any(plain) {
        return Err(SchemeError::TooExpensive(
            "yescrypt's time factor `t` where none is allowed".to_owned(),
        ));
    }
    Ok(())
}

/// 128 · N · r bytes for each of `p` lanes, which also bounds the time.
fn check_memory(n: u64, r: u32, p: u32, limits: &CostLimits) -> Result<(), SchemeError> {
    let bytes = [u64::from(r), u64::from(p)]
        .into_iter()
        .fold(n.saturating_mul(128), u64::saturating_mul);
    cap("bytes of memory", bytes, limits.memory_bytes)
}

/// `$y$parameters$salt$digest`
pub(super) fn verify_yescrypt(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    use yescrypt::{PasswordVerifier, password_hash::Error};
    let verifier = yescrypt::Yescrypt::default();
    match PasswordVerifier::<str>::verify_password(&verifier, password, text) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(wrong()),
    }
}

/// `$7$`, then log₂ N in one digit, r and p in five each.
pub(super) fn params(text: &str, limits: &CostLimits) -> Result<yescrypt::Params, SchemeError> {
    let log = digits64(text.get(3..4))?;
    let r = u32::try_from(digits64(text.get(4..9))?).map_err(|_| wrong())?;
    let p = u32::try_from(digits64(text.get(9..14))?).map_err(|_| wrong())?;
    let n = u32::try_from(log)
        .ok()
        .and_then(|log| 1_u64.checked_shl(log));
    let (Some(n @ 2..), 1.., 1..) = (n, r, p) else {
        return Err(wrong());
    };
    check_memory(n, r, p, limits)?;
    yescrypt::Params::new(yescrypt::Mode::Classic, n, r, p).map_err(|_| wrong())
}

/// `$7$parameters`, the salt as it is, `$`, the digest.
pub(super) fn verify(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    let unlimited = CostLimits {
        memory_bytes: u64::MAX,
        ..CostLimits::default()
    };
    let params = params(text, &unlimited)?;
    let (salt, stored) = text
        .get(14..)
        .and_then(|rest| rest.rsplit_once('$'))
        .ok_or_else(wrong)?;
    let mut derived = [0; 32];
    yescrypt::yescrypt(password, salt.as_bytes(), &params, &mut derived).map_err(|_| wrong())?;
    Ok(equal(stored.as_bytes(), encode64(&derived).as_bytes()))
}
