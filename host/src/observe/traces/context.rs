//! The trace that a caller's request belongs to (W3C Trace Context, level 1).
//!
//! What breaks a rule is ignored, as the recommendation wants: a bad `traceparent` with all that comes
//! with it, a bad `tracestate` alone.

use crate::auth::{Header, TraceContext};

/// Longest `tracestate` that is passed on, and most members of it.
const STATE_BYTES: usize = 512;
const STATE_MEMBERS: usize = 32;

/// A span of this server in the caller's trace, if these header fields (names in lower case) name one.
pub(super) fn of_caller(headers: &[Header]) -> Option<TraceContext> {
    let mut parents = headers.iter().filter(|header| header.name == "traceparent");
    let (Some(parent), None) = (parents.next(), parents.next()) else {
        return None;
    };
    let caller = TraceContext::parse(std::str::from_utf8(&parent.value).ok()?.trim())?;
    let state = state(headers).unwrap_or_default();
    Some(TraceContext {
        state: state.into(),
        ..caller.child()
    })
}

/// The members of all `tracestate` fields in order, or nothing if one of them is malformed.
fn state(headers: &[Header]) -> Option<String> {
    let mut members: Vec<&str> = Vec::new();
    for header in headers.iter().filter(|header| header.name == "tracestate") {
        let text = std::str::from_utf8(&header.value).ok()?;
        for member in text.split(',').map(|one| one.trim_matches([' ', '\t'])) {
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            let known = |other: &&str| other.split('=').next() == Some(key);
            if !is_key(key) || !is_value(value) || members.iter().any(known) {
                return None;
            }
            members.push(member);
        }
    }
    let state = members.join(",");
    (members.len() <= STATE_MEMBERS && state.len() <= STATE_BYTES).then_some(state)
}

fn is_key(key: &str) -> bool {
    let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=256).contains(&key.len())
        && key.bytes().next().is_some_and(begins)
        && key
            .bytes()
            .all(|byte| begins(byte) || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value
            .bytes()
            .all(|byte| (0x20..=0x7e).contains(&byte) && byte != b'=')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(fields: &[(&str, &str)]) -> Vec<Header> {
        fields
            .iter()
            .map(|(name, value)| Header {
                name: (*name).to_owned(),
                value: value.as_bytes().to_vec(),
            })
            .collect()
    }

    #[test]
    fn the_caller_s_span_is_the_parent_and_its_flag_is_obeyed() {
        for (flags, sampled) in [("01", true), ("00", false)] {
            let parent = PARENT.replace("-01", &format!("-{flags}"));
            let found = of_caller(&headers(&[("traceparent", &parent)])).unwrap();
            assert_eq!(found.trace_id_text(), "0af7651916cd43dd8448eb211c80319c");
            assert_eq!(found.parent, Some(0xb7ad_6b71_6920_3331_u64.to_be_bytes()));
            assert_eq!(found.sampled, sampled);
        }
    }

    #[test]
    fn a_missing_doubled_or_malformed_parent_is_none() {
        let rows: [&[(&str, &str)]; 4] = [
            &[],
            &[("tracestate", "a=1")],
            &[("traceparent", PARENT), ("traceparent", PARENT)],
            &[("traceparent", "00-xyz"), ("tracestate", "a=1")],
        ];
        for fields in rows {
            assert_eq!(of_caller(&headers(fields)), None, "{fields:?}");
        }
    }

    #[test]
    fn state_is_passed_on_as_it_came_or_not_at_all() {
        let many = (0..33).map(|number| format!("k{number}=v"));
        let many = many.collect::<Vec<_>>().join(",");
        let long = format!("k={}", "v".repeat(257));
        let two_long = format!("a={0},b={0}", "v".repeat(256));
        let rows = [
            ("a=1", "a=1"),
            ("a=1, b@vendor=x y ,,", "a=1,b@vendor=x y"),
            ("", ""),
            ("a", ""),
            ("A=1", ""),
            ("a=1,a=2", ""),
            ("a=1=2", ""),
            ("a=\u{e4}", ""),
            (many.as_str(), ""),
            (long.as_str(), ""),
            (two_long.as_str(), ""),
        ];
        for (state, expected) in rows {
            let fields = headers(&[("traceparent", PARENT), ("tracestate", state)]);
            assert_eq!(&*of_caller(&fields).unwrap().state, expected, "{state}");
        }
        let several = headers(&[
            ("traceparent", PARENT),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ]);
        assert_eq!(&*of_caller(&several).unwrap().state, "a=1,b=2");
    }
}
