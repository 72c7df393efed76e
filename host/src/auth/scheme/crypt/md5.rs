//! MD5-CRYPT: `$1$salt$digest`, as FreeBSD invented it.

use md5::{Digest, Md5};

use super::{SchemeError, encode64, equal, wrong};

/// Which bytes of the digest are written together, and in which order.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

pub(super) fn verify(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    let fields = text
        .strip_prefix("$1$")
        .and_then(|rest| rest.split_once('$'));
    let (salt, stored) = fields.ok_or_else(wrong)?;
    // The reader of the salt stops after eight bytes.
    let salt = salt.as_bytes();
    let digest = digest(password, salt.get(..8).unwrap_or(salt));
    let ordered: Vec<u8> = ORDER
        .iter()
        .filter_map(|index| digest.get(*index).copied())
        .collect();
    Ok(equal(stored.as_bytes(), encode64(&ordered).as_bytes()))
}

fn digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let mixed = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut start = Md5::new()
        .chain_update(password)
        .chain_update(b"$1$")
        .chain_update(salt);
    for chunk in password.chunks(mixed.len()) {
        start.update(mixed.get(..chunk.len()).unwrap_or_default());
    }
    let mut bits = password.len();
    while bits > 0 {
        // An oddity that all implementations keep: a zero for each set bit of the length.
        let zero = bits & 1 == 1;
        start.update(if zero {
            &[0]
        } else {
            password.get(..1).unwrap_or_default()
        });
        bits >>= 1;
    }
    let mut digest = start.finalize();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let mut next = Md5::new();
        next.update(if odd { password } else { &digest });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if odd { &digest } else { password });
        digest = next.finalize();
    }
    digest.into()
}
