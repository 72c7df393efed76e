//! What a store can be asked, and how it answers.
//!
//! Every command means what the Redis command of the same purpose means, down to empty collections
//! that do not exist and to values of the wrong kind; the embedded stores do it themselves. Knows no
//! implementation.

use std::time::Duration;

use super::Key;

/// One operation on one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `GET`: [`Reply::Bytes`] or [`Reply::Nothing`].
    Get(Key),
    /// `SET`: [`Reply::Done`], or [`Reply::Nothing`] when the condition does not hold.
    Set {
        /// Where.
        key: Key,
        /// Replaces whatever the key holds.
        value: Vec<u8>,
        /// Without it the key stays until it is deleted.
        ttl: Option<Duration>,
        /// Whether the key must be there, or must not.
        when: When,
    },
    /// `DEL` of one key: [`Reply::Integer`] 1 if it existed, else 0.
    Delete(Key),
    /// `EXISTS` of one key: [`Reply::Integer`] 1 or 0.
    Exists(Key),
    /// `INCRBY`; `ttl` applies if this created the key: the sum as [`Reply::Integer`].
    Increment {
        /// Where; 0 when absent.
        key: Key,
        /// May be negative.
        by: i64,
        /// Kept if the key exists.
        ttl: Option<Duration>,
    },
    /// `PEXPIRE`: [`Reply::Integer`] 1 if the key existed, else 0.
    Expire {
        /// What.
        key: Key,
        /// From now; zero deletes it.
        ttl: Duration,
    },
    /// `PERSIST`: [`Reply::Integer`] 1 if an expiry was removed, else 0.
    Persist(Key),
    /// `PTTL`: [`Reply::Integer`] in milliseconds, -1 without expiry, -2 when absent.
    TimeToLive(Key),
    /// A command on the fields of a hash.
    OnHash(Key, HashCommand),
    /// A command on the members of a set.
    OnSet(Key, SetCommand),
    /// A command on a sorted set.
    OnSorted(Key, SortedCommand),
    /// A command on a list.
    OnList(Key, ListCommand),
    /// `PFADD`: [`Reply::Integer`] 1 if the estimate may have changed, else 0.
    EstimateAdd(Key, Vec<Vec<u8>>),
    /// `PFCOUNT` of one key: the estimate as [`Reply::Integer`], within some 0.81 %.
    EstimateCount(Key),
}

/// A condition on [`Command::Set`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// None.
    #[default]
    Always,
    /// `NX`
    Absent,
    /// `XX`
    Present,
}

/// On a hash.
#[derive(Clone, Debug, PartialEq)]
pub enum HashCommand {
    /// `HGET`: [`Reply::Bytes`] or [`Reply::Nothing`].
    Get(Vec<u8>),
    /// `HMGET`: [`Reply::List`] in the order asked.
    GetMany(Vec<Vec<u8>>),
    /// `HSET`: how many fields are new.
    Set(Vec<(Vec<u8>, Vec<u8>)>),
    /// `HDEL`: how many there were.
    Delete(Vec<Vec<u8>>),
    /// `HINCRBY`: the sum.
    Increment(Vec<u8>, i64),
    /// `HEXISTS`: 1 or 0.
    Exists(Vec<u8>),
    /// `HLEN`
    Length,
    /// `HGETALL`: a list of field, value, field, value, in any order.
    All,
    /// `HKEYS`, in any order.
    Fields,
    /// `HVALS`, in any order.
    Values,
}

/// On a set.
#[derive(Clone, Debug, PartialEq)]
pub enum SetCommand {
    /// `SADD`: how many are new.
    Add(Vec<Vec<u8>>),
    /// `SREM`: how many there were.
    Remove(Vec<Vec<u8>>),
    /// `SISMEMBER`: 1 or 0.
    Contains(Vec<u8>),
    /// `SMEMBERS`, in any order.
    Members,
    /// `SCARD`
    Length,
}

/// On a sorted set. Members with equal scores are in the order of their bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum SortedCommand {
    /// `ZADD`: how many are new. Not-a-number scores are refused.
    Add(Vec<(f64, Vec<u8>)>),
    /// `ZINCRBY`: the sum as [`Reply::Number`].
    Increment(Vec<u8>, f64),
    /// `ZREM`: how many there were.
    Remove(Vec<Vec<u8>>),
    /// `ZREMRANGEBYSCORE`: how many there were.
    RemoveByScore(Bound, Bound),
    /// `ZREMRANGEBYRANK`, from 0, negative from the end, both ends included: how many there were.
    RemoveByRank(i64, i64),
    /// `ZSCORE`: [`Reply::Number`] or [`Reply::Nothing`].
    Score(Vec<u8>),
    /// `ZRANK`, or `ZREVRANK` when `reverse`: [`Reply::Integer`] or [`Reply::Nothing`].
    Rank {
        /// Of what.
        member: Vec<u8>,
        /// Counted from the highest score.
        reverse: bool,
    },
    /// `ZRANGE … WITHSCORES`: a list of member and [`Reply::Number`], alternating.
    Range {
        /// From 0, negative from the end.
        from: i64,
        /// Included.
        to: i64,
        /// From the highest score.
        reverse: bool,
    },
    /// `ZRANGE … BYSCORE … LIMIT 0 limit WITHSCORES`: as [`SortedCommand::Range`].
    RangeByScore {
        /// The lower end, also when `reverse`.
        from: Bound,
        /// The upper end, also when `reverse`.
        to: Bound,
        /// From the highest score.
        reverse: bool,
        /// So many members to leave out first.
        skip: u64,
        /// At most so many members.
        limit: Option<u64>,
    },
    /// `ZCOUNT`
    Count(Bound, Bound),
    /// `ZCARD`
    Length,
}

