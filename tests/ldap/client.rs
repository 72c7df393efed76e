//! What the client finds, checks and refuses in a directory that is well.

use bulkhead::{
    auth::Password,
    backend_io::ldap::{LdapError, Scope, Search, Template},
};

use crate::support::{PEOPLE, by_uid, check, client, everybody, names, pool, slapd, soon};

#[tokio::test]
async fn a_search_finds_entries_with_the_attributes_that_were_asked_for() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let search = Search {
        attributes: vec![
            "mail".to_owned(),
            "displayname".to_owned(),
            "title".to_owned(),
        ],
        ..by_uid("alice")
    };
    let found = client.search(&search, soon()).await.unwrap();
    assert_eq!(names(&found), [format!("uid=alice,{PEOPLE}")]);
    let mut attributes = found.entries[0].attributes.clone();
    attributes.sort_by(|one, other| one.name.cmp(&other.name));
    let shown: Vec<_> = attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.values.len()))
        .collect();
    assert_eq!(shown, [("displayName", 1), ("mail", 2)]);
    assert!(!found.more);
}

#[tokio::test]
async fn the_scope_says_how_far_below_the_base() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    for (base, scope, expected) in [
        (PEOPLE, Scope::Base, 0),
        (PEOPLE, Scope::OneLevel, 2),
        ("dc=example,dc=org", Scope::OneLevel, 0),
        ("dc=example,dc=org", Scope::Subtree, 2),
    ] {
        let search = Search {
            base: Template::plain(base),
            scope,
            ..everybody()
        };
        let found = client.search(&search, soon()).await.unwrap();
        assert_eq!(found.entries.len(), expected, "{base} {scope:?}");
    }
}

#[tokio::test]
async fn nothing_found_is_no_error_and_a_missing_base_is_one() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let found = client.search(&by_uid("mallory"), soon()).await.unwrap();
    assert!(found.entries.is_empty());
    let search = Search {
        base: Template::plain("ou=nowhere,dc=example,dc=org"),
        ..everybody()
    };
    let failed = client.search(&search, soon()).await;
    assert_eq!(failed, Err(LdapError::NoSuchObject));
}

#[tokio::test]
async fn a_password_is_right_or_wrong_and_binds_go_their_own_way() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, search_connections: 1, bind_connections: 1",
        pool(&slapd.uri())
    ));
    for _ in 0..3 {
        assert_eq!(check(&client, "secret of alice").await, Ok(true));
        assert_eq!(check(&client, "guess").await, Ok(false));
        // Still as the pool, not as whoever logged in last.
        let found = client.search(&by_uid("alice"), soon()).await.unwrap();
        assert_eq!(found.entries.len(), 1);
    }
    let log = slapd.log();
    let accepted = log.matches("ACCEPT from IP=").count();
    // One to see whether it is up, one for searches, one for binds.
    assert_eq!(accepted, 3, "{log}");
    let of = |text: &str| {
        let lines = log.lines().filter(|line| line.contains(text));
        lines
            .filter_map(|line| line.split("conn=").nth(1)?.split(' ').next())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let (searches, binds) = (of("SRCH base=\"ou=people"), of("BIND dn=\"uid=alice"));
    assert_eq!((searches.len(), binds.len()), (1, 1), "{log}");
    assert!(searches.is_disjoint(&binds), "{log}");
}

#[tokio::test]
async fn an_empty_name_or_password_is_never_sent() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let alice = format!("uid=alice,{PEOPLE}");
    for (dn, password) in [(alice.as_str(), ""), ("", "secret of alice"), ("", "")] {
        let password = Password::new(password.as_bytes().to_vec());
        let checked = client.check_password("main", dn, &password, soon()).await;
        assert!(matches!(checked, Err(LdapError::Invalid(_))), "{checked:?}");
    }
    assert!(!slapd.log().contains("BIND"), "{}", slapd.log());
}

#[tokio::test]
async fn a_bind_to_an_entry_that_is_not_there_is_a_wrong_password() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let dn = format!("uid=mallory,{PEOPLE}");
    let password = Password::new(b"x".to_vec());
    let checked = client.check_password("main", &dn, &password, soon()).await;
    assert_eq!(checked, Ok(false));
}

#[tokio::test]
async fn a_password_may_be_any_bytes() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let dn = format!("uid=alice,{PEOPLE}");
    for bytes in [&b"\xff\xfe"[..], b"a\0b", &[b'x'; 4000]] {
        let password = Password::new(bytes.to_vec());
        let checked = client.check_password("main", &dn, &password, soon()).await;
        assert_eq!(checked, Ok(false));
    }
}

#[tokio::test]
async fn a_pool_that_nobody_configured_is_named() {
    let slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    let search = Search {
        pool: "other".to_owned(),
        ..everybody()
    };
    let failed = client.search(&search, soon()).await.unwrap_err();
    assert_eq!(failed.to_string(), "there is no LDAP pool `other`");
}

#[tokio::test]
async fn a_pool_whose_own_password_is_wrong_is_an_outage() {
    let slapd = slapd();
    let uri = slapd.uri();
    let client = client(&format!(
        "uris: [\"{uri}\"], bind_dn: \"cn=admin,dc=example,dc=org\", bind_password: old, retries: 0"
    ));
    let failed = client.search(&by_uid("alice"), soon()).await.unwrap_err();
    let LdapError::Unavailable(text) = failed else {
        panic!("{failed:?}")
    };
    assert!(text.contains("the pool's own bind was refused"), "{text}");
}
