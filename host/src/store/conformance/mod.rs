//! The conformance suite: what every store must do, run against each implementation.
//!
//! Knows no implementation, and names what it tests through `super` only, so that tests outside the
//! crate can include it below a module that has all names of `store`. A store whose clock cannot be
//! turned is waited for; then times are compared roughly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod collections;
mod expiry;
mod limits;
mod messages;
mod model;
mod procedures;
mod random;
mod sorted;
mod steps;
mod values;

use std::{future::Future, sync::Arc, time::Duration};

use super::{Command, HashCommand, Key, Reply, SetCommand, Store};

pub(crate) use self::{
    limits::{limits, low_limits},
    random::{agrees_with_the_model, histories},
};

/// How time passes for a store.
pub(crate) enum Time {
    /// Somebody turns the clock, and it stands still meanwhile.
    Turned(Box<dyn Fn(Duration) + Send + Sync>),
    /// It is the world's.
    Real,
}

/// What is tested.
pub(crate) struct Subject {
    /// Holds nothing yet, and shares nothing with other subjects.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) time: Time,
}

impl Subject {
    /// Returns when so much time has passed for the store.
    async fn pass(&self, time: Duration) {
        match &self.time {
            Time::Turned(turn) => turn(time),
            Time::Real => tokio::time::sleep(time + Duration::from_millis(20)).await,
        }
    }

    fn is_turned(&self) -> bool {
        matches!(self.time, Time::Turned(_))
    }

    async fn run(&self, commands: Vec<Command>) -> Vec<Reply> {
        self.store.run(commands).await.unwrap()
    }

    async fn one(&self, command: Command) -> Reply {
        self.store.one(command).await.unwrap()
    }
}

/// A key in the suite's namespace. All of them have one tag, so that a step may have them all.
pub(crate) fn key(name: &str) -> Key {
    Key::tagged("conformance", "suite", name)
}

/// What is asked one after the other, and what must be answered.
type Table = Vec<(Command, Reply)>;

/// Runs every check, each on a subject of its own.
pub(crate) async fn run_all<F: Future<Output = Subject>>(mut make: impl FnMut() -> F) {
    let tables: [(&str, Table); 8] = [
        ("values", values::table()),
        ("conditions", values::conditions()),
        ("hashes", collections::hashes()),
        ("sets", collections::sets()),
        ("lists", collections::lists()),
        ("kinds", collections::kinds()),
        ("sorted sets", sorted::table()),
        ("ranges of sorted sets", sorted::ranges()),
    ];
    for (name, table) in tables {
        one_by_one(name, &make().await, &table).await;
        at_once(name, &make().await, &table).await;
    }
    values::simple_operations(&make().await).await;
    values::binary_keys(&make().await).await;
    values::counters(&make().await).await;
    values::parallel_increments(&make().await).await;
    collections::estimates(&make().await).await;
    collections::large_collections(&make().await).await;
    steps::order_and_refusals(&make().await).await;
    steps::atomicity(&make().await).await;
    steps::different_tags(&make().await).await;
    procedures::replies(&make().await).await;
    procedures::alone(&make().await).await;
    procedures::side_by_side(&make().await).await;
    procedures::large_integers(&make().await).await;
    messages::to_subscribers(&make().await).await;
    messages::slow_subscribers(&make().await).await;
    make().await.store.check().await.unwrap();
    // These wait if the clock cannot be turned: together.
    let (a, b, c) = (make().await, make().await, make().await);
    let (d, e) = (make().await, make().await);
    tokio::join!(
        expiry::values(&a),
        expiry::counters(&b),
        expiry::edges(&c),
        expiry::collections(&d),
        procedures::sliding_window(&e),
    );
}

/// As [`run_all`], and what a store in this process refuses although a single Redis server does not, so
/// that nobody finds it out on a cluster only.
pub(crate) async fn run_all_in_process<F: Future<Output = Subject>>(mut make: impl FnMut() -> F) {
    run_all(&mut make).await;
    procedures::keys_of_different_tags_are_refused(&make().await).await;
}

async fn one_by_one(name: &str, subject: &Subject, table: &Table) {
    for (index, (command, expected)) in table.iter().enumerate() {
        let reply = subject.one(command.clone()).await;
        assert_eq!(
            comparable(command, reply),
            comparable(command, expected.clone()),
            "{name} {index}: {command:?}"
        );
    }
}

async fn at_once(name: &str, subject: &Subject, table: &Table) {
    let commands = table.iter().map(|(command, _)| command.clone()).collect();
    let replies = subject.run(commands).await;
    assert_eq!(replies.len(), table.len(), "{name}");
    for (index, ((command, expected), reply)) in table.iter().zip(replies).enumerate() {
        assert_eq!(
            comparable(command, reply),
            comparable(command, expected.clone()),
            "{name}, in one step, {index}: {command:?}"
        );
    }
}

/// The reply, with what may be in any order in one order, and of a refusal only its first word: the
/// rest differs between versions of Redis.
fn comparable(command: &Command, reply: Reply) -> Reply {
    let pairs = matches!(command, Command::OnHash(_, HashCommand::All));
    let unordered = pairs
        || matches!(
            command,
            Command::OnHash(_, HashCommand::Fields | HashCommand::Values)
                | Command::OnSet(_, SetCommand::Members)
        );
    match reply {
        Reply::Refused(text) => {
            let word = text.split(' ').next().unwrap_or_default();
            Reply::Refused(word.to_owned())
        }
        Reply::List(members) if unordered => {
            let size = if pairs { 2 } else { 1 };
            let mut groups: Vec<Vec<Reply>> = members.chunks(size).map(<[_]>::to_vec).collect();
            groups.sort_by_key(|group| format!("{group:?}"));
            Reply::List(groups.concat())
        }
        other => other,
    }
}

/// A refusal that begins with this word.
fn refused(word: &str) -> Reply {
    Reply::Refused(word.to_owned())
}

fn bytes(text: &str) -> Reply {
    Reply::Bytes(text.into())
}

fn integer(number: i64) -> Reply {
    Reply::Integer(number)
}

fn list<const N: usize>(members: [&str; N]) -> Reply {
    Reply::List(members.map(bytes).to_vec())
}

fn names<const N: usize>(names: [&str; N]) -> Vec<Vec<u8>> {
    names.map(|name| name.as_bytes().to_vec()).to_vec()
}
