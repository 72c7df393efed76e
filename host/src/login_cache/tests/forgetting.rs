//! Changed passwords, and users that an administrator wants forgotten.

use super::*;
use crate::pipeline::CacheSource::{Memory, Store as InTheStore};

#[tokio::test]
async fn after_a_change_the_new_password_works_at_once_and_the_old_one_no_longer() {
    for config in [
        settings(),
        only_in_memory(),
        only_in_store(),
        config::Cache::default(),
    ] {
        let backend = Backend::of(&[("alice", &["old"])]);
        let node = Node::new(&config, &memory_store(), &backend);
        node.log_in("alice", "old").await;
        backend.set("alice", &["new"]);
        assert_eq!(node.log_in("alice", "new").await, ACCEPTED);
        assert_eq!(node.log_in("alice", "old").await, WRONG);
    }
}

#[tokio::test]
async fn other_nodes_hear_of_a_new_password() {
    let backend = Backend::of(&[("alice", &["old"])]);
    let store = memory_store();
    let one = Node::new(&settings(), &store, &backend);
    let two = Node::new(&settings(), &store, &backend);
    one.log_in("alice", "old").await;
    two.log_in("alice", "old").await;
    backend.set("alice", &["new"]);
    assert_eq!(one.log_in("alice", "new").await, ACCEPTED);
    assert_eq!(two.log_in("alice", "old").await, WRONG);
    // That it was right before is news too, and makes all doubtful once more.
    assert_eq!(two.log_in("alice", "new").await, ACCEPTED);
    assert_eq!(one.log_in("alice", "new").await, from(InTheStore, ACCEPTED));
}

#[tokio::test]
async fn several_passwords_that_are_right_are_all_kept() {
    let backend = Backend::of(&[("alice", &["one", "two"])]);
    for config in [settings(), only_in_memory(), only_in_store()] {
        let node = Node::new(&config, &memory_store(), &backend);
        let mut sources = Vec::new();
        for password in ["one", "two", "one", "two", "one", "two"] {
            let (source, conclusion) = node.log_in("alice", password).await;
            assert_eq!(conclusion, Conclusion::Accepted);
            sources.push(source.is_some());
        }
        // The second one puts the first one to the test, once.
        assert_eq!(sources, [false, false, false, true, true, true]);
    }
}

#[tokio::test]
async fn a_password_that_turns_out_wrong_is_no_longer_right_anywhere() {
    let backend = Backend::of(&[("alice", &["old"])]);
    let store = memory_store();
    for config in [settings(), only_in_memory(), only_in_store()] {
        backend.set("alice", &["old"]);
        let node = Node::new(&config, &store, &backend);
        let smtp = || Request {
            protocol: "smtp".to_owned(),
            ..login("alice", "old")
        };
        node.log_in("alice", "old").await;
        backend.set("alice", &["new"]);
        assert_eq!(node.decide(smtp()).await, WRONG);
        assert_eq!(node.log_in("alice", "old").await, WRONG);
        node.flush("alice").await;
    }
}

#[tokio::test]
async fn a_flush_names_what_is_gone_and_a_second_one_nothing() {
    let backend = Backend::of(&[("alice", &["right"]), ("bob", &["right"])]);
    let node = Node::new(&settings(), &memory_store(), &backend);
    node.log_in("alice", "right").await;
    node.log_in("bob", "right").await;
    let forgot = node.flush("alice").await;
    let begins = |begin: &str| {
        forgot
            .keys
            .iter()
            .filter(|key| key.starts_with(begin))
            .count()
    };
    // The login in memory; in the store the entry, its index and the password.
    assert_eq!((begins("memory:"), begins("cache:")), (1, 3), "{forgot:?}");
    assert!(forgot.accounts.contains("alice"));
    assert_eq!(node.flush("alice").await.keys, Vec::<String>::new());
    assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
    assert_eq!(node.log_in("bob", "right").await, from(Memory, ACCEPTED));
}

