//! Lists: a row for each element, under its position.
//!
//! Positions are consecutive, from the header's `first` on, and may be negative: adding to either end
//! moves nothing.

use std::ops::ControlFlow;

use super::{
    super::{Limits, ListCommand, Reply, Side},
    Rows, Stop, check_reply, find, find_or_create, keep, positions,
    rows::{Header, Kind},
    whole,
};

pub(super) fn run(
    rows: &mut dyn Rows,
    limits: &Limits,
    name: &[u8],
    command: ListCommand,
) -> Result<Reply, Stop> {
    match command {
        ListCommand::Push(side, values) => push(rows, name, side, &values),
        ListCommand::Pop(side) => pop(rows, name, side),
        ListCommand::Range(from, to) => range(rows, limits, name, from, to),
        ListCommand::Trim(from, to) => trim(rows, name, from, to),
        ListCommand::Length => {
            let header = find(rows, name, Kind::List)?;
            Ok(whole(header.map_or(0, |header| header.members)))
        }
    }
}

/// The row of the element so far behind the first; bytes in the order of the positions.
fn position(header: &Header, index: u64) -> [u8; 8] {
    let position = header.first.wrapping_add_unsigned(index);
    (position.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn push(rows: &mut dyn Rows, name: &[u8], side: Side, values: &[Vec<u8>]) -> Result<Reply, Stop> {
    let mut header = find_or_create(rows, name, Kind::List)?;
    for value in values {
        let index = match side {
            Side::Front => {
                header.first = header.first.wrapping_sub(1);
                0
            }
            Side::Back => header.members,
        };
        rows.put_member(name, &header, &position(&header, index), value)?;
        header.members += 1;
    }
    keep(rows, name, &header)?;
    Ok(whole(header.members))
}

fn pop(rows: &mut dyn Rows, name: &[u8], side: Side) -> Result<Reply, Stop> {
    let Some(mut header) = find(rows, name, Kind::List)? else {
        return Ok(Reply::Nothing);
    };
    let index = match side {
        Side::Front => 0,
        Side::Back => header.members.saturating_sub(1),
    };
    let row = position(&header, index);
    let value = rows.member(name, &header, &row)?;
    rows.remove_member(name, &header, &row)?;
    header.members = header.members.saturating_sub(1);
    if side == Side::Front {
        header.first = header.first.wrapping_add(1);
    }
    keep(rows, name, &header)?;
    Ok(value.map_or(Reply::Nothing, Reply::Bytes))
}

fn range(rows: &dyn Rows, limits: &Limits, name: &[u8], from: i64, to: i64) -> Result<Reply, Stop> {
    let mut list = Vec::new();
    if let Some(header) = find(rows, name, Kind::List)?
        && let Some((first, last)) = positions(from, to, header.members)
    {
        check_reply(limits, last - first + 1)?;
        let (start, end) = (position(&header, first), position(&header, last));
        rows.each_member(name, &header, &start, &mut |row, value| {
            if row > end.as_slice() {
                return ControlFlow::Break(());
            }
            list.push(Reply::Bytes(value.to_vec()));
            ControlFlow::Continue(())
        })?;
    }
    Ok(Reply::List(list))
}

fn trim(rows: &mut dyn Rows, name: &[u8], from: i64, to: i64) -> Result<Reply, Stop> {
    let Some(mut header) = find(rows, name, Kind::List)? else {
        return Ok(Reply::Done);
    };
    let Some((first, last)) = positions(from, to, header.members) else {
        rows.remove(name)?;
        return Ok(Reply::Done);
    };
    for index in (0..first).chain(last + 1..header.members) {
        rows.remove_member(name, &header, &position(&header, index))?;
    }
    header.first = header.first.wrapping_add_unsigned(first);
    header.members = last - first + 1;
    keep(rows, name, &header)?;
    Ok(Reply::Done)
}
