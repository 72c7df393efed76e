//! A login question as a JSON object.
//!
//! Reads as Go's decoder reads for the peer: unknown members are ignored, the last of several wins,
//! names are compared without regard to case, `null` means absent, half of a surrogate pair becomes
//! U+FFFD. The password is unescaped straight into its final memory: a JSON library would leave a
//! copy in a scratch buffer.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{dovecot, fields::Fields, json_errors};
use crate::{api::refusal::Refusal, auth::Password};

/// Reads the object.
pub(super) fn parse(body: &[u8]) -> Result<Fields, Refusal> {
    let Members(members) = serde_json::from_slice(body)
        .map_err(|error| Refusal::Malformed(json_errors::describe(&error, body)))?;
    let mut fields = Fields::default();
    for (name, value) in members {
        let raw = value.get();
        if name.eq_ignore_ascii_case("password") {
            if let Some(bytes) = text(raw, "password")? {
                fields.password = Some(Password::new(bytes));
            }
        } else if name.eq_ignore_ascii_case("auth_login_attempt") {
            if raw != "null" {
                fields.login_attempt = raw
                    .parse()
                    .map_err(|_| wrong_type(raw, "auth_login_attempt", "uint"))?;
            }
        } else if name.eq_ignore_ascii_case("dovecot") {
            fields.dovecot = dovecot_facts(raw)?;
        } else if let Some(known) = Fields::known(&name)
            && known != "realm"
            && let Some(bytes) = text(raw, known)?
        {
            fields.set(known, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(fields)
}

/// The members of the object `dovecot`.
fn dovecot_facts(raw: &str) -> Result<dovecot::Facts, Refusal> {
    let Members(members) =
        serde_json::from_str(raw).map_err(|_| wrong_type(raw, "dovecot", "object"))?;
    let mut facts = dovecot::Facts::new();
    for (name, value) in members {
        if let Some(known) = dovecot::known(&name)
            && let Some(bytes) = text(value.get(), known)?
        {
            facts.insert(known, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(facts)
}

/// The bytes of a JSON string; `None` for null.
fn text(raw: &str, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
    if raw == "null" {
        return Ok(None);
    }
    raw.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .map(|inner| Some(unescape(inner)))
        .ok_or_else(|| wrong_type(raw, name, "string"))
}

fn wrong_type(raw: &str, name: &str, wanted: &str) -> Refusal {
    let kind = match raw.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        _ => "number",
    };
    Refusal::Malformed(format!(
        "json: cannot unmarshal {kind} into field {name} of type {wanted}"
    ))
}

/// Undoes the escapes of a string that the parser has found well-formed. What comes out is never
/// longer than what goes in, so the vector never moves.
fn unescape(inner: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    let mut push = |character: char| {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    };
    while let Some(character) = rest.next() {
        if character != '\\' {
            push(character);
            continue;
        }
        match rest.next() {
            Some('n') => push('\n'),
            Some('t') => push('\t'),
            Some('r') => push('\r'),
            Some('b') => push('\u{8}'),
            Some('f') => push('\u{c}'),
            Some('u') => {
                let unit = code_unit(&mut rest);
                let mut ahead = rest.clone();
                let second = if ahead.next() == Some('\\') && ahead.next() == Some('u') {
                    Some(code_unit(&mut ahead))
                } else {
                    None
                };
                let pair = [unit, second.unwrap_or(0)];
                match char::decode_utf16(pair).next() {
                    Some(Ok(character)) => {
                        push(character);
                        if character.len_utf16() == 2 {
                            rest = ahead;
                        }
                    }
                    _ => push(char::REPLACEMENT_CHARACTER),
                }
            }
            Some(other) => push(other),
            None => {}
        }
    }
    bytes
}

/// Four hexadecimal digits.
fn code_unit(characters: &mut std::str::Chars<'_>) -> u16 {
    let value = characters
        .take(4)
        .filter_map(|digit| digit.to_digit(16))
        .fold(0, |value, digit| value << 4 | digit);
    u16::try_from(value).unwrap_or(0xfffd)
}

/// The members of the object, values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Members(Vec::new()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_password_is_unescaped_as_go_does() {
        let rows: [(&str, &str); 8] = [
            (r"plain", "plain"),
            (r#"q\"b\\s\/"#, "q\"b\\s/"),
            (r"\n\t\r\b\f", "\n\t\r\u{8}\u{c}"),
            (r"\u00e4\u20AC", "ä€"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ude00\u0041", "\u{fffd}A"),
            (r"\ud83d\u0041", "\u{fffd}A"),
        ];
        for (escaped, expected) in rows {
            let body = format!(r#"{{"password":"{escaped}"}}"#);
            let fields = parse(body.as_bytes()).ok().unwrap();
            assert_eq!(
                fields.password.unwrap().expose(),
                expected.as_bytes(),
                "{escaped}"
            );
        }
    }

    #[test]
    fn malformed_bodies_are_refused_in_the_words_of_go() {
        let rows = [
            ("", "EOF"),
            ("  \n", "EOF"),
            ("{", "unexpected EOF"),
            (r#"{"username":"a"#, "unexpected EOF"),
            ("x", "invalid character 'x' looking for beginning of value"),
            (
                r#"{"username":}"#,
                "invalid character '}' looking for beginning of value",
            ),
            (
                "{username:1}",
                "invalid character 'u' looking for beginning of object key string",
            ),
            (
                r#"{"a":1,}"#,
                "invalid character '}' looking for beginning of object key string",
            ),
            (r#"{"a" 1}"#, "invalid character '1' after object key"),
            (
                r#"{"a":1 "b"}"#,
                "invalid character '\"' after object key:value pair",
            ),
            ("{} x", "invalid character 'x' after top-level value"),
            (
                "{\"a\":\"\n\"}",
                "invalid character '\\n' in string literal",
            ),
            (
                r#"{"username":5}"#,
                "json: cannot unmarshal number into field username of type string",
            ),
            (
                r#"{"password":["x"]}"#,
                "json: cannot unmarshal array into field password of type string",
            ),
            (
                r#"{"auth_login_attempt":"1"}"#,
                "json: cannot unmarshal string into field auth_login_attempt of type uint",
            ),
            (
                r#"{"auth_login_attempt":-1}"#,
                "json: cannot unmarshal number into field auth_login_attempt of type uint",
            ),
            (
                r#"{"dovecot":"x"}"#,
                "json: cannot unmarshal string into field dovecot of type object",
            ),
            ("[1]", "json: cannot unmarshal array into an object"),
            ("5", "json: cannot unmarshal number into an object"),
        ];
        for (body, expected) in rows {
            match parse(body.as_bytes()) {
                Err(Refusal::Malformed(text)) => assert_eq!(text, expected, "{body}"),
                Err(other) => panic!("{body}: {other:?}"),
                Ok(_) => panic!("{body} passed"),
            }
        }
    }

    #[test]
    fn the_last_of_several_wins_and_unknown_members_are_ignored() {
        let body = br#"{"password":"a","Password":"b","nested":{"deep":[1,{}]},"password":null}"#;
        let fields = parse(body).ok().unwrap();
        assert_eq!(fields.password.unwrap().expose(), b"b");
    }

    proptest::proptest! {
        #[test]
        fn any_password_survives_json(password: String) {
            let body = serde_json::json!({ "password": password }).to_string();
            let fields = parse(body.as_bytes()).ok().unwrap();
            let parsed = fields.password.unwrap();
            proptest::prop_assert_eq!(parsed.expose(), password.as_bytes());
        }
    }
}
