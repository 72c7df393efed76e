//! Plain values and integers, and what can be done to any key.

use std::time::Duration;

use super::{
    super::{Reply, When},
    NEVER, Rows, Stop, WRONG_TYPE,
    entry::{Unsuitable, add, expires_at, is_expired},
    flag, refuse,
    rows::Content,
};

pub(super) fn get(rows: &dyn Rows, name: &[u8]) -> Result<Reply, Stop> {
    match rows.content(name)? {
        None => Ok(Reply::Nothing),
        Some(Content::Value { bytes, .. }) => Ok(Reply::Bytes(bytes)),
        Some(Content::Collection(_)) => refuse(WRONG_TYPE),
    }
}

pub(super) fn set(
    rows: &mut dyn Rows,
    name: &[u8],
    value: Vec<u8>,
    ttl: Option<Duration>,
    when: When,
) -> Result<Reply, Stop> {
    let holds = match when {
        When::Always => true,
        When::Absent => rows.expiry(name)?.is_none(),
        When::Present => rows.expiry(name)?.is_some(),
    };
    if !holds {
        return Ok(Reply::Nothing);
    }
    let expires = expires_at(rows.now_ms(), ttl);
    put(rows, name, value, expires)?;
    Ok(Reply::Done)
}

pub(super) fn increment(
    rows: &mut dyn Rows,
    name: &[u8],
    by: i64,
    ttl: Option<Duration>,
) -> Result<Reply, Stop> {
    let (sum, expires) = match rows.content(name)? {
        None => (by, expires_at(rows.now_ms(), ttl)),
        Some(Content::Value { expires, bytes }) => match add(&bytes, by) {
            Ok(sum) => (sum, expires),
            Err(Unsuitable::NotAnInteger) => {
                return refuse("ERR value is not an integer or out of range");
            }
            Err(Unsuitable::Overflow) => {
                return refuse("ERR increment or decrement would overflow");
            }
        },
        Some(Content::Collection(_)) => return refuse(WRONG_TYPE),
    };
    put(rows, name, sum.to_string().into_bytes(), expires)?;
    Ok(Reply::Integer(sum))
}

pub(super) fn expire(rows: &mut dyn Rows, name: &[u8], ttl: Duration) -> Result<Reply, Stop> {
    if rows.expiry(name)?.is_none() {
        return Ok(flag(false));
    }
    let expires = expires_at(rows.now_ms(), Some(ttl));
    if is_expired(expires, rows.now_ms()) {
        rows.remove(name)?;
    } else {
        rows.set_expiry(name, expires)?;
    }
    Ok(flag(true))
}

pub(super) fn persist(rows: &mut dyn Rows, name: &[u8]) -> Result<Reply, Stop> {
    let expires = rows.expiry(name)?.is_some_and(|expires| expires != NEVER);
    if expires {
        rows.set_expiry(name, NEVER)?;
    }
    Ok(flag(expires))
}

pub(super) fn time_to_live(rows: &dyn Rows, name: &[u8]) -> Result<Reply, Stop> {
    Ok(Reply::Integer(match rows.expiry(name)? {
        None => -2,
        Some(NEVER) => -1,
        Some(expires) => {
            let left = expires.saturating_sub(rows.now_ms());
            i64::try_from(left).unwrap_or(i64::MAX)
        }
    }))
}

/// What is stored with an expiry that has come is not stored.
fn put(rows: &mut dyn Rows, name: &[u8], value: Vec<u8>, expires: u64) -> Result<(), Stop> {
    if is_expired(expires, rows.now_ms()) {
        rows.remove(name)?;
    } else {
        rows.put_value(name, value, expires)?;
    }
    Ok(())
}
