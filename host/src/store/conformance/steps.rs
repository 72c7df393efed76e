//! Several commands as one step.

use super::{
    super::{Command, Key, Reply, SetCommand, When},
    Subject, bytes, integer, key, names, refused,
};

fn increment(key: Key) -> Command {
    Command::Increment {
        key,
        by: 1,
        ttl: None,
    }
}

pub(super) async fn order_and_refusals(subject: &Subject) {
    assert_eq!(subject.run(Vec::new()).await, Vec::new());
    let set = |value: &str| Command::Set {
        key: key("a"),
        value: value.into(),
        ttl: None,
        when: When::Always,
    };
    let step = vec![
        Command::Get(key("a")),
        set("1"),
        increment(key("a")),
        Command::OnSet(key("a"), SetCommand::Members),
        Command::Get(key("a")),
        set("text"),
        increment(key("a")),
        increment(key("b")),
        Command::Get(key("a")),
    ];
    let replies = subject.run(step.clone()).await;
    let replies: Vec<Reply> = step
        .iter()
        .zip(replies)
        .map(|(command, reply)| super::comparable(command, reply))
        .collect();
    let expected = [
        Reply::Nothing,
        Reply::Done,
        integer(2),
        refused("WRONGTYPE"),
        bytes("2"),
        Reply::Done,
        refused("ERR"),
        integer(1),
        bytes("text"),
    ];
    assert_eq!(replies, expected, "a refusal undoes nothing");
    assert_eq!(subject.store.get(key("b")).await, Ok(Some(b"1".to_vec())));
}

/// Whoever looks sees all of a step or nothing of it.
pub(super) async fn atomicity(subject: &Subject) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = subject.store.clone();
        tasks.spawn(async move {
            for _ in 0..25 {
                let members = SetCommand::Add(names(["x"]));
                let step = vec![
                    increment(key("first")),
                    Command::OnSet(key("set"), members),
                    increment(key("second")),
                ];
                let replies = store.run(step).await.unwrap();
                assert_eq!(replies[0], replies[2]);
            }
        });
        let store = subject.store.clone();
        tasks.spawn(async move {
            for _ in 0..25 {
                let step = vec![Command::Get(key("first")), Command::Get(key("second"))];
                let replies = store.run(step).await.unwrap();
                assert_eq!(replies[0], replies[1]);
            }
        });
    }
    tasks.join_all().await;
    let sum = subject.store.get(key("second")).await;
    assert_eq!(sum, Ok(Some(b"200".to_vec())));
}

/// They are all done, wherever they are kept, and the replies are in order.
pub(super) async fn different_tags(subject: &Subject) {
    let keys: Vec<Key> = (0..100)
        .map(|number| match number % 3 {
            0 => Key::new("conformance", format!("{number}")),
            _ => Key::tagged("conformance", format!("tag {number}"), "name"),
        })
        .collect();
    for round in 0..3 {
        let step = keys.iter().cloned().flat_map(|key| {
            let read = Command::Get(key.clone());
            [increment(key), read]
        });
        let replies = subject.run(step.collect()).await;
        for (index, replies) in replies.chunks(2).enumerate() {
            let expected = [integer(round + 1), bytes(&(round + 1).to_string())];
            assert_eq!(replies, expected, "{index}");
        }
    }
}
