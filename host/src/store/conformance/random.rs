//! Random histories, and whether a store does what the model does.
//!
//! Few keys, members and scores, so that they meet often.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    super::{
        Bound, Command, HashCommand, Key, ListCommand, Reply, SetCommand, Side, SortedCommand, When,
    },
    Subject, comparable, key,
    model::Model,
};

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// These commands, as one step.
    Run(Vec<Command>),
    /// Nothing, for so long.
    Pass(Duration),
}

/// Histories. Without `times` none waits, and what expires does so long afterwards: for stores whose
/// clock cannot be turned.
pub(crate) fn histories(times: bool) -> impl Strategy<Value = Vec<Step>> {
    let run = vec(command(times), 1..6).prop_map(Step::Run);
    let pass = (0_u64..2500).prop_map(|ms| Step::Pass(Duration::from_millis(ms)));
    let step = prop_oneof![
        8 => run,
        u32::from(times) => pass,
    ];
    vec(step, 1..60)
}

/// Panics where the subject, which is empty, replies something else than the model.
pub(crate) async fn agrees_with_the_model(subject: &Subject, history: &[Step]) {
    let mut model = Model::default();
    for (index, step) in history.iter().enumerate() {
        match step {
            Step::Pass(time) => {
                subject.pass(*time).await;
                model.pass(*time);
            }
            Step::Run(commands) => {
                let replies = subject.run(commands.clone()).await;
                assert_eq!(replies.len(), commands.len());
                for (command, reply) in commands.iter().zip(replies) {
                    let Some(expected) = model.run(command) else {
                        continue;
                    };
                    assert_eq!(
                        read(subject, command, reply),
                        read(subject, command, expected),
                        "step {index}: {command:?}"
                    );
                }
            }
        }
    }
}

/// What can be compared of a reply: of a time that goes on by itself, that there is one.
fn read(subject: &Subject, command: &Command, reply: Reply) -> Reply {
    match (command, reply) {
        (Command::TimeToLive(_), Reply::Integer(ms)) if !subject.is_turned() => {
            Reply::Integer(ms.min(1))
        }
        (_, reply) => comparable(command, reply),
    }
}

fn keys() -> impl Strategy<Value = Key> {
    select(vec!["a", "b", "c"]).prop_map(key)
}

/// Members, fields, elements; some are integers.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let words: [&[u8]; 7] = [
        b"",
        b"a",
        b"b",
        b"5",
        b"-12",
        b"9223372036854775807",
        b"\0\xff",
    ];
    select(words.map(<[u8]>::to_vec).to_vec())
}

fn words() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(word(), 0..4)
}

fn score() -> impl Strategy<Value = f64> {
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    prop_oneof![
        9 => select(vec![-1.5, 0.0, -0.0, 1.0, 2.0, 2.5, 1e300, low, high]),
        1 => Just(f64::NAN),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    score().prop_map(|score| if score.is_nan() { 3.0 } else { score })
}

fn bound() -> impl Strategy<Value = Bound> {
    prop_oneof![
        number().prop_map(Bound::Including),
        number().prop_map(Bound::Excluding),
    ]
}

fn index() -> impl Strategy<Value = i64> {
    prop_oneof![
        9 => -5_i64..5,
        1 => select(vec![i64::MIN, i64::MAX]),
    ]
}

fn by() -> impl Strategy<Value = i64> {
    prop_oneof![
        9 => -3_i64..4,
        1 => select(vec![i64::MIN, i64::MAX]),
    ]
}

fn ttl(times: bool) -> BoxedStrategy<Duration> {
    if times {
        let short = (0_u64..4_000_000).prop_map(Duration::from_micros);
        prop_oneof![1 => Just(Duration::ZERO), 9 => short].boxed()
    } else {
        Just(Duration::from_secs(3600)).boxed()
    }
}

fn command(times: bool) -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => on_any(times),
        2 => (keys(), on_hash()).prop_map(|(key, command)| Command::OnHash(key, command)),
        1 => (keys(), on_set()).prop_map(|(key, command)| Command::OnSet(key, command)),
        3 => (keys(), on_sorted()).prop_map(|(key, command)| Command::OnSorted(key, command)),
        2 => (keys(), on_list()).prop_map(|(key, command)| Command::OnList(key, command)),
    ]
}

