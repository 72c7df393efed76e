//! The file within a transaction that may change it: rows for the writer's steps.
//!
//! Each change of a collection costs the rows of the members it names and one header. Remembers whether
//! anything failed: then nothing of the transaction may be committed.

use std::{cell::Cell, ops::RangeInclusive};

use ::redb::{ReadableTable, StorageError, Table, WriteTransaction};

use super::{
    super::{
        StoreError,
        embedded::{
            NEVER, Rows, Score, is_expired,
            rows::{Content, Header, Kind, Visit, VisitScore},
        },
    },
    tables::{
        self, COLLECTIONS, EXPIRIES, FACTS, GONE, KEYS, MEMBERS, SCORES, VALUE, number,
        read_header, read_score, write_header,
    },
    unavailable,
};

/// Rows that one transaction removes at most of what is expired or gone.
const SWEEP: usize = 1024;
/// Collections up to so many members go at once with their keys.
const SMALL: u64 = 64;

/// All tables of one transaction.
pub(super) struct Changing<'t> {
    keys: Table<'t, &'static [u8], (u64, u8, &'static [u8])>,
    expiries: Table<'t, (u64, &'static [u8]), ()>,
    members: Table<'t, (u64, &'static [u8]), &'static [u8]>,
    scores: Table<'t, (u64, u64, &'static [u8]), ()>,
    gone: Table<'t, u64, ()>,
    facts: Table<'t, &'static str, u64>,
    now: u64,
    failed: Cell<bool>,
    changed: bool,
}

