//! The resolver against name servers that are slow, lie, talk rubbish or say nothing.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bulkhead::{
    backend_io::dns::{Answer, Data, DnsError, Kind, Question, Resolver},
    config::DnsConfig,
};
use bulkhead_harness::{
    FalseDns,
    false_dns::{Asked, NO_SUCH_NAME, REFUSED, SERVER_FAILURE},
};

pub(crate) const TIMEOUT: Duration = Duration::from_millis(400);
/// How long something may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const LISTED: [u8; 4] = [127, 0, 0, 2];

/// What came of each question, in words.
pub(crate) type Heard = Arc<Mutex<Vec<&'static str>>>;

pub(crate) fn resolver(
    servers: &[SocketAddr],
    change: impl FnOnce(&mut DnsConfig),
) -> (Resolver, Heard) {
    let mut config = DnsConfig {
        servers: servers.to_vec(),
        timeout: TIMEOUT,
        attempts: 1,
        ..DnsConfig::default()
    };
    change(&mut config);
    let heard = Heard::default();
    let listener = Arc::clone(&heard);
    let hear = move |_, outcome, _| listener.lock().unwrap().push(outcome);
    (Resolver::new(&config, Box::new(hear)).unwrap(), heard)
}

pub(crate) async fn ask_all(resolver: &Resolver, names: &[String]) -> Vec<Answer> {
    let question = |name: &String| Question {
        name: name.clone(),
        kind: Kind::A,
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let questions = names.iter().map(question).collect();
    resolver.lookup(questions, deadline).await
}

pub(crate) async fn ask(resolver: &Resolver, name: &str) -> Result<Vec<Data>, DnsError> {
    ask_all(resolver, &[name.to_owned()])
        .await
        .remove(0)
        .records
}

pub(crate) fn listed() -> Result<Vec<Data>, DnsError> {
    Ok(vec![Data::Address(LISTED.into())])
}

#[tokio::test]
async fn what_is_no_answer_is_never_taken_for_one_and_ends_in_time() {
    type Reply = fn(&Asked) -> Vec<Vec<u8>>;
    type Wanted = fn(&Result<Vec<Data>, DnsError>) -> bool;
    let no_answer: Wanted = |found| {
        matches!(
            found,
            Err(DnsError::TimedOut | DnsError::Network(_) | DnsError::Malformed(_))
        )
    };
    let rows: [(&str, Reply, Wanted); 14] = [
        (
            "a proper answer",
            |asked| vec![asked.addresses(&[LISTED])],
            |found| *found == listed(),
        ),
        ("silence", |_| Vec::new(), no_answer),
        (
            "rubbish",
            |_| vec![b"\xff\x00 this is no DNS".to_vec()],
            no_answer,
        ),
        ("nothing at all", |_| vec![Vec::new()], no_answer),
        (
            "half an answer",
            |asked| vec![asked.addresses(&[LISTED])[..20].to_vec()],
            no_answer,
        ),
        (
            "the answer to another question",
            |asked| vec![asked.with_other_question(asked.addresses(&[LISTED]))],
            no_answer,
        ),
        (
            "an answer with another number",
            |asked| vec![asked.with_other_number(asked.addresses(&[LISTED]))],
            no_answer,
        ),
        (
            "lies before the truth",
            |asked| {
                vec![
                    asked.with_other_number(asked.addresses(&[[10, 0, 0, 1]])),
                    asked.addresses(&[LISTED]),
                ]
            },
            |found| *found == listed() || found.is_err(),
        ),
        (
            "an address of somebody else",
            |asked| vec![asked.address_of("other.example", LISTED)],
            |found| !matches!(found, Ok(records) if !records.is_empty()),
        ),
        (
            "SERVFAIL",
            |asked| vec![asked.code(SERVER_FAILURE)],
            |found| matches!(found, Err(DnsError::ServerFailure(_))),
        ),
        (
            "REFUSED",
            |asked| vec![asked.code(REFUSED)],
            |found| *found == Err(DnsError::Refused),
        ),
        (
            "NXDOMAIN",
            |asked| vec![asked.code(NO_SUCH_NAME)],
            |found| *found == Err(DnsError::NoSuchName),
        ),
        (
            "too large for a datagram",
            |asked| match asked.is_tcp {
                true => vec![asked.addresses(&[LISTED])],
                false => vec![asked.truncated()],
            },
            |found| *found == listed(),
        ),
        (
            "too large, and silence over TCP",
            |asked| match asked.is_tcp {
                true => Vec::new(),
                false => vec![asked.truncated()],
            },
            |found| found.is_err() && *found != Err(DnsError::NoSuchName),
        ),
    ];
    for (name, reply, wanted) in rows {
        let server = FalseDns::start(reply);
        let (resolver, _) = resolver(&[server.address()], |_| {});
        let started = Instant::now();
        let found = ask(&resolver, "1.2.0.192.zen.example").await;
        assert!(wanted(&found), "{name}: {found:?}");
        assert!(
            started.elapsed() < TIMEOUT * 4,
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for_up_to_the_timeout() {
    for (delay, answers) in [(TIMEOUT / 4, true), (TIMEOUT * 3, false)] {
        let server = FalseDns::start(move |asked| {
            thread::sleep(delay);
            vec![asked.addresses(&[LISTED])]
        });
        let (resolver, _) = resolver(&[server.address()], |_| {});
        let found = ask(&resolver, "a.example").await;
        assert_eq!(found == listed(), answers, "{delay:?}: {found:?}");
    }
}

/// Attempts end when the server says that it failed, not when a clock says so. They are counted over TCP:
/// a datagram is sent again within one attempt when the machine is slow.
#[tokio::test]
async fn a_question_is_tried_as_often_as_configured() {
    for attempts in [1, 2, 4] {
        let tried = Arc::new(AtomicU32::new(0));
        for good in [attempts, attempts + 1] {
            let count = Arc::clone(&tried);
            count.store(0, Ordering::SeqCst);
            let server = FalseDns::start(move |asked| match asked.is_tcp {
                false => vec![asked.truncated()],
                true if count.fetch_add(1, Ordering::SeqCst) + 1 < good => {
                    vec![asked.code(SERVER_FAILURE)]
                }
                true => vec![asked.addresses(&[LISTED])],
            });
            let (resolver, _) = resolver(&[server.address()], |config| {
                config.timeout = PATIENCE * attempts;
                config.attempts = attempts;
            });
            let deadline = Instant::now() + PATIENCE * attempts;
            let question = Question {
                name: "a.example".to_owned(),
                kind: Kind::A,
            };
            let found = resolver.lookup(vec![question], deadline).await.remove(0);
            match good == attempts {
                true => assert_eq!(found.records, listed()),
                false => assert!(found.records.is_err(), "{:?}", found.records),
            }
            assert_eq!(tried.load(Ordering::SeqCst), attempts);
        }
    }
}

#[tokio::test]
async fn a_question_to_a_silent_server_ends_within_its_timeout_however_often_it_is_tried() {
    for attempts in [1, 2, 4] {
        let server = FalseDns::start(|_| Vec::new());
        let (resolver, heard) = resolver(&[server.address()], |config| config.attempts = attempts);
        let started = Instant::now();
        assert!(ask(&resolver, "a.example").await.is_err());
        assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());
        assert_eq!(heard.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn silence_opens_the_breaker_and_an_answer_closes_it() {
    let server = FalseDns::start(|_| Vec::new());
    let opened = async |cool_down| {
        let (resolver, heard) = resolver(&[server.address()], |config| {
            config.timeout = Duration::from_millis(100);
            config.breaker_failures = 3;
            config.breaker_cool_down = cool_down;
        });
        assert!(!resolver.in_use());
        for _ in 0..3 {
            assert!(ask(&resolver, "a.example").await.is_err());
        }
        assert!(resolver.problem().is_some());
        (resolver, heard)
    };
    // Questions fail at once, and the server is left alone.
    let (resolver, _) = opened(Duration::from_secs(3600)).await;
    for _ in 0..20 {
        let found = ask(&resolver, "left-alone.example").await;
        let why = "3 questions in a row had no answer; none is asked for ";
        let is_told = matches!(&found, Err(DnsError::Network(text)) if text.starts_with(why));
        assert!(is_told, "{found:?}");
    }
    let (resolver, heard) = opened(Duration::from_millis(20)).await;
    server.behave(|asked| vec![asked.addresses(&[LISTED])]);
    let started = Instant::now();
    while ask(&resolver, "a.example").await != listed() {
        assert!(started.elapsed() < PATIENCE, "it stays open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(resolver.problem(), None);
    assert_eq!(heard.lock().unwrap().last(), Some(&"ok"));
    let mut names = server.asked().into_iter().map(|asked| asked.name);
    assert!(names.all(|name| name == "a.example"));
}

#[tokio::test]
async fn a_question_that_is_given_up_counts_as_unanswered() {
    let server = FalseDns::start(|_| Vec::new());
    let (resolver, heard) = resolver(&[server.address()], |config| {
        config.timeout = Duration::from_secs(30);
        config.breaker_failures = 2;
        config.breaker_cool_down = Duration::from_secs(60);
    });
    for _ in 0..2 {
        let given_up = tokio::time::timeout(TIMEOUT / 4, ask(&resolver, "a.example")).await;
        assert!(given_up.is_err());
    }
    assert_eq!(*heard.lock().unwrap(), ["timed-out", "timed-out"]);
    let found = ask(&resolver, "a.example").await;
    assert!(matches!(found, Err(DnsError::Network(_))), "{found:?}");
}
