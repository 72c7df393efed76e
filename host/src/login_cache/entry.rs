//! A finding as bytes, for the store.
//!
//! CBOR with a number of its own format: what another version of Bulkhead wrote reads as nothing. Knows no
//! encryption. What it writes is sealed before it goes anywhere.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    auth::{Attribute, Value},
    pipeline::{BackendUser, Conclusion, ContextChange, Finding, Known},
};

/// Changes with the records below.
const FORMAT: u8 = 1;
/// The longest finding that the store is given, in bytes.
pub(super) const ENTRY_BYTES: usize = 256 << 10;

#[derive(Serialize, Deserialize)]
struct Entry {
    format: u8,
    conclusion: Ended,
    known: Option<User>,
    context: Vec<(String, Option<Vec<u8>>)>,
}

/// The conclusions that are worth keeping.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Ended {
    Accepted,
    WrongPassword,
    UnknownUser,
}

#[derive(Serialize, Deserialize)]
struct User {
    backend: String,
    authenticated: bool,
    account_field: String,
    totp_secret_field: String,
    totp_recovery_field: String,
    unique_user_id_field: String,
    display_name_field: String,
    attributes: Vec<(String, Vec<Stored>)>,
    groups: Vec<String>,
    group_dns: Vec<String>,
}

/// A value with its type.
#[derive(Serialize, Deserialize)]
enum Stored {
    Text(String),
    Integer(i64),
    Decimal(f64),
    Boolean(bool),
    Bytes(Vec<u8>),
}

/// The bytes of a finding; nothing if it is none to keep, or longer than [`ENTRY_BYTES`].
pub(super) fn encode(finding: &Finding) -> Option<Zeroizing<Vec<u8>>> {
    let conclusion = match finding.conclusion {
        Conclusion::Accepted => Ended::Accepted,
        Conclusion::WrongPassword => Ended::WrongPassword,
        Conclusion::UnknownUser => Ended::UnknownUser,
        Conclusion::Unavailable | Conclusion::FailedAsReject => return None,
    };
    let entry = Entry {
        format: FORMAT,
        conclusion,
        known: finding.known.as_ref().map(user),
        context: finding
            .context
            .iter()
            .map(|change| match change {
                ContextChange::Set(key, value) => (key.clone(), Some(value.to_vec())),
                ContextChange::Delete(key) => (key.clone(), None),
            })
            .collect(),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    ciborium::into_writer(&entry, &mut *bytes).ok()?;
    (bytes.len() <= ENTRY_BYTES).then_some(bytes)
}

/// The finding again; nothing if the bytes are none of this format.
pub(super) fn decode(bytes: &[u8]) -> Option<Finding> {
    let entry: Entry = ciborium::from_reader(bytes).ok()?;
    if entry.format != FORMAT {
        return None;
    }
    Some(Finding {
        conclusion: match entry.conclusion {
            Ended::Accepted => Conclusion::Accepted,
            Ended::WrongPassword => Conclusion::WrongPassword,
            Ended::UnknownUser => Conclusion::UnknownUser,
        },
        known: entry.known.map(known),
        context: entry
            .context
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => ContextChange::Set(key, value.into()),
                None => ContextChange::Delete(key),
            })
            .collect(),
        certain: true,
    })
}

fn user(known: &Known) -> User {
    let Known { backend, user } = known;
    User {
        backend: backend.clone(),
        authenticated: user.authenticated,
        account_field: user.account_field.clone(),
        totp_secret_field: user.totp_secret_field.clone(),
        totp_recovery_field: user.totp_recovery_field.clone(),
        unique_user_id_field: user.unique_user_id_field.clone(),
        display_name_field: user.display_name_field.clone(),
        attributes: user
            .attributes
            .iter()
            .map(|attribute| {
                let values = attribute.values.iter().map(stored).collect();
                (attribute.name.clone(), values)
            })
            .collect(),
        groups: user.groups.clone(),
        group_dns: user.group_dns.clone(),
    }
}

