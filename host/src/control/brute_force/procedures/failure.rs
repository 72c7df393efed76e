//! After a failed login: what it counts, and what is remembered of it.

use super::{
    Window, argument, expire, field, integer, integers, key, number, remember, run, text,
    unexpected,
};
use crate::store::{Command, Data, HashCommand, Key, Procedure, Reply, StoreError};

/// Keys: history of the account at the address, history of the address, repeated passwords of the
/// account, users that failed, failures of the account at the address since one was forgiven, one hash for
/// each bucket.
pub(in super::super) static FAILURE: Procedure = Procedure {
    name: "brute-force-failure",
    lua: include_str!("failure.lua"),
    native: failure,
};

/// What is to be counted. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Failed {
    /// Of the password; empty when nobody knows the password.
    pub(in super::super) digest: Vec<u8>,
    /// Of the user's name.
    pub(in super::super) user: Vec<u8>,
    /// 0 keeps no history.
    pub(in super::super) history_entries: u32,
    pub(in super::super) history_ttl: u64,
    /// 0 counts each password.
    pub(in super::super) repeated_allowed: u32,
    pub(in super::super) repeated_window: u64,
    /// 0 remembers no users.
    pub(in super::super) users_ttl: u64,
    pub(in super::super) users: u32,
    /// For how long one failure is forgiven; 0 forgives none.
    pub(in super::super) grace_ttl: u64,
    /// For each bucket; 0 if it does not count this time.
    pub(in super::super) periods: Vec<u64>,
}

/// What became of the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Outcome {
    Counted,
    /// A new wrong password, one of those that may be; or the one that is forgiven.
    LetOff,
    /// A wrong password that was there before.
    Repeated,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Counted {
    pub(in super::super) outcome: Outcome,
    /// By how much each bucket was raised.
    pub(in super::super) by: u32,
    /// How often this password was tried for the account; 0 when unknown.
    pub(in super::super) tried: u32,
    /// Different wrong passwords of the account at this address.
    pub(in super::super) of_account: u32,
    /// Different wrong passwords of the address.
    pub(in super::super) of_address: u32,
    /// Failures that the bucket with the most has counted now; 0 if none counted this one.
    pub(in super::super) failures: u32,
}

impl Failed {
    pub(in super::super) fn arguments(&self) -> Vec<Vec<u8>> {
        let mut arguments = vec![
            self.digest.clone(),
            self.user.clone(),
            text(self.history_entries),
            text(self.history_ttl),
            text(self.repeated_allowed),
            text(self.repeated_window),
            text(self.users_ttl),
            text(self.users),
            text(self.grace_ttl),
        ];
        arguments.extend(self.periods.iter().map(text));
        arguments
    }

