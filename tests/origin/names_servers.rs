//! The resolver with several name servers, some of which are ill.

use std::time::{Duration, Instant};

use bulkhead::backend_io::dns::{DnsError, Kind, Question};
use bulkhead_harness::{
    FalseDns, Nsd,
    false_dns::{NO_SUCH_NAME, REFUSED, SERVER_FAILURE},
};

use crate::names_faults::{LISTED, PATIENCE, ask, listed, resolver};

#[tokio::test]
async fn a_second_server_answers_for_one_that_is_silent_or_away() {
    let silent = FalseDns::start(|_| Vec::new());
    let well = FalseDns::start(|asked| vec![asked.addresses(&[LISTED])]);
    for ill in [silent.address(), bulkhead_harness::port::free()] {
        let (resolver, _) = resolver(&[ill, well.address()], |config| config.cache_entries = 0);
        for _ in 0..3 {
            assert_eq!(ask(&resolver, "a.example").await, listed(), "{ill}");
        }
    }
}

/// What an ill server says at once.
const ERRORS: [u8; 4] = [SERVER_FAILURE, REFUSED, 1, 4];

#[tokio::test]
async fn a_server_that_answers_with_an_error_leaves_the_word_to_a_proper_one() {
    let nsd = Nsd::start(&[("example", "listed A 127.0.0.2\n")]);
    for code in ERRORS {
        let ill = FalseDns::start(move |asked| vec![asked.code(code)]);
        for servers in [
            [ill.address(), nsd.address()],
            [nsd.address(), ill.address()],
        ] {
            let (resolver, heard) = resolver(&servers, |config| {
                config.timeout = PATIENCE;
                config.cache_entries = 0;
                config.breaker_failures = 1;
            });
            let asked = ill.asked().len();
            for _ in 0..5 {
                assert_eq!(ask(&resolver, "listed.example").await, listed(), "{code}");
                let unknown = ask(&resolver, "nobody.example").await;
                assert_eq!(unknown, Err(DnsError::NoSuchName), "{code}");
                let empty = Question {
                    name: "listed.example".to_owned(),
                    kind: Kind::Mx,
                };
                let deadline = Instant::now() + PATIENCE;
                let empty = resolver.lookup(vec![empty], deadline).await.remove(0);
                assert_eq!(empty.records, Ok(Vec::new()), "{code}");
            }
            // Both are asked at the same time; the ill one may take note of it later.
            let begun = Instant::now();
            while ill.asked().len() == asked {
                assert!(begun.elapsed() < PATIENCE, "it was never in the way");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // Each is one question, whoever was asked.
            let one = ["ok", "no-such-name", "empty"];
            assert_eq!(*heard.lock().unwrap(), one.repeat(5), "{code}");
        }
    }
}

#[tokio::test]
async fn what_a_proper_server_said_is_kept_however_ill_the_other_one_is() {
    let ill = FalseDns::start(|asked| vec![asked.code(SERVER_FAILURE)]);
    let well = FalseDns::start(|asked| vec![asked.addresses(&[LISTED])]);
    let servers = [ill.address(), well.address()];
    let (resolver, _) = resolver(&servers, |config| config.timeout = PATIENCE);
    assert_eq!(ask(&resolver, "a.example").await, listed());
    let asked = (ill.asked().len(), well.asked().len());
    for _ in 0..5 {
        assert_eq!(ask(&resolver, "a.example").await, listed());
    }
    assert_eq!((ill.asked().len(), well.asked().len()), asked);
}

#[tokio::test]
async fn of_many_servers_one_that_is_well_is_enough() {
    let failing = FalseDns::start(|asked| vec![asked.code(SERVER_FAILURE)]);
    let refusing = FalseDns::start(|asked| vec![asked.code(REFUSED)]);
    let silent = [(); 3].map(|()| FalseDns::start(|_| Vec::new()));
    let well = FalseDns::start(|asked| vec![asked.addresses(&[LISTED])]);
    let [first, second, third] = silent.each_ref().map(FalseDns::address);
    for ill in [
        vec![failing.address(), refusing.address()],
        vec![first, second, third],
        vec![first, failing.address(), refusing.address(), second],
        vec![bulkhead_harness::port::free(), refusing.address(), first],
    ] {
        let servers = [ill.as_slice(), &[well.address()]].concat();
        let (resolver, _) = resolver(&servers, |config| {
            config.timeout = Duration::from_secs(4);
            config.cache_entries = 0;
        });
        for _ in 0..3 {
            assert_eq!(ask(&resolver, "a.example").await, listed(), "{ill:?}");
        }
    }
}

#[tokio::test]
async fn that_a_name_does_not_exist_is_final() {
    let denying = FalseDns::start(|asked| vec![asked.code(NO_SUCH_NAME)]);
    let silent = FalseDns::start(|_| Vec::new());
    let ill = FalseDns::start(|asked| vec![asked.code(SERVER_FAILURE)]);
    for other in [silent.address(), ill.address()] {
        let servers = [other, denying.address()];
        let (resolver, _) = resolver(&servers, |config| config.timeout = PATIENCE);
        let begun = Instant::now();
        let found = ask(&resolver, "a.example").await;
        assert_eq!(found, Err(DnsError::NoSuchName));
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn where_no_server_answers_the_failure_is_the_most_telling_one() {
    let failing = FalseDns::start(|asked| vec![asked.code(SERVER_FAILURE)]);
    let refusing = FalseDns::start(|asked| vec![asked.code(REFUSED)]);
    let silent = FalseDns::start(|_| Vec::new());
    let away = bulkhead_harness::port::free();
    let servfail = DnsError::ServerFailure("Server Failure".to_owned());
    let rows = [
        ([failing.address(), silent.address()], servfail.clone()),
        ([silent.address(), failing.address()], servfail.clone()),
        ([away, failing.address()], servfail),
        ([silent.address(), refusing.address()], DnsError::Refused),
        ([away, silent.address()], DnsError::TimedOut),
    ];
    let asked = rows.map(|(servers, expected)| async move {
        let (resolver, heard) = resolver(&servers, |config| {
            config.timeout = Duration::from_secs(4);
            config.attempts = 2;
        });
        let found = ask(&resolver, "a.example").await;
        assert_eq!(found, Err(expected.clone()), "{servers:?}");
        assert_eq!(*heard.lock().unwrap(), [expected.word()]);
    });
    futures_util::future::join_all(asked).await;
}
