//! The steps on the store: each one round trip, whatever it looks at.
//!
//! Every procedure is written twice, in Lua for Redis and in Rust for the embedded stores; a test runs
//! both on the same random questions and compares. Times are milliseconds of the store's own clock,
//! which all nodes share. Numbers in arguments are decimal text.

pub(super) mod check;
pub(super) mod enlist;
pub(super) mod failure;
pub(super) mod page;
pub(super) mod remember;

use crate::store::{Command, Data, HashCommand, Key, Reply, StoreError};

/// Members of the hash that a bucket keeps of one network.
mod field {
    /// When the ban ends.
    pub(super) const UNTIL: &[u8] = b"until";
    /// The period that the slots were counted in.
    pub(super) const PERIOD: &[u8] = b"period";
    /// Number of the slot that was counted in last.
    pub(super) const SLOT: &[u8] = b"slot";
    /// Failures in it.
    pub(super) const CURRENT: &[u8] = b"current";
    /// Failures in the slot before.
    pub(super) const PREVIOUS: &[u8] = b"previous";
}

/// What a bucket knows of one network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Window {
    until: u64,
    period: u64,
    slot: u64,
    current: u64,
    previous: u64,
}

impl Window {
    fn read(data: &mut dyn Data, key: &Key) -> Result<Self, StoreError> {
        let fields = [
            field::UNTIL,
            field::PERIOD,
            field::SLOT,
            field::CURRENT,
            field::PREVIOUS,
        ];
        let names = fields.iter().map(|name| name.to_vec()).collect();
        let command = Command::OnHash(key.clone(), HashCommand::GetMany(names));
        let Reply::List(values) = run(data, command)? else {
            return Err(unexpected());
        };
        let mut numbers = values.iter().map(stored_number);
        let mut next = || numbers.next().unwrap_or(0);
        Ok(Self {
            until: next(),
            period: next(),
            slot: next(),
            current: next(),
            previous: next(),
        })
    }

    /// The failures of the current slot and of the one before it.
    fn counts(&self, now: u64, period: u64) -> (u64, u64) {
        let slot = now / period.max(1);
        if self.period != period {
            (0, 0)
        } else if self.slot >= slot {
            // Later when the clock was set back: what was counted still counts.
            (self.current, self.previous)
        } else if self.slot + 1 == slot {
            (0, self.current)
        } else {
            (0, 0)
        }
    }

    /// Failures within the period that ends now: the slot before counts by the share of it that the
    /// period still covers.
    fn failures(&self, now: u64, period: u64) -> f64 {
        let (current, previous) = self.counts(now, period);
        let elapsed = (now % period.max(1)) as f64 / period.max(1) as f64;
        current as f64 + previous as f64 * (1.0 - elapsed)
    }
}

/// Remembers a member of a sorted set by the time at which it was last seen; forgets what is older than
/// `ttl`, and the oldest beyond `most`.
fn remember(
    data: &mut dyn Data,
    key: &Key,
    member: &[u8],
    ttl: u64,
    most: u64,
) -> Result<(), StoreError> {
    use crate::store::{Bound, SortedCommand};
    let now = data.now_ms();
    let most = i64::try_from(most).unwrap_or(i64::MAX - 1);
    let oldest = now as f64 - ttl as f64;
    for command in [
        SortedCommand::Add(vec![(now as f64, member.to_vec())]),
        SortedCommand::RemoveByScore(
            Bound::Including(f64::NEG_INFINITY),
            Bound::Including(oldest),
        ),
        SortedCommand::RemoveByRank(0, -(most + 1)),
    ] {
        run(data, Command::OnSorted(key.clone(), command))?;
    }
    expire(data, key, ttl)
}

fn expire(data: &mut dyn Data, key: &Key, ttl_ms: u64) -> Result<(), StoreError> {
    let ttl = std::time::Duration::from_millis(ttl_ms);
    run(
        data,
        Command::Expire {
            key: key.clone(),
            ttl,
        },
    )?;
    Ok(())
}

/// Runs a command; one that is refused ends the procedure, as in Redis.
fn run(data: &mut dyn Data, command: Command) -> Result<Reply, StoreError> {
    match data.run(command)? {
        Reply::Refused(why) => Err(StoreError::Unavailable(why)),
        reply => Ok(reply),
    }
}

fn integer(reply: &Reply) -> Result<i64, StoreError> {
    match reply {
        Reply::Integer(number) => Ok(*number),
        _ => Err(unexpected()),
    }
}

/// A number that a procedure has written; 0 if there is none.
fn stored_number(reply: &Reply) -> u64 {
    match reply {
        Reply::Bytes(bytes) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        _ => 0,
    }
}

fn argument(arguments: &[Vec<u8>], index: usize) -> Result<&[u8], StoreError> {
    arguments
        .get(index)
        .map(Vec::as_slice)
        .ok_or_else(unexpected)
}

fn number<T: std::str::FromStr>(arguments: &[Vec<u8>], index: usize) -> Result<T, StoreError> {
    std::str::from_utf8(argument(arguments, index)?)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(unexpected)
}

fn key(keys: &[Key], index: usize) -> Result<&Key, StoreError> {
    keys.get(index).ok_or_else(unexpected)
}

/// An answer or an argument that no version of ours writes.
fn unexpected() -> StoreError {
    StoreError::Unavailable("the store holds something else than expected".to_owned())
}

fn text(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// The numbers of a reply.
fn integers<const N: usize>(reply: &Reply) -> Result<[i64; N], StoreError> {
    let Reply::List(replies) = reply else {
        return Err(unexpected());
    };
    let numbers: Vec<i64> = replies.iter().map(integer).collect::<Result<_, _>>()?;
    numbers.try_into().map_err(|_| unexpected())
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
