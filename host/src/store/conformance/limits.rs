//! What is at a limit is done; one more is refused with the limit's name, and changes nothing.

use super::{
    super::{
        Command, HashCommand, Key, Limits, ListCommand, Reply, SetCommand, Side, SortedCommand,
        When,
    },
    Subject, integer, key,
};

/// Limits that are reached quickly.
pub(crate) fn low_limits() -> Limits {
    Limits {
        key_bytes: 64,
        value_bytes: 100,
        members: 50,
        commands: 30,
        ..Limits::default()
    }
}

/// The subject's store has these limits. They should be low.
pub(crate) async fn limits(subject: &Subject, limits: &Limits) {
    key_bytes(subject, limits.key_bytes).await;
    value_bytes(subject, limits.value_bytes).await;
    members(subject, limits.members).await;
    commands(subject, limits.commands).await;
}

fn set(key: Key, value: Vec<u8>) -> Command {
    Command::Set {
        key,
        value,
        ttl: None,
        when: When::Always,
    }
}

/// The last command is refused by this limit, and changed nothing.
async fn refused(subject: &Subject, limit: &str, command: Command) {
    let key = command.key().clone();
    let count = |reply: Reply| format!("{reply:?}");
    let read = || async {
        let step = vec![
            Command::Exists(key.clone()),
            Command::OnSet(key.clone(), SetCommand::Length),
            Command::OnHash(key.clone(), HashCommand::Length),
            Command::OnSorted(key.clone(), SortedCommand::Length),
            Command::OnList(key.clone(), ListCommand::Length),
        ];
        let replies = subject.run(step).await;
        replies.into_iter().map(count).collect::<String>()
    };
    let before = read().await;
    let reply = subject.one(command.clone()).await;
    let Reply::Refused(text) = &reply else {
        panic!("{limit}: {reply:?}");
    };
    assert!(text.starts_with("ERR "), "{text}");
    assert!(text.contains(&format!("`{limit}`")), "{limit}: {text}");
    assert_eq!(read().await, before, "{limit}");
}

async fn key_bytes(subject: &Subject, most: usize) {
    let long = |bytes: usize| Key::tagged("name", "tag", vec![b'k'; bytes - 7]);
    assert_eq!(subject.one(set(long(most), vec![])).await, Reply::Done);
    refused(subject, "key_bytes", set(long(most + 1), vec![])).await;
    let member = |bytes: usize| vec![b'm'; bytes];
    for (name, command) in [
        (
            "hash",
            &(|member| Command::OnHash(key("hash"), HashCommand::Set(vec![(member, vec![])])))
                as &dyn Fn(Vec<u8>) -> Command,
        ),
        ("set", &|member| {
            Command::OnSet(key("set"), SetCommand::Add(vec![member]))
        }),
        ("sorted", &|member| {
            Command::OnSorted(key("sorted"), SortedCommand::Add(vec![(1.0, member)]))
        }),
    ] {
        let reply = subject.one(command(member(most))).await;
        assert_eq!(reply, integer(1), "{name}");
        refused(subject, "key_bytes", command(member(most + 1))).await;
    }
}

async fn value_bytes(subject: &Subject, most: usize) {
    let value = |bytes| vec![b'v'; bytes];
    assert_eq!(subject.one(set(key("v"), value(most))).await, Reply::Done);
    refused(subject, "value_bytes", set(key("v"), value(most + 1))).await;
    let push = |value| Command::OnList(key("vl"), ListCommand::Push(Side::Back, vec![value]));
    assert_eq!(subject.one(push(value(most))).await, integer(1));
    refused(subject, "value_bytes", push(value(most + 1))).await;
    let field = |value| {
        let pairs = vec![(b"f".to_vec(), value)];
        Command::OnHash(key("vh"), HashCommand::Set(pairs))
    };
    assert_eq!(subject.one(field(value(most))).await, integer(1));
    refused(subject, "value_bytes", field(value(most + 1))).await;
}

async fn members(subject: &Subject, most: usize) {
    let many = |count: usize| (0..count).map(|number| number.to_string().into_bytes());
    let add = |count| Command::OnSet(key("ms"), SetCommand::Add(many(count).collect()));
    let most_reply = integer(i64::try_from(most).unwrap());
    assert_eq!(subject.one(add(most)).await, most_reply);
    refused(subject, "members", add(most + 1)).await;
    // A reply is limited as well: what has grown in parts is not read at once.
    let all = Command::OnSet(key("ms"), SetCommand::Members);
    let Reply::List(list) = subject.one(all.clone()).await else {
        panic!("at the limit");
    };
    assert_eq!(list.len(), most);
    let one_more = SetCommand::Add(vec![b"one more".to_vec()]);
    assert_eq!(
        subject.one(Command::OnSet(key("ms"), one_more)).await,
        integer(1)
    );
    refused(subject, "members", all).await;
}

async fn commands(subject: &Subject, most: usize) {
    let step = |count| {
        let increment = Command::Increment {
            key: key("count"),
            by: 1,
            ttl: None,
        };
        vec![increment; count]
    };
    let replies = subject.run(step(most)).await;
    assert_eq!(replies.len(), most);
    assert_eq!(replies.last(), Some(&integer(i64::try_from(most).unwrap())));
    let replies = subject.run(step(most + 1)).await;
    assert_eq!(replies.len(), most + 1);
    for reply in replies {
        let named = matches!(&reply, Reply::Refused(text) if text.contains("`commands`"));
        assert!(named, "{reply:?}");
    }
    let sum = subject.store.get(key("count")).await;
    assert_eq!(sum, Ok(Some(most.to_string().into_bytes())));
}
