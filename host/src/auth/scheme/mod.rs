//! Stored passwords: every scheme that Dovecot 2.3 writes, with its encodings.
//!
//! A stored value is input: it may come from a script, a database or a typing mistake. Nothing here
//! panics on any bytes, and what a value costs is compared with [`CostLimits`] before any work is
//! done. Digests are compared in constant time. Errors never hold any part of a stored value but
//! the name of its scheme.
//!
//! Sources: Dovecot's documentation of password schemes; RFC 2289 (OTP), RFC 2195 (CRAM-MD5), RFC
//! 2831 (DIGEST-MD5), RFC 5802 and 7677 (SCRAM), RFC 9106 (Argon2), crypt(5).

mod argon;
mod challenge;
mod crypt;
mod digest;
mod md5_block;
mod name;
mod otp;
mod pbkdf;
mod plain;
mod scram;

#[cfg(test)]
mod tests;

use subtle::ConstantTimeEq;

use self::name::Encoding;
pub use self::name::Scheme;

/// Longest stored value that is looked at, in bytes.
const STORED_BYTES: usize = 4096;

/// What one verification may cost. Values above are refused before any work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// Memory of Argon2, scrypt and yescrypt, in bytes. Default 256 MiB.
    pub memory_bytes: u64,
    /// Rounds of SHA-crypt, PBKDF2, SCRAM and OTP. Default 1,000,000.
    pub rounds: u32,
    /// bcrypt's cost, the logarithm of its rounds. Default 16.
    pub bcrypt_cost: u32,
    /// Argon2's passes over its memory. Default 32.
    pub argon2_passes: u32,
}

impl Default for CostLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            rounds: 1_000_000,
            bcrypt_cost: 16,
            argon2_passes: 32,
        }
    }
}

/// Why a stored value cannot be compared with a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// The scheme or its encoding is not known.
    #[error("unknown password scheme {0}")]
    UnknownScheme(String),
    /// The value is not what its scheme says.
    #[error("malformed {0}")]
    Malformed(String),
    /// It asks for more than [`CostLimits`] allow.
    #[error("too expensive: {0}")]
    TooExpensive(String),
}

/// True if `password` is the one behind `stored`.
///
/// `stored` is `{SCHEME}data`, `{SCHEME.ENCODING}data` (`b64`, `base64` or `hex`), or data of
/// `default_scheme`, which is `PLAIN` when empty. Without a prefix, `$1$salt$…` is always MD5-CRYPT.
/// Only DIGEST-MD5 needs `username`.
///
/// # Errors
/// [`SchemeError`]; an error is never "wrong password".
pub fn verify(
    stored: &[u8],
    password: &[u8],
    username: &str,
    default_scheme: &str,
    limits: &CostLimits,
) -> Result<bool, SchemeError> {
    let hash = Hash::parse(stored, default_scheme)?;
    match hash.scheme {
        Scheme::Plain => Ok(equal(&hash.text()?, password)),
        Scheme::PlainTruncated => plain::truncated(&hash.text()?, password),
        Scheme::Sha1 => digest::plain::<sha1::Sha1>(&hash, password),
        Scheme::Sha256 => digest::plain::<sha2::Sha256>(&hash, password),
        Scheme::Sha512 => digest::plain::<sha2::Sha512>(&hash, password),
        Scheme::PlainMd5 => digest::plain::<md5::Md5>(&hash, password),
        Scheme::PlainMd4 => digest::plain::<md4::Md4>(&hash, password),
        Scheme::SaltedSha1 => digest::salted::<sha1::Sha1>(&hash, password),
        Scheme::SaltedSha256 => digest::salted::<sha2::Sha256>(&hash, password),
        Scheme::SaltedSha512 => digest::salted::<sha2::Sha512>(&hash, password),
        Scheme::SaltedMd5 => digest::salted::<md5::Md5>(&hash, password),
        Scheme::DigestMd5 => challenge::digest_md5(&hash, password, username),
        Scheme::CramMd5 => challenge::cram_md5(&hash, password),
        Scheme::Md5 if hash.is_md5_crypt() => crypt::verify(&hash.text()?, password, limits),
        Scheme::Md5 => digest::plain::<md5::Md5>(&hash, password),
        Scheme::Crypt => crypt::verify(&hash.text()?, password, limits),
        Scheme::Pbkdf2 => pbkdf::verify(&hash.text()?, password, limits),
        Scheme::ScramSha1 => scram::sha1(&hash.text()?, password, limits),
        Scheme::ScramSha256 => scram::sha256(&hash.text()?, password, limits),
        Scheme::Argon2 => argon::verify(&hash.text()?, password, limits),
        Scheme::Otp => otp::verify(&hash.text()?, password, limits),
    }
}