impl<'t> Changing<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        now: u64,
    ) -> Result<Self, ::redb::TableError> {
        Ok(Self {
            keys: transaction.open_table(KEYS)?,
            expiries: transaction.open_table(EXPIRIES)?,
            members: transaction.open_table(MEMBERS)?,
            scores: transaction.open_table(SCORES)?,
            gone: transaction.open_table(GONE)?,
            facts: transaction.open_table(FACTS)?,
            now,
            failed: Cell::new(false),
            changed: false,
        })
    }

    /// True if the file failed in any way: the transaction is lost.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// True if anything may be other than before: only then there is something to commit.
    pub(super) fn has_changed(&self) -> bool {
        self.changed
    }

    /// Removes some of what is expired or gone; returns how many rows.
    pub(super) fn sweep(&mut self) -> Result<usize, StoreError> {
        let done = self.sweep_expired().and_then(|expired| {
            let left = SWEEP.saturating_sub(expired);
            Ok(expired + self.sweep_gone(left)?)
        });
        self.noting(done)
    }

    /// True if a sweep that removed so many rows may have left some.
    pub(super) fn is_unfinished(removed: usize) -> bool {
        removed >= SWEEP
    }

    /// [`Self::noting`], for what changes something.
    fn changing<T>(&mut self, done: Result<T, StorageError>) -> Result<T, StoreError> {
        self.changed = true;
        self.noting(done)
    }

    fn noting<T>(&self, done: Result<T, StorageError>) -> Result<T, StoreError> {
        done.map_err(|error| {
            self.failed.set(true);
            unavailable(error)
        })
    }

    fn sweep_expired(&mut self) -> Result<usize, StorageError> {
        let mut removed = 0;
        while removed < SWEEP {
            let first = self.expiries.first()?.map(|(row, _)| {
                let (expires, name) = row.value();
                (expires, name.to_vec())
            });
            let Some((_, name)) = first.filter(|(expires, _)| is_expired(*expires, self.now))
            else {
                break;
            };
            self.drop_key(&name)?;
            removed += 1;
        }
        Ok(removed)
    }

    fn sweep_gone(&mut self, most: usize) -> Result<usize, StorageError> {
        let mut removed = 0;
        while removed < most {
            let Some(id) = self.gone.first()?.map(|(row, _)| row.value()) else {
                break;
            };
            removed += self.drop_members(id, most - removed)?;
            if removed < most {
                self.gone.remove(id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes at most so many rows of a collection; returns how many.
    fn drop_members(&mut self, id: u64, most: usize) -> Result<usize, StorageError> {
        let (nothing, mut removed): (&[u8], _) = (&[], 0);
        let next = id.saturating_add(1);
        let members = (id, nothing)..(next, nothing);
        for row in self
            .members
            .extract_from_if(members, |_, _| true)?
            .take(most)
        {
            row?;
            removed += 1;
        }
        let scores = (id, 0, nothing)..(next, 0, nothing);
        let rest = most.saturating_sub(removed);
        for row in self
            .scores
            .extract_from_if(scores, |_, ()| true)?
            .take(rest)
        {
            row?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Removes the key with what belongs to it; returns when it would have expired.
    fn drop_key(&mut self, name: &[u8]) -> Result<Option<u64>, StorageError> {
        let (expires, header) = match self.keys.remove(name)? {
            None => return Ok(None),
            Some(row) => {
                let (expires, kind, content) = row.value();
                (expires, read_header(expires, kind, content)?)
            }
        };
        if expires != NEVER {
            self.expiries.remove((expires, name))?;
        }
        if let Some(header) = header {
            if header.members <= SMALL {
                self.drop_members(header.id, usize::MAX)?;
            } else {
                self.gone.insert(header.id, ())?;
            }
        }
        Ok(Some(expires))
    }

    /// Writes the key's row. What else belongs to a former content of another kind is gone already.
    fn put_row(
        &mut self,
        name: &[u8],
        expires: u64,
        kind: u8,
        content: &[u8],
    ) -> Result<(), StorageError> {
        let before = self.keys.insert(name, (expires, kind, content))?;
        let before = before.map(|row| row.value().0);
        if before != Some(expires) {
            if let Some(before) = before.filter(|before| *before != NEVER) {
                self.expiries.remove((before, name))?;
            }
            if expires != NEVER {
                self.expiries.insert((expires, name), ())?;
            }
        }
        Ok(())
    }

    fn put_plain(&mut self, name: &[u8], value: &[u8], expires: u64) -> Result<(), StorageError> {
        let was_collection = match self.keys.get(name)? {
            Some(row) => row.value().1 != VALUE,
            None => false,
        };
        if was_collection {
            self.drop_key(name)?;
        }
        self.put_row(name, expires, VALUE, value)
    }

    fn create_collection(&mut self, name: &[u8], kind: Kind) -> Result<Header, StorageError> {
        self.drop_key(name)?;
        let last = self.facts.get(COLLECTIONS)?.map_or(0, |row| row.value());
        let header = Header {
            kind,
            expires: NEVER,
            members: 0,
            first: 0,
            id: last.saturating_add(1),
        };
        self.facts.insert(COLLECTIONS, header.id)?;
        self.put_row(name, NEVER, number(kind), &write_header(&header))?;
        Ok(header)
    }

    fn move_expiry(&mut self, name: &[u8], expires: u64) -> Result<(), StorageError> {
        let row = self.keys.get(name)?.map(|row| {
            let (_, kind, content) = row.value();
            (kind, content.to_vec())
        });
        match row {
            Some((kind, content)) => self.put_row(name, expires, kind, &content),
            None => Ok(()),
        }
    }

    fn put_member_row(
        &mut self,
        header: &Header,
        member: &[u8],
        value: &[u8],
    ) -> Result<bool, StorageError> {
        let before = self.members.insert((header.id, member), value)?;
        Ok(before.is_none())
    }

    fn put_score_rows(
        &mut self,
        header: &Header,
        member: &[u8],
        score: Score,
    ) -> Result<bool, StorageError> {
        let bytes = score.0.to_be_bytes();
        let before = match self.members.insert((header.id, member), bytes.as_slice())? {
            Some(row) => Some(read_score(row.value())?),
            None => None,
        };
        if before == Some(score) {
            return Ok(false);
        }
        if let Some(before) = before {
            self.scores.remove((header.id, before.0, member))?;
        }
        self.scores.insert((header.id, score.0, member), ())?;
        Ok(before.is_none())
    }

    fn remove_score_rows(&mut self, header: &Header, member: &[u8]) -> Result<bool, StorageError> {
        let before = match self.members.remove((header.id, member))? {
            Some(row) => read_score(row.value())?,
            None => return Ok(false),
        };
        self.scores.remove((header.id, before.0, member))?;
        Ok(true)
    }
}

impl Rows for Changing<'_> {
    fn now_ms(&self) -> u64 {
        self.now
    }

    fn expiry(&self, name: &[u8]) -> Result<Option<u64>, StoreError> {
        self.noting(tables::expiry(&self.keys, name, self.now))
    }

    fn content(&self, name: &[u8]) -> Result<Option<Content>, StoreError> {
        self.noting(tables::content(&self.keys, name, self.now))
    }

    fn set_expiry(&mut self, name: &[u8], expires: u64) -> Result<(), StoreError> {
        let done = self.move_expiry(name, expires);
        self.changing(done)
    }

    fn put_value(&mut self, name: &[u8], value: Vec<u8>, expires: u64) -> Result<(), StoreError> {
        let done = self.put_plain(name, &value, expires);
        self.changing(done)
    }

    fn create(&mut self, name: &[u8], kind: Kind) -> Result<Header, StoreError> {
        let done = self.create_collection(name, kind);
        self.changing(done)
    }

    fn update(&mut self, name: &[u8], header: &Header) -> Result<(), StoreError> {
        let kind = number(header.kind);
        let done = self.put_row(name, header.expires, kind, &write_header(header));
        self.changing(done)
    }

    fn remove(&mut self, name: &[u8]) -> Result<bool, StoreError> {
        let done = self.drop_key(name);
        let expires = self.changing(done)?;
        Ok(expires.is_some_and(|expires| !is_expired(expires, self.now)))
    }

    fn member(
        &self,
        _: &[u8],
        header: &Header,
        member: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.noting(tables::member(&self.members, header, member))
    }

    fn put_member(
        &mut self,
        _: &[u8],
        header: &Header,
        member: &[u8],
        value: &[u8],
    ) -> Result<bool, StoreError> {
        let done = self.put_member_row(header, member, value);
        self.changing(done)
    }

    fn remove_member(
        &mut self,
        _: &[u8],
        header: &Header,
        member: &[u8],
    ) -> Result<bool, StoreError> {
        let removed = self.members.remove((header.id, member));
        let removed = removed.map(|row| row.is_some());
        self.changing(removed)
    }

    fn each_member(
        &self,
        _: &[u8],
        header: &Header,
        from: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        self.noting(tables::each_member(&self.members, header, from, visit))
    }

    fn score(&self, _: &[u8], header: &Header, member: &[u8]) -> Result<Option<Score>, StoreError> {
        self.noting(tables::score(&self.members, header, member))
    }

    fn put_score(
        &mut self,
        _: &[u8],
        header: &Header,
        member: &[u8],
        score: Score,
    ) -> Result<bool, StoreError> {
        let done = self.put_score_rows(header, member, score);
        self.changing(done)
    }

    fn remove_score(
        &mut self,
        _: &[u8],
        header: &Header,
        member: &[u8],
    ) -> Result<bool, StoreError> {
        let done = self.remove_score_rows(header, member);
        self.changing(done)
    }

    fn each_score(
        &self,
        _: &[u8],
        header: &Header,
        scores: RangeInclusive<Score>,
        reverse: bool,
        visit: VisitScore<'_>,
    ) -> Result<(), StoreError> {
        let done = tables::each_score(&self.scores, header, &scores, reverse, visit);
        self.noting(done)
    }
}