fn known(user: User) -> Known {
    Known {
        backend: user.backend,
        user: BackendUser {
            found: true,
            authenticated: user.authenticated,
            account_field: user.account_field,
            totp_secret_field: user.totp_secret_field,
            totp_recovery_field: user.totp_recovery_field,
            unique_user_id_field: user.unique_user_id_field,
            display_name_field: user.display_name_field,
            attributes: user
                .attributes
                .into_iter()
                .map(|(name, values)| Attribute {
                    name,
                    values: values.into_iter().map(value).collect(),
                })
                .collect(),
            groups: user.groups,
            group_dns: user.group_dns,
        },
    }
}

fn stored(value: &Value) -> Stored {
    match value {
        Value::Text(text) => Stored::Text(text.clone()),
        Value::Integer(number) => Stored::Integer(*number),
        Value::Decimal(number) => Stored::Decimal(*number),
        Value::Boolean(truth) => Stored::Boolean(*truth),
        Value::Bytes(bytes) => Stored::Bytes(bytes.clone()),
    }
}

fn value(stored: Stored) -> Value {
    match stored {
        Stored::Text(text) => Value::Text(text),
        Stored::Integer(number) => Value::Integer(number),
        Stored::Decimal(number) => Value::Decimal(number),
        Stored::Boolean(truth) => Value::Boolean(truth),
        Stored::Bytes(bytes) => Value::Bytes(bytes),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn finding(conclusion: Conclusion, text: &str) -> Finding {
        Finding {
            conclusion,
            known: Some(Known {
                backend: "users".to_owned(),
                user: BackendUser {
                    found: true,
                    authenticated: true,
                    account_field: "account".to_owned(),
                    totp_secret_field: "totp".to_owned(),
                    attributes: vec![Attribute {
                        name: "account".to_owned(),
                        values: vec![
                            Value::Text(text.to_owned()),
                            Value::Integer(-7),
                            Value::Decimal(0.5),
                            Value::Boolean(true),
                            Value::Bytes(vec![0, 255]),
                        ],
                    }],
                    groups: vec!["staff".to_owned()],
                    ..BackendUser::default()
                },
            }),
            context: vec![
                ContextChange::Set("rt".to_owned(), vec![0xa0].into()),
                ContextChange::Delete("gone".to_owned()),
            ],
            certain: true,
        }
    }

    #[test]
    fn a_finding_comes_back_as_it_was_types_included() {
        for conclusion in [
            Conclusion::Accepted,
            Conclusion::WrongPassword,
            Conclusion::UnknownUser,
        ] {
            let finding = finding(conclusion, "alice");
            assert_eq!(decode(&encode(&finding).unwrap()), Some(finding));
        }
    }

    #[test]
    fn an_outage_is_nothing_to_keep() {
        for conclusion in [Conclusion::Unavailable, Conclusion::FailedAsReject] {
            assert!(encode(&finding(conclusion, "alice")).is_none());
        }
    }

    #[test]
    fn the_longest_finding_is_kept_and_not_a_byte_more() {
        // What is not the text, when the text is longer than 65,535 bytes.
        let frame = encode(&finding(Conclusion::Accepted, &"x".repeat(100_000))).unwrap();
        let most = ENTRY_BYTES - (frame.len() - 100_000);
        let length = |text: usize| {
            let kept = encode(&finding(Conclusion::Accepted, &"x".repeat(text)));
            kept.map(|bytes| bytes.len())
        };
        assert_eq!(length(most), Some(ENTRY_BYTES));
        assert_eq!(length(most + 1), None);
    }

    #[test]
    fn anything_else_reads_as_nothing() {
        let bytes = encode(&finding(Conclusion::Accepted, "alice")).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None, "{length} bytes");
        }
        let mut newer = Vec::new();
        let entry = Entry {
            format: FORMAT + 1,
            conclusion: Ended::Accepted,
            known: None,
            context: Vec::new(),
        };
        ciborium::into_writer(&entry, &mut newer).unwrap();
        assert_eq!(decode(&newer), None);
    }
}
