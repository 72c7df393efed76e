//! The layout of the file (format 2), and how its rows are read.
//!
//! A collection has a number of its own, under which its members are: removing it is removing its row
//! in `keys`, however many members it has. The writer then removes them bit by bit.

use std::ops::{Bound, ControlFlow, RangeInclusive};

use ::redb::{ReadableTable, StorageError, TableDefinition};

use super::super::embedded::{
    Score, is_expired,
    rows::{Content, Header, Kind, Visit, VisitScore},
};

/// Name → (expiry in milliseconds since 1970, kind, the value or the header).
pub(super) const KEYS: TableDefinition<'static, &[u8], (u64, u8, &[u8])> =
    TableDefinition::new("keys");
/// (expiry, name), for those that expire.
pub(super) const EXPIRIES: TableDefinition<'static, (u64, &[u8]), ()> =
    TableDefinition::new("expiries");
/// (number of the collection, member) → its value; of sorted sets, its score.
pub(super) const MEMBERS: TableDefinition<'static, (u64, &[u8]), &[u8]> =
    TableDefinition::new("members");
/// (number of the collection, score, member), for sorted sets.
pub(super) const SCORES: TableDefinition<'static, (u64, u64, &[u8]), ()> =
    TableDefinition::new("scores");
/// Numbers of collections that are gone, but whose members may not be.
pub(super) const GONE: TableDefinition<'static, u64, ()> = TableDefinition::new("gone");
/// Facts about the file: `format` is its version, `collections` the last number that was given.
pub(super) const FACTS: TableDefinition<'static, &str, u64> = TableDefinition::new("facts");

/// The fact of the last collection's number.
pub(super) const COLLECTIONS: &str = "collections";

pub(super) const VALUE: u8 = 0;

/// What stands in a row of `keys` for a kind of collection. Never changes.
const KINDS: [(u8, Kind); 4] = [
    (1, Kind::Hash),
    (2, Kind::Set),
    (3, Kind::Sorted),
    (4, Kind::List),
];

pub(super) fn number(kind: Kind) -> u8 {
    let found = KINDS.iter().find(|(_, known)| *known == kind);
    found.map_or(VALUE, |(number, _)| *number)
}

pub(super) fn write_header(header: &Header) -> [u8; 24] {
    let mut bytes = [0; 24];
    let fields = [header.id, header.members, header.first.cast_unsigned()];
    let (places, _) = bytes.as_chunks_mut::<8>();
    for (place, field) in places.iter_mut().zip(fields) {
        *place = field.to_be_bytes();
    }
    bytes
}

/// The header in a row of `keys`; nothing if it is a value.
pub(super) fn read_header(
    expires: u64,
    kind: u8,
    content: &[u8],
) -> Result<Option<Header>, StorageError> {
    if kind == VALUE {
        return Ok(None);
    }
    let found = KINDS.iter().find(|(number, _)| *number == kind);
    match (found, content.as_chunks::<8>()) {
        (Some((_, kind)), ([id, members, first], [])) => Ok(Some(Header {
            kind: *kind,
            expires,
            members: u64::from_be_bytes(*members),
            first: i64::from_be_bytes(*first),
            id: u64::from_be_bytes(*id),
        })),
        _ => Err(StorageError::Corrupted(
            "a key of an unknown kind".to_owned(),
        )),
    }
}

/// What the name holds, unless it has expired.
pub(super) fn content(
    keys: &impl ReadableTable<&'static [u8], (u64, u8, &'static [u8])>,
    name: &[u8],
    now: u64,
) -> Result<Option<Content>, StorageError> {
    let Some(row) = keys.get(name)? else {
        return Ok(None);
    };
    let (expires, kind, content) = row.value();
    if is_expired(expires, now) {
        return Ok(None);
    }
    Ok(Some(match read_header(expires, kind, content)? {
        Some(header) => Content::Collection(header),
        None => Content::Value {
            expires,
            bytes: content.to_vec(),
        },
    }))
}

/// When the name expires, unless it has.
pub(super) fn expiry(
    keys: &impl ReadableTable<&'static [u8], (u64, u8, &'static [u8])>,
    name: &[u8],
    now: u64,
) -> Result<Option<u64>, StorageError> {
    let expires = keys.get(name)?.map(|row| row.value().0);
    Ok(expires.filter(|expires| !is_expired(*expires, now)))
}

pub(super) fn member(
    members: &impl ReadableTable<(u64, &'static [u8]), &'static [u8]>,
    header: &Header,
    member: &[u8],
) -> Result<Option<Vec<u8>>, StorageError> {
    let row = members.get((header.id, member))?;
    Ok(row.map(|row| row.value().to_vec()))
}

pub(super) fn each_member(
    members: &impl ReadableTable<(u64, &'static [u8]), &'static [u8]>,
    header: &Header,
    from: &[u8],
    visit: Visit<'_>,
) -> Result<(), StorageError> {
    let nothing: &[u8] = &[];
    let range = (header.id, from)..(header.id.saturating_add(1), nothing);
    for row in members.range(range)? {
        let (name, value) = row?;
        if visit(name.value().1, value.value()).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn score(
    members: &impl ReadableTable<(u64, &'static [u8]), &'static [u8]>,
    header: &Header,
    member: &[u8],
) -> Result<Option<Score>, StorageError> {
    let row = members.get((header.id, member))?;
    row.map(|row| read_score(row.value())).transpose()
}

pub(super) fn read_score(bytes: &[u8]) -> Result<Score, StorageError> {
    let bytes = <[u8; 8]>::try_from(bytes);
    let score = bytes.map(|bytes| Score(u64::from_be_bytes(bytes)));
    score.map_err(|_| StorageError::Corrupted("a member without a score".to_owned()))
}

pub(super) fn each_score(
    scores: &impl ReadableTable<(u64, u64, &'static [u8]), ()>,
    header: &Header,
    wanted: &RangeInclusive<Score>,
    reverse: bool,
    visit: VisitScore<'_>,
) -> Result<(), StorageError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let nothing: &[u8] = &[];
    let from = Bound::Included((header.id, wanted.start().0, nothing));
    let to = Bound::Excluded(match wanted.end().0.checked_add(1) {
        Some(next) => (header.id, next, nothing),
        None => (header.id.saturating_add(1), 0, nothing),
    });
    let mut range = scores.range((from, to))?;
    let next = || {
        if reverse {
            range.next_back()
        } else {
            range.next()
        }
    };
    for row in std::iter::from_fn(next) {
        let (row, ()) = row.map(|(row, _)| (row, ()))?;
        let (_, score, member) = row.value();
        if let ControlFlow::Break(()) = visit(Score(score), member) {
            break;
        }
    }
    Ok(())
}
