//! A user is forgotten: what goes, and what stays.

use std::sync::OnceLock;

use futures_util::future::BoxFuture;

use super::*;
use crate::{
    control::brute_force::{ListWish, seen},
    pipeline::{Clearance, Forget as _, Subject},
    store::{Command, Key, Procedure, RedbStore, Reply, StoreError, Subscription},
};

fn subject(user: &str) -> Subject {
    Subject {
        user: user.to_owned(),
        ..Subject::default()
    }
}

/// Names of what is gone.
async fn forget(control: &Control, user: &str) -> Vec<String> {
    let forgot = control.forget(&subject(user)).await.unwrap();
    assert_eq!(forgot.accounts, [].into());
    forgot.keys
}

/// A known user's wrong password.
async fn guess(control: &Control, user: &str, password: &'static str, client: &str) -> Counted {
    match log_in(control, user, Given::Wrong(password), client).await {
        Came::Counted(counted) => counted,
        other => panic!("{other:?}"),
    }
}

/// A wrong password of an account that the user calls by another name.
async fn guess_as(control: &Control, user: &str, account: &str, client: &str) {
    let request = request(user, "guess", client);
    let failed = FailedLogin {
        request: &request,
        account: Some(account),
        clearance: Clearance::default(),
    };
    control.failed(failed, soon()).await.unwrap();
}

/// Locks the user out at the address.
async fn lock_out(control: &Control, user: &str, client: &str) {
    for _ in 0..5 {
        guess(control, user, "guess", client).await;
    }
    assert!(is_banned(control, client).await);
}

#[tokio::test]
async fn a_user_who_was_locked_out_begins_anew_on_all_nodes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk: Arc<dyn Store> = Arc::new(RedbStore::open(&folder.path().join("store")).unwrap());
    for store in [in_memory(), on_disk] {
        let config = BruteForce {
            decision_cache: HOUR,
            ..rules(vec![hosts()])
        };
        let (one, other) = (control(&config, &store), control(&config, &store));
        lock_out(&one, "alice", "192.0.2.1").await;
        assert!(is_banned(&other, "192.0.2.1").await);
        let keys = forget(&one, "alice").await;
        for begin in [
            "bulkhead.brute-force:bucket|hosts|192.0.2.1/32||",
            "bulkhead.brute-force:history|192.0.2.1/32|",
            "bulkhead.brute-force:accounts|192.0.2.1|alice",
            "bulkhead.brute-force:addresses",
        ] {
            let found = keys.iter().filter(|key| key.starts_with(begin));
            assert_eq!(found.count(), 1, "{begin}: {keys:?}");
        }
        assert_eq!(keys.len(), 4, "{keys:?}");
        assert!(!is_banned(&one, "192.0.2.1").await);
        while other.node.flushes() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!is_banned(&other, "192.0.2.1").await);
        let wish = ListWish::default();
        assert_eq!(other.bans(&wish, soon()).await.unwrap().total, 0);
        assert_eq!(other.accounts(&wish, soon()).await.unwrap().total, 0);
        assert_eq!(forget(&other, "alice").await, [""; 0]);
    }
}

#[tokio::test]
async fn passwords_that_an_account_has_seen_are_forgotten_and_those_of_others_are_not() {
    let config = BruteForce {
        repeated_allowed: 1,
        ..rules(vec![Bucket {
            failed_requests: 100,
            ..hosts()
        }])
    };
    let control = control(&config, &in_memory());
    for user in ["alice", "bob"] {
        for _ in 0..3 {
            guess(&control, user, "old", "192.0.2.1").await;
        }
    }
    forget(&control, "alice").await;
    let counted = guess(&control, "alice", "old", "192.0.2.1").await;
    assert_eq!((counted.password_retries, counted.repeated), (1, false));
    let counted = guess(&control, "bob", "old", "192.0.2.1").await;
    assert_eq!((counted.password_retries, counted.repeated), (4, true));
}

