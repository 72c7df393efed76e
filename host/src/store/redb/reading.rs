//! The file as it is at one moment: rows for steps that only read.

use std::ops::RangeInclusive;

use ::redb::ReadTransaction;

use super::{
    super::{
        StoreError,
        embedded::{
            Rows, Score,
            rows::{Content, Header, Kind, Visit, VisitScore},
        },
    },
    tables::{self, KEYS, MEMBERS, SCORES},
    unavailable,
};

/// Sees nothing that is committed later.
pub(super) struct Snapshot {
    transaction: ReadTransaction,
    now: u64,
}

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction, now: u64) -> Self {
        Self { transaction, now }
    }
}

fn only_reads<T>() -> Result<T, StoreError> {
    Err(unavailable("a step that only reads tried to write"))
}

impl Rows for Snapshot {
    fn now_ms(&self) -> u64 {
        self.now
    }

    fn expiry(&self, name: &[u8]) -> Result<Option<u64>, StoreError> {
        let keys = self.transaction.open_table(KEYS).map_err(unavailable)?;
        tables::expiry(&keys, name, self.now).map_err(unavailable)
    }

    fn content(&self, name: &[u8]) -> Result<Option<Content>, StoreError> {
        let keys = self.transaction.open_table(KEYS).map_err(unavailable)?;
        tables::content(&keys, name, self.now).map_err(unavailable)
    }

    fn member(
        &self,
        _: &[u8],
        header: &Header,
        member: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let members = self.transaction.open_table(MEMBERS).map_err(unavailable)?;
        tables::member(&members, header, member).map_err(unavailable)
    }

    fn each_member(
        &self,
        _: &[u8],
        header: &Header,
        from: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        let members = self.transaction.open_table(MEMBERS).map_err(unavailable)?;
        tables::each_member(&members, header, from, visit).map_err(unavailable)
    }

    fn score(&self, _: &[u8], header: &Header, member: &[u8]) -> Result<Option<Score>, StoreError> {
        let members = self.transaction.open_table(MEMBERS).map_err(unavailable)?;
        tables::score(&members, header, member).map_err(unavailable)
    }

    fn each_score(
        &self,
        _: &[u8],
        header: &Header,
        scores: RangeInclusive<Score>,
        reverse: bool,
        visit: VisitScore<'_>,
    ) -> Result<(), StoreError> {
        let table = self.transaction.open_table(SCORES).map_err(unavailable)?;
        tables::each_score(&table, header, &scores, reverse, visit).map_err(unavailable)
    }

    fn set_expiry(&mut self, _: &[u8], _: u64) -> Result<(), StoreError> {
        only_reads()
    }

    fn put_value(&mut self, _: &[u8], _: Vec<u8>, _: u64) -> Result<(), StoreError> {
        only_reads()
    }

    fn create(&mut self, _: &[u8], _: Kind) -> Result<Header, StoreError> {
        only_reads()
    }

    fn update(&mut self, _: &[u8], _: &Header) -> Result<(), StoreError> {
        only_reads()
    }

    fn remove(&mut self, _: &[u8]) -> Result<bool, StoreError> {
        only_reads()
    }

    fn put_member(&mut self, _: &[u8], _: &Header, _: &[u8], _: &[u8]) -> Result<bool, StoreError> {
        only_reads()
    }

    fn remove_member(&mut self, _: &[u8], _: &Header, _: &[u8]) -> Result<bool, StoreError> {
        only_reads()
    }

    fn put_score(&mut self, _: &[u8], _: &Header, _: &[u8], _: Score) -> Result<bool, StoreError> {
        only_reads()
    }

    fn remove_score(&mut self, _: &[u8], _: &Header, _: &[u8]) -> Result<bool, StoreError> {
        only_reads()
    }
}
