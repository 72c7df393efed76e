//! Hashes, sets, lists, estimates, and keys that hold something else than a command expects.

use super::{
    super::{Command, HashCommand, ListCommand, Reply, SetCommand, Side, SortedCommand, When},
    Subject, Table, bytes, integer, key, list, names, refused,
};

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> HashCommand {
    let owned = pairs.map(|(field, value)| (field.into(), value.into()));
    HashCommand::Set(owned.to_vec())
}

pub(super) fn hashes() -> Table {
    let on = |command| Command::OnHash(key("h"), command);
    let get = |field: &str| on(HashCommand::Get(field.into()));
    let delete = |fields| on(HashCommand::Delete(fields));
    let increment = |field: &str, by| on(HashCommand::Increment(field.into(), by));
    vec![
        (get("a"), Reply::Nothing),
        (on(HashCommand::Length), integer(0)),
        (on(HashCommand::All), list([])),
        (on(HashCommand::Fields), list([])),
        (on(HashCommand::Values), list([])),
        (on(HashCommand::Exists(b"a".to_vec())), integer(0)),
        (delete(names(["a"])), integer(0)),
        (on(pairs([("a", "1"), ("b", "2"), ("a", "3")])), integer(2)),
        (on(pairs([("b", ""), ("", "empty")])), integer(1)),
        (get("a"), bytes("3")),
        (get("b"), bytes("")),
        (get(""), bytes("empty")),
        (get("c"), Reply::Nothing),
        (
            on(HashCommand::GetMany(names(["b", "c", "a", "b"]))),
            Reply::List(vec![bytes(""), Reply::Nothing, bytes("3"), bytes("")]),
        ),
        (on(HashCommand::Exists(b"b".to_vec())), integer(1)),
        (on(HashCommand::Length), integer(3)),
        (on(HashCommand::All), list(["", "empty", "a", "3", "b", ""])),
        (on(HashCommand::Fields), list(["b", "a", ""])),
        (on(HashCommand::Values), list(["3", "empty", ""])),
        (increment("n", 5), integer(5)),
        (increment("n", -6), integer(-1)),
        (get("n"), bytes("-1")),
        (increment("a", i64::MAX), refused("ERR")),
        (increment("b", 1), refused("ERR")),
        (increment("", 1), refused("ERR")),
        (get("a"), bytes("3")),
        (on(pairs([])), refused("ERR")),
        (delete(Vec::new()), refused("ERR")),
        (on(HashCommand::GetMany(Vec::new())), refused("ERR")),
        (delete(names(["a", "none", "a", "n"])), integer(2)),
        (delete(names(["b", ""])), integer(2)),
        // An empty collection does not exist.
        (Command::Exists(key("h")), integer(0)),
        (increment("n", 1), integer(1)),
        (Command::Delete(key("h")), integer(1)),
        (on(HashCommand::All), list([])),
    ]
}

pub(super) fn sets() -> Table {
    let on = |command| Command::OnSet(key("s"), command);
    let contains = |member: &str| on(SetCommand::Contains(member.into()));
    let add = |members| on(SetCommand::Add(members));
    let remove = |members| on(SetCommand::Remove(members));
    vec![
        (contains("a"), integer(0)),
        (on(SetCommand::Members), list([])),
        (on(SetCommand::Length), integer(0)),
        (remove(names(["a"])), integer(0)),
        (add(names(["a", "b", "a", ""])), integer(3)),
        (add(names(["b", "c"])), integer(1)),
        (contains("a"), integer(1)),
        (contains(""), integer(1)),
        (contains("d"), integer(0)),
        (on(SetCommand::Length), integer(4)),
        (on(SetCommand::Members), list(["", "a", "b", "c"])),
        (add(Vec::new()), refused("ERR")),
        (remove(Vec::new()), refused("ERR")),
        (remove(names(["a", "d", "a"])), integer(1)),
        (remove(names(["b", "c", ""])), integer(3)),
        (Command::Exists(key("s")), integer(0)),
        (on(SetCommand::Members), list([])),
    ]
}

