//! Trust on first use: the first password of a name is its password from then on.
//!
//! Of two first logins at the same time one wins. What is kept is a salted digest.

use std::time::Duration;

use bulkhead_sdk::{Failure, Password, random, store};
use sha2::{Digest, Sha256};

/// Bytes of salt.
const SALT: u8 = 16;

/// Whether the password is right, now or from now on; nothing for a name without a password so far when
/// none is given.
pub(crate) fn check(
    name: &str,
    given: Option<&Password>,
    remember_s: u32,
) -> Result<Option<bool>, Failure> {
    // A name can be longer than a key.
    let digest = hexadecimal(&Sha256::digest(name.as_bytes()));
    let key = format!("password/{digest}");
    let kept = store::get(&key)?;
    let Some(given) = given else {
        return Ok(kept.map(|_| false));
    };
    if let Some(kept) = kept {
        return compare(&kept, given).map(Some);
    }
    let time = Some(Duration::from_secs(remember_s.into()));
    if store::increment(&format!("claim/{digest}"), 1, time)? == 1 {
        let salt = random::bytes(SALT.into());
        store::set(&key, digest_of(&salt, given), time)?;
        return Ok(Some(true));
    }
    match store::get(&key)? {
        Some(kept) => compare(&kept, given).map(Some),
        None => Err(Failure::new("another first login of this name is in work")),
    }
}

fn compare(kept: &[u8], given: &Password) -> Result<bool, Failure> {
    let (salt, _) = kept
        .split_at_checked(SALT.into())
        .ok_or_else(|| Failure::new("what is kept of this name is damaged"))?;
    Ok(digest_of(salt, given) == kept)
}

/// Salt and digest.
fn digest_of(salt: &[u8], password: &Password) -> Vec<u8> {
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(password.as_bytes())
        .finalize();
    [salt, digest.as_slice()].concat()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
