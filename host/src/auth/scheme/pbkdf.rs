//! PBKDF2 in Dovecot's own format: `$1$salt$rounds$` and 40 hexadecimal digits.

use hmac::Hmac;
use sha1::Sha1;

use super::{CostLimits, SchemeError, ascii, cap, equal, malformed};

/// PBKDF2 with HMAC-SHA1 and 20 bytes. The salt is the text between the signs, undecoded.
pub(super) fn verify(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    let wrong = || malformed("PBKDF2 value: it is not `$1$salt$rounds$digest`");
    let mut fields = ascii(data, "PBKDF2")?.split('$');
    let (Some(""), Some("1"), Some(salt), Some(rounds), Some(digest), None) = (
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
    ) else {
        return Err(wrong());
    };
    let rounds: u32 = rounds.parse().map_err(|_| wrong())?;
    let digest = hex::decode(digest).map_err(|_| wrong())?;
    if rounds == 0 || digest.len() != 20 {
        return Err(wrong());
    }
    cap("rounds", u64::from(rounds), u64::from(limits.rounds))?;
    let mut derived = [0; 20];
    pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt.as_bytes(), rounds, &mut derived)
        .map_err(|_| wrong())?;
    Ok(equal(&digest, &derived))
}
