//! Several servers in a pool, crowds, referrals, and pools that change while they are used.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::backend_io::{
    BreakerState,
    ldap::{LdapError, Search},
};
use bulkhead_harness::{SlapdSetup, port};

use crate::support::{
    ADMIN, by_uid, check, client, configured, crowd, everybody, pool, slapd, slapd_with, soon,
};

#[tokio::test]
async fn the_second_server_answers_when_the_first_does_not() {
    let (first, second) = (port::free(), slapd());
    let client = client(&format!(
        "uris: [\"ldap://{first}\", \"{}\"], {ADMIN}, retries: 0, breaker_failures: 2",
        second.uri()
    ));
    for _ in 0..4 {
        assert_eq!(check(&client, "secret of alice").await, Ok(true));
        assert_eq!(check(&client, "guess").await, Ok(false));
    }
    let states: Vec<_> = client
        .status()
        .iter()
        .map(|server| server.breaker)
        .collect();
    assert_eq!(states, [BreakerState::Open, BreakerState::Closed]);
}

#[tokio::test]
async fn an_answer_of_the_first_server_is_final_and_the_second_is_not_asked() {
    let (first, second) = (slapd(), slapd());
    let client = client(&format!(
        "uris: [\"{}\", \"{}\"], {ADMIN}",
        first.uri(),
        second.uri()
    ));
    assert_eq!(check(&client, "guess").await, Ok(false));
    assert!(
        client
            .search(&by_uid("mallory"), soon())
            .await
            .unwrap()
            .entries
            .is_empty()
    );
    assert!(!second.log().contains("BIND"), "{}", second.log());
}

#[tokio::test]
async fn spread_questions_go_to_all_servers_in_turn() {
    let (first, second) = (slapd(), slapd());
    let client = client(&format!(
        "uris: [\"{}\", \"{}\"], {ADMIN}, spread: true",
        first.uri(),
        second.uri()
    ));
    for _ in 0..10 {
        client.search(&by_uid("alice"), soon()).await.unwrap();
    }
    for slapd in [&first, &second] {
        let log = slapd.log();
        assert_eq!(log.matches("SRCH base=\"ou=people").count(), 5, "{log}");
    }
}

#[tokio::test]
async fn a_hundred_at_once_share_a_few_connections() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, search_connections: 3, bind_connections: 3, connect_timeout: 20s",
        pool(&slapd.uri())
    ));
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..100 {
        let client = Arc::clone(&client);
        asked.spawn(async move {
            client.search(&by_uid("alice"), soon()).await.unwrap();
            let right = number % 2 == 0;
            let password = if right { "secret of alice" } else { "guess" };
            assert_eq!(check(&client, password).await, Ok(right));
        });
    }
    asked.join_all().await;
    let accepted = slapd.log().matches("ACCEPT from IP=").count();
    // One more to see whether it is up.
    assert!(accepted <= 7, "{accepted} connections");
    let status = &client.status()[0];
    assert!(status.searches.0 <= 3 && status.binds.0 <= 3, "{status:?}");
}

