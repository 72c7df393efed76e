//! OTP: `algorithm sequence seed hash` (RFC 2289). The password is the secret pass-phrase.

use md4::Md4;
use md5::Md5;
use sha1::{Digest, Sha1};

use super::{CostLimits, SchemeError, ascii, cap, equal, malformed};

/// Recomputes the hash of the stored sequence number.
pub(super) fn verify(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    let wrong = || malformed("OTP value: it is not `algorithm sequence seed hash`");
    let fields: Vec<&str> = ascii(data, "OTP")?.split(' ').collect();
    let [algorithm, sequence, seed, hash] = fields.as_slice() else {
        return Err(wrong());
    };
    let step = match *algorithm {
        "md4" => fold16::<Md4>,
        "md5" => fold16::<Md5>,
        "sha1" => fold_sha1,
        _ => return Err(wrong()),
    };
    let sequence: u32 = sequence.parse().map_err(|_| wrong())?;
    let hash = hex::decode(hash).map_err(|_| wrong())?;
    if hash.len() != 8 || seed.is_empty() {
        return Err(wrong());
    }
    cap("steps", u64::from(sequence), u64::from(limits.rounds))?;
    let mut start = zeroize::Zeroizing::new(seed.to_ascii_lowercase().into_bytes());
    start.extend_from_slice(password);
    let mut state = step(&start);
    for _ in 0..sequence {
        state = step(&state);
    }
    Ok(equal(&hash, &state))
}

/// The halves of a 16 byte digest, one over the other.
fn fold16<D: Digest>(input: &[u8]) -> [u8; 8] {
    let mut folded = [0; 8];
    for (index, byte) in D::digest(input).iter().enumerate() {
        if let Some(target) = folded.get_mut(index % 8) {
            *target ^= byte;
        }
    }
    folded
}

/// As [`fold16`], for five words, which the RFC then writes in the other byte order (appendix A).
fn fold_sha1(input: &[u8]) -> [u8; 8] {
    let mut folded = [0; 8];
    for (index, byte) in Sha1::digest(input).iter().enumerate() {
        if let Some(target) = folded.get_mut((index % 8) ^ 3) {
            *target ^= byte;
        }
    }
    folded
}
