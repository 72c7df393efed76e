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
    FalseDns, Nsd,
    false_dns::{Asked, NO_SUCH_NAME, REFUSED, SERVER_FAILURE},
};

const TIMEOUT: Duration = Duration::from_millis(400);
/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
const LISTED: [u8; 4] = [127, 0, 0, 2];

/// What came of each question, in words.
type Heard = Arc<Mutex<Vec<&'static str>>>;

fn resolver(servers: &[SocketAddr], change: impl FnOnce(&mut DnsConfig)) -> (Resolver, Heard) {
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

async fn ask_all(resolver: &Resolver, names: &[String]) -> Vec<Answer> {
    let question = |name: &String| Question {
        name: name.clone(),
        kind: Kind::A,
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let questions = names.iter().map(question).collect();
    resolver.lookup(questions, deadline).await
}

async fn ask(resolver: &Resolver, name: &str) -> Result<Vec<Data>, DnsError> {
    ask_all(resolver, &[name.to_owned()])
        .await
        .remove(0)
        .records
}

fn listed() -> Result<Vec<Data>, DnsError> {
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
