//! Commands as Redis reads them, and what kind of answer each will get.
//!
//! Pure functions. Every command is exactly one Redis command, so that answers pair up with questions.
//! What Redis cannot be asked in one command (a TTL that holds only if the key is new) is a small script.
//! Redis 6.2 or newer is assumed.

use std::time::Duration;

use redis::Cmd;

use super::key;
use crate::store::{
    Bound, Command, HashCommand, Key, ListCommand, SetCommand, Side, SortedCommand, When,
};

/// How the answer of a command is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it stands.
    Plain,
    /// An integer, sent as text.
    Whole,
    /// A score, sent as text.
    Score,
    /// Members and scores, alternating.
    Scored,
    /// A count: done if it is not 0, nothing otherwise.
    DoneIfAny,
    /// A count: nothing if it is not 0, done otherwise.
    DoneIfNone,
    /// Done, whatever the count.
    Done,
}

/// Longest time to live: some 30,000 years. Redis refuses times that overflow its clock.
const LONGEST_MS: u128 = 1_000_000_000_000_000;

/// `INCRBY`, and the TTL if that made the key. The sum is text: Lua has no integers.
const INCREMENT: &str = "local new = redis.call('EXISTS', KEYS[1]) == 0 \
redis.call('INCRBY', KEYS[1], ARGV[1]) \
local sum = redis.call('GET', KEYS[1]) \
if new then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end \
return sum";

/// The command and the shape of its answer.
pub(super) fn command(prefix: &str, command: &Command) -> (Cmd, Shape) {
    let name = |key: &Key| key::bytes(prefix, key);
    let on = |word: &str, key: &Key| {
        let mut cmd = redis::cmd(word);
        cmd.arg(name(key));
        cmd
    };
    match command {
        Command::Get(key) => (on("GET", key), Shape::Plain),
        Command::Set {
            key,
            value,
            ttl,
            when,
        } => set(name(key), value, *ttl, *when),
        Command::Delete(key) => (on("DEL", key), Shape::Plain),
        Command::Exists(key) => (on("EXISTS", key), Shape::Plain),
        Command::Increment { key, by, ttl: None } => {
            let mut cmd = on("INCRBY", key);
            cmd.arg(*by);
            (cmd, Shape::Plain)
        }
        Command::Increment {
            key,
            by,
            ttl: Some(ttl),
        } => {
            let mut cmd = redis::cmd("EVAL");
            cmd.arg(INCREMENT)
                .arg(1)
                .arg(name(key))
                .arg(*by)
                .arg(milliseconds(*ttl));
            (cmd, Shape::Whole)
        }
        Command::Expire { key, ttl } => {
            let mut cmd = on("PEXPIRE", key);
            cmd.arg(milliseconds(*ttl));
            (cmd, Shape::Plain)
        }
        Command::Persist(key) => (on("PERSIST", key), Shape::Plain),
        Command::TimeToLive(key) => (on("PTTL", key), Shape::Plain),
        Command::OnHash(key, command) => (hash(name(key), command), Shape::Plain),
        Command::OnSet(key, command) => (members(name(key), command), Shape::Plain),
        Command::OnSorted(key, command) => sorted(name(key), command),
        Command::OnList(key, command) => (list(name(key), command), Shape::Plain),
        Command::EstimateAdd(key, items) => {
            let mut cmd = on("PFADD", key);
            cmd.arg(items);
            (cmd, Shape::Plain)
        }
        Command::EstimateCount(key) => (on("PFCOUNT", key), Shape::Plain),
    }
}

