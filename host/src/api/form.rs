//! A login question as an HTML form (`application/x-www-form-urlencoded`), as KeyCloak and SASL
//! callers send it.
//!
//! Takes the form's own names (`realm`, `port`, `tls`, `security`) beside those of JSON. The server
//! asked is the one that the user connected to, so the local address is 127.0.0.1 unless given.

use super::{fields::Fields, refusal::Refusal};
use crate::auth::Password;

/// Reads the form. Names that nobody knows are ignored; the last of several wins.
pub(super) fn parse(body: &[u8]) -> Result<Fields, Refusal> {
    let mut fields = Fields::default();
    fields.set("local_ip", "127.0.0.1".to_owned());
    for pair in body.split(|byte| *byte == b'&') {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(equals) => {
                let (name, rest) = pair.split_at(equals);
                (name, rest.get(1..).unwrap_or_default())
            }
            None => (pair, [].as_slice()),
        };
        let Ok(name) = String::from_utf8(decode(name)) else {
            continue;
        };
        if name == "password" {
            fields.password = Some(Password::new(decode(value)));
            continue;
        }
        if name == "auth_login_attempt" {
            fields.login_attempt = String::from_utf8(decode(value))
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Refusal::Malformed("invalid auth_login_attempt".to_owned()))?;
            continue;
        }
        let name = match name.as_str() {
            "port" => "local_port",
            "tls" => "ssl",
            "security" => "ssl_protocol",
            other => other,
        };
        let Some(known) = Fields::known(name) else {
            continue;
        };
        let text = String::from_utf8(decode(value))
            .map_err(|_| Refusal::Malformed(format!("invalid {known}")))?;
        fields.set(known, text);
    }
    Ok(fields)
}

/// Decodes `+` and `%XX` into memory of the final size, so that no part of a password stays behind in
/// a buffer that had to grow. A `%` that is no escape stands for itself.
fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match (after.first().and_then(hex), after.get(1).and_then(hex)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => decoded.push(b'%'),
            },
            other => decoded.push(*other),
        }
    }
    decoded
}

fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_kept() {
        let rows: [(&str, &[u8]); 6] = [
            ("a+b%20c", b"a b c"),
            ("%zz%4", b"%zz%4"),
            ("100%", b"100%"),
            ("%C3%A4", "ä".as_bytes()),
            ("%ff", b"\xff"),
            ("", b""),
        ];
        for (encoded, expected) in rows {
            assert_eq!(decode(encoded.as_bytes()), expected, "{encoded}");
        }
    }
}
