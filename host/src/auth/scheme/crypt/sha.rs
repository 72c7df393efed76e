//! SHA256-CRYPT and SHA512-CRYPT: `$5$` or `$6$`, `rounds=N$` if not 5000, salt, `$`, digest.
//!
//! Specified by Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512".

use sha_crypt::Params;

use super::{SchemeError, encode64, equal, number, wrong};

pub(super) fn verify256(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    let (params, salt, stored) = parse(text)?;
    let digest = sha_crypt::sha256_crypt(password, salt, params);
    // Triples of indices that lie a third apart; each row starts 21 further.
    let triples = (0..10).flat_map(|row| [20, 10, 0].map(|third| (21 * row + third) % 30));
    Ok(matches(stored, &digest, triples.chain([30, 31])))
}

pub(super) fn verify512(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    let (params, salt, stored) = parse(text)?;
    let digest = sha_crypt::sha512_crypt(password, salt, params);
    let triples = (0..21).flat_map(|row| [42, 21, 0].map(|third| (22 * row + third) % 63));
    Ok(matches(stored, &digest, triples.chain([63])))
}

/// Rounds, salt and digest of a string whose prefix is known.
fn parse(text: &str) -> Result<(Params, &[u8], &str), SchemeError> {
    let body = text.get(3..).ok_or_else(wrong)?;
    let (params, body) = match body.strip_prefix("rounds=") {
        Some(body) => {
            let (rounds, body) = body.split_once('$').ok_or_else(wrong)?;
            let rounds = u32::try_from(number(Some(rounds))?).map_err(|_| wrong())?;
            (Params::new(rounds).map_err(|_| wrong())?, body)
        }
        None => (Params::default(), body),
    };
    let (salt, stored) = body.split_once('$').ok_or_else(wrong)?;
    Ok((params, salt.as_bytes(), stored))
}

/// Compares with the digest's bytes in the order in which they are written.
fn matches(stored: &str, digest: &[u8], order: impl Iterator<Item = usize>) -> bool {
    let ordered: Vec<u8> = order
        .filter_map(|index| digest.get(index).copied())
        .collect();
    equal(stored.as_bytes(), encode64(&ordered).as_bytes())
}
