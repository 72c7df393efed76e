//! One login question in the language of each route.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use ciborium::Value;

/// The languages, which are the routes.
pub const LANGUAGES: [&str; 6] = ["json", "cbor", "header", "nginx", "basic", "saslauthd"];

/// What is asked. `None` leaves a member out.
#[derive(Clone)]
pub struct Asked {
    pub username: Option<&'static [u8]>,
    pub password: Option<&'static [u8]>,
    pub protocol: &'static str,
    pub attempt: u32,
    pub query: &'static str,
    pub headers: &'static str,
}

impl Asked {
    pub fn new(username: &'static str, password: &'static str) -> Self {
        Self {
            username: Some(username.as_bytes()),
            password: Some(password.as_bytes()),
            protocol: "imap",
            attempt: 0,
            query: "",
            headers: "",
        }
    }

    /// The whole HTTP request at `path`.
    pub fn spoken(&self, language: &str, path: &str) -> Vec<u8> {
        let Self { query, headers, .. } = self;
        let mut head = String::new();
        let body = match language {
            "json" => Some(("application/json", self.json())),
            "cbor" => Some(("application/cbor", self.cbor())),
            "saslauthd" => Some(("application/x-www-form-urlencoded", self.form())),
            "basic" => {
                if let Some(username) = self.username {
                    let pair = [username, b":", self.password.unwrap_or_default()].concat();
                    write!(head, "Authorization: Basic {}\r\n", STANDARD.encode(pair)).unwrap();
                }
                None
            }
            _ => {
                self.fields(&mut head);
                None
            }
        };
        let mut request = match &body {
            Some((content_type, body)) => format!(
                "POST {path}{query} HTTP/1.1\r\nHost: t\r\nContent-Type: {content_type}\r\n\
                 Content-Length: {}\r\n{headers}\r\n",
                body.len()
            ),
            None => format!("GET {path}{query} HTTP/1.1\r\nHost: t\r\n{head}{headers}\r\n"),
        }
        .into_bytes();
        request.extend(body.map(|(_, body)| body).unwrap_or_default());
        request
    }

    fn json(&self) -> Vec<u8> {
        let mut members = vec![format!(r#""protocol":"{}""#, self.protocol).into_bytes()];
        for (name, value) in [("username", self.username), ("password", self.password)] {
            if let Some(value) = value {
                let mut member = format!(r#""{name}":""#).into_bytes();
                for byte in value {
                    if matches!(byte, b'"' | b'\\') {
                        member.push(b'\\');
                    }
                    member.push(*byte);
                }
                member.push(b'"');
                members.push(member);
            }
        }
        if self.attempt > 0 {
            members.push(format!(r#""auth_login_attempt":{}"#, self.attempt).into_bytes());
        }
        [b"{".as_slice(), &members.join(&b','), b"}"].concat()
    }

    fn cbor(&self) -> Vec<u8> {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut members = vec![(text("protocol"), text(self.protocol))];
        for (name, value) in [("username", self.username), ("password", self.password)] {
            if let Some(value) = value {
                let value = match std::str::from_utf8(value) {
                    Ok(value) => text(value),
                    Err(_) => Value::Bytes(value.to_vec()),
                };
                members.push((text(name), value));
            }
        }
        if self.attempt > 0 {
            members.push((
                text("auth_login_attempt"),
                Value::Integer(self.attempt.into()),
            ));
        }
        let mut bytes = Vec::new();
        ciborium::into_writer(&Value::Map(members), &mut bytes).unwrap();
        bytes
    }

    fn form(&self) -> Vec<u8> {
        let mut form = format!("protocol={}", self.protocol);
        for (name, value) in [("username", self.username), ("password", self.password)] {
            if let Some(value) = value {
                write!(form, "&{name}={}", escaped(value)).unwrap();
            }
        }
        if self.attempt > 0 {
            write!(form, "&auth_login_attempt={}", self.attempt).unwrap();
        }
        form.into_bytes()
    }

    /// As nginx writes them.
    fn fields(&self, head: &mut String) {
        write!(
            head,
            "Auth-Method: plain\r\nAuth-Protocol: {}\r\n",
            self.protocol
        )
        .unwrap();
        for (name, value) in [("Auth-User", self.username), ("Auth-Pass", self.password)] {
            if let Some(value) = value {
                write!(head, "{name}: {}\r\n", escaped(value)).unwrap();
            }
        }
        if self.attempt > 0 {
            write!(head, "Auth-Login-Attempt: {}\r\n", self.attempt).unwrap();
        }
    }
}

/// Percent-encoded, all but letters and digits.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(*byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
    }
    text
}
