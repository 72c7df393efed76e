//! The commands of one step, sorted by who has their keys.
//!
//! Pure. A single server gets all of them as one transaction; a cluster one per slot, because no server
//! may have them all. What a limit forbids is not sent.

use std::collections::BTreeMap;

use redis::Cmd;

use super::{
    client::{Answer, Request},
    encode::{self, Shape},
    failure::Failure,
    key, reply,
};
use crate::store::{Command, HashCommand, Limits, Reply, SetCommand, When};

/// A step.
pub(super) struct Batch<'a> {
    limits: &'a Limits,
    commands: &'a [Command],
    parts: Vec<Part>,
    /// Parts that have been answered.
    taken: usize,
    replies: Vec<Reply>,
}

/// Where the answers of one request go.
struct Part {
    slot: u16,
    places: Vec<(usize, Shape)>,
    commands: Vec<Cmd>,
    only_reads: bool,
    repeatable: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        prefix: &str,
        limits: &'a Limits,
        is_cluster: bool,
        commands: &'a [Command],
    ) -> Self {
        let mut parts: BTreeMap<u16, Part> = BTreeMap::new();
        let mut replies = vec![Reply::Nothing; commands.len()];
        for (place, (command, own)) in commands.iter().zip(&mut replies).enumerate() {
            if let Some(why) = limits.refuse(command) {
                *own = Reply::Refused(why);
                continue;
            }
            let slot = if is_cluster {
                key::slot(&key::bytes(prefix, command.key()))
            } else {
                0
            };
            let (cmd, shape) = encode::command(prefix, command);
            let part = parts.entry(slot).or_insert_with(|| Part {
                slot,
                places: Vec::new(),
                commands: Vec::new(),
                only_reads: true,
                repeatable: true,
            });
            part.places.push((place, shape));
            part.commands.push(cmd);
            part.only_reads &= command.only_reads();
            part.repeatable &= is_repeatable(command);
        }
        Self {
            limits,
            commands,
            parts: parts.into_values().collect(),
            taken: 0,
            replies,
        }
    }

    /// To be answered in this order.
    pub(super) fn requests(&mut self) -> Vec<Request> {
        let requests = self.parts.iter_mut().map(|part| Request {
            slot: part.slot,
            commands: std::mem::take(&mut part.commands),
            script: None,
            only_reads: part.only_reads,
            repeatable: part.repeatable,
        });
        requests.collect()
    }

    /// The answer to the next request.
    pub(super) fn take(&mut self, answer: Answer) -> Result<(), Failure> {
        let places = self
            .parts
            .get(self.taken)
            .map(|part| part.places.as_slice());
        for (value, (place, shape)) in answer.values.into_iter().zip(places.unwrap_or_default()) {
            let reply = reply::reply(value, *shape, &answer.server)?;
            let too_large = self
                .commands
                .get(*place)
                .and_then(|command| self.limits.refuse_reply(members(command, &reply)));
            if let Some(own) = self.replies.get_mut(*place) {
                *own = too_large.map_or(reply, Reply::Refused);
            }
        }
        self.taken += 1;
        Ok(())
    }

    /// In the order of the commands.
    pub(super) fn replies(self) -> Vec<Reply> {
        self.replies
    }
}

/// True if doing it twice is as good as doing it once, reply included.
fn is_repeatable(command: &Command) -> bool {
    match command {
        Command::Set { when, .. } => *when == When::Always,
        Command::Expire { ttl, .. } => !ttl.is_zero(),
        other => other.only_reads(),
    }
}

