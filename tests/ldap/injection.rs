//! What a user types, and what the directory understands: its own log is the witness.

use bulkhead::backend_io::ldap::{Search, Template};

use crate::support::{by_uid, client, everybody, pool, slapd, soon};

/// Names that mean something else where they are not escaped.
const NAMES: [&str; 12] = [
    "*",
    "alice)(uid=*",
    "alice)(|(uid=*",
    "*)(objectClass=*",
    "alice*",
    "a*e",
    "alice)(!(uid=x)",
    r"\61lice",
    "\u{0}alice",
    "alice\u{0}",
    "%{0}",
    "(&)",
];

#[tokio::test]
async fn no_name_is_anything_but_a_value_in_a_filter() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    for name in NAMES {
        let found = client.search(&by_uid(name), soon()).await.unwrap();
        assert!(found.entries.is_empty(), "{name:?} found {found:?}");
    }
    let log = slapd.log();
    let filters: Vec<_> = log
        .lines()
        .filter(|line| line.contains("SRCH base=\"ou=people"))
        .filter_map(|line| line.split("filter=").nth(1))
        .collect();
    assert_eq!(filters.len(), NAMES.len(), "{log}");
    for (name, filter) in NAMES.iter().zip(filters) {
        // One equality with exactly this value, nothing else.
        assert_eq!(filter, format!("\"(uid={})\"", as_logged(name)), "{name:?}");
    }
}

/// A value in a filter as OpenLDAP prints it: what it has understood, escaped anew.
fn as_logged(value: &str) -> String {
    let mut text = String::new();
    for symbol in value.chars() {
        match symbol {
            '(' | ')' | '*' | '\\' | '\0' => text += &format!("\\{:02X}", u32::from(symbol)),
            // Names are compared without regard to case.
            _ => text.push(symbol.to_ascii_lowercase()),
        }
    }
    text
}

#[tokio::test]
async fn no_name_leads_out_of_the_base() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    for name in [
        "people,dc=example,dc=org",
        "x+ou=people",
        "people\\",
        "#0406",
        "\"people\"",
        "people\u{0}",
    ] {
        let search = Search {
            base: Template {
                text: "ou=%{0},dc=example,dc=org".to_owned(),
                values: vec![name.as_bytes().to_vec()],
            },
            ..everybody()
        };
        // There is no such base: whatever is found would be somewhere else.
        let found = client.search(&search, soon()).await;
        assert!(found.is_err(), "{name:?} found {found:?}");
    }
    let log = slapd.log();
    for line in log.lines().filter(|line| line.contains("SRCH base=")) {
        assert!(!line.contains("base=\"ou=people,"), "{line}");
    }
}
