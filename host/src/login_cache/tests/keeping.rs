//! What is kept, where, and for whom.

use super::*;
use crate::pipeline::CacheSource::{Memory, Shared as Together, Store as InTheStore};

#[tokio::test]
async fn the_second_login_is_answered_in_memory_and_that_of_another_node_by_the_store() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = memory_store();
    let one = Node::new(&settings(), &store, &backend);
    let two = Node::new(&settings(), &store, &backend);
    assert_eq!(one.log_in("alice", "right").await, ACCEPTED);
    assert_eq!(one.log_in("alice", "right").await, from(Memory, ACCEPTED));
    assert_eq!(
        two.log_in("alice", "right").await,
        from(InTheStore, ACCEPTED)
    );
    assert_eq!(two.log_in("alice", "right").await, from(Memory, ACCEPTED));
    assert_eq!(backend.asked(), 1);
}

#[tokio::test]
async fn the_answer_is_the_backends_own() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = memory_store();
    let one = Node::new(&settings(), &store, &backend);
    one.log_in("alice", "right").await;
    let expected = backend.find(&login("alice", "right"));
    let two = Node::new(&only_in_store(), &store, &backend);
    for node in [one, two] {
        let (_, answer) = node.ask(login("alice", "right")).await;
        let CacheAnswer::Known(finding, _) = answer else {
            panic!("nothing was kept");
        };
        assert_eq!(*finding, expected);
    }
}

#[tokio::test]
async fn a_query_switches_off_the_one_or_the_other_or_both() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let node = Node::new(&settings(), &memory_store(), &backend);
    node.log_in("alice", "right").await;
    for (memory, store, expected) in [
        (true, true, from(Memory, ACCEPTED)),
        (true, false, from(Memory, ACCEPTED)),
        (false, true, from(InTheStore, ACCEPTED)),
        (false, false, ACCEPTED),
    ] {
        let request = Request {
            caching: Caching {
                memory,
                store,
                keep: true,
            },
            ..login("alice", "right")
        };
        assert_eq!(node.decide(request).await, expected, "{memory} {store}");
    }
    assert_eq!(backend.asked(), 2);
}

#[tokio::test]
async fn a_login_that_tests_the_backends_finds_and_leaves_nothing() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let node = Node::new(&settings(), &memory_store(), &backend);
    let test = || Request {
        caching: Caching::NONE,
        ..login("alice", "right")
    };
    assert_eq!(node.decide(test()).await, ACCEPTED);
    assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
    assert_eq!(node.decide(test()).await, ACCEPTED);
}

#[tokio::test]
async fn another_password_protocol_or_user_is_another_question() {
    let backend = Backend::of(&[("alice", &["right"]), ("bob", &["right"])]);
    for config in [settings(), only_in_memory(), only_in_store()] {
        let node = Node::new(&config, &memory_store(), &backend);
        assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
        assert_eq!(node.log_in("alice", "wrong").await, WRONG);
        assert_eq!(node.log_in("bob", "right").await, ACCEPTED);
        assert_eq!(node.log_in("carol", "right").await, UNKNOWN);
        let smtp = Request {
            protocol: "smtp".to_owned(),
            ..login("alice", "right")
        };
        assert_eq!(node.decide(smtp).await, ACCEPTED);
    }
}

#[tokio::test]
async fn the_client_counts_in_memory_and_in_the_store_only_if_configured() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let elsewhere = || Request {
        client: Client {
            address: "192.0.2.2".to_owned(),
            ..Client::default()
        },
        ..login("alice", "right")
    };
    for (by_client_address, expected) in [(false, from(InTheStore, ACCEPTED)), (true, ACCEPTED)] {
        let config = config::Cache {
            by_client_address,
            ..settings()
        };
        let node = Node::new(&config, &memory_store(), &backend);
        node.log_in("alice", "right").await;
        assert_eq!(node.decide(elsewhere()).await, expected);
    }
}