pub(super) fn lists() -> Table {
    let on = |command| Command::OnList(key("l"), command);
    let push = |side, values| on(ListCommand::Push(side, values));
    let pop = |side| on(ListCommand::Pop(side));
    let range = |from, to| on(ListCommand::Range(from, to));
    let trim = |from, to| on(ListCommand::Trim(from, to));
    vec![
        (range(0, -1), list([])),
        (on(ListCommand::Length), integer(0)),
        (pop(Side::Front), Reply::Nothing),
        (pop(Side::Back), Reply::Nothing),
        (trim(0, 1), Reply::Done),
        (push(Side::Back, names(["c", "d"])), integer(2)),
        (push(Side::Front, names(["b", "a"])), integer(4)),
        (push(Side::Back, names(["", "a"])), integer(6)),
        (range(0, -1), list(["a", "b", "c", "d", "", "a"])),
        (range(1, 2), list(["b", "c"])),
        (range(-2, -1), list(["", "a"])),
        (range(-100, 0), list(["a"])),
        (range(4, 100), list(["", "a"])),
        (range(3, 2), list([])),
        (range(6, 9), list([])),
        (
            range(i64::MIN, i64::MAX),
            list(["a", "b", "c", "d", "", "a"]),
        ),
        (on(ListCommand::Length), integer(6)),
        (push(Side::Front, Vec::new()), refused("ERR")),
        (pop(Side::Front), bytes("a")),
        (pop(Side::Back), bytes("a")),
        (trim(0, -2), Reply::Done),
        (range(0, -1), list(["b", "c", "d"])),
        (push(Side::Front, names(["z"])), integer(4)),
        (trim(-3, 1), Reply::Done),
        (range(0, -1), list(["b"])),
        (trim(5, 9), Reply::Done),
        (Command::Exists(key("l")), integer(0)),
        (push(Side::Back, names(["one"])), integer(1)),
        (pop(Side::Front), bytes("one")),
        (Command::Exists(key("l")), integer(0)),
    ]
}

/// Each kind under a key of its name, each kind's commands on each key.
pub(super) fn kinds() -> Table {
    let value = |name| Command::Set {
        key: key(name),
        value: b"7".to_vec(),
        ttl: None,
        when: When::Always,
    };
    let increment = |name| Command::Increment {
        key: key(name),
        by: 1,
        ttl: None,
    };
    let member = || names(["m"]);
    let hash = |name| Command::OnHash(key(name), pairs([("f", "1")]));
    let set = |name| Command::OnSet(key(name), SetCommand::Add(member()));
    let sorted = |name| {
        let members = vec![(1.0, b"m".to_vec())];
        Command::OnSorted(key(name), SortedCommand::Add(members))
    };
    let push = |name| Command::OnList(key(name), ListCommand::Push(Side::Back, member()));
    let mut table: Table = vec![
        (value("value"), Reply::Done),
        (hash("hash"), integer(1)),
        (set("set"), integer(1)),
        (sorted("sorted"), integer(1)),
        (push("list"), integer(1)),
    ];
    for name in ["value", "hash", "set", "sorted", "list"] {
        let commands = [
            ("value", Command::Get(key(name))),
            ("value", increment(name)),
            ("value", Command::EstimateAdd(key(name), member())),
            ("value", Command::EstimateCount(key(name))),
            ("hash", hash(name)),
            ("hash", Command::OnHash(key(name), HashCommand::All)),
            (
                "hash",
                Command::OnHash(key(name), HashCommand::Get(vec![1])),
            ),
            (
                "hash",
                Command::OnHash(key(name), HashCommand::Increment(vec![1], 1)),
            ),
            (
                "hash",
                Command::OnHash(key(name), HashCommand::Delete(member())),
            ),
            ("set", set(name)),
            ("set", Command::OnSet(key(name), SetCommand::Members)),
            (
                "set",
                Command::OnSet(key(name), SetCommand::Contains(vec![1])),
            ),
            (
                "set",
                Command::OnSet(key(name), SetCommand::Remove(member())),
            ),
            ("sorted", sorted(name)),
            (
                "sorted",
                Command::OnSorted(key(name), SortedCommand::Length),
            ),
            (
                "sorted",
                Command::OnSorted(key(name), SortedCommand::Score(vec![1])),
            ),
            (
                "sorted",
                Command::OnSorted(key(name), SortedCommand::Increment(vec![1], 1.0)),
            ),
            (
                "sorted",
                Command::OnSorted(key(name), SortedCommand::RemoveByRank(0, 0)),
            ),
            ("list", push(name)),
            (
                "list",
                Command::OnList(key(name), ListCommand::Pop(Side::Front)),
            ),
            ("list", Command::OnList(key(name), ListCommand::Trim(0, 0))),
            (
                "list",
                Command::OnList(key(name), ListCommand::Range(0, -1)),
            ),
        ];
        let wrong = commands.into_iter().filter(|(kind, _)| *kind != name);
        table.extend(wrong.map(|(_, command)| (command, refused("WRONGTYPE"))));
        table.push((Command::Exists(key(name)), integer(1)));
    }
    table.extend([
        // A value that is no estimate.
        (Command::EstimateCount(key("value")), refused("WRONGTYPE")),
        (Command::Get(key("value")), bytes("7")),
        // A value replaces anything.
        (value("hash"), Reply::Done),
        (Command::Get(key("hash")), bytes("7")),
        (Command::Delete(key("hash")), integer(1)),
        (
            Command::OnHash(key("hash"), HashCommand::Length),
            integer(0),
        ),
        (Command::Delete(key("sorted")), integer(1)),
        (set("sorted"), integer(1)),
        (
            Command::OnSorted(key("sorted"), SortedCommand::Length),
            refused("WRONGTYPE"),
        ),
    ]);
    table
}