/// How many members the reply has, as limits count them.
fn members(command: &Command, reply: &Reply) -> u64 {
    let Reply::List(list) = reply else {
        return 0;
    };
    let parts = list.len() as u64;
    match command {
        Command::OnHash(_, HashCommand::All) | Command::OnSorted(..) => parts / 2,
        Command::OnSet(_, SetCommand::Members) => parts,
        _ => parts,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use redis::Value;

    use super::*;
    use crate::store::Key;

    fn set(name: &str) -> Command {
        Command::Set {
            key: Key::new("n", name),
            value: vec![0; 3],
            ttl: None,
            when: When::Always,
        }
    }

    fn limits() -> Limits {
        Limits {
            value_bytes: 3,
            members: 1,
            ..Limits::default()
        }
    }

    fn answer(values: Vec<Value>) -> Answer {
        Answer {
            values,
            server: "h:1".to_owned(),
        }
    }

    #[test]
    fn a_single_server_gets_one_request_and_a_cluster_one_per_slot() {
        let limits = limits();
        let commands = [set("a"), set("b"), set("a")];
        let mut single = Batch::new("p:", &limits, false, &commands);
        assert_eq!(single.requests().len(), 1);
        let mut cluster = Batch::new("p:", &limits, true, &commands);
        let requests = cluster.requests();
        let lengths: Vec<_> = requests.iter().map(|one| one.commands.len()).collect();
        assert_eq!(requests.len(), 2);
        assert_eq!(lengths.iter().sum::<usize>(), 3);
    }

    #[test]
    fn answers_go_where_their_commands_were() {
        let limits = limits();
        let get = |name: &str| Command::Get(Key::tagged("n", name, "k"));
        let commands = [get("a"), get("b"), get("a")];
        let mut batch = Batch::new("p:", &limits, true, &commands);
        for request in batch.requests() {
            let own = key::slot(&key::bytes("p:", commands[0].key())) == request.slot;
            let value = |text: &str| Value::BulkString(text.into());
            let values = match own {
                true => vec![value("0"), value("2")],
                false => vec![value("1")],
            };
            assert_eq!(batch.take(answer(values)), Ok(()));
        }
        let expected = ["0", "1", "2"].map(|text| Reply::Bytes(text.into()));
        assert_eq!(batch.replies(), expected);
    }

    #[test]
    fn what_a_limit_forbids_is_not_sent_and_does_not_hold_up_the_others() {
        let limits = limits();
        let mut large = set("a");
        if let Command::Set { value, .. } = &mut large {
            value.push(0);
        }
        let all = Command::OnHash(Key::new("n", "h"), HashCommand::All);
        let commands = [large, set("a"), all];
        let mut batch = Batch::new("p:", &limits, false, &commands);
        assert_eq!(batch.requests()[0].commands.len(), 2);
        let pairs = Value::Array(vec![Value::Int(1); 4]);
        assert_eq!(batch.take(answer(vec![Value::Okay, pairs])), Ok(()));
        let replies = batch.replies();
        assert!(matches!(&replies[0], Reply::Refused(why) if why.contains("value_bytes")));
        assert_eq!(replies[1], Reply::Done);
        assert!(matches!(&replies[2], Reply::Refused(why) if why.contains("members")));
    }

    #[test]
    fn only_what_can_be_done_twice_is_repeatable() {
        let key = || Key::new("n", "k");
        let minute = std::time::Duration::from_secs(60);
        for (command, expected) in [
            (Command::Get(key()), true),
            (set("k"), true),
            (
                Command::Expire {
                    key: key(),
                    ttl: minute,
                },
                true,
            ),
            (
                Command::Expire {
                    key: key(),
                    ttl: minute - minute,
                },
                false,
            ),
            (Command::Delete(key()), false),
            (Command::Persist(key()), false),
            (
                Command::Increment {
                    key: key(),
                    by: 1,
                    ttl: None,
                },
                false,
            ),
            (Command::OnSet(key(), SetCommand::Add(vec![vec![1]])), false),
            (
                Command::OnHash(key(), HashCommand::Delete(vec![vec![1]])),
                false,
            ),
        ] {
            assert_eq!(is_repeatable(&command), expected, "{command:?}");
        }
        let absent = Command::Set {
            key: key(),
            value: vec![],
            ttl: None,
            when: When::Absent,
        };
        assert!(!is_repeatable(&absent));
    }
}
