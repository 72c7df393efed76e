//! When keys are gone.

use std::time::Duration;

use super::{
    super::{
        Command, HashCommand, ListCommand, Remaining, Reply, SetCommand, Side, SortedCommand, When,
    },
    Subject, bytes, integer, key, names,
};

const SECOND: Duration = Duration::from_secs(1);

/// What the store says remains must be this; a little less where time goes on by itself.
async fn assert_left(subject: &Subject, name: &str, expected: Duration) {
    let left = subject.store.time_to_live(key(name)).await.unwrap();
    let Remaining::For(left) = left else {
        panic!("{name}: {left:?}");
    };
    if subject.is_turned() {
        assert_eq!(left, expected, "{name}");
    } else {
        assert!(left <= expected, "{name}: {left:?}");
        assert!(left + 2 * SECOND >= expected, "{name}: {left:?}");
    }
}

pub(super) async fn values(subject: &Subject) {
    let store = &subject.store;
    let set = |value: &str, ttl| store.set(key("t"), value.into(), ttl);
    set("v", Some(2 * SECOND)).await.unwrap();
    assert_left(subject, "t", 2 * SECOND).await;
    if subject.is_turned() {
        let short = Duration::from_millis(1);
        subject.pass(2 * SECOND - short).await;
        assert_eq!(store.get(key("t")).await, Ok(Some(b"v".to_vec())));
        assert_left(subject, "t", short).await;
        subject.pass(short).await;
    } else {
        subject.pass(2 * SECOND).await;
    }
    assert_eq!(store.get(key("t")).await, Ok(None));
    assert_eq!(store.time_to_live(key("t")).await, Ok(Remaining::Missing));
    assert_eq!(store.delete(key("t")).await, Ok(false));
    assert_eq!(store.expire(key("t"), SECOND).await, Ok(false));
    assert_eq!(subject.one(Command::Exists(key("t"))).await, integer(0));

    // A new value without TTL is not hit by the old one's expiry.
    set("w", Some(SECOND)).await.unwrap();
    set("x", None).await.unwrap();
    subject.pass(SECOND).await;
    store.set(key("other"), vec![], None).await.unwrap();
    assert_eq!(store.get(key("t")).await, Ok(Some(b"x".to_vec())));

    // What has expired is absent for conditions.
    set("y", Some(SECOND / 10)).await.unwrap();
    subject.pass(SECOND / 10).await;
    for (when, reply) in [(When::Present, Reply::Nothing), (When::Absent, Reply::Done)] {
        let command = Command::Set {
            key: key("t"),
            value: b"z".to_vec(),
            ttl: None,
            when,
        };
        assert_eq!(subject.one(command).await, reply, "{when:?}");
    }
}

pub(super) async fn counters(subject: &Subject) {
    let store = &subject.store;
    let count = |ttl| store.increment(key("c"), 1, Some(ttl));
    assert_eq!(count(3 * SECOND).await, Ok(1));
    subject.pass(SECOND).await;
    assert_eq!(
        count(100 * SECOND).await,
        Ok(2),
        "only a new key gets the TTL"
    );
    assert_left(subject, "c", 2 * SECOND).await;
    subject.pass(2 * SECOND).await;
    assert_eq!(count(50 * SECOND).await, Ok(1));
    assert_left(subject, "c", 50 * SECOND).await;
}