/// One end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// With this score; infinities are allowed.
    Including(f64),
    /// Without it: `(1`.
    Excluding(f64),
}

/// On a list.
#[derive(Clone, Debug, PartialEq)]
pub enum ListCommand {
    /// `LPUSH` (front) or `RPUSH`, one after the other: the new length.
    Push(Side, Vec<Vec<u8>>),
    /// `LPOP` (front) or `RPOP`: [`Reply::Bytes`] or [`Reply::Nothing`].
    Pop(Side),
    /// `LRANGE`, from 0, negative from the end, both ends included.
    Range(i64, i64),
    /// `LTRIM`: keeps these. [`Reply::Done`].
    Trim(i64, i64),
    /// `LLEN`
    Length,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where index 0 is.
    Front,
    /// Where index -1 is.
    Back,
}

/// What a command answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// There is no such thing.
    Nothing,
    /// Redis' `OK`.
    Done,
    /// An integer.
    Integer(i64),
    /// A score.
    Number(f64),
    /// A value.
    Bytes(Vec<u8>),
    /// Several.
    List(Vec<Reply>),
    /// The command was refused and changed nothing; those beside it were done all the same. The text
    /// begins with Redis' word, such as `WRONGTYPE` or `ERR`.
    Refused(String),
}

impl Command {
    /// The key it is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::Get(key)
            | Self::Set { key, .. }
            | Self::Delete(key)
            | Self::Exists(key)
            | Self::Increment { key, .. }
            | Self::Expire { key, .. }
            | Self::Persist(key)
            | Self::TimeToLive(key)
            | Self::OnHash(key, _)
            | Self::OnSet(key, _)
            | Self::OnSorted(key, _)
            | Self::OnList(key, _)
            | Self::EstimateAdd(key, _)
            | Self::EstimateCount(key) => key,
        }
    }

    /// What it is called in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get(_) => "get",
            Self::Set { .. } => "set",
            Self::Delete(_) => "delete",
            Self::Exists(_) => "exists",
            Self::Increment { .. } => "increment",
            Self::Expire { .. } => "expire",
            Self::Persist(_) => "persist",
            Self::TimeToLive(_) => "time_to_live",
            Self::OnHash(..) => "hash",
            Self::OnSet(..) => "set_members",
            Self::OnSorted(..) => "sorted_set",
            Self::OnList(..) => "list",
            Self::EstimateAdd(..) => "estimate_add",
            Self::EstimateCount(_) => "estimate_count",
        }
    }

    /// True when a store may hold more afterwards than before.
    pub fn may_grow(&self) -> bool {
        match self {
            Self::Set { .. } | Self::Increment { .. } | Self::EstimateAdd(..) => true,
            Self::OnHash(_, command) => {
                matches!(command, HashCommand::Set(_) | HashCommand::Increment(..))
            }
            Self::OnSet(_, command) => matches!(command, SetCommand::Add(_)),
            Self::OnSorted(_, command) => matches!(
                command,
                SortedCommand::Add(_) | SortedCommand::Increment(..)
            ),
            Self::OnList(_, command) => matches!(command, ListCommand::Push(..)),
            Self::Get(_)
            | Self::Delete(_)
            | Self::Exists(_)
            | Self::Expire { .. }
            | Self::Persist(_)
            | Self::TimeToLive(_)
            | Self::EstimateCount(_) => false,
        }
    }

    /// True when it changes nothing, so that a replica may answer it.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Get(_) | Self::Exists(_) | Self::TimeToLive(_) | Self::EstimateCount(_) => true,
            Self::OnHash(_, command) => matches!(
                command,
                HashCommand::Get(_)
                    | HashCommand::GetMany(_)
                    | HashCommand::Exists(_)
                    | HashCommand::Length
                    | HashCommand::All
                    | HashCommand::Fields
                    | HashCommand::Values
            ),
            Self::OnSet(_, command) => matches!(
                command,
                SetCommand::Contains(_) | SetCommand::Members | SetCommand::Length
            ),
            Self::OnSorted(_, command) => matches!(
                command,
                SortedCommand::Score(_)
                    | SortedCommand::Rank { .. }
                    | SortedCommand::Range { .. }
                    | SortedCommand::RangeByScore { .. }
                    | SortedCommand::Count(..)
                    | SortedCommand::Length
            ),
            Self::OnList(_, command) => {
                matches!(command, ListCommand::Range(..) | ListCommand::Length)
            }
            Self::Set { .. }
            | Self::Delete(_)
            | Self::Increment { .. }
            | Self::Expire { .. }
            | Self::Persist(_)
            | Self::EstimateAdd(..) => false,
        }
    }
}
