//! Where an embedded store keeps keys and members: the little that each brings itself.
//!
//! A name (the bytes of a key) holds a value or a collection. A collection has a header, and a row for
//! each member; a sorted set has its members also in the order of their scores. Expired names are not
//! there, for any method. Knows no command.

use std::ops::{ControlFlow, RangeInclusive};

use super::{super::StoreError, Score};

/// What a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    /// Members are fields, with values.
    Hash,
    /// Members without values.
    Set,
    /// Members with scores.
    Sorted,
    /// Members are the positions of the elements (`list::position`), with values.
    List,
}

/// What is known of a collection without looking at its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Header {
    pub(in crate::store) kind: Kind,
    /// Of the store's clock.
    pub(in crate::store) expires: u64,
    pub(in crate::store) members: u64,
    /// Position of a list's first element.
    pub(in crate::store) first: i64,
    /// The store's own mark.
    pub(in crate::store) id: u64,
}

/// What a name holds.
#[derive(Debug, PartialEq)]
pub(in crate::store) enum Content {
    Value { expires: u64, bytes: Vec<u8> },
    Collection(Header),
}

/// Shown a member and its value; says whether to go on.
pub(in crate::store) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Shown a score and a member; says whether to go on.
pub(in crate::store) type VisitScore<'a> = &'a mut dyn FnMut(Score, &[u8]) -> ControlFlow<()>;

type Done<T> = Result<T, StoreError>;

/// The rows, while one step has them to itself. `header` is always what `content`, `create` or `update`
/// had last for the name.
pub(in crate::store) trait Rows {
    /// Milliseconds of the store's clock; the same during one step.
    fn now_ms(&self) -> u64;

    /// When the name expires, if it is there.
    fn expiry(&self, name: &[u8]) -> Done<Option<u64>>;
    /// What it holds.
    fn content(&self, name: &[u8]) -> Done<Option<Content>>;
    /// Changes when it expires. It is there.
    fn set_expiry(&mut self, name: &[u8], expires: u64) -> Done<()>;
    /// Replaces whatever is there.
    fn put_value(&mut self, name: &[u8], value: Vec<u8>, expires: u64) -> Done<()>;
    /// An empty collection without expiry in place of whatever is there.
    fn create(&mut self, name: &[u8], kind: Kind) -> Done<Header>;
    /// Stores a collection's new header. Does not change its expiry.
    fn update(&mut self, name: &[u8], header: &Header) -> Done<()>;
    /// Removes the name with all it holds; true if it was there.
    fn remove(&mut self, name: &[u8]) -> Done<bool>;

    /// The value of a member; not for sorted sets.
    fn member(&self, name: &[u8], header: &Header, member: &[u8]) -> Done<Option<Vec<u8>>>;
    /// Adds or replaces; true if it is new. Not for sorted sets.
    fn put_member(
        &mut self,
        name: &[u8],
        header: &Header,
        member: &[u8],
        value: &[u8],
    ) -> Done<bool>;
    /// True if it was there. Not for sorted sets.
    fn remove_member(&mut self, name: &[u8], header: &Header, member: &[u8]) -> Done<bool>;
    /// Visits members in the order of their bytes, from the first that is not below `from`. Not for
    /// sorted sets.
    fn each_member(&self, name: &[u8], header: &Header, from: &[u8], visit: Visit<'_>) -> Done<()>;

    /// The score of a member of a sorted set.
    fn score(&self, name: &[u8], header: &Header, member: &[u8]) -> Done<Option<Score>>;
    /// Adds or moves; true if it is new.
    fn put_score(
        &mut self,
        name: &[u8],
        header: &Header,
        member: &[u8],
        score: Score,
    ) -> Done<bool>;
    /// True if it was there.
    fn remove_score(&mut self, name: &[u8], header: &Header, member: &[u8]) -> Done<bool>;
    /// Visits members by score, and by their bytes where scores are equal; from the end if `reverse`.
    fn each_score(
        &self,
        name: &[u8],
        header: &Header,
        scores: RangeInclusive<Score>,
        reverse: bool,
        visit: VisitScore<'_>,
    ) -> Done<()>;
}