/// A part of a millisecond counts as one, so that only a TTL of zero ends at once.
fn milliseconds(ttl: Duration) -> i64 {
    let ms = ttl.as_nanos().div_ceil(1_000_000).min(LONGEST_MS);
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Redis refuses a TTL of zero. What would be gone at once is never written.
fn set(key: Vec<u8>, value: &[u8], ttl: Option<Duration>, when: When) -> (Cmd, Shape) {
    let ttl = ttl.map(milliseconds);
    if ttl == Some(0) {
        let (word, shape) = match when {
            When::Always => ("DEL", Shape::Done),
            When::Present => ("DEL", Shape::DoneIfAny),
            When::Absent => ("EXISTS", Shape::DoneIfNone),
        };
        let mut cmd = redis::cmd(word);
        cmd.arg(key);
        return (cmd, shape);
    }
    let mut cmd = redis::cmd("SET");
    cmd.arg(key).arg(value);
    if let Some(ttl) = ttl {
        cmd.arg("PX").arg(ttl);
    }
    match when {
        When::Always => {}
        When::Absent => {
            cmd.arg("NX");
        }
        When::Present => {
            cmd.arg("XX");
        }
    }
    (cmd, Shape::Plain)
}

fn with(word: &str, key: Vec<u8>) -> Cmd {
    let mut cmd = redis::cmd(word);
    cmd.arg(key);
    cmd
}

fn hash(key: Vec<u8>, command: &HashCommand) -> Cmd {
    let mut cmd;
    match command {
        HashCommand::Get(field) => {
            cmd = with("HGET", key);
            cmd.arg(field);
        }
        HashCommand::GetMany(fields) => {
            cmd = with("HMGET", key);
            cmd.arg(fields);
        }
        HashCommand::Set(pairs) => {
            cmd = with("HSET", key);
            for (field, value) in pairs {
                cmd.arg(field).arg(value);
            }
        }
        HashCommand::Delete(fields) => {
            cmd = with("HDEL", key);
            cmd.arg(fields);
        }
        HashCommand::Increment(field, by) => {
            cmd = with("HINCRBY", key);
            cmd.arg(field).arg(*by);
        }
        HashCommand::Exists(field) => {
            cmd = with("HEXISTS", key);
            cmd.arg(field);
        }
        HashCommand::Length => cmd = with("HLEN", key),
        HashCommand::All => cmd = with("HGETALL", key),
        HashCommand::Fields => cmd = with("HKEYS", key),
        HashCommand::Values => cmd = with("HVALS", key),
    }
    cmd
}

fn members(key: Vec<u8>, command: &SetCommand) -> Cmd {
    match command {
        SetCommand::Add(members) => {
            let mut cmd = with("SADD", key);
            cmd.arg(members);
            cmd
        }
        SetCommand::Remove(members) => {
            let mut cmd = with("SREM", key);
            cmd.arg(members);
            cmd
        }
        SetCommand::Contains(member) => {
            let mut cmd = with("SISMEMBER", key);
            cmd.arg(member);
            cmd
        }
        SetCommand::Members => with("SMEMBERS", key),
        SetCommand::Length => with("SCARD", key),
    }
}

fn list(key: Vec<u8>, command: &ListCommand) -> Cmd {
    match command {
        ListCommand::Push(side, values) => {
            let word = match side {
                Side::Front => "LPUSH",
                Side::Back => "RPUSH",
            };
            let mut cmd = with(word, key);
            cmd.arg(values);
            cmd
        }
        ListCommand::Pop(Side::Front) => with("LPOP", key),
        ListCommand::Pop(Side::Back) => with("RPOP", key),
        ListCommand::Range(from, to) => {
            let mut cmd = with("LRANGE", key);
            cmd.arg(*from).arg(*to);
            cmd
        }
        ListCommand::Trim(from, to) => {
            let mut cmd = with("LTRIM", key);
            cmd.arg(*from).arg(*to);
            cmd
        }
        ListCommand::Length => with("LLEN", key),
    }
}

fn sorted(key: Vec<u8>, command: &SortedCommand) -> (Cmd, Shape) {
    let mut shape = Shape::Plain;
    let mut cmd;
    match command {
        SortedCommand::Add(entries) => {
            cmd = with("ZADD", key);
            for (score, member) in entries {
                cmd.arg(number(*score)).arg(member);
            }
        }
        SortedCommand::Increment(member, by) => {
            shape = Shape::Score;
            cmd = with("ZINCRBY", key);
            cmd.arg(number(*by)).arg(member);
        }
        SortedCommand::Remove(members) => {
            cmd = with("ZREM", key);
            cmd.arg(members);
        }
        SortedCommand::RemoveByScore(from, to) => {
            cmd = with("ZREMRANGEBYSCORE", key);
            cmd.arg(bound(*from)).arg(bound(*to));
        }
        SortedCommand::RemoveByRank(from, to) => {
            cmd = with("ZREMRANGEBYRANK", key);
            cmd.arg(*from).arg(*to);
        }
        SortedCommand::Score(member) => {
            shape = Shape::Score;
            cmd = with("ZSCORE", key);
            cmd.arg(member);
        }
        SortedCommand::Rank { member, reverse } => {
            cmd = with(if *reverse { "ZREVRANK" } else { "ZRANK" }, key);
            cmd.arg(member);
        }
        SortedCommand::Range { from, to, reverse } => {
            shape = Shape::Scored;
            cmd = with("ZRANGE", key);
            cmd.arg(*from).arg(*to);
            if *reverse {
                cmd.arg("REV");
            }
            cmd.arg("WITHSCORES");
        }
        SortedCommand::RangeByScore {
            from,
            to,
            reverse,
            skip,
            limit,
        } => {
            shape = Shape::Scored;
            cmd = with("ZRANGE", key);
            // Redis wants the end first where it begins.
            let (first, last) = if *reverse { (to, from) } else { (from, to) };
            cmd.arg(bound(*first)).arg(bound(*last)).arg("BYSCORE");
            if *reverse {
                cmd.arg("REV");
            }
            if *skip > 0 || limit.is_some() {
                let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
                cmd.arg("LIMIT")
                    .arg(whole(*skip))
                    .arg(limit.map_or(-1, whole));
            }
            cmd.arg("WITHSCORES");
        }
        SortedCommand::Count(from, to) => {
            cmd = with("ZCOUNT", key);
            cmd.arg(bound(*from)).arg(bound(*to));
        }
        SortedCommand::Length => cmd = with("ZCARD", key),
    }
    (cmd, shape)
}

fn bound(bound: Bound) -> String {
    match bound {
        Bound::Including(score) => number(score),
        Bound::Excluding(score) => format!("({}", number(score)),
    }
}

/// As `strtod` reads it, to the last bit.
fn number(score: f64) -> String {
    if score.is_nan() {
        "nan".to_owned()
    } else if score.is_infinite() {
        if score > 0.0 { "+inf" } else { "-inf" }.to_owned()
    } else {
        format!("{score:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(asked: &Command) -> String {
        let (cmd, _) = command("p:", asked);
        let words = cmd.args_iter().map(|arg| match arg {
            redis::Arg::Simple(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "?".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn key() -> Key {
        Key::new("n", "k")
    }

    #[test]
    fn commands_are_written_as_redis_documents_them() {
        let set = |ttl, when| Command::Set {
            key: key(),
            value: b"v".to_vec(),
            ttl,
            when,
        };
        let sorted = |command| Command::OnSorted(key(), command);
        let second = Some(Duration::from_secs(1));
        for (command, expected) in [
            (Command::Get(key()), "GET p:n::k"),
            (set(None, When::Always), "SET p:n::k v"),
            (set(second, When::Absent), "SET p:n::k v PX 1000 NX"),
            (
                set(Some(Duration::from_nanos(1)), When::Present),
                "SET p:n::k v PX 1 XX",
            ),
            (set(Some(Duration::ZERO), When::Always), "DEL p:n::k"),
            (set(Some(Duration::ZERO), When::Absent), "EXISTS p:n::k"),
            (
                set(Some(Duration::MAX), When::Always),
                "SET p:n::k v PX 1000000000000000",
            ),
            (
                Command::Increment {
                    key: key(),
                    by: -2,
                    ttl: None,
                },
                "INCRBY p:n::k -2",
            ),
            (
                sorted(SortedCommand::Add(vec![
                    (1.5, b"a".to_vec()),
                    (f64::NEG_INFINITY, b"b".to_vec()),
                ])),
                "ZADD p:n::k 1.5 a -inf b",
            ),
            (
                sorted(SortedCommand::RangeByScore {
                    from: Bound::Excluding(1.0),
                    to: Bound::Including(f64::INFINITY),
                    reverse: true,
                    skip: 2,
                    limit: None,
                }),
                "ZRANGE p:n::k +inf (1.0 BYSCORE REV LIMIT 2 -1 WITHSCORES",
            ),
            (
                sorted(SortedCommand::Range {
                    from: 0,
                    to: -1,
                    reverse: false,
                }),
                "ZRANGE p:n::k 0 -1 WITHSCORES",
            ),
            (
                Command::OnHash(
                    key(),
                    HashCommand::Set(vec![(b"f".to_vec(), b"v".to_vec())]),
                ),
                "HSET p:n::k f v",
            ),
            (
                Command::OnList(
                    key(),
                    ListCommand::Push(Side::Back, vec![b"a".to_vec(), b"b".to_vec()]),
                ),
                "RPUSH p:n::k a b",
            ),
        ] {
            assert_eq!(text(&command), expected, "{command:?}");
        }
    }

    #[test]
    fn scores_are_written_to_the_last_bit() {
        for score in [
            0.1 + 0.2,
            1e300,
            f64::MIN_POSITIVE,
            -0.0,
            1_700_000_000_123.0,
        ] {
            assert_eq!(
                number(score).parse::<f64>().map(f64::to_bits),
                Ok(score.to_bits())
            );
        }
    }
}
