//! What one name holds in memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::{Bound, ControlFlow, RangeInclusive},
    sync::Arc,
};

use super::super::embedded::{
    Score,
    rows::{Header, Kind, Visit, VisitScore},
};

/// Fields, members or positions, and what belongs to them.
pub(super) type Members = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// A value, or a collection with its members.
pub(super) enum Body {
    Value(Vec<u8>),
    Plain(Header, Members),
    Sorted(Header, Sorted),
}

/// Members by name and by score; both always hold the same.
#[derive(Default)]
pub(super) struct Sorted {
    scores: HashMap<Arc<[u8]>, Score>,
    order: BTreeSet<(Score, Arc<[u8]>)>,
}

impl Body {
    pub(super) fn empty(header: Header) -> Self {
        match header.kind {
            Kind::Sorted => Self::Sorted(header, Sorted::default()),
            Kind::Hash | Kind::Set | Kind::List => Self::Plain(header, BTreeMap::new()),
        }
    }

    pub(super) fn header_mut(&mut self) -> Option<&mut Header> {
        match self {
            Self::Value(_) => None,
            Self::Plain(header, _) | Self::Sorted(header, _) => Some(header),
        }
    }

    pub(super) fn members(&self) -> Option<&Members> {
        match self {
            Self::Plain(_, members) => Some(members),
            Self::Value(_) | Self::Sorted(..) => None,
        }
    }

    pub(super) fn members_mut(&mut self) -> Option<&mut Members> {
        match self {
            Self::Plain(_, members) => Some(members),
            Self::Value(_) | Self::Sorted(..) => None,
        }
    }

    pub(super) fn sorted(&self) -> Option<&Sorted> {
        match self {
            Self::Sorted(_, sorted) => Some(sorted),
            Self::Value(_) | Self::Plain(..) => None,
        }
    }

    pub(super) fn sorted_mut(&mut self) -> Option<&mut Sorted> {
        match self {
            Self::Sorted(_, sorted) => Some(sorted),
            Self::Value(_) | Self::Plain(..) => None,
        }
    }

    pub(super) fn each_member(&self, from: &[u8], visit: Visit<'_>) {
        let members = self.members().into_iter();
        let from = (Bound::Included(from), Bound::Unbounded);
        for (member, value) in members.flat_map(|members| members.range::<[u8], _>(from)) {
            if visit(member, value).is_break() {
                return;
            }
        }
    }
}

impl Sorted {
    pub(super) fn score(&self, member: &[u8]) -> Option<Score> {
        self.scores.get(member).copied()
    }

    /// True if the member is new.
    pub(super) fn put(&mut self, member: &[u8], score: Score) -> bool {
        let known = self.scores.get_key_value(member);
        let before = known.map(|(name, before)| (*before, name.clone()));
        let is_new = before.is_none();
        let name = match before {
            Some((before, _)) if before == score => return false,
            Some(before) => {
                self.order.remove(&before);
                before.1
            }
            None => Arc::from(member),
        };
        self.scores.insert(name.clone(), score);
        self.order.insert((score, name));
        is_new
    }

    /// True if it was there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let Some((name, score)) = self.scores.remove_entry(member) else {
            return false;
        };
        self.order.remove(&(score, name));
        true
    }

    pub(super) fn each(&self, scores: RangeInclusive<Score>, reverse: bool, visit: VisitScore<'_>) {
        let from = Bound::Included((*scores.start(), Arc::default()));
        let to = match scores.end().0.checked_add(1) {
            Some(next) => Bound::Excluded((Score(next), Arc::default())),
            None => Bound::Unbounded,
        };
        if scores.is_empty() {
            return;
        }
        let mut range = self.order.range((from, to));
        let next = || {
            if reverse {
                range.next_back()
            } else {
                range.next()
            }
        };
        for (score, member) in std::iter::from_fn(next) {
            if let ControlFlow::Break(()) = visit(*score, member) {
                return;
            }
        }
    }
}
