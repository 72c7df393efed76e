//! The captures of a match: opening and closing them, what they hold, and matching it again.

use super::{Choice, Matcher};
use crate::stdlib::string::pattern::{Pattern, Problem};

const MOST_CAPTURES: usize = 32;

/// The length of a capture that is still open.
pub(super) const UNFINISHED: isize = -1;
/// The length of `()`.
pub(super) const POSITION: isize = -2;

#[derive(Clone, Copy)]
pub(super) struct Capture {
    pub(super) start: usize,
    /// Or `UNFINISHED`, `POSITION`.
    pub(super) length: isize,
}

/// What a capture holds.
pub(in super::super) enum Captured<'a> {
    Text(&'a [u8]),
    /// From 1.
    Position(usize),
}

impl Matcher {
    /// `%1`: what a capture holds, once more.
    pub(super) fn repeated(
        &mut self,
        text: &[u8],
        at: usize,
        digit: u8,
    ) -> Result<Option<usize>, Problem> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let capture = self
            .captures
            .get(index)
            .filter(|capture| capture.length != UNFINISHED)
            .ok_or(Problem::CaptureIndex(i64::from(digit) - i64::from(b'0')))?;
        let Ok(length) = usize::try_from(capture.length) else {
            return Ok(None);
        };
        self.budget -= (length / 16) as i64;
        let captured = text.get(capture.start..capture.start + length);
        let here = text.get(at..at + length);
        Ok((here.is_some() && captured == here).then_some(at + length))
    }

    /// `(`.
    pub(super) fn open(
        &mut self,
        pattern: Pattern<'_>,
        at: usize,
        next: usize,
        length: isize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(Problem::TooManyCaptures);
        }
        self.captures.push(Capture { start: at, length });
        self.push(pattern, Choice::Open)?;
        Ok(Some((at, next)))
    }

    /// `)`.
    pub(super) fn close(
        &mut self,
        pattern: Pattern<'_>,
        at: usize,
        next: usize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        let (index, capture) = self
            .captures
            .iter_mut()
            .enumerate()
            .rev()
            .find(|(_, capture)| capture.length == UNFINISHED)
            .ok_or(Problem::InvalidCapture)?;
        capture.length = (at - capture.start) as isize;
        self.push(pattern, Choice::Close(index))?;
        Ok(Some((at, next)))
    }

    /// How many captures the match has.
    pub(in super::super) fn captures(&self) -> usize {
        self.captures.len()
    }

    /// A capture of the match `text[start..end]`, from 0. Without any, the first is the whole match.
    pub(in super::super) fn capture<'a>(
        &self,
        text: &'a [u8],
        index: usize,
        (start, end): (usize, usize),
    ) -> Result<Captured<'a>, Problem> {
        let piece =
            |start: usize, end: usize| Ok(Captured::Text(text.get(start..end).unwrap_or_default()));
        match self.captures.get(index) {
            Some(capture) => match capture.length {
                UNFINISHED => Err(Problem::UnfinishedCapture),
                POSITION => Ok(Captured::Position(capture.start + 1)),
                length => piece(capture.start, capture.start + length.unsigned_abs()),
            },
            _ if index == 0 => piece(start, end),
            _ => Err(Problem::CaptureIndex(index as i64 + 1)),
        }
    }
}