    fn read(arguments: &[Vec<u8>]) -> Result<Self, StoreError> {
        Ok(Self {
            digest: argument(arguments, 0)?.to_vec(),
            user: argument(arguments, 1)?.to_vec(),
            history_entries: number(arguments, 2)?,
            history_ttl: number(arguments, 3)?,
            repeated_allowed: number(arguments, 4)?,
            repeated_window: number(arguments, 5)?,
            users_ttl: number(arguments, 6)?,
            users: number(arguments, 7)?,
            grace_ttl: number(arguments, 8)?,
            periods: (9..arguments.len())
                .map(|index| number(arguments, index))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Counted {
    pub(in super::super) fn read(reply: &Reply) -> Result<Self, StoreError> {
        let [outcome, by, tried, of_account, of_address, failures] = integers(reply)?;
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self {
            outcome: match outcome {
                0 => Outcome::Counted,
                1 => Outcome::LetOff,
                2 => Outcome::Repeated,
                _ => return Err(unexpected()),
            },
            by: count(by),
            tried: count(tried),
            of_account: count(of_account),
            of_address: count(of_address),
            failures: count(failures),
        })
    }
}

fn failure(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let failed = Failed::read(arguments)?;
    let (mut tried, mut of_account, mut of_address) = (0, 0, 0);
    if failed.history_entries > 0 && !failed.digest.is_empty() {
        (tried, of_account) = note(data, key(keys, 0)?, &failed)?;
        (_, of_address) = note(data, key(keys, 1)?, &failed)?;
    }
    let (outcome, by) = if failed.grace_ttl > 0 && is_first(data, key(keys, 4)?, failed.grace_ttl)?
    {
        (1, 0)
    } else if failed.repeated_allowed > 0 && !failed.digest.is_empty() {
        repeated(data, key(keys, 2)?, &failed)?
    } else {
        (0, 1)
    };
    if failed.users_ttl > 0 {
        let most = u64::from(failed.users);
        remember(data, key(keys, 3)?, &failed.user, failed.users_ttl, most)?;
    }
    let mut worst = 0;
    for (bucket, period) in keys.iter().skip(5).zip(&failed.periods) {
        if by > 0 && *period > 0 {
            worst = worst.max(raise(data, bucket, *period, by)?);
        }
    }
    let by = i64::try_from(by).unwrap_or(i64::MAX);
    let numbers = [outcome, by, tried, of_account, of_address, worst];
    Ok(Reply::List(numbers.map(Reply::Integer).to_vec()))
}

/// Counts a failure, and says whether it is the first in that time.
fn is_first(data: &mut dyn Data, key: &Key, ttl: u64) -> Result<bool, StoreError> {
    let increment = HashCommand::Increment(b"failures".to_vec(), 1);
    let is_first = integer(&run(data, Command::OnHash(key.clone(), increment))?)? == 1;
    if is_first {
        expire(data, key, ttl)?;
    }
    Ok(is_first)
}

/// Adds the password to a history: how often it is there, and how many there are.
fn note(data: &mut dyn Data, key: &Key, failed: &Failed) -> Result<(i64, i64), StoreError> {
    let mut hash = |command| run(data, Command::OnHash(key.clone(), command));
    let is_there = integer(&hash(HashCommand::Exists(failed.digest.clone()))?)? == 1;
    let length = integer(&hash(HashCommand::Length)?)?;
    let times = if is_there || length < i64::from(failed.history_entries) {
        integer(&hash(HashCommand::Increment(failed.digest.clone(), 1))?)?
    } else {
        1
    };
    let length = integer(&hash(HashCommand::Length)?)?;
    expire(data, key, failed.history_ttl)?;
    Ok((times, length))
}

/// Whether the password is a repeated one, and by how much it counts. A password that was let off is
/// marked `n` until it is counted together with the first one too many, `c` from then on.
fn repeated(data: &mut dyn Data, key: &Key, failed: &Failed) -> Result<(i64, u64), StoreError> {
    let now = data.now_ms();
    let Reply::List(entries) = run(data, Command::OnHash(key.clone(), HashCommand::All))? else {
        return Err(unexpected());
    };
    let (mut fresh, mut mark, mut let_off, mut old) = (0, None, Vec::new(), Vec::new());
    for pair in entries.chunks(2) {
        let [Reply::Bytes(digest), Reply::Bytes(value)] = pair else {
            return Err(unexpected());
        };
        let (first, seen) = value.split_first().ok_or_else(unexpected)?;
        let seen: u64 = number(&[seen.to_vec()], 0)?;
        if seen + failed.repeated_window <= now {
            old.push(digest.clone());
            continue;
        }
        fresh += 1;
        if *digest == failed.digest {
            mark = Some(*first);
        }
        if *first == b'n' {
            let_off.push((digest.clone(), seen));
        }
    }
    if !old.is_empty() {
        run(data, Command::OnHash(key.clone(), HashCommand::Delete(old)))?;
    }
    let marked = |mark: u8, seen: u64| [&[mark], text(seen).as_slice()].concat();
    let (outcome, by, changes) = match mark {
        Some(mark) => (2, 0, vec![(failed.digest.clone(), marked(mark, now))]),
        None if fresh < failed.repeated_allowed => {
            (1, 0, vec![(failed.digest.clone(), marked(b'n', now))])
        }
        None => {
            let by = 1 + let_off.len() as u64;
            let counted = let_off
                .into_iter()
                .map(|(digest, seen)| (digest, marked(b'c', seen)))
                .collect();
            (0, by, counted)
        }
    };
    if !changes.is_empty() {
        run(
            data,
            Command::OnHash(key.clone(), HashCommand::Set(changes)),
        )?;
    }
    expire(data, key, failed.repeated_window)?;
    Ok((outcome, by))
}

/// Counts it; returns the whole failures within the period that ends now.
fn raise(data: &mut dyn Data, bucket: &Key, period: u64, by: u64) -> Result<i64, StoreError> {
    let now = data.now_ms();
    let window = Window::read(data, bucket)?;
    let (current, previous) = window.counts(now, period);
    let slot = match window.period == period {
        true => window.slot.max(now / period),
        false => now / period,
    };
    let fields = [
        (field::PERIOD, period),
        (field::SLOT, slot),
        (field::CURRENT, current + by),
        (field::PREVIOUS, previous),
    ];
    let fields = fields
        .into_iter()
        .map(|(name, number)| (name.to_vec(), text(number)))
        .collect();
    run(
        data,
        Command::OnHash(bucket.clone(), HashCommand::Set(fields)),
    )?;
    let left = window.until.saturating_sub(now).max(2 * period);
    expire(data, bucket, left)?;
    let raised = Window {
        period,
        slot,
        current: current + by,
        previous,
        ..window
    };
    // Not negative, and floored as in Lua.
    Ok(raised.failures(now, period).floor() as i64)
}
