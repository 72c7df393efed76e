//! One rule of the control each.

use super::*;
use crate::{
    config::{CustomToleration, Tolerate},
    control::brute_force::{FlushWish, ListWish},
};

#[tokio::test]
async fn the_attempt_after_the_last_failure_is_banned_and_only_the_first_is_news() {
    let control = control(&rules(vec![hosts()]), &in_memory());
    fail(&control, "192.0.2.1", 5).await;
    for is_new in [true, false, false] {
        let banned = Came::Banned {
            bucket: "hosts".to_owned(),
            failures: 5,
            is_new,
        };
        assert_eq!(
            log_in(&control, "alice", Given::Right, "192.0.2.1").await,
            banned
        );
    }
}

#[tokio::test]
async fn a_ban_ends_by_itself_and_what_led_to_it_is_forgotten() {
    let (store, clock) = with_clock();
    let control = control(&rules(vec![hosts()]), &store);
    fail(&control, "192.0.2.1", 5).await;
    assert!(is_banned(&control, "192.0.2.1").await);
    clock.advance(8 * HOUR - Duration::from_millis(1));
    assert!(is_banned(&control, "192.0.2.1").await);
    clock.advance(Duration::from_millis(1));
    assert!(!is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn the_window_slides() {
    let (store, clock) = with_clock();
    let control = control(&rules(vec![hosts()]), &store);
    fail(&control, "192.0.2.1", 5).await;
    // Half of the next period: half of the failures still count.
    clock.advance(HOUR + 30 * MINUTE);
    assert!(!is_banned(&control, "192.0.2.1").await);
    fail(&control, "192.0.2.1", 2).await;
    // 2.5 + 2 > 4
    assert!(is_banned(&control, "192.0.2.1").await);
    fail(&control, "192.0.2.2", 4).await;
    clock.advance(2 * HOUR);
    fail(&control, "192.0.2.2", 4).await;
    assert!(!is_banned(&control, "192.0.2.2").await);
}

#[tokio::test]
async fn the_first_rule_in_configuration_order_bans() {
    let bucket = |name: &str, prefix| Bucket {
        name: name.to_owned(),
        prefix,
        ..hosts()
    };
    let control = control(
        &rules(vec![bucket("nets", 24), bucket("hosts", 32)]),
        &in_memory(),
    );
    fail(&control, "192.0.2.1", 5).await;
    let came = log_in(&control, "alice", Given::Right, "192.0.2.1").await;
    assert!(matches!(came, Came::Banned { bucket, .. } if bucket == "nets"));
}

#[tokio::test]
async fn rules_for_clients_of_an_identity_provider_count_each_for_itself() {
    let bucket = Bucket {
        oidc_clients: vec!["shop".to_owned(), "wiki".to_owned()],
        ..hosts()
    };
    let control = control(&rules(vec![bucket]), &in_memory());
    let over = |client: Option<&str>| Request {
        identity: client.map(|client| crate::auth::Identity {
            client_id: client.to_owned(),
            ..crate::auth::Identity::default()
        }),
        ..request("nobody", "guess", "192.0.2.1")
    };
    for _ in 0..5 {
        attempt(&control, &over(Some("shop")), Given::Unknown("guess")).await;
    }
    for (client, expected) in [
        (Some("shop"), None),
        (Some("wiki"), Some(Came::Through)),
        (Some("other"), Some(Came::Past)),
        (None, Some(Came::Past)),
    ] {
        let came = attempt(&control, &over(client), Given::Right).await;
        match expected {
            Some(expected) => assert_eq!(came, expected, "{client:?}"),
            None => assert!(came.is_banned(), "{client:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_without_an_address_is_not_looked_at() {
    let control = control(&rules(vec![hosts()]), &in_memory());
    for client in ["", "localhost", "192.0.2.1:25"] {
        let came = log_in(&control, "nobody", Given::Unknown("guess"), client).await;
        assert_eq!(came, Came::Past, "{client:?}");
    }
}

#[tokio::test]
async fn the_percentage_of_tolerated_users_grows_with_those_that_succeed() {
    // Of 9 that succeed: 10 % tolerate none, the logarithm (1/2 of the way from 10 to 50) tolerates two.
    for (tolerate, most) in [
        (Tolerate::Percent(10), 0),
        (Tolerate::Percent(34), 3),
        (
            Tolerate::Adaptive {
                least: 10,
                most: 50,
                scale: 1.0,
            },
            2,
        ),
        (
            Tolerate::Adaptive {
                least: 10,
                most: 50,
                scale: 0.0,
            },
            0,
        ),
    ] {
        for users in [most, most + 1] {
            let config = BruteForce {
                tolerate,
                tolerate_ttl: HOUR,
                ..rules(vec![hosts()])
            };
            let control = control(&config, &in_memory());
            for number in 0..9 {
                log_in(
                    &control,
                    &format!("user{number}"),
                    Given::Right,
                    "192.0.2.1",
                )
                .await;
            }
            for number in 0..20 {
                let name = format!("nobody{}", number % users.max(1));
                if users > 0 {
                    log_in(&control, &name, Given::Unknown("guess"), "192.0.2.1").await;
                }
            }
            let banned = is_banned(&control, "192.0.2.1").await;
            assert_eq!(banned, users > most, "{tolerate:?} {users}");
        }
    }
}

#[tokio::test]
async fn the_smallest_network_with_a_toleration_of_its_own_counts() {
    let custom = |network: &str, percent| CustomToleration {
        network: network.parse().unwrap(),
        percent,
        ttl: HOUR,
    };
    let config = BruteForce {
        custom_tolerations: vec![
            custom("192.0.0.0/16", 100),
            custom("::ffff:192.0.2.0/120", 0),
        ],
        ..rules(vec![hosts()])
    };
    let control = control(&config, &in_memory());
    for (client, banned) in [
        ("192.0.3.1", false),
        ("192.0.2.1", true),
        ("198.51.100.1", true),
    ] {
        for user in ["alice", "bob"] {
            log_in(&control, user, Given::Right, client).await;
        }
        // More than a limit that is raised by a hundred percent.
        for _ in 0..11 {
            log_in(&control, "alice", Given::Unknown("guess"), client).await;
        }
        assert_eq!(is_banned(&control, client).await, banned, "{client}");
    }
}

#[tokio::test]
async fn a_tolerated_failure_does_not_count_in_shorter_periods() {
    let short = Bucket {
        name: "short".to_owned(),
        period: MINUTE,
        failed_requests: 12,
        ..hosts()
    };
    let config = BruteForce {
        tolerate: Tolerate::Percent(100),
        tolerate_ttl: HOUR,
        ..rules(vec![hosts(), short])
    };
    let (store, _clock) = with_clock();
    let control = control(&config, &store);
    for user in ["alice", "bob"] {
        log_in(&control, user, Given::Right, "192.0.2.1").await;
    }
    for _ in 0..100 {
        let came = log_in(&control, "alice", Given::Unknown("guess"), "192.0.2.1").await;
        assert!(matches!(came, Came::Counted(_)), "{came:?}");
    }
}

#[tokio::test]
async fn the_first_failure_of_a_known_account_at_an_address_may_be_forgiven() {
    for (grace, given, failures) in [
        (Duration::ZERO, Given::Wrong("guess"), 5),
        (HOUR, Given::Wrong("guess"), 6),
        // Names are easily made up.
        (HOUR, Given::Unknown("guess"), 5),
    ] {
        let config = BruteForce {
            cold_start_grace: grace,
            ..rules(vec![hosts()])
        };
        let control = control(&config, &in_memory());
        for client in ["192.0.2.1", "192.0.2.2"] {
            let mut counted = 0;
            while let Came::Counted(_) = log_in(&control, "alice", given, client).await {
                counted += 1;
            }
            assert_eq!(counted, failures, "{grace:?} {given:?} {client}");
        }
    }
}

#[tokio::test]
async fn several_ipv6_addresses_may_be_one_client() {
    let config = BruteForce {
        repeated_allowed: 1,
        repeated_ipv6_prefix: Some(64),
        tolerate: Tolerate::Percent(100),
        tolerations_ipv6_prefix: Some(64),
        tolerate_ttl: HOUR,
        ..rules(vec![Bucket {
            ipv4: false,
            ipv6: true,
            prefix: 128,
            ..hosts()
        }])
    };
    let control = control(&config, &in_memory());
    // An old password, once from each address: repeated, though no address repeats it.
    for host in 1..=3 {
        let client = format!("2001:db8::{host}");
        let came = log_in(&control, "alice", Given::Wrong("old"), &client).await;
        let Came::Counted(counted) = came else {
            panic!("{came:?}");
        };
        assert_eq!(counted.repeated, host > 1, "{host}");
    }
    // Who succeeds at one address lets others fail at another.
    for user in ["bob", "carol"] {
        log_in(&control, user, Given::Right, "2001:db8::9").await;
    }
    for _ in 0..20 {
        log_in(&control, "nobody", Given::Unknown("guess"), "2001:db8::8").await;
    }
    assert!(!is_banned(&control, "2001:db8::8").await);
    for _ in 0..20 {
        log_in(
            &control,
            "nobody",
            Given::Unknown("guess"),
            "2001:db8:0:1::8",
        )
        .await;
    }
    assert!(is_banned(&control, "2001:db8:0:1::8").await);
}

#[tokio::test]
async fn histories_hold_so_many_passwords_and_only_known_accounts_where_that_is_wanted() {
    let config = BruteForce {
        history_entries: 3,
        history_for_known_accounts: true,
        ..rules(vec![Bucket {
            failed_requests: 1000,
            ..hosts()
        }])
    };
    let control = control(&config, &in_memory());
    let seen = async |given| match log_in(&control, "alice", given, "192.0.2.1").await {
        Came::Counted(counted) => (
            counted.password_retries,
            counted.account_passwords,
            counted.total_passwords,
        ),
        other => panic!("{other:?}"),
    };
    assert_eq!(seen(Given::Unknown("a")).await, (0, 0, 0));
    assert_eq!(seen(Given::Wrong("a")).await, (1, 1, 1));
    assert_eq!(seen(Given::Wrong("a")).await, (2, 1, 1));
    assert_eq!(seen(Given::Wrong("b")).await, (1, 2, 2));
    assert_eq!(seen(Given::Wrong("c")).await, (1, 3, 3));
    assert_eq!(seen(Given::Wrong("d")).await, (1, 3, 3));
    assert_eq!(seen(Given::Wrong("a")).await, (3, 3, 3));
}

#[tokio::test]
async fn a_flush_on_one_node_is_heard_by_the_others() {
    let config = BruteForce {
        decision_cache: HOUR,
        ..rules(vec![hosts()])
    };
    let store = in_memory();
    let (one, other) = (control(&config, &store), control(&config, &store));
    fail(&one, "192.0.2.1", 5).await;
    for control in [&one, &other] {
        assert!(is_banned(control, "192.0.2.1").await);
    }
    let wish = FlushWish {
        address: "::ffff:192.0.2.1".parse().unwrap(),
        rule: "*".to_owned(),
        protocol: None,
        oidc_client: None,
    };
    let flushed = one.flush(&wish, soon()).await.unwrap();
    assert!(!flushed.removed.is_empty());
    assert!(!is_banned(&one, "192.0.2.1").await);
    while other.node.flushes() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!is_banned(&other, "192.0.2.1").await);
}

#[tokio::test]
async fn a_ban_that_is_known_asks_the_store_nothing() {
    let config = BruteForce {
        decision_cache: HOUR,
        ..rules(vec![hosts()])
    };
    let store = in_memory();
    let control = control(&config, &store);
    fail(&control, "192.0.2.1", 5).await;
    assert!(is_banned(&control, "192.0.2.1").await);
    // Behind the control's back.
    let attempt = crate::control::brute_force::rule::attempt(
        &control.config,
        &request("a", "b", "192.0.2.1"),
    );
    store
        .delete(attempt.unwrap().buckets().remove(0))
        .await
        .unwrap();
    assert!(is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn bans_of_rules_that_are_no_longer_configured_neither_hold_nor_are_listed() {
    let store = in_memory();
    let before = control(&rules(vec![hosts()]), &store);
    fail(&before, "192.0.2.1", 5).await;
    assert!(is_banned(&before, "192.0.2.1").await);
    let renamed = Bucket {
        name: "others".to_owned(),
        ..hosts()
    };
    let after = control(&rules(vec![renamed]), &store);
    assert!(!is_banned(&after, "192.0.2.1").await);
    let list = after.bans(&ListWish::default(), soon()).await.unwrap();
    assert_eq!((list.total, list.entries), (0, Vec::new()));
}

#[tokio::test]
async fn the_store_holds_neither_passwords_nor_names_of_those_who_fail() {
    let (store, _clock) = with_clock();
    let control = control(&rules(vec![hosts()]), &store);
    log_in(&control, "nobody", Given::Unknown("hunter2"), "192.0.2.1").await;
    let attempt = crate::control::brute_force::rule::attempt(
        &control.config,
        &request("a", "b", "192.0.2.1"),
    );
    let history = attempt.unwrap().address_history();
    let command = crate::store::Command::OnHash(history, crate::store::HashCommand::Fields);
    let fields = store.run(vec![command]).await.unwrap().remove(0);
    let crate::store::Reply::List(fields) = fields else {
        panic!("{fields:?}");
    };
    let [crate::store::Reply::Bytes(digest)] = fields.as_slice() else {
        panic!("{fields:?}");
    };
    assert_eq!(digest.len(), 32);
    assert!(!digest.windows(7).any(|part| part == b"hunter2"));
}
