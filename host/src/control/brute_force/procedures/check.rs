//! Before a login: is one of its networks banned, or does it have to be now?

use super::{
    Window, expire, field, integer, integers, key, number, run, text, unexpected, unsigned,
};
use crate::{
    config::Tolerate,
    store::{Bound, Command, Data, HashCommand, Key, Procedure, Reply, SortedCommand, StoreError},
};

/// Keys: users that succeeded, users that failed, one hash for each bucket.
pub(in super::super) static CHECK: Procedure = Procedure {
    name: "brute-force-check",
    lua: include_str!("check.lua"),
    native: check,
};

/// What is asked of one bucket, in milliseconds and failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Look {
    pub(in super::super) period: u64,
    pub(in super::super) limit: u32,
    pub(in super::super) ban: u64,
}

/// How the client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum State {
    Clear,
    /// Has been banned before.
    Banned,
    /// Is banned from now on.
    NewlyBanned,
    /// Over the limit, and tolerated.
    Tolerated,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Seen {
    pub(in super::super) state: State,
    /// Which bucket says so; 0 when clear.
    pub(in super::super) bucket: usize,
    /// Failures that it has counted, whole ones.
    pub(in super::super) failures: u32,
    /// Milliseconds that are left of the ban.
    pub(in super::super) remaining: u64,
}

/// Arguments before those of the buckets.
const HEAD: usize = 5;
/// Arguments of each bucket.
const EACH: usize = 3;

/// The arguments of [`CHECK`]. `ttl`: how long users are remembered; 0 tolerates nothing.
pub(in super::super) fn arguments(ttl: u64, tolerate: Tolerate, looks: &[Look]) -> Vec<Vec<u8>> {
    let mut arguments = match tolerate {
        Tolerate::Percent(percent) => vec![text(ttl), text(percent), text(0), text(0), Vec::new()],
        Tolerate::Adaptive { least, most, scale } => {
            vec![text(ttl), text(0), text(least), text(most), text(scale)]
        }
    };
    for look in looks {
        arguments.extend([text(look.period), text(look.limit), text(look.ban)]);
    }
    arguments
}

impl Seen {
    pub(in super::super) fn read(reply: &Reply) -> Result<Self, StoreError> {
        let [state, bucket, failures, remaining] = integers(reply)?;
        Ok(Self {
            state: match state {
                0 => State::Clear,
                1 => State::Banned,
                2 => State::NewlyBanned,
                3 => State::Tolerated,
                _ => return Err(unexpected()),
            },
            bucket: usize::try_from(bucket).unwrap_or(0),
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            remaining: unsigned(remaining),
        })
    }
}

/// Users of an address that succeeded and failed, and the percentage that is tolerated.
struct Users {
    positive: f64,
    negative: f64,
    percent: f64,
}

impl Users {
    fn read(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Self, StoreError> {
        let ttl: u64 = number(arguments, 0)?;
        if ttl == 0 {
            return Ok(Self {
                positive: 0.0,
                negative: 0.0,
                percent: 0.0,
            });
        }
        let from = Bound::Excluding(data.now_ms() as f64 - ttl as f64);
        let mut count = |index| {
            let range = SortedCommand::Count(from, Bound::Including(f64::INFINITY));
            integer(&run(
                data,
                Command::OnSorted(key(keys, index)?.clone(), range),
            )?)
        };
        let positive = count(0)? as f64;
        let negative = count(1)? as f64;
        let percent = if super::argument(arguments, 4)?.is_empty() {
            number(arguments, 1)?
        } else {
            let (least, most): (f64, f64) = (number(arguments, 2)?, number(arguments, 3)?);
            let share = (positive + 1.0).ln() / 100f64.ln() * number::<f64>(arguments, 4)?;
            least + (most - least) * share.min(1.0)
        };
        Ok(Self {
            positive,
            negative,
            percent,
        })
    }

    /// Where more users succeed than fail, the limit is higher.
    fn raised(&self, limit: f64) -> f64 {
        if self.positive > self.negative {
            limit * (1.0 + self.percent / 100.0)
        } else {
            limit
        }
    }

    fn are_tolerated(&self) -> bool {
        self.positive > 0.0 && self.negative <= (self.percent * self.positive / 100.0).floor()
    }
}

fn check(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let now = data.now_ms();
    let buckets = keys.get(2..).ok_or_else(unexpected)?;
    let mut windows = Vec::with_capacity(buckets.len());
    for (index, bucket) in buckets.iter().enumerate() {
        let at = HEAD + index * EACH;
        let look = Look {
            period: number(arguments, at)?,
            limit: number(arguments, at + 1)?,
            ban: number(arguments, at + 2)?,
        };
        windows.push((Window::read(data, bucket)?, look));
    }
    for (index, (window, look)) in windows.iter().enumerate() {
        if window.until > now {
            let failures = window.failures(now, look.period);
            return Ok(reply(1, index, failures, window.until - now));
        }
    }
    let mut users = None;
    for (index, (window, look)) in windows.iter().enumerate() {
        let failures = window.failures(now, look.period);
        let limit = f64::from(look.limit);
        if failures <= limit - 1.0 {
            continue;
        }
        let users = match &users {
            Some(users) => users,
            None => users.insert(Users::read(data, keys, arguments)?),
        };
        if failures <= users.raised(limit) - 1.0 {
            continue;
        }
        if users.are_tolerated() {
            return Ok(reply(3, index, failures, 0));
        }
        ban(data, key(buckets, index)?, now, look.ban)?;
        return Ok(reply(2, index, failures, look.ban));
    }
    Ok(reply(0, 0, 0.0, 0))
}

fn ban(data: &mut dyn Data, bucket: &Key, now: u64, time: u64) -> Result<(), StoreError> {
    let until = vec![(field::UNTIL.to_vec(), text(now + time))];
    run(
        data,
        Command::OnHash(bucket.clone(), HashCommand::Set(until)),
    )?;
    let left = integer(&run(data, Command::TimeToLive(bucket.clone()))?)?;
    if i64::try_from(time).is_ok_and(|time| left < time) {
        expire(data, bucket, time)?;
    }
    Ok(())
}

fn reply(state: i64, bucket: usize, failures: f64, remaining: u64) -> Reply {
    let integer = |number: u64| Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    Reply::List(vec![
        Reply::Integer(state),
        integer(bucket as u64),
        // Not negative, and floored as in Lua.
        Reply::Integer(failures.floor() as i64),
        integer(remaining),
    ])
}
