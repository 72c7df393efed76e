//! crypt(3) strings: the string itself says which algorithm made it, as in libcrypt.
//!
//! The crates that do the work were written for well-formed strings, so everything that they would
//! read is checked here first.

mod md5;
mod scrypt;
mod sha;

use super::{CostLimits, SchemeError, argon, ascii, cap, equal, malformed};

/// Longest password that libxcrypt hashes. A longer one cannot be the right one, and some
/// algorithms cost the square of its length.
const PASSWORD_BYTES: usize = 511;

/// DES, BSDi, MD5, NT, SHA-1, SHA-256, SHA-512, bcrypt, scrypt and yescrypt, and Argon2 for the
/// bare strings that Nauthilus takes. A locked account's `*` or `!` matches nothing.
pub(super) fn verify(
    data: &[u8],
    password: &[u8],
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    let text = ascii(data, "crypt")?;
    if text.starts_with("$argon2") {
        return argon::verify(data, password, limits);
    }
    if text.starts_with(['*', '!']) {
        return Ok(false);
    }
    // crypt(3) takes a C string: what follows a NUL was never hashed.
    let possible = password.len() <= PASSWORD_BYTES && !password.contains(&0);
    let family = Family::of(text)?;
    family.check_cost(text, limits)?;
    if !possible {
        return Ok(false);
    }
    family.verify(text, password)
}

enum Family {
    Des,
    Bsdi,
    Md5,
    Nt,
    Sha1,
    Sha256,
    Sha512,
    Bcrypt,
    Scrypt,
    Yescrypt,
}

impl Family {
    fn of(text: &str) -> Result<Self, SchemeError> {
        let family = match text.get(..3) {
            Some("$1$") => Self::Md5,
            Some("$3$") => Self::Nt,
            Some("$5$") => Self::Sha256,
            Some("$6$") => Self::Sha512,
            Some("$7$") => Self::Scrypt,
            Some("$y$") => Self::Yescrypt,
            Some("$2a" | "$2b" | "$2x" | "$2y") => Self::Bcrypt,
            _ if text.starts_with("$sha1$") => Self::Sha1,
            _ if text.len() == 20 && text.starts_with('_') => Self::Bsdi,
            _ if text.len() == 13 => Self::Des,
            _ => return Err(wrong()),
        };
        let body = text.strip_prefix('_').unwrap_or(text);
        let allowed = |byte: u8| match family {
            Self::Des | Self::Bsdi => is_digit64(byte),
            // libxcrypt takes any other character in a salt.
            Self::Md5 | Self::Sha256 | Self::Sha512 => {
                !matches!(byte, b' ' | b'!' | b'*' | b':' | b';' | b'\\')
            }
            _ => is_digit64(byte) || matches!(byte, b'$' | b'=' | b','),
        };
        if !body.bytes().all(allowed) {
            return Err(wrong());
        }
        Ok(family)
    }

    fn check_cost(&self, text: &str, limits: &CostLimits) -> Result<(), SchemeError> {
        let mut fields = text.split('$').skip(2);
        let rounds = match self {
            Self::Des | Self::Md5 | Self::Nt => return Ok(()),
            Self::Bcrypt => {
                let cost = number(fields.next())?;
                return cap("as bcrypt cost", cost, u64::from(limits.bcrypt_cost));
            }
            Self::Yescrypt => return scrypt::check_yescrypt(fields.next(), limits),
            Self::Scrypt => return scrypt::params(text, limits).map(|_| ()),
            Self::Bsdi => digits64(text.get(1..5))?,
            Self::Sha1 => number(fields.next())?,
            Self::Sha256 | Self::Sha512 => match fields.next() {
                Some(field) if field.starts_with("rounds=") => {
                    number(field.strip_prefix("rounds="))?
                }
                _ => 5000,
            },
        };
        if rounds == 0 {
            return Err(wrong());
        }
        cap("rounds", rounds, u64::from(limits.rounds))
    }

    #[allow(deprecated)] // The crate deprecates making such hashes; checking them takes the same call.
    fn verify(&self, text: &str, password: &[u8]) -> Result<bool, SchemeError> {
        let computed = match self {
            Self::Des => pwhash::unix_crypt::hash_with(text, password),
            Self::Bsdi => pwhash::bsdi_crypt::hash_with(text, password),
            Self::Sha1 => pwhash::sha1_crypt::hash_with(text, password),
            Self::Md5 => return md5::verify(text, password),
            Self::Sha256 => return sha::verify256(text, password),
            Self::Sha512 => return sha::verify512(text, password),
            Self::Bcrypt => return bcrypt::verify(password, text).map_err(|_| wrong()),
            Self::Nt => return nt(text, password),
            Self::Scrypt => return scrypt::verify(text, password),
            Self::Yescrypt => return scrypt::verify_yescrypt(text, password),
        };
        let computed = computed.map_err(|_| wrong())?;
        Ok(equal(computed.as_bytes(), text.as_bytes()))
    }
}

fn wrong() -> SchemeError {
    malformed("crypt value: it is of no known kind")
}

fn is_digit64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')
}

/// A decimal number of nothing but digits.
fn number(field: Option<&str>) -> Result<u64, SchemeError> {
    let field = field.ok_or_else(wrong)?;
    if field.is_empty() || !field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    field.parse().map_err(|_| wrong())
}

/// A number in crypt's base64, lowest digit first.
fn digits64(field: Option<&str>) -> Result<u64, SchemeError> {
    let mut value = 0;
    for byte in field.ok_or_else(wrong)?.bytes().rev() {
        let digit = match byte {
            b'.' | b'/' => byte - b'.',
            b'0'..=b'9' => byte - b'0' + 2,
            b'A'..=b'Z' => byte - b'A' + 12,
            b'a'..=b'z' => byte - b'a' + 38,
            _ => return Err(wrong()),
        };
        value = value << 6 | u64::from(digit);
    }
    Ok(value)
}

/// MD4 of the password in UTF-16: `$3$$` and 32 hexadecimal digits.
fn nt(text: &str, password: &[u8]) -> Result<bool, SchemeError> {
    use md4::Digest;
    let stored = text.strip_prefix("$3$$").ok_or_else(wrong)?;
    let stored = hex::decode(stored).map_err(|_| wrong())?;
    let Ok(password) = std::str::from_utf8(password) else {
        return Ok(false);
    };
    let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Ok(equal(&stored, &md4::Md4::digest(wide)))
}

/// Crypt's base64: three bytes, lowest first, as four digits, lowest first.
fn encode64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .rev()
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for digit in 0..=chunk.len() {
            let index = group >> (6 * digit) & 63;
            text.push(DIGITS.get(index).map_or('.', |digit| char::from(*digit)));
        }
    }
    text
}
