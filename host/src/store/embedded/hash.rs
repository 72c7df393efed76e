//! Hashes: a row for each field.

use std::ops::ControlFlow;

use super::{
    super::{HashCommand, Limits, Reply},
    Rows, Stop, check_reply,
    entry::{Unsuitable, add},
    find, find_or_create, flag, keep, refuse,
    rows::{Header, Kind},
    whole,
};

pub(super) fn run(
    rows: &mut dyn Rows,
    limits: &Limits,
    name: &[u8],
    command: HashCommand,
) -> Result<Reply, Stop> {
    match command {
        HashCommand::Set(pairs) => set(rows, name, &pairs),
        HashCommand::Increment(field, by) => increment(rows, name, &field, by),
        HashCommand::Delete(fields) => super::set::remove(rows, name, Kind::Hash, &fields),
        reading => {
            let header = find(rows, name, Kind::Hash)?;
            read(rows, limits, name, header.as_ref(), reading)
        }
    }
}

fn set(rows: &mut dyn Rows, name: &[u8], pairs: &[(Vec<u8>, Vec<u8>)]) -> Result<Reply, Stop> {
    let mut header = find_or_create(rows, name, Kind::Hash)?;
    let before = header.members;
    for (field, value) in pairs {
        header.members += u64::from(rows.put_member(name, &header, field, value)?);
    }
    if header.members != before {
        keep(rows, name, &header)?;
    }
    Ok(whole(header.members - before))
}

fn increment(rows: &mut dyn Rows, name: &[u8], field: &[u8], by: i64) -> Result<Reply, Stop> {
    let header = find(rows, name, Kind::Hash)?;
    let stored = match &header {
        Some(header) => rows.member(name, header, field)?,
        None => None,
    };
    let sum = match stored.map_or(Ok(by), |stored| add(&stored, by)) {
        Ok(sum) => sum,
        Err(Unsuitable::NotAnInteger) => return refuse("ERR hash value is not an integer"),
        Err(Unsuitable::Overflow) => return refuse("ERR increment or decrement would overflow"),
    };
    set(
        rows,
        name,
        &[(field.to_vec(), sum.to_string().into_bytes())],
    )?;
    Ok(Reply::Integer(sum))
}

fn read(
    rows: &dyn Rows,
    limits: &Limits,
    name: &[u8],
    header: Option<&Header>,
    command: HashCommand,
) -> Result<Reply, Stop> {
    let value = |field: &[u8]| match header {
        Some(header) => rows.member(name, header, field),
        None => Ok(None),
    };
    let members = header.map_or(0, |header| header.members);
    match command {
        HashCommand::Get(field) => Ok(reply(value(&field)?)),
        HashCommand::GetMany(fields) => {
            let values = fields.iter().map(|field| Ok(reply(value(field)?)));
            Ok(Reply::List(values.collect::<Result<_, Stop>>()?))
        }
        HashCommand::Exists(field) => Ok(flag(value(&field)?.is_some())),
        HashCommand::Length => Ok(whole(members)),
        HashCommand::All | HashCommand::Fields | HashCommand::Values => {
            check_reply(limits, members)?;
            let mut list = Vec::new();
            if let Some(header) = header {
                rows.each_member(name, header, b"", &mut |field, value| {
                    if !matches!(command, HashCommand::Values) {
                        list.push(Reply::Bytes(field.to_vec()));
                    }
                    if !matches!(command, HashCommand::Fields) {
                        list.push(Reply::Bytes(value.to_vec()));
                    }
                    ControlFlow::Continue(())
                })?;
            }
            Ok(Reply::List(list))
        }
        HashCommand::Set(_) | HashCommand::Increment(..) | HashCommand::Delete(_) => {
            refuse("ERR this command changes the hash")
        }
    }
}

fn reply(value: Option<Vec<u8>>) -> Reply {
    value.map_or(Reply::Nothing, Reply::Bytes)
}