/// The password that `stored` holds in plain text: without a prefix, or with `{PLAIN}`,
/// `{CLEARTEXT}` or `{CLEAR}`, whatever its encoding.
///
/// # Errors
/// [`SchemeError`] if the value is of another scheme or malformed.
pub fn plain_text(stored: &[u8]) -> Result<crate::auth::Password, SchemeError> {
    let hash = Hash::parse(stored, "")?;
    if hash.scheme != Scheme::Plain {
        return Err(malformed("plain text: the value is of another scheme"));
    }
    Ok(crate::auth::Password::new(std::mem::take(
        &mut *hash.text()?,
    )))
}

/// True if comparing takes microseconds, so that it needs no thread of its own. Also true for values
/// that only yield an error.
pub fn is_cheap(stored: &[u8], default_scheme: &str) -> bool {
    Hash::parse(stored, default_scheme).map_or(true, |hash| match hash.scheme {
        Scheme::Md5 => !hash.is_md5_crypt(),
        Scheme::Crypt
        | Scheme::Pbkdf2
        | Scheme::ScramSha1
        | Scheme::ScramSha256
        | Scheme::Argon2
        | Scheme::Otp => false,
        _ => true,
    })
}

/// A stored value taken apart.
struct Hash<'stored> {
    scheme: Scheme,
    encoding: Option<Encoding>,
    data: &'stored [u8],
}

impl<'stored> Hash<'stored> {
    fn parse(stored: &'stored [u8], default_scheme: &'stored str) -> Result<Self, SchemeError> {
        if stored.len() > STORED_BYTES {
            return Err(malformed("value: it is longer than 4096 bytes"));
        }
        let (name, data) = split(stored, default_scheme)?;
        let (scheme, encoding) = name::parse(name)?;
        if data.is_empty() {
            return Err(malformed("value: it is empty"));
        }
        Ok(Self {
            scheme,
            encoding,
            data,
        })
    }

    /// The data of a scheme that is text by itself.
    fn text(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, SchemeError> {
        let text = match self.encoding {
            None => self.data.to_vec(),
            Some(encoding) => encoding.decode(self.data)?,
        };
        Ok(zeroize::Zeroizing::new(text))
    }

    /// `{MD5}` says two things; the data tells which.
    fn is_md5_crypt(&self) -> bool {
        self.text().is_ok_and(|text| text.starts_with(b"$1$"))
    }

    /// The data of a scheme that is bytes. Without a named encoding, `digits` hexadecimal digits are
    /// hexadecimal, all else is base64.
    fn bytes(&self, digits: Option<usize>) -> Result<Vec<u8>, SchemeError> {
        let encoding = self.encoding.unwrap_or_else(|| {
            if digits == Some(self.data.len()) && self.data.iter().all(u8::is_ascii_hexdigit) {
                Encoding::Hex
            } else {
                Encoding::Base64
            }
        });
        encoding.decode(self.data)
    }
}

/// Separates the scheme's name from the data.
fn split<'a>(
    stored: &'a [u8],
    default_scheme: &'a str,
) -> Result<(&'a [u8], &'a [u8]), SchemeError> {
    let braced = stored.strip_prefix(b"{").and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b'}')?;
        Some((rest.get(..end)?, rest.get(end + 1..)?))
    });
    if let Some(parts) = braced {
        return Ok(parts);
    }
    let is_md5_crypt = stored
        .strip_prefix(b"$1$")
        .is_some_and(|rest| rest.contains(&b'$'));
    if is_md5_crypt {
        return Ok((b"MD5-CRYPT", stored));
    }
    match default_scheme {
        "" => Ok((b"PLAIN", stored)),
        name => Ok((name.as_bytes(), stored)),
    }
}

/// Compares in time that depends on the lengths only.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn malformed(what: &str) -> SchemeError {
    SchemeError::Malformed(what.to_owned())
}

/// Refuses a cost above its limit.
fn cap(what: &str, asked: u64, allowed: u64) -> Result<(), SchemeError> {
    if asked > allowed {
        return Err(SchemeError::TooExpensive(format!(
            "{asked} {what} where {allowed} are allowed"
        )));
    }
    Ok(())
}

/// UTF-8 text of a scheme whose data is ASCII.
fn ascii<'a>(data: &'a [u8], scheme: &str) -> Result<&'a str, SchemeError> {
    match std::str::from_utf8(data) {
        Ok(text)
            if text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ') =>
        {
            Ok(text)
        }
        _ => Err(malformed(&format!("{scheme} value: it is not ASCII text"))),
    }
}
