//! The shards of one step, locked: rows for the commands.

use std::{hash::RandomState, ops::RangeInclusive, sync::MutexGuard};

use super::{
    super::{
        StoreError,
        embedded::{
            NEVER, Rows, Score,
            rows::{Content, Header, Kind, Visit, VisitScore},
        },
    },
    body::Body,
    shard::Shard,
    shard_of,
};

/// Nothing outside these shards is there for the step.
pub(super) struct Locked<'a> {
    shards: Vec<(usize, MutexGuard<'a, Shard>)>,
    hasher: &'a RandomState,
    now: u64,
}

impl<'a> Locked<'a> {
    pub(super) fn new(
        shards: Vec<(usize, MutexGuard<'a, Shard>)>,
        hasher: &'a RandomState,
        now: u64,
    ) -> Self {
        Self {
            shards,
            hasher,
            now,
        }
    }

    /// Of these shards.
    pub(super) fn bytes(&self) -> u64 {
        self.shards.iter().map(|(_, shard)| shard.bytes()).sum()
    }

    /// Removes some of what has expired.
    pub(super) fn sweep(&mut self) {
        for (_, shard) in &mut self.shards {
            shard.sweep(self.now);
        }
    }

    fn place(&self, name: &[u8]) -> usize {
        // The usual step has one shard only.
        if self.shards.len() == 1 {
            return 0;
        }
        let wanted = shard_of(self.hasher, name);
        let place = self.shards.iter().position(|(index, _)| *index == wanted);
        place.unwrap_or(usize::MAX)
    }

    fn shard(&self, name: &[u8]) -> Result<&Shard, StoreError> {
        let shard = self.shards.get(self.place(name));
        shard.map(|(_, shard)| &**shard).ok_or_else(not_locked)
    }

    fn shard_mut(&mut self, name: &[u8]) -> Result<&mut Shard, StoreError> {
        let place = self.place(name);
        let shard = self.shards.get_mut(place);
        shard.map(|(_, shard)| &mut **shard).ok_or_else(not_locked)
    }

    fn body(&self, name: &[u8]) -> Result<Option<&Body>, StoreError> {
        let live = self.shard(name)?.live(name, self.now);
        Ok(live.map(|(_, body)| body))
    }

    /// Nothing happens to what is not there.
    fn change<T: Default>(
        &mut self,
        name: &[u8],
        change: impl FnOnce(&mut Body) -> Option<(T, i64)>,
    ) -> Result<T, StoreError> {
        let now = self.now;
        let change = |body: &mut Body| change(body).unwrap_or_default();
        let done = self.shard_mut(name)?.change(name, now, change);
        Ok(done.unwrap_or_default())
    }
}

fn not_locked() -> StoreError {
    StoreError::Unavailable("the step was not given this key".to_owned())
}

/// What a member takes beside its bytes: its places in the tables, about.
const MEMBER: usize = 64;

/// By how many bytes something grew.
fn grown(before: usize, after: usize) -> i64 {
    let length = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
    length(after).saturating_sub(length(before))
}

impl Rows for Locked<'_> {
    fn now_ms(&self) -> u64 {
        self.now
    }

    fn expiry(&self, name: &[u8]) -> Result<Option<u64>, StoreError> {
        let live = self.shard(name)?.live(name, self.now);
        Ok(live.map(|(expires, _)| expires))
    }

    fn content(&self, name: &[u8]) -> Result<Option<Content>, StoreError> {
        let live = self.shard(name)?.live(name, self.now);
        Ok(live.map(|(expires, body)| match body {
            Body::Value(bytes) => Content::Value {
                expires,
                bytes: bytes.clone(),
            },
            Body::Plain(header, _) | Body::Sorted(header, _) => {
                Content::Collection(Header { expires, ..*header })
            }
        }))
    }

    fn set_expiry(&mut self, name: &[u8], expires: u64) -> Result<(), StoreError> {
        self.shard_mut(name)?.set_expiry(name, expires);
        Ok(())
    }

    fn put_value(&mut self, name: &[u8], value: Vec<u8>, expires: u64) -> Result<(), StoreError> {
        self.shard_mut(name)?.put(name, Body::Value(value), expires);
        Ok(())
    }

    fn create(&mut self, name: &[u8], kind: Kind) -> Result<Header, StoreError> {
        let header = Header {
            kind,
            expires: NEVER,
            members: 0,
            first: 0,
            id: 0,
        };
        self.shard_mut(name)?.put(name, Body::empty(header), NEVER);
        Ok(header)
    }

    fn update(&mut self, name: &[u8], header: &Header) -> Result<(), StoreError> {
        self.change(name, |body| {
            *body.header_mut()? = *header;
            Some(((), 0))
        })
    }

    fn remove(&mut self, name: &[u8]) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(self.shard_mut(name)?.remove(name, now))
    }

    fn member(
        &self,
        name: &[u8],
        _: &Header,
        member: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let members = self.body(name)?.and_then(Body::members);
        Ok(members.and_then(|members| members.get(member).map(|value| value.to_vec())))
    }

    fn put_member(
        &mut self,
        name: &[u8],
        _: &Header,
        member: &[u8],
        value: &[u8],
    ) -> Result<bool, StoreError> {
        self.change(name, |body| {
            let members = body.members_mut()?;
            if let Some(known) = members.get_mut(member) {
                let before = std::mem::replace(known, value.into());
                return Some((false, grown(before.len(), value.len())));
            }
            members.insert(member.into(), value.into());
            let bytes = member.len().saturating_add(value.len());
            Some((true, grown(0, bytes.saturating_add(MEMBER))))
        })
    }

    fn remove_member(
        &mut self,
        name: &[u8],
        _: &Header,
        member: &[u8],
    ) -> Result<bool, StoreError> {
        self.change(name, |body| {
            let value = body.members_mut()?.remove(member)?;
            let bytes = member.len().saturating_add(value.len());
            Some((true, grown(bytes.saturating_add(MEMBER), 0)))
        })
    }

    fn each_member(
        &self,
        name: &[u8],
        _: &Header,
        from: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        if let Some(body) = self.body(name)? {
            body.each_member(from, visit);
        }
        Ok(())
    }

    fn score(&self, name: &[u8], _: &Header, member: &[u8]) -> Result<Option<Score>, StoreError> {
        let sorted = self.body(name)?.and_then(Body::sorted);
        Ok(sorted.and_then(|sorted| sorted.score(member)))
    }

    fn put_score(
        &mut self,
        name: &[u8],
        _: &Header,
        member: &[u8],
        score: Score,
    ) -> Result<bool, StoreError> {
        self.change(name, |body| {
            let is_new = body.sorted_mut()?.put(member, score);
            let bytes = if is_new { member.len() + 2 * MEMBER } else { 0 };
            Some((is_new, grown(0, bytes)))
        })
    }

    fn remove_score(&mut self, name: &[u8], _: &Header, member: &[u8]) -> Result<bool, StoreError> {
        self.change(name, |body| {
            let existed = body.sorted_mut()?.remove(member);
            let bytes = if existed {
                member.len() + 2 * MEMBER
            } else {
                0
            };
            Some((existed, grown(bytes, 0)))
        })
    }

    fn each_score(
        &self,
        name: &[u8],
        _: &Header,
        scores: RangeInclusive<Score>,
        reverse: bool,
        visit: VisitScore<'_>,
    ) -> Result<(), StoreError> {
        if let Some(sorted) = self.body(name)?.and_then(Body::sorted) {
            sorted.each(scores, reverse, visit);
        }
        Ok(())
    }
}
