//! What all parsers promise, and the rules of CBOR.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ciborium::{Value, cbor};

use super::{authorization, cbor, fields::Fields, form, headers, json};
use crate::{
    api::refusal::Refusal,
    config::{HeaderNames, ServerLimits},
};

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn parsed(bytes: &[u8]) -> Result<Fields, String> {
    cbor::parse(bytes, &ServerLimits::default()).map_err(|refusal| match refusal {
        Refusal::Malformed(why) => why,
        other => panic!("{other:?}"),
    })
}

fn why(bytes: &[u8]) -> String {
    parsed(bytes).err().unwrap_or_else(|| "accepted".to_owned())
}

/// A map with one member that nobody knows.
fn unknown(value: Value) -> Vec<u8> {
    encoded(&Value::Map(vec![(Value::Text("other".to_owned()), value)]))
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
}

#[test]
fn cbor_members_are_those_of_json() {
    let body = encoded(
        &cbor!({
            "Username" => "alice", "password" => "p\0", "service" => "imap", "ssl" => null,
            "auth_login_attempt" => 3, "unknown" => {"nested" => [true, 1.5, {1 => -1}]},
            "dovecot" => {"local_name" => "sni", "other" => [1]}
        })
        .unwrap(),
    );
    let fields = parsed(&body).ok().unwrap();
    assert_eq!(fields.get("username"), "alice");
    assert_eq!(fields.password.as_ref().unwrap().expose(), b"p\0");
    assert_eq!(fields.get("service"), "imap");
    assert_eq!(fields.get("ssl"), "");
    assert_eq!(fields.login_attempt, 3);
    assert_eq!(fields.dovecot.get("local_name").unwrap(), "sni");

    let password = Value::Bytes(vec![0xff, 0]);
    let body = encoded(&Value::Map(vec![(
        Value::Text("password".to_owned()),
        password,
    )]));
    assert_eq!(
        parsed(&body).ok().unwrap().password.unwrap().expose(),
        b"\xff\0"
    );
}

#[test]
fn cbor_that_breaks_a_rule_is_refused_with_the_rule() {
    let rows: [(&[u8], &str); 22] = [
        (b"", "EOF"),
        (b"\xa1", "unexpected EOF"),
        (b"\xa1\x61", "unexpected EOF"),
        (b"\xa1\x61a\x62b", "unexpected EOF"),
        (
            b"\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
            "unexpected EOF",
        ),
        (b"\xbf\x61a\x01\xff", "cbor: indefinite length at byte 0"),
        (b"\xa1\x61a\x9f\xff", "cbor: indefinite length at byte 3"),
        (
            b"\xa1\x61a\x7f\x61b\xff",
            "cbor: indefinite length at byte 3",
        ),
        (
            b"\xa1\x61a\x5f\x41b\xff",
            "cbor: indefinite length at byte 3",
        ),
        (b"\xc0\xa0", "cbor: tag at byte 0"),
        (b"\xa1\x61a\xc1\x01", "cbor: tag at byte 3"),
        (b"\xa1\x61a\xff", "cbor: invalid data at byte 3"),
        (b"\xa1\x61a\x1c", "cbor: invalid data at byte 3"),
        (
            b"\xa1\x61a\x61\xff",
            "cbor: text that is not UTF-8 at byte 3",
        ),
        (
            b"\xa2\x61a\x01\x61a\x02",
            "cbor: a key that is there twice at byte 4",
        ),
        // The same key in a longer form.
        (
            b"\xa2\x61a\x01\x78\x01a\x02",
            "cbor: a key that is there twice at byte 4",
        ),
        (
            b"\xa1\x61a\xa2\x01\x01\x18\x01\x02",
            "cbor: a key that is there twice at byte 6",
        ),
        (
            b"\xa1\x80\x01",
            "cbor: a key of an unsuitable type at byte 1",
        ),
        (b"\xa0\x00", "cbor: data after the end at byte 1"),
        (b"\x80", "cbor: cannot unmarshal array into an object"),
        (
            b"\xa1\x68username\x41a",
            "cbor: cannot unmarshal byte string into field username of type string",
        ),
        (
            b"\xa1\x72auth_login_attempt\x20",
            "cbor: cannot unmarshal negative integer into field auth_login_attempt of type uint",
        ),
    ];
    for (bytes, expected) in rows {
        assert_eq!(why(bytes), expected, "{bytes:x?}");
    }
    assert_eq!(why(b"\xf6"), "accepted");
}

