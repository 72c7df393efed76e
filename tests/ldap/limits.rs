//! Pages, and limits: the search's, the pool's and the directory's.

use bulkhead::backend_io::ldap::{LdapError, Search};
use bulkhead_harness::SlapdSetup;

use crate::support::{by_uid, client, crowd, everybody, pool, slapd_with, soon};

/// People in the directory, alice and bob included.
const PEOPLE: u32 = 250;

fn crowded(global: &str) -> bulkhead_harness::Slapd {
    slapd_with(SlapdSetup {
        global: global.to_owned(),
        entries: crowd(PEOPLE - 2),
        ..SlapdSetup::default()
    })
}

fn paged(page_size: u32, size_limit: u32) -> Search {
    Search {
        page_size,
        size_limit,
        ..everybody()
    }
}

#[tokio::test]
async fn all_pages_are_fetched_whatever_their_size() {
    let slapd = crowded("");
    let client = client(&pool(&slapd.uri()));
    for page_size in [1, 7, 125, 249, 250, 251, 1000] {
        let found = client.search(&paged(page_size, 0), soon()).await.unwrap();
        let mut names: Vec<_> = found.entries.iter().map(|entry| &entry.dn).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), PEOPLE as usize, "{page_size}");
    }
}

#[tokio::test]
async fn the_searchs_own_limit_cuts_off_and_says_so() {
    let slapd = crowded("");
    let client = client(&pool(&slapd.uri()));
    for (page_size, size_limit, entries, more) in [
        (0, 249, 249, true),
        (0, 250, 250, false),
        (0, 251, 250, false),
        (100, 249, 249, true),
        (100, 200, 200, true),
        (100, 250, 250, false),
        (125, 250, 250, false),
        (100, 251, 250, false),
    ] {
        let found = client.search(&paged(page_size, size_limit), soon()).await;
        let found = found.unwrap();
        let got = (found.entries.len(), found.more);
        assert_eq!(got, (entries, more), "{page_size} {size_limit}");
    }
}

#[tokio::test]
async fn what_the_directory_cuts_off_is_an_error_and_pages_get_around_it() {
    // The administrator has no limits in OpenLDAP; somebody else has.
    let slapd = crowded("sizelimit size.soft=100 size.hard=100 size.prtotal=unlimited");
    let client = client(&format!("uris: [\"{}\"], retries: 0", slapd.uri()));
    let failed = client.search(&everybody(), soon()).await;
    assert!(matches!(failed, Err(LdapError::SizeLimit(_))), "{failed:?}");
    let found = client.search(&paged(100, 0), soon()).await.unwrap();
    assert_eq!(found.entries.len(), PEOPLE as usize);
}

#[tokio::test]
async fn the_pools_limits_hold_at_the_limit_and_not_before() {
    let slapd = crowded("");
    for (limit, fits) in [
        ("max_entries: 250", true),
        ("max_entries: 249", false),
        ("response_bytes: 64KiB", true),
        ("response_bytes: 4KiB", false),
    ] {
        for page_size in [0, 100] {
            let client = client(&format!("{}, {limit}", pool(&slapd.uri())));
            let found = client.search(&paged(page_size, 0), soon()).await;
            match found {
                Ok(found) => assert!(fits && found.entries.len() == 250, "{limit}"),
                Err(LdapError::SizeLimit(_)) => assert!(!fits, "{limit}"),
                Err(other) => panic!("{limit}: {other}"),
            }
            // The connection that was given up in the middle spoils nothing.
            let found = client.search(&by_uid("alice"), soon()).await.unwrap();
            assert_eq!(found.entries.len(), 1);
        }
    }
}
