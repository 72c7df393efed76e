//! Changes of entries.

use bulkhead::backend_io::ldap::{Change, ChangeKind, LdapError, Modify, Search};

use crate::support::{PEOPLE, by_uid, client, pool, slapd, soon};

fn change(kind: ChangeKind, attribute: &str, values: &[&str]) -> Change {
    Change {
        kind,
        attribute: attribute.to_owned(),
        values: values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect(),
    }
}

fn modify(dn: &str, changes: Vec<Change>) -> Modify {
    Modify {
        pool: "main".to_owned(),
        dn: dn.to_owned(),
        changes,
        timeout: None,
    }
}

#[tokio::test]
async fn changes_are_made_as_one_step() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let bob = format!("uid=bob,{PEOPLE}");
    let licenses = async || {
        let search = Search {
            attributes: vec!["carLicense".to_owned()],
            ..by_uid("bob")
        };
        let found = client.search(&search, soon()).await.unwrap();
        let values = found.entries[0].attributes.first();
        let values = values
            .map(|attribute| attribute.values.clone())
            .unwrap_or_default();
        let values = values
            .into_iter()
            .map(|value| String::from_utf8(value).unwrap());
        values.collect::<Vec<_>>()
    };
    for (changes, left) in [
        (
            vec![change(ChangeKind::Add, "carLicense", &["a", "b"])],
            vec!["a", "b"],
        ),
        (
            vec![change(ChangeKind::Delete, "carLicense", &["a"])],
            vec!["b"],
        ),
        (
            vec![
                change(ChangeKind::Replace, "carLicense", &["c"]),
                change(ChangeKind::Add, "carLicense", &["d"]),
            ],
            vec!["c", "d"],
        ),
        (vec![change(ChangeKind::Replace, "carLicense", &[])], vec![]),
        // What is not there may be removed again.
        (vec![change(ChangeKind::Replace, "carLicense", &[])], vec![]),
    ] {
        client.modify(&modify(&bob, changes), soon()).await.unwrap();
        assert_eq!(licenses().await, left);
    }
    let half = vec![
        change(ChangeKind::Add, "carLicense", &["e"]),
        change(ChangeKind::Add, "noSuchAttribute", &["x"]),
    ];
    let refused = client.modify(&modify(&bob, half), soon()).await;
    // undefinedAttributeType
    assert!(
        matches!(refused, Err(LdapError::Refused { code: 17, .. })),
        "{refused:?}"
    );
    assert!(licenses().await.is_empty());
}

/// As the plugin stores second factors.
#[tokio::test]
async fn an_entry_gets_an_attribute_together_with_the_class_that_allows_it() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let bob = format!("uid=bob,{PEOPLE}");
    let held = async |attribute: &str| {
        let search = Search {
            attributes: vec![attribute.to_owned()],
            ..by_uid("bob")
        };
        let found = client.search(&search, soon()).await.unwrap();
        let values = found.entries[0].attributes.first();
        values.map_or(0, |attribute| attribute.values.len())
    };
    // An attribute that no class of the entry allows.
    let alone = vec![change(ChangeKind::Replace, "associatedDomain", &["JBSW"])];
    let refused = client.modify(&modify(&bob, alone.clone()), soon()).await;
    // objectClassViolation
    assert!(
        matches!(refused, Err(LdapError::Refused { code: 65, .. })),
        "{refused:?}"
    );
    let class = change(ChangeKind::Add, "objectClass", &["extensibleObject"]);
    let both = [vec![class], alone].concat();
    client.modify(&modify(&bob, both), soon()).await.unwrap();
    assert_eq!(held("associatedDomain").await, 1);
    // New ones replace all old ones; to remove them twice is no error.
    for values in [&["one", "two"][..], &[], &[]] {
        let replace = vec![change(ChangeKind::Replace, "associatedDomain", values)];
        client.modify(&modify(&bob, replace), soon()).await.unwrap();
        assert_eq!(held("associatedDomain").await, values.len());
    }
}

#[tokio::test]
async fn a_change_of_nobody_is_an_error() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let one = || vec![change(ChangeKind::Replace, "sn", &["X"])];
    let nobody = modify(&format!("uid=mallory,{PEOPLE}"), one());
    assert_eq!(
        client.modify(&nobody, soon()).await,
        Err(LdapError::NoSuchObject)
    );
    for wrong in [
        modify("", one()),
        modify(&format!("uid=bob,{PEOPLE}"), vec![]),
    ] {
        let refused = client.modify(&wrong, soon()).await;
        assert!(matches!(refused, Err(LdapError::Invalid(_))), "{refused:?}");
    }
}