#[tokio::test]
async fn who_finds_no_free_connection_hears_so_and_the_breaker_stays_closed() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, search_connections: 1, connect_timeout: 200ms, search_timeout: 10s, breaker_failures: 1",
        pool(&slapd.uri())
    ));
    client.search(&by_uid("alice"), soon()).await.unwrap();
    slapd.stall();
    let first = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.search(&by_uid("alice"), soon()).await }
    });
    while client.status()[0].searches.1 > 0 {
        tokio::task::yield_now().await;
    }
    let crowded = client.search(&by_uid("alice"), soon()).await;
    let Err(LdapError::Unavailable(text)) = crowded else {
        panic!("{crowded:?}")
    };
    assert!(text.contains("all 1 connections"), "{text}");
    assert_eq!(client.status()[0].breaker, BreakerState::Closed);
    slapd.wake();
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn lists_leave_half_of_the_connections_to_logins() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, search_connections: 2, connect_timeout: 300ms, search_timeout: 10s",
        pool(&slapd.uri())
    ));
    let low = || Search {
        is_low: true,
        ..everybody()
    };
    client.search(&low(), soon()).await.unwrap();
    slapd.stall();
    let list = tokio::spawn({
        let (client, search) = (Arc::clone(&client), low());
        async move { client.search(&search, soon()).await }
    });
    while client.status()[0].searches.1 > 0 {
        tokio::task::yield_now().await;
    }
    let second = client.search(&low(), soon()).await;
    let Err(LdapError::Unavailable(text)) = second else {
        panic!("{second:?}")
    };
    assert!(text.contains("half of the connections"), "{text}");
    let login = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.search(&by_uid("alice"), soon()).await }
    });
    slapd.wake();
    login.await.unwrap().unwrap();
    list.await.unwrap().unwrap();
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, idle_timeout: 1s, probe_interval: 100ms",
        pool(&slapd.uri())
    ));
    client.start_probes();
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    assert_eq!(client.status()[0].binds, (1, 1));
    let end = Instant::now() + Duration::from_secs(20);
    while client.status()[0].binds.0 > 0 {
        assert!(Instant::now() < end, "{:?}", client.status());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_referral_is_an_error_or_ignored_and_never_followed() {
    let elsewhere = slapd();
    let slapd = slapd_with(SlapdSetup {
        entries: format!(
            "dn: ou=branch,ou=people,dc=example,dc=org\n\
             objectClass: referral\nobjectClass: extensibleObject\n\
             ou: branch\nref: {}/ou=people,dc=example,dc=org\n\n",
            elsewhere.uri()
        ),
        ..SlapdSetup::default()
    });
    let strict = client(&pool(&slapd.uri()));
    let Err(LdapError::Referral(uris)) = strict.search(&by_uid("alice"), soon()).await else {
        panic!("no referral")
    };
    assert!(uris[0].starts_with(&elsewhere.uri()), "{uris:?}");
    let lenient = client(&format!("{}, referrals: ignore", pool(&slapd.uri())));
    let found = lenient.search(&by_uid("alice"), soon()).await.unwrap();
    assert_eq!(found.entries.len(), 1);
    // What is nothing but a referral is an error everywhere.
    let search = Search {
        base: bulkhead::backend_io::ldap::Template::plain("ou=branch,ou=people,dc=example,dc=org"),
        ..everybody()
    };
    let failed = lenient.search(&search, soon()).await;
    assert!(matches!(failed, Err(LdapError::Referral(_))), "{failed:?}");
    assert!(!elsewhere.log().contains("SRCH"), "{}", elsewhere.log());
}

#[tokio::test]
async fn a_pool_that_stays_the_same_keeps_its_connections_and_a_new_one_is_known_before_it_serves()
{
    let slapd = slapd();
    let same = format!("{}, idle_timeout: 1m", pool(&slapd.uri()));
    let client = client(&same);
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    let connections = || {
        client
            .status()
            .iter()
            .map(|server| server.binds.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(connections(), [1]);

    let mut next = configured(&same);
    let other = next.pools["main"].clone();
    next.pools.insert("other".to_owned(), other);
    let commit = client.prepare(&next).unwrap();
    let search = Search {
        pool: "other".to_owned(),
        ..by_uid("alice")
    };
    client.search(&search, soon()).await.unwrap();
    commit();
    assert_eq!(connections(), [1, 0]);

    client.prepare(&configured(&pool(&slapd.uri()))).unwrap()();
    assert_eq!(connections(), [0]);
    let gone = client.search(&search, soon()).await;
    assert_eq!(gone, Err(LdapError::NoSuchPool("other".to_owned())));
}

#[tokio::test]
async fn a_thousand_people_are_listed_while_others_log_in() {
    let slapd = slapd_with(SlapdSetup {
        entries: crowd(998),
        ..SlapdSetup::default()
    });
    let client = client(&pool(&slapd.uri()));
    let list = Search {
        is_low: true,
        page_size: 10,
        ..everybody()
    };
    let (listed, ()) = tokio::join!(client.search(&list, soon()), async {
        for _ in 0..20 {
            assert_eq!(check(&client, "secret of alice").await, Ok(true));
        }
    });
    assert_eq!(listed.unwrap().entries.len(), 1000);
}