fn on_any(times: bool) -> impl Strategy<Value = Command> {
    let when = select(vec![When::Always, When::Absent, When::Present]);
    prop_oneof![
        keys().prop_map(Command::Get),
        (keys(), word(), option::of(ttl(times)), when).prop_map(|(key, value, ttl, when)| {
            Command::Set {
                key,
                value,
                ttl,
                when,
            }
        }),
        keys().prop_map(Command::Delete),
        keys().prop_map(Command::Delete),
        keys().prop_map(Command::Exists),
        (keys(), by(), option::of(ttl(times))).prop_map(|(key, by, ttl)| Command::Increment {
            key,
            by,
            ttl
        }),
        (keys(), ttl(times)).prop_map(|(key, ttl)| Command::Expire { key, ttl }),
        keys().prop_map(Command::Persist),
        keys().prop_map(Command::TimeToLive),
        (keys(), words()).prop_map(|(key, elements)| Command::EstimateAdd(key, elements)),
        keys().prop_map(Command::EstimateCount),
    ]
}

fn on_hash() -> impl Strategy<Value = HashCommand> {
    prop_oneof![
        word().prop_map(HashCommand::Get),
        words().prop_map(HashCommand::GetMany),
        vec((word(), word()), 0..4).prop_map(HashCommand::Set),
        words().prop_map(HashCommand::Delete),
        (word(), by()).prop_map(|(field, by)| HashCommand::Increment(field, by)),
        word().prop_map(HashCommand::Exists),
        Just(HashCommand::Length),
        Just(HashCommand::All),
        Just(HashCommand::Fields),
        Just(HashCommand::Values),
    ]
}

fn on_set() -> impl Strategy<Value = SetCommand> {
    prop_oneof![
        words().prop_map(SetCommand::Add),
        words().prop_map(SetCommand::Remove),
        word().prop_map(SetCommand::Contains),
        Just(SetCommand::Members),
        Just(SetCommand::Length),
    ]
}

fn on_sorted() -> impl Strategy<Value = SortedCommand> {
    let members = || vec((score(), word()), 0..4);
    let by_score = (
        bound(),
        bound(),
        any::<bool>(),
        0_u64..3,
        option::of(0_u64..4),
    );
    prop_oneof![
        2 => members().prop_map(SortedCommand::Add),
        1 => (word(), score()).prop_map(|(member, by)| SortedCommand::Increment(member, by)),
        1 => words().prop_map(SortedCommand::Remove),
        1 => (bound(), bound()).prop_map(|(from, to)| SortedCommand::RemoveByScore(from, to)),
        1 => (index(), index()).prop_map(|(from, to)| SortedCommand::RemoveByRank(from, to)),
        1 => word().prop_map(SortedCommand::Score),
        1 => (word(), any::<bool>())
            .prop_map(|(member, reverse)| SortedCommand::Rank { member, reverse }),
        2 => (index(), index(), any::<bool>())
            .prop_map(|(from, to, reverse)| SortedCommand::Range { from, to, reverse }),
        2 => by_score.prop_map(|(from, to, reverse, skip, limit)| SortedCommand::RangeByScore {
            from,
            to,
            reverse,
            skip,
            limit,
        }),
        1 => (bound(), bound()).prop_map(|(from, to)| SortedCommand::Count(from, to)),
        1 => Just(SortedCommand::Length),
    ]
}

fn on_list() -> impl Strategy<Value = ListCommand> {
    let side = || select(vec![Side::Front, Side::Back]);
    prop_oneof![
        2 => (side(), words()).prop_map(|(side, values)| ListCommand::Push(side, values)),
        1 => side().prop_map(ListCommand::Pop),
        1 => (index(), index()).prop_map(|(from, to)| ListCommand::Range(from, to)),
        1 => (index(), index()).prop_map(|(from, to)| ListCommand::Trim(from, to)),
        1 => Just(ListCommand::Length),
    ]
}
