//! Estimates of how many different elements were added (HyperLogLog), in values of at most 12 KiB.
//!
//! As in Redis, an estimate is a value: it can be read, copied and overwritten as one. Hash and
//! estimator are those of Redis, so that both reply the same; the layout of the value is our own.

mod registers;

use self::registers::Registers;
use super::{super::Reply, NEVER, Rows, Stop, WRONG_TYPE, flag, refuse, rows::Content, whole};

const NOT_AN_ESTIMATE: &str = "WRONGTYPE Key is not a valid HyperLogLog string value.";

pub(super) fn add(rows: &mut dyn Rows, name: &[u8], elements: &[Vec<u8>]) -> Result<Reply, Stop> {
    let found = read(rows, name)?;
    let mut changed = found.is_none();
    let (mut registers, expires) = found.unwrap_or((Registers::default(), NEVER));
    for element in elements {
        changed |= registers.add(element);
    }
    if changed {
        rows.put_value(name, registers.into_bytes(), expires)?;
    }
    Ok(flag(changed))
}

pub(super) fn count(rows: &dyn Rows, name: &[u8]) -> Result<Reply, Stop> {
    let found = read(rows, name)?;
    Ok(whole(found.map_or(0, |(registers, _)| registers.count())))
}

fn read(rows: &dyn Rows, name: &[u8]) -> Result<Option<(Registers, u64)>, Stop> {
    match rows.content(name)? {
        None => Ok(None),
        Some(Content::Value { expires, bytes }) => match Registers::from_bytes(bytes) {
            Some(registers) => Ok(Some((registers, expires))),
            None => refuse(NOT_AN_ESTIMATE),
        },
        Some(Content::Collection(_)) => refuse(WRONG_TYPE),
    }
}
