//! Sorted sets.

use super::{
    super::{Bound, Command, Reply, SortedCommand},
    Table, bytes, integer, key, names, refused,
};

fn on(command: SortedCommand) -> Command {
    Command::OnSorted(key("z"), command)
}

fn add<const N: usize>(members: [(f64, &str); N]) -> Command {
    let owned = members.map(|(score, member)| (score, member.into()));
    on(SortedCommand::Add(owned.to_vec()))
}

fn scored<const N: usize>(members: [(&str, f64); N]) -> Reply {
    let members = members.into_iter();
    Reply::List(
        members
            .flat_map(|(member, score)| [bytes(member), Reply::Number(score)])
            .collect(),
    )
}

fn score(member: &str) -> Command {
    on(SortedCommand::Score(member.into()))
}

fn rank(member: &str, reverse: bool) -> Command {
    on(SortedCommand::Rank {
        member: member.into(),
        reverse,
    })
}

fn range(from: i64, to: i64, reverse: bool) -> Command {
    on(SortedCommand::Range { from, to, reverse })
}

fn by_score(from: Bound, to: Bound, reverse: bool, skip: u64, limit: Option<u64>) -> Command {
    on(SortedCommand::RangeByScore {
        from,
        to,
        reverse,
        skip,
        limit,
    })
}

pub(super) fn table() -> Table {
    let increment = |member: &str, by| on(SortedCommand::Increment(member.into(), by));
    let everything = (
        Bound::Including(f64::NEG_INFINITY),
        Bound::Including(f64::INFINITY),
    );
    vec![
        (score("a"), Reply::Nothing),
        (rank("a", false), Reply::Nothing),
        (range(0, -1, false), scored([])),
        (on(SortedCommand::Length), integer(0)),
        (
            on(SortedCommand::Count(everything.0, everything.1)),
            integer(0),
        ),
        (on(SortedCommand::Remove(names(["a"]))), integer(0)),
        (on(SortedCommand::RemoveByRank(0, -1)), integer(0)),
        (
            on(SortedCommand::RemoveByScore(everything.0, everything.1)),
            integer(0),
        ),
        (add([(1.5, "a"), (-2.0, "b"), (9.0, "a")]), integer(2)),
        (score("a"), Reply::Number(9.0)),
        (
            add([(1.0, "a"), (1.0, "c"), (1.0, "B"), (1.0, "")]),
            integer(3),
        ),
        (
            range(0, -1, false),
            scored([("b", -2.0), ("", 1.0), ("B", 1.0), ("a", 1.0), ("c", 1.0)]),
        ),
        (
            range(0, 2, true),
            scored([("c", 1.0), ("a", 1.0), ("B", 1.0)]),
        ),
        (range(-2, -1, false), scored([("a", 1.0), ("c", 1.0)])),
        (range(-2, -1, true), scored([("", 1.0), ("b", -2.0)])),
        (range(3, 2, false), scored([])),
        (range(5, 9, false), scored([])),
        (rank("b", false), integer(0)),
        (rank("b", true), integer(4)),
        (rank("a", false), integer(3)),
        (rank("none", true), Reply::Nothing),
        (increment("a", 0.25), Reply::Number(1.25)),
        (increment("new", -0.5), Reply::Number(-0.5)),
        (rank("new", false), integer(1)),
        (on(SortedCommand::Length), integer(6)),
        (
            add([(f64::INFINITY, "top"), (f64::NEG_INFINITY, "low")]),
            integer(2),
        ),
        (score("top"), Reply::Number(f64::INFINITY)),
        (rank("low", false), integer(0)),
        (increment("top", f64::NEG_INFINITY), refused("ERR")),
        (increment("other", f64::NAN), refused("ERR")),
        (add([(1.0, "x"), (f64::NAN, "y")]), refused("ERR")),
        (score("x"), Reply::Nothing),
        (add([]), refused("ERR")),
        (on(SortedCommand::Remove(Vec::new())), refused("ERR")),
        (
            on(SortedCommand::Remove(names(["top", "low", "none", "top"]))),
            integer(2),
        ),
        (on(SortedCommand::RemoveByRank(1, -2)), integer(4)),
        (range(0, -1, false), scored([("b", -2.0), ("a", 1.25)])),
        (
            on(SortedCommand::RemoveByScore(
                everything.0,
                Bound::Including(1.25),
            )),
            integer(2),
        ),
        (Command::Exists(key("z")), integer(0)),
        // Scores are 64-bit floating-point numbers, whole ones exact to 2^53.
        (
            add([(9_007_199_254_740_991.0, "big"), (0.1, "tenth")]),
            integer(2),
        ),
        (score("big"), Reply::Number(9_007_199_254_740_991.0)),
        (score("tenth"), Reply::Number(0.1)),
        (increment("tenth", 0.2), Reply::Number(0.1 + 0.2)),
    ]
}

