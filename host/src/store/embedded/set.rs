//! Sets: a row for each member.

use std::ops::ControlFlow;

use super::{
    super::{Limits, Reply, SetCommand},
    Rows, Stop, check_reply, find, find_or_create, flag, keep,
    rows::Kind,
    whole,
};

pub(super) fn run(
    rows: &mut dyn Rows,
    limits: &Limits,
    name: &[u8],
    command: SetCommand,
) -> Result<Reply, Stop> {
    match command {
        SetCommand::Add(members) => add(rows, name, &members),
        SetCommand::Remove(members) => remove(rows, name, Kind::Set, &members),
        SetCommand::Contains(member) => Ok(flag(match find(rows, name, Kind::Set)? {
            Some(header) => rows.member(name, &header, &member)?.is_some(),
            None => false,
        })),
        SetCommand::Length => {
            let header = find(rows, name, Kind::Set)?;
            Ok(whole(header.map_or(0, |header| header.members)))
        }
        SetCommand::Members => {
            let mut list = Vec::new();
            if let Some(header) = find(rows, name, Kind::Set)? {
                check_reply(limits, header.members)?;
                rows.each_member(name, &header, b"", &mut |member, _| {
                    list.push(Reply::Bytes(member.to_vec()));
                    ControlFlow::Continue(())
                })?;
            }
            Ok(Reply::List(list))
        }
    }
}

fn add(rows: &mut dyn Rows, name: &[u8], members: &[Vec<u8>]) -> Result<Reply, Stop> {
    let mut header = find_or_create(rows, name, Kind::Set)?;
    let before = header.members;
    for member in members {
        header.members += u64::from(rows.put_member(name, &header, member, b"")?);
    }
    if header.members != before {
        keep(rows, name, &header)?;
    }
    Ok(whole(header.members - before))
}

/// Removes members of a set, or fields of a hash; replies how many there were.
pub(super) fn remove(
    rows: &mut dyn Rows,
    name: &[u8],
    kind: Kind,
    members: &[Vec<u8>],
) -> Result<Reply, Stop> {
    let Some(mut header) = find(rows, name, kind)? else {
        return Ok(whole(0));
    };
    let mut removed = 0;
    for member in members {
        removed += u64::from(rows.remove_member(name, &header, member)?);
    }
    if removed > 0 {
        header.members = header.members.saturating_sub(removed);
        keep(rows, name, &header)?;
    }
    Ok(whole(removed))
}
