//! Entries of lists for administrators, which end by themselves.

use super::{argument, expire, key, number, run, text, unexpected};
use crate::store::{Bound, Command, Data, Key, Procedure, Reply, SortedCommand, StoreError};

/// Keys: lists; each gets one entry.
pub(in super::super) static ENLIST: Procedure = Procedure {
    name: "brute-force-enlist",
    lua: include_str!("enlist.lua"),
    native: enlist,
};

/// The arguments of [`ENLIST`]: `ttl` in milliseconds, how many entries a list holds (those that end
/// last stay), and an entry for each key.
pub(in super::super) fn arguments(ttl: u64, most: u64, entries: &[String]) -> Vec<Vec<u8>> {
    let mut arguments = vec![text(ttl), text(most)];
    arguments.extend(entries.iter().map(|entry| entry.as_bytes().to_vec()));
    arguments
}

fn enlist(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let now = data.now_ms();
    let ends = (now + number::<u64>(arguments, 0)?) as f64;
    let most: i64 = number(arguments, 1)?;
    for index in 0..keys.len() {
        let list = key(keys, index)?;
        let entry = argument(arguments, index + 2)?.to_vec();
        let mut sorted = |command| run(data, Command::OnSorted(list.clone(), command));
        sorted(SortedCommand::RemoveByScore(
            Bound::Including(f64::NEG_INFINITY),
            Bound::Including(now as f64),
        ))?;
        match sorted(SortedCommand::Score(entry.clone()))? {
            Reply::Number(old) if old >= ends => {}
            _ => {
                sorted(SortedCommand::Add(vec![(ends, entry)]))?;
            }
        }
        sorted(SortedCommand::RemoveByRank(0, -(most + 1)))?;
        let last = SortedCommand::Range {
            from: 0,
            to: 0,
            reverse: true,
        };
        let Reply::List(last) = sorted(last)? else {
            return Err(unexpected());
        };
        let Some(Reply::Number(last)) = last.get(1) else {
            return Err(unexpected());
        };
        // A score that a procedure has made: a whole number of milliseconds.
        expire(data, list, (*last as u64).saturating_sub(now))?;
    }
    Ok(Reply::Integer(
        i64::try_from(keys.len()).unwrap_or(i64::MAX),
    ))
}
