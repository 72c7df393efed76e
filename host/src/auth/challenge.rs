//! Logins in which the password does not cross the wire: the client answers a challenge with a digest
//! over the challenge and the password.
//!
//! Whoever checks the answer needs the password in plain text. A digest is nearly as good as the
//! password to someone who can guess offline, so it is handled like one.

use std::{fmt, sync::Arc};

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Password;

/// How the client's digest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// MD5 of the challenge followed by the password (RFC 1939, section 7).
    Apop,
    /// HMAC-MD5 of the challenge, keyed with the password (RFC 2195).
    CramMd5,
}

impl Mechanism {
    /// The mechanism of that SASL (or POP3) name in lower case.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "apop" => Some(Self::Apop),
            "cram-md5" => Some(Self::CramMd5),
            _ => None,
        }
    }
}

/// A challenge, and what the client made of it.
#[derive(Clone)]
pub struct Challenge {
    /// How the digest is made.
    pub mechanism: Mechanism,
    /// What the front end sent to the client, angle brackets included.
    pub salt: Vec<u8>,
    /// The client's digest in hexadecimal digits.
    pub response: Arc<Password>,
}

impl Challenge {
    /// True if the client knows the password. Takes the same time wherever the digests differ.
    pub fn is_answered_with(&self, password: &[u8]) -> bool {
        let expected = Zeroizing::new(match self.mechanism {
            Mechanism::Apop => {
                let mut digest = Md5::new();
                digest.update(&self.salt);
                digest.update(password);
                hex::encode(digest.finalize())
            }
            // HMAC takes keys of any length, so this does not fail.
            Mechanism::CramMd5 => match Hmac::<Md5>::new_from_slice(password) {
                Ok(mut mac) => {
                    mac.update(&self.salt);
                    hex::encode(mac.finalize().into_bytes())
                }
                Err(_) => return false,
            },
        });
        let given = Zeroizing::new(self.response.expose().to_ascii_lowercase());
        expected.as_bytes().ct_eq(&given).into()
    }
}

/// The password behind an answered challenge, for a front end that has to log in with it. Cannot be
/// printed.
#[derive(Clone)]
pub struct RecoveredPassword(pub Arc<Password>);

impl fmt::Debug for RecoveredPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[password]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standards_are_right() {
        // RFC 1939, section 7, and RFC 2195, section 2.
        let rows = [
            (
                Mechanism::Apop,
                "<1896.697170952@dbc.mtview.ca.us>",
                "tanstaaf",
                "c4c9334bac560ecc979e58001b3e22fb",
            ),
            (
                Mechanism::CramMd5,
                "<1896.697170952@postoffice.reston.mci.net>",
                "tanstaaftanstaaf",
                "b913a602c7eda7a495b4e6e7334d3890",
            ),
        ];
        for (mechanism, salt, password, response) in rows {
            let challenge = |response: &str| Challenge {
                mechanism,
                salt: salt.as_bytes().to_vec(),
                response: Arc::new(Password::new(response.as_bytes().to_vec())),
            };
            let answered = challenge(response);
            assert!(answered.is_answered_with(password.as_bytes()));
            assert!(challenge(&response.to_uppercase()).is_answered_with(password.as_bytes()));
            assert!(!answered.is_answered_with(b"tanstaa"));
            assert!(!challenge("").is_answered_with(password.as_bytes()));
            assert!(!challenge(&response[1..]).is_answered_with(password.as_bytes()));
        }
    }

    #[test]
    fn a_recovered_password_cannot_be_printed() {
        let recovered = RecoveredPassword(Arc::new(Password::new(b"secret".to_vec())));
        assert_eq!(format!("{recovered:?}"), "[password]");
    }
}