pub(super) async fn edges(subject: &Subject) {
    let store = &subject.store;
    // Zero ends at once, whatever is there and however it is said.
    for has_value in [false, true] {
        if has_value {
            store.set(key("e"), b"v".to_vec(), None).await.unwrap();
        }
        let zero = Some(Duration::ZERO);
        assert_eq!(store.set(key("e"), b"w".to_vec(), zero).await, Ok(()));
        assert_eq!(store.get(key("e")).await, Ok(None));
    }
    assert_eq!(
        store.increment(key("e"), 7, Some(Duration::ZERO)).await,
        Ok(7)
    );
    assert_eq!(store.get(key("e")).await, Ok(None));
    store.set(key("e"), b"v".to_vec(), None).await.unwrap();
    assert_eq!(store.expire(key("e"), Duration::ZERO).await, Ok(true));
    assert_eq!(store.get(key("e")).await, Ok(None));

    // The last TTL counts, and can be taken back.
    store
        .set(key("e"), b"v".to_vec(), Some(SECOND))
        .await
        .unwrap();
    assert_eq!(store.expire(key("e"), 50 * SECOND).await, Ok(true));
    subject.pass(SECOND).await;
    assert_eq!(store.get(key("e")).await, Ok(Some(b"v".to_vec())));
    store.expire(key("e"), SECOND).await.unwrap();
    assert_eq!(subject.one(Command::Persist(key("e"))).await, integer(1));
    assert_eq!(subject.one(Command::Persist(key("e"))).await, integer(0));
    subject.pass(SECOND).await;
    assert_eq!(store.get(key("e")).await, Ok(Some(b"v".to_vec())));

    // No TTL is too long.
    let longest = Some(Duration::MAX);
    store
        .set(key("long"), b"v".to_vec(), longest)
        .await
        .unwrap();
    let left = store.time_to_live(key("long")).await.unwrap();
    assert_ne!(left, Remaining::Missing);
    assert_eq!(store.expire(key("long"), Duration::MAX).await, Ok(true));
    assert_eq!(store.get(key("long")).await, Ok(Some(b"v".to_vec())));
}

/// Changing a collection keeps its expiry; one that has expired leaves nothing to the next.
pub(super) async fn collections(subject: &Subject) {
    let add = |name: &str, member: &str| -> Command {
        let members = names([member]);
        match name {
            "hash" => {
                let fields = members.into_iter().map(|field| (field, b"v".to_vec()));
                Command::OnHash(key(name), HashCommand::Set(fields.collect()))
            }
            "set" => Command::OnSet(key(name), SetCommand::Add(members)),
            "sorted" => {
                let members = members.into_iter().map(|member| (1.0, member));
                Command::OnSorted(key(name), SortedCommand::Add(members.collect()))
            }
            _ => Command::OnList(key(name), ListCommand::Push(Side::Back, members)),
        }
    };
    let length = |name: &str| match name {
        "hash" => Command::OnHash(key(name), HashCommand::Length),
        "set" => Command::OnSet(key(name), SetCommand::Length),
        "sorted" => Command::OnSorted(key(name), SortedCommand::Length),
        _ => Command::OnList(key(name), ListCommand::Length),
    };
    let kinds = ["hash", "set", "sorted", "list"];
    for name in kinds {
        subject.one(add(name, "a")).await;
        let ttl = 3 * SECOND;
        assert_eq!(subject.store.expire(key(name), ttl).await, Ok(true));
        subject.one(add(name, "b")).await;
        assert_eq!(subject.one(length(name)).await, integer(2), "{name}");
    }
    subject.pass(SECOND).await;
    for name in kinds {
        assert_left(subject, name, 2 * SECOND).await;
    }
    subject.pass(2 * SECOND).await;
    for name in kinds {
        assert_eq!(subject.one(length(name)).await, integer(0), "{name}");
        subject.one(add(name, "c")).await;
        assert_eq!(subject.one(length(name)).await, integer(1), "{name}");
        let left = subject.store.time_to_live(key(name)).await;
        assert_eq!(left, Ok(Remaining::Unlimited), "{name}");
    }
    let field = HashCommand::Get(b"a".to_vec());
    let found = subject.one(Command::OnHash(key("hash"), field)).await;
    assert_eq!(found, Reply::Nothing);
    let first = subject
        .one(Command::OnList(key("list"), ListCommand::Pop(Side::Front)))
        .await;
    assert_eq!(first, bytes("c"));
}
