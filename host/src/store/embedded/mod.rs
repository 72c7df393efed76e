//! What the commands mean, for every store that lives in this process.
//!
//! The logic of each command is here, once; a store brings [`Rows`], where keys and members are, and
//! the atomicity of a step. So no caller can tell the embedded stores apart. Every refusal has the
//! words of Redis. Does no I/O of its own.

mod alone;
mod entry;
mod estimate;
mod hash;
mod list;
pub(super) mod rows;
mod score;
mod set;
mod sorted;
mod topics;
mod value;

use self::rows::{Content, Header, Kind};
use super::{Command, Limits, Reply, StoreError};

pub(super) use self::{
    alone::call,
    entry::{NEVER, encode, is_expired, tag},
    rows::Rows,
    score::Score,
    topics::Topics,
};

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// Why a command ends early.
enum Stop {
    /// It cannot be done to what is there: the reply.
    Refused(String),
    /// The store failed.
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn refuse<T>(text: &str) -> Result<T, Stop> {
    Err(Stop::Refused(text.to_owned()))
}

/// Does one command.
///
/// # Errors
/// When the store fails; what it did before is undefined then.
pub(super) fn run(
    rows: &mut dyn Rows,
    limits: &Limits,
    command: Command,
) -> Result<Reply, StoreError> {
    if let Some(why) = limits.refuse(&command) {
        return Ok(Reply::Refused(why));
    }
    let name = encode(command.key());
    match dispatch(rows, limits, &name, command) {
        Ok(reply) => Ok(reply),
        Err(Stop::Refused(why)) => Ok(Reply::Refused(why)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn dispatch(
    rows: &mut dyn Rows,
    limits: &Limits,
    name: &[u8],
    command: Command,
) -> Result<Reply, Stop> {
    match command {
        Command::Get(_) => value::get(rows, name),
        Command::Set {
            value, ttl, when, ..
        } => value::set(rows, name, value, ttl, when),
        Command::Delete(_) => Ok(flag(rows.remove(name)?)),
        Command::Exists(_) => Ok(flag(rows.expiry(name)?.is_some())),
        Command::Increment { by, ttl, .. } => value::increment(rows, name, by, ttl),
        Command::Expire { ttl, .. } => value::expire(rows, name, ttl),
        Command::Persist(_) => value::persist(rows, name),
        Command::TimeToLive(_) => value::time_to_live(rows, name),
        Command::OnHash(_, command) => hash::run(rows, limits, name, command),
        Command::OnSet(_, command) => set::run(rows, limits, name, command),
        Command::OnSorted(_, command) => sorted::run(rows, limits, name, command),
        Command::OnList(_, command) => list::run(rows, limits, name, command),
        Command::EstimateAdd(_, elements) => estimate::add(rows, name, &elements),
        Command::EstimateCount(_) => estimate::count(rows, name),
    }
}

/// The collection under the name, if there is one; a refusal if there is something else.
fn find(rows: &dyn Rows, name: &[u8], kind: Kind) -> Result<Option<Header>, Stop> {
    match rows.content(name)? {
        None => Ok(None),
        Some(Content::Collection(header)) if header.kind == kind => Ok(Some(header)),
        Some(_) => refuse(WRONG_TYPE),
    }
}

/// As [`find`], but makes an empty one. The caller adds to it: empty collections do not exist.
fn find_or_create(rows: &mut dyn Rows, name: &[u8], kind: Kind) -> Result<Header, Stop> {
    match find(rows, name, kind)? {
        Some(header) => Ok(header),
        None => Ok(rows.create(name, kind)?),
    }
}

/// Keeps what became of the collection, which does not exist any more if it is empty.
fn keep(rows: &mut dyn Rows, name: &[u8], header: &Header) -> Result<(), Stop> {
    if header.members == 0 {
        rows.remove(name)?;
    } else {
        rows.update(name, header)?;
    }
    Ok(())
}

fn flag(holds: bool) -> Reply {
    Reply::Integer(i64::from(holds))
}

fn whole(count: u64) -> Reply {
    Reply::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Refuses a reply with too many members.
fn check_reply(limits: &Limits, members: u64) -> Result<(), Stop> {
    limits
        .refuse_reply(members)
        .map_or(Ok(()), |why| Err(Stop::Refused(why)))
}

/// The positions that `from` and `to` mean among so many: both included, counted from 0, negative
/// from the end, cut to what is there. Nothing if there is none.
fn positions(from: i64, to: i64, members: u64) -> Option<(u64, u64)> {
    let from_end = |back: i64| members.checked_sub(back.unsigned_abs());
    let first = match u64::try_from(from) {
        Ok(from) => from,
        Err(_) => from_end(from).unwrap_or(0),
    };
    let last = match u64::try_from(to) {
        Ok(to) => to.min(members.checked_sub(1)?),
        Err(_) => from_end(to)?,
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn positions_count_from_either_end_and_never_reach_outside() {
        for (from, to, members, expected) in [
            (0, -1, 3, Some((0, 2))),
            (0, 0, 3, Some((0, 0))),
            (-2, -1, 3, Some((1, 2))),
            (-9, 1, 3, Some((0, 1))),
            (1, 9, 3, Some((1, 2))),
            (2, 1, 3, None),
            (3, 9, 3, None),
            (0, -4, 3, None),
            (0, -1, 0, None),
            (-1, 0, 0, None),
            (i64::MIN, i64::MAX, 3, Some((0, 2))),
            (i64::MAX, i64::MIN, 3, None),
        ] {
            assert_eq!(positions(from, to, members), expected, "{from} {to}");
        }
    }
}
