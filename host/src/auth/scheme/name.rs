//! Names of schemes and encodings.

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{SchemeError, malformed};

/// How a stored value came out of a password. Names that mean the same are one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `PLAIN`, `CLEAR`, `CLEARTEXT`
    Plain,
    /// `PLAIN-TRUNC`
    PlainTruncated,
    /// `SHA`, `SHA1`
    Sha1,
    /// `SHA256`
    Sha256,
    /// `SHA512`
    Sha512,
    /// `SSHA`
    SaltedSha1,
    /// `SSHA256`
    SaltedSha256,
    /// `SSHA512`
    SaltedSha512,
    /// `SMD5`
    SaltedMd5,
    /// `LDAP-MD5`, `PLAIN-MD5`
    PlainMd5,
    /// `PLAIN-MD4`
    PlainMd4,
    /// `DIGEST-MD5`
    DigestMd5,
    /// `CRAM-MD5`, `HMAC-MD5`
    CramMd5,
    /// `MD5`: MD5-CRYPT or PLAIN-MD5, by its look.
    Md5,
    /// `CRYPT` and all `…-CRYPT`: the string itself says which.
    Crypt,
    /// `PBKDF2`, in Dovecot's own format.
    Pbkdf2,
    /// `SCRAM-SHA-1`
    ScramSha1,
    /// `SCRAM-SHA-256`
    ScramSha256,
    /// `ARGON2I`, `ARGON2ID`
    Argon2,
    /// `OTP`
    Otp,
}

/// Every name, in upper case.
const NAMES: [(&str, Scheme); 31] = [
    ("PLAIN", Scheme::Plain),
    ("CLEAR", Scheme::Plain),
    ("CLEARTEXT", Scheme::Plain),
    ("PLAIN-TRUNC", Scheme::PlainTruncated),
    ("SHA", Scheme::Sha1),
    ("SHA1", Scheme::Sha1),
    ("SHA256", Scheme::Sha256),
    ("SHA512", Scheme::Sha512),
    ("SSHA", Scheme::SaltedSha1),
    ("SSHA256", Scheme::SaltedSha256),
    ("SSHA512", Scheme::SaltedSha512),
    ("SMD5", Scheme::SaltedMd5),
    ("LDAP-MD5", Scheme::PlainMd5),
    ("PLAIN-MD5", Scheme::PlainMd5),
    ("PLAIN-MD4", Scheme::PlainMd4),
    ("DIGEST-MD5", Scheme::DigestMd5),
    ("CRAM-MD5", Scheme::CramMd5),
    ("HMAC-MD5", Scheme::CramMd5),
    ("MD5", Scheme::Md5),
    ("CRYPT", Scheme::Crypt),
    ("MD5-CRYPT", Scheme::Crypt),
    ("SHA256-CRYPT", Scheme::Crypt),
    ("SHA512-CRYPT", Scheme::Crypt),
    ("DES-CRYPT", Scheme::Crypt),
    ("BLF-CRYPT", Scheme::Crypt),
    ("PBKDF2", Scheme::Pbkdf2),
    ("SCRAM-SHA-1", Scheme::ScramSha1),
    ("SCRAM-SHA-256", Scheme::ScramSha256),
    ("ARGON2I", Scheme::Argon2),
    ("ARGON2ID", Scheme::Argon2),
    ("OTP", Scheme::Otp),
];

/// How bytes were made text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    Hex,
}

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Encoding {
    pub(super) fn decode(self, data: &[u8]) -> Result<Vec<u8>, SchemeError> {
        match self {
            Self::Base64 => BASE64
                .decode(data)
                .map_err(|_| malformed("value: it is not base64")),
            Self::Hex => hex::decode(data).map_err(|_| malformed("value: it is not hexadecimal")),
        }
    }
}

/// Reads `SCHEME` or `SCHEME.ENCODING`, in any case.
pub(super) fn parse(name: &[u8]) -> Result<(Scheme, Option<Encoding>), SchemeError> {
    let unknown = || SchemeError::UnknownScheme(printable(name));
    let upper = name.to_ascii_uppercase();
    let text = std::str::from_utf8(&upper).map_err(|_| unknown())?;
    let (scheme, encoding) = match text.split_once('.') {
        None => (text, None),
        Some((scheme, "HEX")) => (scheme, Some(Encoding::Hex)),
        Some((scheme, "B64" | "BASE64")) => (scheme, Some(Encoding::Base64)),
        Some(_) => return Err(unknown()),
    };
    let scheme = NAMES.iter().find(|(known, _)| *known == scheme);
    scheme
        .map(|(_, scheme)| (*scheme, encoding))
        .ok_or_else(unknown)
}

/// The name if it looks like one. A plaintext password may start with a brace, and no part of it
/// belongs in a log.
fn printable(name: &[u8]) -> String {
    let fits = (1..=24).contains(&name.len());
    let looks_right =
        |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'0'..=b'9' | b'-' | b'.' | b'_');
    match std::str::from_utf8(name) {
        Ok(text) if fits && name.iter().all(looks_right) => text.to_owned(),
        _ => "(its name is not shown, as it does not look like one)".to_owned(),
    }
}