pub(super) async fn estimates(subject: &Subject) {
    let count = || subject.one(Command::EstimateCount(key("e")));
    let add = |elements| subject.one(Command::EstimateAdd(key("e"), elements));
    assert_eq!(count().await, integer(0));
    assert_eq!(add(Vec::new()).await, integer(1), "it is made");
    assert_eq!(add(Vec::new()).await, integer(0));
    assert_eq!(subject.one(Command::Exists(key("e"))).await, integer(1));
    assert_eq!(count().await, integer(0));
    assert_eq!(add(names(["a", "b", "a", ""])).await, integer(1));
    assert_eq!(add(names(["a", "b", ""])).await, integer(0));
    assert_eq!(count().await, integer(3));

    // Within four standard errors of 0.81 %.
    let mut added = 0_i64;
    for part in 0..40 {
        let elements = (0..500).map(|number| format!("element {part} {number}").into_bytes());
        add(elements.collect()).await;
        added += 500;
        let Reply::Integer(estimate) = count().await else {
            panic!("a number");
        };
        let error = (estimate - 3 - added).abs();
        assert!(error * 1000 <= added * 33, "{estimate} for {added}");
    }

    // It is a value: copied, it goes on as the other did.
    let value = subject.store.get(key("e")).await.unwrap().unwrap();
    assert!(value.len() <= 16 << 10, "{}", value.len());
    subject.store.set(key("copy"), value, None).await.unwrap();
    let copy = subject.one(Command::EstimateCount(key("copy"))).await;
    assert_eq!(copy, count().await);
}

/// Collections of some thousand members, their removal, and another kind in their place.
pub(super) async fn large_collections(subject: &Subject) {
    let name = |number: u32| format!("member {number:05}").into_bytes();
    let many = 5000;
    let length = |command| subject.one(command);
    for round in 0..2 {
        for part in 0..10 {
            let part = || (part * many / 10..(part + 1) * many / 10).map(name);
            let fields = part().map(|field| (field.clone(), field));
            let scored = part()
                .enumerate()
                .map(|(index, member)| (index as f64, member));
            let added = subject
                .run(vec![
                    Command::OnHash(key("hash"), HashCommand::Set(fields.collect())),
                    Command::OnSet(key("set"), SetCommand::Add(part().collect())),
                    Command::OnSorted(key("sorted"), SortedCommand::Add(scored.collect())),
                ])
                .await;
            assert_eq!(added, vec![integer(500); 3], "round {round}");
        }
        let hash = Command::OnHash(key("hash"), HashCommand::All);
        let Reply::List(all) = subject.one(hash).await else {
            panic!("a list");
        };
        assert_eq!(all.len(), 10_000);
        assert_eq!(
            length(Command::OnSet(key("set"), SetCommand::Length)).await,
            integer(5000)
        );
        let removed = SortedCommand::RemoveByRank(100, -101);
        assert_eq!(
            subject.one(Command::OnSorted(key("sorted"), removed)).await,
            integer(4800)
        );
        for collection in ["hash", "set", "sorted"] {
            assert_eq!(subject.store.delete(key(collection)).await, Ok(true));
            let exists = subject.one(Command::Exists(key(collection))).await;
            assert_eq!(exists, integer(0));
        }
    }
}