#[tokio::test]
async fn every_address_and_every_network_is_freed_where_the_user_was_seen() {
    let nets = Bucket {
        name: "nets".to_owned(),
        prefix: 24,
        failed_requests: 5,
        ..hosts()
    };
    let v6 = Bucket {
        name: "v6".to_owned(),
        prefix: 64,
        ipv4: false,
        ipv6: true,
        ..hosts()
    };
    let only_imap = Bucket {
        name: "imap".to_owned(),
        prefix: 20,
        protocols: vec!["imap".to_owned(), "pop3".to_owned()],
        ..hosts()
    };
    let control = control(&rules(vec![nets, v6, only_imap]), &in_memory());
    guess(&control, "alice", "guess", "192.0.2.1").await;
    guess(&control, "alice", "guess", "2001:db8::1").await;
    // Others do the rest.
    fail(&control, "192.0.2.2", 4).await;
    fail(&control, "2001:db8::2", 4).await;
    fail(&control, "198.51.100.1", 5).await;
    let is_banned = async |client| {
        let came = log_in(&control, "bob", Given::Right, client).await;
        came.is_banned()
    };
    let all = ["192.0.2.3", "2001:db8::3", "198.51.100.1"];
    for client in all {
        assert!(is_banned(client).await, "{client}");
    }
    forget(&control, "alice").await;
    for (client, banned) in all.into_iter().zip([false, false, true]) {
        assert_eq!(is_banned(client).await, banned, "{client}");
    }
}