#[tokio::test]
async fn a_flush_reaches_all_names_of_an_account_on_all_nodes() {
    let backend = Backend::of(&[("alice", &["right"]), ("alias-alice", &["right"])]);
    let store = memory_store();
    let one = Node::new(&settings(), &store, &backend);
    let two = Node::new(&settings(), &store, &backend);
    for flushed in ["alice", "alias-alice"] {
        for node in [&one, &two] {
            node.log_in("alice", "right").await;
            node.log_in("alias-alice", "right").await;
        }
        one.flush(flushed).await;
        let asked = backend.asked();
        two.log_in("alice", "right").await;
        two.log_in("alias-alice", "right").await;
        assert_eq!(backend.asked(), asked + 2, "{flushed}");
    }
}

#[tokio::test]
async fn a_flush_reaches_memories_that_the_store_knows_nothing_of() {
    let config = config::Cache {
        store_ttl: Duration::ZERO,
        ..settings()
    };
    let backend = Backend::of(&[("alias-alice", &["right"])]);
    let store = memory_store();
    let one = Node::new(&config, &store, &backend);
    let two = Node::new(&config, &store, &backend);
    two.log_in("alias-alice", "right").await;
    one.flush("alice").await;
    assert_eq!(two.log_in("alias-alice", "right").await, ACCEPTED);
}

#[tokio::test]
async fn what_a_slow_login_found_before_a_flush_is_not_kept_after_it() {
    let backend = Backend::of(&[("alice", &["old"])]);
    let store = memory_store();
    let slow = Node::new(&settings(), &store, &backend);
    let flushing = Node::new(&settings(), &store, &backend);
    for node in [&slow, &flushing] {
        let CacheAnswer::Ask(asking) = slow.ask(login("alice", "old")).await.1 else {
            panic!("it knows already");
        };
        let finding = Arc::new(backend.find(&login("alice", "old")));
        backend.set("alice", &["new"]);
        node.flush("alice").await;
        asking.found(&finding);
        slow.settle().await;
        assert_eq!(slow.log_in("alice", "old").await, WRONG);
        assert_eq!(
            flushing.log_in("alice", "old").await.1,
            Conclusion::WrongPassword
        );
        node.flush("alice").await;
        backend.set("alice", &["old"]);
    }
}

#[tokio::test]
async fn a_node_that_hears_nothing_writes_nothing_that_counts() {
    let backend = Backend::of(&[("alice", &["old"])]);
    let store = memory_store();
    let deaf = Node::new(&only_in_store(), &store, &backend);
    let CacheAnswer::Ask(asking) = deaf.ask(login("alice", "old")).await.1 else {
        panic!("it knows already");
    };
    let finding = Arc::new(backend.find(&login("alice", "old")));
    backend.set("alice", &["new"]);
    // As if the message were lost: only the store hears of it.
    let digests = &deaf.cache.shared.digests;
    let in_store = deaf.cache.shared.store.as_ref().unwrap();
    in_store
        .forget(digests, "alice", &Default::default())
        .await
        .unwrap();
    asking.found(&finding);
    deaf.settle().await;
    assert_eq!(deaf.log_in("alice", "old").await, WRONG);
}

#[tokio::test]
async fn a_generation_that_is_gone_listens_no_more() {
    let backend = Backend::of(&[]);
    let node = Node::new(&settings(), &memory_store(), &backend);
    let shared = Arc::downgrade(&node.cache.shared);
    drop(node);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(shared.upgrade().is_none());
}

#[tokio::test]
async fn without_a_secret_a_flush_reaches_all_nodes_and_they_forget_everybody() {
    let backend = Backend::of(&[("alice", &["right"]), ("bob", &["right"])]);
    let store = memory_store();
    let one = Node::new(&only_in_memory(), &store, &backend);
    let two = Node::new(&only_in_memory(), &store, &backend);
    for user in ["alice", "bob"] {
        for node in [&one, &two] {
            node.log_in(user, "right").await;
            assert_eq!(node.log_in(user, "right").await, from(Memory, ACCEPTED));
        }
    }
    assert_eq!(one.flush("alice").await.keys.len(), 1);
    assert_eq!(one.log_in("alice", "right").await, ACCEPTED);
    assert_eq!(one.log_in("bob", "right").await, from(Memory, ACCEPTED));
    for user in ["alice", "bob"] {
        assert_eq!(two.log_in(user, "right").await, ACCEPTED, "{user}");
    }
}