#[test]
fn lifetimes_differ_by_a_tenth_at_most() {
    let ttls: Vec<_> = (0..1000).map(|_| jittered(MINUTE)).collect();
    assert!(ttls.iter().all(|ttl| (54..=60).contains(&ttl.as_secs())));
    assert!(ttls.iter().any(|ttl| *ttl < Duration::from_secs(55)));
    assert!(ttls.iter().any(|ttl| *ttl > Duration::from_secs(59)));
}

#[tokio::test]
async fn rejects_are_remembered_only_if_configured() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let rows = [
        (config::Cache::default(), None),
        (only_in_memory(), Some(Memory)),
        (
            config::Cache {
                memory_ttl: Duration::ZERO,
                negative_in_store: false,
                ..settings()
            },
            Some(Memory),
        ),
        (only_in_store(), None),
    ];
    for (config, source) in rows {
        let node = Node::new(&config, &memory_store(), &backend);
        for (user, said) in [("alice", WRONG), ("nobody", UNKNOWN)] {
            assert_eq!(node.log_in(user, "wrong").await, said);
            let again = node.log_in(user, "wrong").await;
            assert_eq!(again, (source, said.1), "{user}");
        }
    }
}

#[tokio::test]
async fn rejects_in_the_store_are_for_all_nodes() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = memory_store();
    let nodes = [(); 2].map(|()| Node::new(&settings(), &store, &backend));
    let [one, two] = &nodes;
    one.log_in("alice", "wrong").await;
    assert_eq!(two.log_in("alice", "wrong").await, from(InTheStore, WRONG));
}

#[tokio::test]
async fn nothing_uncertain_is_kept() {
    let backend = Backend::of(&[]);
    let node = Node::new(&settings(), &memory_store(), &backend);
    let found = |conclusion, certain| {
        Arc::new(Finding {
            conclusion,
            known: None,
            context: Vec::new(),
            certain,
        })
    };
    for finding in [
        found(Conclusion::Unavailable, false),
        // As when no backend serves the protocol.
        found(Conclusion::Unavailable, true),
        found(Conclusion::FailedAsReject, false),
        found(Conclusion::UnknownUser, false),
        found(Conclusion::WrongPassword, false),
        found(Conclusion::Accepted, false),
    ] {
        let CacheAnswer::Ask(asking) = node.ask(login("alice", "right")).await.1 else {
            panic!("{finding:?}");
        };
        let waiting = node.ask(login("alice", "right"));
        let telling = async {
            tokio::task::yield_now().await;
            asking.found(&finding);
            node.settle().await;
        };
        // But whoever waits hears it.
        let ((_, heard), ()) = tokio::join!(waiting, telling);
        assert!(matches!(heard, CacheAnswer::Known(heard, Together) if heard == finding));
    }
}

#[tokio::test]
async fn another_secret_is_another_cache() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = memory_store();
    let other = config::Cache {
        secret: Some(Arc::new(Password::new(b"fedcba9876543210".to_vec()))),
        ..settings()
    };
    Node::new(&settings(), &store, &backend)
        .log_in("alice", "right")
        .await;
    let node = Node::new(&other, &store, &backend);
    assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_equal_logins_at_once_ask_the_backend_once() {
    for config in [settings(), only_in_memory(), only_in_store()] {
        let backend = Backend::of(&[("alice", &["right"])]);
        let node = Arc::new(Node::new(&config, &memory_store(), &backend));
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let node = Arc::clone(&node);
                tokio::spawn(async move {
                    match node.ask(login("alice", "right")).await {
                        (_, CacheAnswer::Known(finding, _)) => finding.conclusion,
                        (request, CacheAnswer::Ask(asking)) => {
                            // Longer than it takes all others to come.
                            tokio::time::sleep(Duration::from_millis(200)).await;
                            let finding = Arc::new(node.backend.find(&request));
                            asking.found(&finding);
                            finding.conclusion
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Conclusion::Accepted);
        }
        assert_eq!(backend.asked(), 1);
    }
}
