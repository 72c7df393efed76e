//! Servers that answer nothing, nonsense, or something that nobody asked for. None of it is an answer to a
//! user's question.

use std::time::{Duration, Instant};

use bulkhead::backend_io::{BreakerState, ldap::LdapError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{by_uid, check, client, soon};

/// What a server does with a connection: sends this, then closes it or keeps silent.
#[derive(Clone)]
struct Manners {
    sends: Vec<u8>,
    closes: bool,
}

/// A server that answers every request with the same bytes.
async fn server(manners: Manners) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let manners = manners.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    if stream.write_all(&manners.sends).await.is_err() || manners.closes {
                        return;
                    }
                }
            });
        }
    });
    format!("ldap://{address}")
}

/// A bind response with that result code and id.
fn bound(id: u8, code: u8) -> Vec<u8> {
    vec![0x30, 12, 2, 1, id, 0x61, 7, 10, 1, code, 4, 0, 4, 0]
}

fn pool(uri: &str, more: &str) -> String {
    format!("uris: [\"{uri}\"], retries: 0, bind_timeout: 300ms, search_timeout: 300ms {more}")
}

#[tokio::test]
async fn nonsense_is_an_outage_for_searches_and_passwords_alike() {
    let huge_length = vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff];
    let nested = {
        let mut bytes = vec![0x30, 0x82, 0x3e, 0x83, 2, 1, 1];
        bytes.extend([0x30, 0x80].repeat(8000));
        bytes
    };
    for (what, sends, closes) in [
        ("nothing, and closes", vec![], true),
        ("nothing at all", vec![], false),
        ("HTTP", b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), false),
        ("half a message", bound(1, 0)[..9].to_vec(), true),
        (
            "half a message, and waits",
            bound(1, 0)[..9].to_vec(),
            false,
        ),
        ("more bytes than anybody has", huge_length, false),
        ("nested lengths without an end", nested, false),
        ("an indefinite length", vec![0x30, 0x80, 2, 1, 1], false),
        ("another operation's success", bound(7, 0), false),
        ("a notice that nobody asked for", bound(0, 0), false),
        (
            "a code that is no number",
            vec![0x30, 11, 2, 1, 1, 0x61, 6, 10, 0, 4, 0, 4, 0],
            false,
        ),
        ("busy (51)", bound(1, 51), false),
        ("unavailable (52)", bound(1, 52), false),
    ] {
        let uri = server(Manners { sends, closes }).await;
        let client = client(&pool(&uri, ""));
        for outcome in [
            check(&client, "secret of alice").await.map(|_| ()),
            client.search(&by_uid("alice"), soon()).await.map(|_| ()),
        ] {
            let is_outage = matches!(
                outcome,
                Err(LdapError::Unavailable(_)
                    | LdapError::Protocol(_)
                    | LdapError::TimedOut
                    | LdapError::SizeLimit(_))
            );
            assert!(is_outage, "{what}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn only_the_two_codes_say_something_about_a_password() {
    for code in 0..=123 {
        let uri = server(Manners {
            sends: bound(1, code),
            closes: false,
        })
        .await;
        let checked = check(&client(&pool(&uri, "")), "x").await;
        match code {
            0 => assert_eq!(checked, Ok(true)),
            49 => assert_eq!(checked, Ok(false)),
            _ => assert!(checked.is_err(), "{code}: {checked:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_nobody_elses() {
    // The second answer comes with the first request's: whoever is next must not take it for his own.
    let sends = [bound(1, 49), bound(2, 0)].concat();
    let uri = server(Manners {
        sends,
        closes: false,
    })
    .await;
    let client = client(&pool(&uri, ", bind_connections: 1"));
    for _ in 0..3 {
        assert_eq!(check(&client, "guess").await, Ok(false));
    }
}

#[tokio::test]
async fn who_stalls_is_left_alone_after_some_tries_and_tried_again_later() {
    let uri = server(Manners {
        sends: vec![],
        closes: false,
    })
    .await;
    let cool_down = Duration::from_secs(2);
    let client = client(&pool(&uri, ", breaker_failures: 3, breaker_cool_down: 2s"));
    let state = || client.status()[0].breaker;
    for _ in 0..3 {
        assert_eq!(state(), BreakerState::Closed);
        assert_eq!(check(&client, "x").await, Err(LdapError::TimedOut));
    }
    let opened = Instant::now();
    assert_eq!(state(), BreakerState::Open);
    let mut refused = Ok(true);
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let asked = Instant::now();
        refused = check(&client, "x").await;
        shortest = shortest.min(asked.elapsed());
    }
    // Nobody waited for the server; the machine may hold up some of them.
    assert!(shortest < Duration::from_millis(250), "{shortest:?}");
    let Err(LdapError::Unavailable(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains("circuit breaker"), "{text}");
    tokio::time::sleep_until((opened + cool_down).into()).await;
    assert_eq!(check(&client, "x").await, Err(LdapError::TimedOut));
    assert_eq!(state(), BreakerState::Open);
}

#[tokio::test]
async fn the_callers_deadline_ends_every_wait() {
    let uri = server(Manners {
        sends: vec![],
        closes: false,
    })
    .await;
    let client = client(&format!(
        "uris: [\"{uri}\"], retries: 10, bind_timeout: 30s, search_timeout: 30s"
    ));
    let began = Instant::now();
    let deadline = began + Duration::from_millis(400);
    let outcome = client.search(&by_uid("alice"), deadline).await;
    assert!(outcome.is_err());
    assert!(Instant::now() < deadline, "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_who_listens_is_an_outage_at_once() {
    let address = bulkhead_harness::port::free();
    let began = Instant::now();
    let checked = check(&client(&pool(&format!("ldap://{address}"), "")), "x").await;
    assert!(
        matches!(checked, Err(LdapError::Unavailable(_))),
        "{checked:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn the_end_of_another_operation_ends_no_search() {
    let uri = server(Manners {
        sends: bound(1, 0),
        closes: false,
    })
    .await;
    let found = client(&pool(&uri, ""))
        .search(&by_uid("alice"), soon())
        .await;
    assert!(matches!(found, Err(LdapError::Protocol(_))), "{found:?}");
}