#[test]
fn cbor_may_be_as_deep_as_the_limit_and_no_deeper() {
    // The map around it is one level.
    assert_eq!(why(&unknown(nested(31))), "accepted");
    assert_eq!(why(&unknown(nested(32))), "cbor: nested deeper than 32");
    let maps = |depth| {
        let inner = (0..depth).fold(Value::Null, |inner, _| {
            Value::Map(vec![(Value::Integer(1.into()), inner)])
        });
        why(&unknown(inner))
    };
    assert_eq!(maps(31), "accepted");
    assert_eq!(maps(32), "cbor: nested deeper than 32");
    // Siblings are not inside each other.
    let siblings = Value::Array((0..100).map(|_| nested(30)).collect());
    assert_eq!(why(&unknown(siblings)), "accepted");
}

#[test]
fn cbor_containers_may_hold_as_many_as_the_limit_and_no_more() {
    let array = |count| why(&unknown(Value::Array(vec![Value::Null; count])));
    assert_eq!(array(4096), "accepted");
    assert_eq!(array(4097), "cbor: more than 4096 elements or pairs");
    let map = |count: u32| {
        let pairs = (0..count).map(|key| (Value::Integer(key.into()), Value::Null));
        why(&encoded(&Value::Map(pairs.collect())))
    };
    assert_eq!(map(4096), "accepted");
    assert_eq!(map(4097), "cbor: more than 4096 elements or pairs");
    // A length that announces more than memory holds.
    let bytes = b"\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(why(bytes), "cbor: more than 4096 elements or pairs");
}

#[test]
fn cbor_bodies_have_a_limit_of_their_own_beside_that_of_all_bodies() {
    let limit = |form: super::Form, body_bytes| {
        form.body_bytes(&ServerLimits {
            body_bytes,
            ..ServerLimits::default()
        })
    };
    let rows = [
        (super::Form::Cbor, 1 << 10, 1 << 10),
        (super::Form::Cbor, 1 << 20, 1 << 20),
        (super::Form::Cbor, (1 << 20) + 1, 1 << 20),
        (super::Form::Json, (1 << 20) + 1, (1 << 20) + 1),
    ];
    for (form, body_bytes, expected) in rows {
        assert_eq!(limit(form, body_bytes), expected, "{form:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes: Vec<u8>, text in r#"[{}\[\]",:\\u0-9a-f%+=& \n]{0,60}"#) {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = json::parse(input);
            let _ = form::parse(input);
            let _ = cbor::parse(input, &ServerLimits::default());
        }
    }

    #[test]
    fn any_header_fields_are_parsed_or_refused(
        fields in proptest::collection::vec((0..40_usize, proptest::collection::vec(32_u8.., 0..40)), 0..12),
    ) {
        let mut names: Vec<HeaderName> = HeaderNames::default().0.into_values().collect();
        names.extend(["auth-salt", "authorization", "client-host", "auth-ssl"].map(HeaderName::from_static));
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            if let (Some(name), Ok(value)) = (names.get(name), HeaderValue::from_bytes(&value)) {
                map.append(name, value);
            }
        }
        let _ = headers::read(&map, &HeaderNames::default());
        let _ = authorization::read(&map);
    }

    #[test]
    fn any_members_survive_cbor(username: String, password: Vec<u8>, attempt: u32) {
        let text = |text: &str| Value::Text(text.to_owned());
        let body = encoded(&Value::Map(vec![
            (text("username"), text(&username)),
            (text("password"), Value::Bytes(password.clone())),
            (text("auth_login_attempt"), Value::Integer(attempt.into())),
        ]));
        let fields = parsed(&body).ok().unwrap();
        proptest::prop_assert_eq!(fields.get("username"), username);
        proptest::prop_assert_eq!(fields.password.as_ref().unwrap().expose(), password);
        proptest::prop_assert_eq!(fields.login_attempt, attempt);
    }
}
