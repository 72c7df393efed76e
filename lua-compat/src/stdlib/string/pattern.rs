//! Lua patterns as they stand: where an item ends, which bytes it holds, and what can be wrong.
//!
//! Knows nothing of texts that are searched, except how far a single item reaches into one.

use super::class::{find_byte, in_class, in_set};
use crate::arguments::lua51;

/// How deep PUC-Rio 5.4 recurses before it calls a pattern too complex. Lua 5.1 knows no limit.
const DEEPEST: usize = 200;

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    EndsWithPercent,
    MissingBracket,
    Balance,
    Frontier,
    TooManyCaptures,
    /// `)` without `(`.
    InvalidCapture,
    /// `%9` without a ninth capture.
    CaptureIndex(i64),
    /// `%` before something that is no digit, in a replacement.
    Replacement,
    UnfinishedCapture,
    TooComplex,
}

impl Problem {
    /// In the words of the dialect.
    pub(super) fn text(self) -> String {
        let old = lua51();
        match self {
            Self::EndsWithPercent => "malformed pattern (ends with '%')".to_owned(),
            Self::MissingBracket => "malformed pattern (missing ']')".to_owned(),
            Self::Balance if old => "unbalanced pattern".to_owned(),
            Self::Balance => "malformed pattern (missing arguments to '%b')".to_owned(),
            Self::Frontier => "missing '[' after '%f' in pattern".to_owned(),
            Self::TooManyCaptures => "too many captures".to_owned(),
            Self::InvalidCapture => "invalid pattern capture".to_owned(),
            Self::CaptureIndex(_) if old => "invalid capture index".to_owned(),
            Self::CaptureIndex(index) => format!("invalid capture index %{index}"),
            Self::Replacement => "invalid use of '%' in replacement string".to_owned(),
            Self::UnfinishedCapture => "unfinished capture".to_owned(),
            Self::TooComplex => "pattern too complex".to_owned(),
        }
    }
}

/// A pattern as the matcher reads it.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a> {
    items: &'a [u8],
    anchored: bool,
    /// The dialect has `%g`.
    graphic: bool,
    /// How many choices may be open.
    pub(super) deepest: usize,
    /// Every match begins with this byte.
    pub(super) first: Option<u8>,
}

impl<'a> Pattern<'a> {
    /// A pattern in which `^` at the beginning is an anchor.
    pub(super) fn new(pattern: &'a [u8]) -> Self {
        match pattern {
            [b'^', rest @ ..] => Self {
                anchored: true,
                ..Self::unanchored(rest)
            },
            _ => Self::unanchored(pattern),
        }
    }

    /// A pattern in which `^` has no meaning, as in `gmatch`.
    pub(super) fn unanchored(pattern: &'a [u8]) -> Self {
        let old = lua51();
        // In Lua 5.1 patterns are C strings.
        let items = match find_byte(pattern, 0) {
            Some(end) if old => pattern.get(..end).unwrap_or_default(),
            _ => pattern,
        };
        let first = match items {
            [b'(' | b')' | b'$' | b'%' | b'.' | b'[', ..] | [_, b'*' | b'?' | b'-', ..] | [] => {
                None
            }
            [first, ..] => Some(*first),
        };
        Self {
            items,
            anchored: false,
            graphic: !old,
            deepest: if old { usize::MAX } else { DEEPEST },
            first,
        }
    }

    pub(super) fn len(self) -> usize {
        self.items.len()
    }

    pub(super) fn is_anchored(self) -> bool {
        self.anchored
    }

    /// The byte of the pattern there.
    pub(super) fn at(self, index: usize) -> Option<u8> {
        self.items.get(index).copied()
    }

    /// Where the single-character item at `item` ends.
    pub(super) fn end_of(self, item: usize) -> Result<usize, Problem> {
        match self.at(item) {
            Some(b'%') if item + 1 >= self.items.len() => Err(Problem::EndsWithPercent),
            Some(b'%') => Ok(item + 2),
            Some(b'[') => {
                let mut next = item + 1;
                if self.at(next) == Some(b'^') {
                    next += 1;
                }
                loop {
                    let byte = self.at(next).ok_or(Problem::MissingBracket)?;
                    next += 1;
                    if byte == b'%' && next < self.items.len() {
                        next += 1;
                    }
                    if self.at(next) == Some(b']') {
                        return Ok(next + 1);
                    }
                }
            }
            _ => Ok(item + 1),
        }
    }

    /// The item `items[item..end]` holds the byte.
    #[inline]
    pub(super) fn holds(self, item: usize, end: usize, byte: u8) -> bool {
        match self.items.get(item..end) {
            Some([b'.']) => true,
            Some([b'%', letter]) => in_class(byte, *letter, self.graphic),
            Some([b'[', set @ .., b']']) => in_set(byte, set, self.graphic),
            Some([one]) => *one == byte,
            _ => false,
        }
    }

    /// How many of the first bytes the item holds.
    pub(super) fn run_length(self, item: usize, end: usize, text: &[u8]) -> usize {
        let run = match self.items.get(item..end) {
            Some([b'.']) => None,
            Some([b'%', letter]) => text
                .iter()
                .position(|byte| !in_class(*byte, *letter, self.graphic)),
            Some([b'[', b'^', one, b']']) if *one != b'%' => find_byte(text, *one),
            Some([b'[', set @ .., b']']) => text
                .iter()
                .position(|byte| !in_set(*byte, set, self.graphic)),
            Some([one]) => text.iter().position(|byte| byte != one),
            _ => Some(0),
        };
        run.unwrap_or(text.len())
    }
}
