//! A page of a list for administrators.

use super::{integer, key, number, run, text, unexpected, unsigned};
use crate::store::{Bound, Command, Data, Key, Procedure, Reply, SortedCommand, StoreError};

/// Key: a list.
pub(in super::super) static PAGE: Procedure = Procedure {
    name: "brute-force-page",
    lua: include_str!("page.lua"),
    native: page,
};

/// The arguments of [`PAGE`].
pub(in super::super) fn arguments(skip: u64, limit: u64) -> Vec<Vec<u8>> {
    vec![text(skip), text(limit)]
}

/// How many entries the list has, and those of the page with the milliseconds that are left of each.
/// Entries that are no text are left out.
pub(in super::super) fn read(reply: Reply) -> Result<(u64, Vec<(String, u64)>), StoreError> {
    let Reply::List(replies) = reply else {
        return Err(unexpected());
    };
    let (total, entries) = replies.split_first().ok_or_else(unexpected)?;
    let mut page = Vec::with_capacity(entries.len() / 2);
    for pair in entries.chunks(2) {
        let [Reply::Bytes(entry), Reply::Integer(remaining)] = pair else {
            return Err(unexpected());
        };
        if let Ok(entry) = String::from_utf8(entry.clone()) {
            page.push((entry, unsigned(*remaining)));
        }
    }
    Ok((unsigned(integer(total)?), page))
}

fn page(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let now = data.now_ms();
    let list = key(keys, 0)?;
    let mut sorted = |command| run(data, Command::OnSorted(list.clone(), command));
    let everything = Bound::Including(f64::NEG_INFINITY);
    sorted(SortedCommand::RemoveByScore(
        everything,
        Bound::Including(now as f64),
    ))?;
    let total = sorted(SortedCommand::Length)?;
    let range = SortedCommand::RangeByScore {
        from: everything,
        to: Bound::Including(f64::INFINITY),
        reverse: true,
        skip: number(arguments, 0)?,
        limit: Some(number(arguments, 1)?),
    };
    let Reply::List(entries) = sorted(range)? else {
        return Err(unexpected());
    };
    let mut replies = vec![total];
    for pair in entries.chunks(2) {
        let [Reply::Bytes(entry), Reply::Number(ends)] = pair else {
            return Err(unexpected());
        };
        replies.push(Reply::Bytes(entry.clone()));
        replies.push(Reply::Integer((*ends - now as f64) as i64));
    }
    Ok(Reply::List(replies))
}