pub(super) fn ranges() -> Table {
    use Bound::{Excluding, Including};
    let count = |from, to| on(SortedCommand::Count(from, to));
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let all = [("a", 1.0), ("b", 2.0), ("c", 2.0), ("d", 3.5)];
    let mut reversed = all;
    reversed.reverse();
    vec![
        (
            by_score(Including(low), Including(high), false, 0, None),
            scored([]),
        ),
        (
            add([(3.5, "d"), (2.0, "c"), (1.0, "a"), (2.0, "b")]),
            integer(4),
        ),
        (
            by_score(Including(low), Including(high), false, 0, None),
            scored(all),
        ),
        (
            by_score(Including(low), Including(high), true, 0, None),
            scored(reversed),
        ),
        (
            by_score(Excluding(low), Excluding(high), false, 0, None),
            scored(all),
        ),
        (
            by_score(Including(2.0), Including(2.0), false, 0, None),
            scored([("b", 2.0), ("c", 2.0)]),
        ),
        (
            by_score(Including(2.0), Excluding(3.5), true, 0, None),
            scored([("c", 2.0), ("b", 2.0)]),
        ),
        (
            by_score(Excluding(2.0), Including(high), false, 0, None),
            scored([("d", 3.5)]),
        ),
        (
            by_score(Excluding(2.0), Excluding(2.0), false, 0, None),
            scored([]),
        ),
        (
            by_score(Including(3.0), Including(1.0), false, 0, None),
            scored([]),
        ),
        (
            by_score(Including(3.0), Including(1.0), true, 0, None),
            scored([]),
        ),
        (
            by_score(Including(1.0), Including(high), false, 1, Some(2)),
            scored([("b", 2.0), ("c", 2.0)]),
        ),
        (
            by_score(Including(1.0), Including(high), true, 1, Some(2)),
            scored([("c", 2.0), ("b", 2.0)]),
        ),
        (
            by_score(Including(1.0), Including(high), false, 3, None),
            scored([("d", 3.5)]),
        ),
        (
            by_score(Including(1.0), Including(high), false, 4, None),
            scored([]),
        ),
        (
            by_score(Including(1.0), Including(high), false, 0, Some(0)),
            scored([]),
        ),
        (count(Including(2.0), Including(high)), integer(3)),
        (count(Excluding(2.0), Including(high)), integer(1)),
        (count(Including(low), Excluding(2.0)), integer(1)),
        (count(Including(4.0), Including(high)), integer(0)),
        (count(Including(3.0), Including(2.0)), integer(0)),
        (count(Including(f64::NAN), Including(2.0)), refused("ERR")),
        (
            on(SortedCommand::RemoveByScore(
                Excluding(2.0),
                Including(f64::NAN),
            )),
            refused("ERR"),
        ),
        (
            on(SortedCommand::RemoveByScore(Excluding(1.0), Excluding(3.5))),
            integer(2),
        ),
        (range(0, -1, false), scored([("a", 1.0), ("d", 3.5)])),
    ]
}
