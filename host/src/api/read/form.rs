//! A login question as an HTML form (`application/x-www-form-urlencoded`), as KeyCloak and SASL
//! callers send it.
//!
//! Takes the form's own names (`realm`, `port`, `tls`, `security`) beside those of JSON. The server
//! asked is the one that the user connected to, so the local address is 127.0.0.1 unless given.

use super::{fields::Fields, percent};
use crate::{api::refusal::Refusal, auth::Password};

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
        let Ok(name) = String::from_utf8(percent::decode(name, true)) else {
            continue;
        };
        if name == "password" {
            fields.password = Some(Password::new(percent::decode(value, true)));
            continue;
        }
        if name == "auth_login_attempt" {
            fields.login_attempt = String::from_utf8(percent::decode(value, true))
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
        let text = String::from_utf8(percent::decode(value, true))
            .map_err(|_| Refusal::Malformed(format!("invalid {known}")))?;
        fields.set(known, text);
    }
    Ok(fields)
}