#[tokio::test]
async fn a_user_is_forgotten_by_any_name_of_the_account() {
    for name in ["alice@example.org", "alice"] {
        let control = control(&rules(vec![hosts()]), &in_memory());
        // The name led to an address, and the account to another.
        for _ in 0..5 {
            guess_as(&control, "alice@example.org", "alice", "192.0.2.1").await;
            guess_as(&control, "alice", "alice", "192.0.2.2").await;
        }
        forget(&control, name).await;
        for client in ["192.0.2.1", "192.0.2.2"] {
            assert!(!is_banned(&control, client).await, "{name} {client}");
        }
    }
    // Or by a name that somebody else knew.
    let control = control(&rules(vec![hosts()]), &in_memory());
    lock_out(&control, "alice", "192.0.2.1").await;
    let nickname = Subject {
        accounts: ["alice".to_owned()].into(),
        ..subject("nickname")
    };
    control.forget(&nickname).await.unwrap();
    assert!(!is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn whoever_was_refused_by_the_ban_is_freed_of_it() {
    let control = control(&rules(vec![hosts()]), &in_memory());
    fail(&control, "192.0.2.1", 5).await;
    // Never failed, but it was this login that the ban began with.
    assert!(is_banned(&control, "192.0.2.1").await);
    let keys = forget(&control, "alice").await;
    assert!(!is_banned(&control, "192.0.2.1").await, "{keys:?}");
}

#[tokio::test]
async fn tolerations_of_the_addresses_are_forgotten() {
    let config = BruteForce {
        tolerate_ttl: HOUR,
        tolerate: crate::config::Tolerate::Percent(100),
        ..rules(vec![hosts()])
    };
    let control = control(&config, &in_memory());
    for user in ["alice", "bob", "carol"] {
        log_in(&control, user, Given::Right, "192.0.2.1").await;
    }
    fail(&control, "192.0.2.1", 20).await;
    let keys = forget(&control, "alice").await;
    for kind in ["positive", "negative"] {
        let key = format!("bulkhead.brute-force:{kind}|192.0.2.1/32|");
        assert!(keys.contains(&key), "{keys:?}");
    }
    fail(&control, "192.0.2.1", 5).await;
    assert!(is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn users_whom_nobody_knows_are_forgotten_too_unless_they_have_no_history() {
    for (history_for_known_accounts, freed) in [(false, true), (true, false)] {
        let config = BruteForce {
            history_for_known_accounts,
            ..rules(vec![hosts()])
        };
        let control = control(&config, &in_memory());
        fail(&control, "192.0.2.1", 5).await;
        forget(&control, "nobody").await;
        assert_eq!(!is_banned(&control, "192.0.2.1").await, freed);
    }
}

#[tokio::test]
async fn so_many_addresses_are_remembered_and_no_more() {
    for (most, freed) in [(4, true), (3, false), (0, false)] {
        let (store, clock) = with_clock();
        let config = BruteForce {
            account_addresses: most,
            ..rules(vec![hosts()])
        };
        let control = control(&config, &store);
        for host in 1..=4 {
            clock.advance(SECOND);
            for _ in 0..5 {
                guess(&control, "alice", "guess", &format!("192.0.2.{host}")).await;
            }
        }
        forget(&control, "alice").await;
        // The one that was seen longest ago.
        assert_eq!(!is_banned(&control, "192.0.2.1").await, freed, "{most}");
        assert_eq!(!is_banned(&control, "192.0.2.4").await, most > 0, "{most}");
    }
}

#[tokio::test]
async fn where_a_user_was_seen_is_known_as_long_as_it_can_matter() {
    let (store, clock) = with_clock();
    let control = control(&rules(vec![hosts()]), &store);
    guess(&control, "alice", "guess", "192.0.2.1").await;
    fail(&control, "192.0.2.1", 4).await;
    let digests = control.node.digest_key(&control.config, soon()).await;
    let digest = |name: &str| {
        let key = digests.as_ref().unwrap();
        key.digest(super::super::Kind::User, &[name.as_bytes()])
    };
    let sets = |users: [&str; 2]| {
        let users = users.map(digest).into();
        seen::sets(&users)
    };
    let mut left = Vec::new();
    for set in sets(["alice", "nobody"]) {
        if let crate::store::Remaining::For(time) = store.time_to_live(set).await.unwrap() {
            left.push(time);
        }
    }
    left.sort();
    // The histories of the one, whom nobody knows; window, window before and ban of the other.
    assert_eq!(left, [HOUR, 10 * HOUR]);
    clock.advance(10 * HOUR);
    assert_eq!(forget(&control, "alice").await, [""; 0]);
}

#[tokio::test]
async fn where_a_user_was_seen_names_nobody() {
    let store = in_memory();
    let control = control(&rules(vec![hosts()]), &store);
    guess_as(&control, "alice@example.org", "alice", "192.0.2.1").await;
    let key = control
        .node
        .digest_key(&control.config, soon())
        .await
        .unwrap();
    for name in ["alice", "alice@example.org"] {
        let user = key.digest(super::super::Kind::User, &[name.as_bytes()]);
        let set = seen::sets(&[user].into()).remove(0);
        let mut replies = store.run(seen::readings(&set).into()).await.unwrap();
        let (members, _) = seen::members(replies.remove(0)).unwrap();
        assert_eq!(members.len(), 1, "{name}");
        let all = [set.tag, set.name, members.concat()].concat();
        assert!(!all.windows(5).any(|part| part == b"alice"), "{all:?}");
    }
}

/// A store in which a login fails right after what was kept of its user is gone.
struct Meddled {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    /// Somebody on another node.
    other: OnceLock<Arc<Control>>,
}

impl Store for Meddled {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        Box::pin(async move {
            if let ([Command::Delete(_), ..], Some(other)) = (&*commands, self.other.get()) {
                let done = self.store.run(commands).await;
                self.clock.advance(SECOND);
                guess(other, "alice", "guess", "192.0.2.1").await;
                return done;
            }
            self.store.run(commands).await
        })
    }
    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.store.call(procedure, keys, arguments)
    }
    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.publish(channel, message)
    }
    fn subscribe(&self, channel: &str) -> Subscription {
        self.store.subscribe(channel)
    }
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.check()
    }
}

#[tokio::test]
async fn what_is_seen_while_a_user_is_forgotten_is_known_to_the_next_flush() {
    let (store, clock) = with_clock();
    let config = rules(vec![hosts()]);
    let meddled = Arc::new(Meddled {
        store: Arc::clone(&store),
        clock,
        other: OnceLock::new(),
    });
    let control = super::control(&config, &(Arc::clone(&meddled) as Arc<dyn Store>));
    let other = Arc::new(super::control(&config, &store));
    for _ in 0..4 {
        guess(&other, "alice", "guess", "192.0.2.1").await;
    }
    assert!(meddled.other.set(Arc::clone(&other)).is_ok());
    forget(&control, "alice").await;
    // What failed meanwhile counts, at the same address as before; others do the rest.
    fail(&other, "192.0.2.1", 4).await;
    let bob = async || log_in(&other, "bob", Given::Right, "192.0.2.1").await;
    assert!(bob().await.is_banned());
    forget(&other, "alice").await;
    assert!(!bob().await.is_banned());
}
