//! Values, integers and what can be done to any key.

use std::time::Duration;

use super::{
    super::{Command, Key, Remaining, Reply, StoreError, When},
    Subject, Table, bytes, integer, key, refused,
};

const HOUR: Duration = Duration::from_secs(3600);

fn set(name: &str, value: &str) -> Command {
    conditional(name, value, When::Always)
}

fn conditional(name: &str, value: &str, when: When) -> Command {
    Command::Set {
        key: key(name),
        value: value.into(),
        ttl: None,
        when,
    }
}

fn increment(name: &str, by: i64) -> Command {
    Command::Increment {
        key: key(name),
        by,
        ttl: None,
    }
}

pub(super) fn table() -> Table {
    let get = |name| Command::Get(key(name));
    let delete = |name| Command::Delete(key(name));
    let exists = |name| Command::Exists(key(name));
    let left = |name| Command::TimeToLive(key(name));
    vec![
        (get("a"), Reply::Nothing),
        (exists("a"), integer(0)),
        (left("a"), integer(-2)),
        (delete("a"), integer(0)),
        (Command::Persist(key("a")), integer(0)),
        (
            Command::Expire {
                key: key("a"),
                ttl: HOUR,
            },
            integer(0),
        ),
        (set("a", "1"), Reply::Done),
        (set("a", "two"), Reply::Done),
        (get("a"), bytes("two")),
        (exists("a"), integer(1)),
        (left("a"), integer(-1)),
        (Command::Persist(key("a")), integer(0)),
        (delete("a"), integer(1)),
        (delete("a"), integer(0)),
        (get("a"), Reply::Nothing),
        (set("empty", ""), Reply::Done),
        (get("empty"), bytes("")),
        (exists("empty"), integer(1)),
        (increment("empty", 1), refused("ERR")),
        (increment("n", 5), integer(5)),
        (increment("n", -7), integer(-2)),
        (get("n"), bytes("-2")),
        (increment("zero", 0), integer(0)),
        (get("zero"), bytes("0")),
        (increment("n", i64::MAX), integer(i64::MAX - 2)),
        (increment("n", 3), refused("ERR")),
        (get("n"), bytes("9223372036854775805")),
    ]
}

pub(super) fn conditions() -> Table {
    vec![
        (conditional("c", "1", When::Present), Reply::Nothing),
        (Command::Exists(key("c")), integer(0)),
        (conditional("c", "2", When::Absent), Reply::Done),
        (conditional("c", "3", When::Absent), Reply::Nothing),
        (Command::Get(key("c")), bytes("2")),
        (conditional("c", "4", When::Present), Reply::Done),
        (Command::Get(key("c")), bytes("4")),
        (Command::Delete(key("c")), integer(1)),
        (conditional("c", "5", When::Present), Reply::Nothing),
        (conditional("c", "6", When::Absent), Reply::Done),
        (Command::Get(key("c")), bytes("6")),
    ]
}

/// The typed operations of `dyn Store`.
pub(super) async fn simple_operations(subject: &Subject) {
    let store = &subject.store;
    assert_eq!(store.get(key("a")).await, Ok(None));
    assert_eq!(store.delete(key("a")).await, Ok(false));
    assert_eq!(store.time_to_live(key("a")).await, Ok(Remaining::Missing));
    assert_eq!(store.set(key("a"), b"2".to_vec(), None).await, Ok(()));
    assert_eq!(store.get(key("a")).await, Ok(Some(b"2".to_vec())));
    assert_eq!(store.time_to_live(key("a")).await, Ok(Remaining::Unlimited));
    assert_eq!(store.expire(key("a"), HOUR).await, Ok(true));
    let Ok(Remaining::For(left)) = store.time_to_live(key("a")).await else {
        panic!("it expires");
    };
    assert!(left <= HOUR && left > HOUR / 2, "{left:?}");
    assert_eq!(store.delete(key("a")).await, Ok(true));
    assert_eq!(store.expire(key("a"), HOUR).await, Ok(false));
    let large = vec![0xa5; 1 << 20];
    assert_eq!(store.set(key("l"), large.clone(), None).await, Ok(()));
    assert_eq!(store.get(key("l")).await, Ok(Some(large)));

    // A caller of a typed operation is not answered with something else.
    let members = super::super::SetCommand::Add(vec![b"m".to_vec()]);
    subject.one(Command::OnSet(key("s"), members)).await;
    let wrong = store.get(key("s")).await;
    assert!(
        matches!(wrong, Err(StoreError::Unavailable(_))),
        "{wrong:?}"
    );
    let wrong = store.increment(key("s"), 1, None).await;
    assert_eq!(wrong, Err(StoreError::NotANumber));
}

pub(super) async fn binary_keys(subject: &Subject) {
    let parts: [&[u8]; 9] = [
        b"",
        b"a",
        b"b:c",
        b"a:b",
        b"c",
        b"b\0c",
        b"{a}",
        b"%7Ba%7D",
        &[0xff, 0xfe, 0],
    ];
    let namespaces = ["", "a", "a:b", "a\0b", "{a}", "a:{a}"];
    let mut keys = Vec::new();
    for namespace in namespaces {
        for tag in parts {
            for name in parts {
                keys.push(Key::tagged(namespace, tag, name));
            }
        }
    }
    for (index, key) in keys.iter().enumerate() {
        let value = index.to_string().into_bytes();
        subject.store.set(key.clone(), value, None).await.unwrap();
    }
    for (index, key) in keys.iter().enumerate() {
        let value = subject.store.get(key.clone()).await.unwrap();
        assert_eq!(value, Some(index.to_string().into_bytes()), "{key:?}");
    }
}

pub(super) async fn counters(subject: &Subject) {
    let store = &subject.store;
    for wrong in [
        "",
        "x",
        "1.5",
        " 1",
        "1 ",
        "+1",
        "01",
        "9223372036854775808",
    ] {
        store.set(key("w"), wrong.into(), None).await.unwrap();
        let error = store.increment(key("w"), 1, None).await.unwrap_err();
        assert_eq!(error, StoreError::NotANumber, "{wrong:?}");
        assert_eq!(store.get(key("w")).await.unwrap(), Some(wrong.into()));
    }
    for (name, edge, past) in [("max", i64::MAX, 1), ("min", i64::MIN, -1)] {
        assert_eq!(store.increment(key(name), edge, None).await, Ok(edge));
        let error = store.increment(key(name), past, None).await;
        assert_eq!(error, Err(StoreError::NotANumber), "{name}");
        assert_eq!(store.increment(key(name), 0, None).await, Ok(edge));
    }
}

pub(super) async fn parallel_increments(subject: &Subject) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let store = subject.store.clone();
        tasks.spawn(async move { store.increment(key("hits"), 1, None).await.unwrap() });
    }
    let mut sums = tasks.join_all().await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=1000).collect::<Vec<i64>>());
    let value = subject.store.get(key("hits")).await.unwrap();
    assert_eq!(value, Some(b"1000".to_vec()));
}
