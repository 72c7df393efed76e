//! How long the resolver keeps answers, and how many questions it has in work.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use bulkhead::backend_io::dns::{DnsError, Kind, Question};
use bulkhead_harness::{FalseDns, false_dns::SERVER_FAILURE};

use crate::names_faults::{LISTED, ask, ask_all, listed, resolver};

#[tokio::test]
async fn answers_are_kept_and_failures_are_not() {
    let server = FalseDns::start(|asked| vec![asked.addresses(&[LISTED])]);
    let (keeping, _) = resolver(&[server.address()], |_| {});
    for _ in 0..5 {
        assert_eq!(ask(&keeping, "a.example").await, listed());
    }
    assert_eq!(server.asked().len(), 1);
    // Without room for an answer each question is asked.
    let (forgetting, _) = resolver(&[server.address()], |config| config.cache_entries = 0);
    for _ in 0..3 {
        assert_eq!(ask(&forgetting, "b.example").await, listed());
    }
    assert_eq!(server.asked().len(), 4);
    server.behave(|asked| vec![asked.code(SERVER_FAILURE)]);
    assert!(ask(&keeping, "c.example").await.is_err());
    server.behave(|asked| vec![asked.addresses(&[LISTED])]);
    assert_eq!(ask(&keeping, "c.example").await, listed());
}

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_the_configuration_says() {
    let server = FalseDns::start(|asked| vec![asked.addresses(&[LISTED])]);
    let (resolver, _) = resolver(&[server.address()], |config| {
        config.max_ttl = Duration::from_secs(1);
    });
    let started = Instant::now();
    while server.asked().len() < 2 {
        assert_eq!(ask(&resolver, "a.example").await, listed());
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it is kept for ever"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The record itself would have lived for a minute.
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn so_many_questions_are_in_work_and_one_more_waits() {
    const PLACES: u32 = 3;
    static IN_WORK: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    let server = FalseDns::start(|asked| {
        let now = IN_WORK.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(now, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(150));
        IN_WORK.fetch_sub(1, Ordering::SeqCst);
        vec![asked.addresses(&[LISTED])]
    });
    let (limited, _) = resolver(&[server.address()], |config| {
        config.concurrency = PLACES;
        config.timeout = Duration::from_secs(10);
    });
    let names: Vec<String> = (0..PLACES + 1)
        .map(|name| format!("n{name}.example"))
        .collect();
    for answer in ask_all(&limited, &names).await {
        assert_eq!(answer.records, listed());
    }
    assert_eq!(MOST.load(Ordering::SeqCst), PLACES);
    // Whoever gets no place in time is told so.
    let silent = FalseDns::start(|_| Vec::new());
    let (limited, _) = resolver(&[silent.address()], |config| config.concurrency = PLACES);
    let (first, last) = names.split_at(PLACES as usize);
    let question = Question {
        name: last[0].clone(),
        kind: Kind::A,
    };
    let one_more = async {
        while silent.asked().len() < PLACES as usize {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let soon = Instant::now() + Duration::from_millis(20);
        limited.lookup(vec![question], soon).await.remove(0).records
    };
    let (_, refused) = tokio::join!(ask_all(&limited, first), one_more);
    assert_eq!(refused, Err(DnsError::Overloaded));
}
