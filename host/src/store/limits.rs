//! How much one step may ask of a store.
//!
//! The same for every implementation: what is refused here never reaches one. Also refuses what Redis
//! refuses before it looks at the data (no members at all, scores that are no numbers), in its words.

use crate::config::ServerLimits;

use super::{Bound, Command, HashCommand, ListCommand, Reply, SetCommand, SortedCommand};

/// How much one step may ask. Above it a command is refused with the limit's name, and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest key (namespace, tag and name together), member of a set and field of a hash, in bytes.
    pub key_bytes: usize,
    /// Longest value, also in a hash or a list, in bytes.
    pub value_bytes: usize,
    /// Most members, fields or elements that one command names or one reply has. What is larger is
    /// read in parts, by rank, score or index.
    pub members: usize,
    /// Most commands of one [`run`](super::Store::run).
    pub commands: usize,
    /// Most that a store in memory holds. A change that could make a full one grow fails as a whole.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            key_bytes: 16 << 10,
            // As in Redis.
            value_bytes: 512 << 20,
            members: 200_000,
            commands: 10_000,
            memory_bytes: 1 << 30,
        }
    }
}

impl From<&ServerLimits> for Limits {
    fn from(limits: &ServerLimits) -> Self {
        Self {
            members: usize::try_from(limits.store_members).unwrap_or(usize::MAX),
            memory_bytes: limits.store_memory_bytes,
            ..Self::default()
        }
    }
}

impl Limits {
    /// The refusals of a step with too many commands: one for each.
    pub(super) fn refuse_step(&self, commands: &[Command]) -> Option<Vec<Reply>> {
        let asked = commands.len();
        (asked > self.commands).then(|| {
            let text = format!(
                "ERR {asked} commands in one step; the limit `commands` is {}",
                self.commands
            );
            vec![Reply::Refused(text); asked]
        })
    }

    /// Why a reply with so many members is not given.
    pub(super) fn refuse_reply(&self, members: u64) -> Option<String> {
        let limit = u64::try_from(self.members).unwrap_or(u64::MAX);
        (members > limit).then(|| {
            format!("ERR the reply would have {members} members; the limit `members` is {limit}")
        })
    }

    /// Why the command is not even tried.
    pub(super) fn refuse(&self, command: &Command) -> Option<String> {
        self.too_long("key", command.key().bytes(), self.key_bytes)
            .or_else(|| match command {
                Command::Set { value, .. } => self.value(value),
                Command::OnHash(_, command) => self.refuse_hash(command),
                Command::OnSet(_, command) => self.refuse_set(command),
                Command::OnSorted(_, command) => self.refuse_sorted(command),
                Command::OnList(_, command) => self.refuse_list(command),
                // `PFADD` of nothing makes an empty estimate.
                Command::EstimateAdd(_, elements) => self
                    .too_many(elements.len())
                    .or_else(|| elements.iter().find_map(|element| self.value(element))),
                Command::Get(_)
                | Command::Delete(_)
                | Command::Exists(_)
                | Command::Increment { .. }
                | Command::Expire { .. }
                | Command::Persist(_)
                | Command::TimeToLive(_)
                | Command::EstimateCount(_) => None,
            })
    }

    fn refuse_hash(&self, command: &HashCommand) -> Option<String> {
        match command {
            HashCommand::Get(field)
            | HashCommand::Increment(field, _)
            | HashCommand::Exists(field) => self.member(field),
            HashCommand::GetMany(fields) => self.members("hmget", fields),
            HashCommand::Delete(fields) => self.members("hdel", fields),
            HashCommand::Set(pairs) => none("hset", pairs.len())
                .or_else(|| self.too_many(pairs.len()))
                .or_else(|| {
                    let mut pairs = pairs.iter();
                    pairs
                        .find_map(|(field, value)| self.member(field).or_else(|| self.value(value)))
                }),
            HashCommand::Length | HashCommand::All | HashCommand::Fields | HashCommand::Values => {
                None
            }
        }
    }

    fn refuse_set(&self, command: &SetCommand) -> Option<String> {
        match command {
            SetCommand::Add(members) => self.members("sadd", members),
            SetCommand::Remove(members) => self.members("srem", members),
            SetCommand::Contains(member) => self.member(member),
            SetCommand::Members | SetCommand::Length => None,
        }
    }

    fn refuse_sorted(&self, command: &SortedCommand) -> Option<String> {
        match command {
            SortedCommand::Add(members) => none("zadd", members.len())
                .or_else(|| self.too_many(members.len()))
                .or_else(|| {
                    let mut members = members.iter();
                    members.find_map(|(score, member)| {
                        not_a_number(*score).or_else(|| self.member(member))
                    })
                }),
            SortedCommand::Increment(member, by) => {
                not_a_number(*by).or_else(|| self.member(member))
            }
            SortedCommand::Remove(members) => self.members("zrem", members),
            SortedCommand::RemoveByScore(from, to)
            | SortedCommand::RangeByScore { from, to, .. }
            | SortedCommand::Count(from, to) => [from, to].into_iter().find_map(|bound| {
                let (Bound::Including(score) | Bound::Excluding(score)) = bound;
                score
                    .is_nan()
                    .then(|| "ERR min or max is not a float".to_owned())
            }),
            SortedCommand::Score(member) | SortedCommand::Rank { member, .. } => {
                self.member(member)
            }
            SortedCommand::RemoveByRank(..)
            | SortedCommand::Range { .. }
            | SortedCommand::Length => None,
        }
    }

    fn refuse_list(&self, command: &ListCommand) -> Option<String> {
        match command {
            ListCommand::Push(side, values) => {
                let name = match side {
                    super::Side::Front => "lpush",
                    super::Side::Back => "rpush",
                };
                none(name, values.len())
                    .or_else(|| self.too_many(values.len()))
                    .or_else(|| values.iter().find_map(|value| self.value(value)))
            }
            ListCommand::Pop(_)
            | ListCommand::Range(..)
            | ListCommand::Trim(..)
            | ListCommand::Length => None,
        }
    }

    fn members(&self, name: &str, members: &[Vec<u8>]) -> Option<String> {
        none(name, members.len())
            .or_else(|| self.too_many(members.len()))
            .or_else(|| members.iter().find_map(|member| self.member(member)))
    }

    fn too_many(&self, members: usize) -> Option<String> {
        (members > self.members).then(|| {
            format!(
                "ERR the command names {members} members; the limit `members` is {}",
                self.members
            )
        })
    }

    fn member(&self, member: &[u8]) -> Option<String> {
        self.too_long("member", member.len(), self.key_bytes)
    }

    fn value(&self, value: &[u8]) -> Option<String> {
        let limit = self.value_bytes;
        (value.len() > limit).then(|| {
            let bytes = value.len();
            format!("ERR the value has {bytes} bytes; the limit `value_bytes` is {limit}")
        })
    }

    fn too_long(&self, what: &str, bytes: usize, limit: usize) -> Option<String> {
        (bytes > limit)
            .then(|| format!("ERR the {what} has {bytes} bytes; the limit `key_bytes` is {limit}"))
    }
}

fn none(command: &str, members: usize) -> Option<String> {
    (members == 0).then(|| format!("ERR wrong number of arguments for '{command}' command"))
}

fn not_a_number(score: f64) -> Option<String> {
    score
        .is_nan()
        .then(|| "ERR value is not a valid float".to_owned())
}
