//! The pattern matcher: Lua patterns by backtracking, one small step at a time.
//!
//! A [`Matcher`] holds no text and no pattern, so it can rest between two slices of work: when its
//! budget is used up it says so, and goes on later from where it stood. It keeps its choices on the heap
//! and never recurses. Patterns are read as they stand and only as far as a match gets, so a malformed
//! end is an error only for texts that reach it, as in PUC-Rio.

mod captures;

use std::cell::Cell;

use super::class::find_byte;
use super::pattern::{Pattern, Problem};
pub(super) use captures::Captured;
use captures::{Capture, POSITION, UNFINISHED};

/// Bytes that one item may pass over before the budget is looked at again.
const CHUNK: usize = 8192;

/// What to try, or to undo, when a match fails.
enum Choice {
    Open,
    Close(usize),
    /// `*` and `+`: `count` bytes were taken, `next` follows.
    Longest {
        start: usize,
        count: usize,
        next: usize,
    },
    /// `-`: one more byte.
    Shortest {
        at: usize,
        item: usize,
        end: usize,
    },
    /// `?`: without it.
    Without {
        at: usize,
        next: usize,
    },
}

/// An item whose work was interrupted.
enum Interrupted {
    Longest {
        start: usize,
        count: usize,
        item: usize,
        end: usize,
    },
    Balance {
        at: usize,
        depth: usize,
        item: usize,
    },
}

/// How a slice of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The match is `text[start..end]`.
    Match {
        start: usize,
        end: usize,
    },
    Nothing,
    /// The budget is used up: call again.
    Unfinished,
}

enum Step {
    Matched(usize),
    Failed,
    Unfinished,
}

/// The state of one search.
pub(super) struct Matcher {
    captures: Vec<Capture>,
    choices: Vec<Choice>,
    at: usize,
    item: usize,
    interrupted: Option<Interrupted>,
    /// Where the match that is tried begins.
    origin: usize,
    running: bool,
    /// Steps that may still be taken.
    pub(super) budget: i64,
}

thread_local! {
    /// The room of the last matcher, so that short matches allocate nothing.
    static SPARE: Cell<(Vec<Capture>, Vec<Choice>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

impl Drop for Matcher {
    fn drop(&mut self) {
        self.choices.clear();
        self.choices.shrink_to(256);
        SPARE.set((
            std::mem::take(&mut self.captures),
            std::mem::take(&mut self.choices),
        ));
    }
}

impl Matcher {
    /// A matcher with that budget, which begins to search there.
    pub(super) fn new(budget: i64, origin: usize) -> Self {
        let (captures, choices) = SPARE.take();
        Self {
            captures,
            choices,
            at: 0,
            item: 0,
            interrupted: None,
            origin,
            running: false,
            budget,
        }
    }

    /// The next search begins there.
    pub(super) fn start(&mut self, origin: usize) {
        self.origin = origin;
        self.running = false;
    }

    /// Finds the first match from the origin on. A match that ends at `not_at` does not count.
    pub(super) fn search(
        &mut self,
        text: &[u8],
        pattern: Pattern<'_>,
        not_at: Option<usize>,
    ) -> Result<Found, Problem> {
        loop {
            if !self.running {
                if self.origin > text.len() {
                    return Ok(Found::Nothing);
                }
                if let (Some(first), false) = (pattern.first, pattern.is_anchored()) {
                    let rest = text.get(self.origin..).unwrap_or_default();
                    let Some(skipped) = find_byte(rest, first) else {
                        self.budget -= (rest.len() / 16) as i64;
                        return Ok(Found::Nothing);
                    };
                    self.budget -= (skipped / 16) as i64;
                    self.origin += skipped;
                }
                self.captures.clear();
                self.choices.clear();
                self.interrupted = None;
                self.at = self.origin;
                self.item = 0;
                self.running = true;
            }
            match self.run(text, pattern)? {
                Step::Unfinished => return Ok(Found::Unfinished),
                Step::Matched(end) if Some(end) != not_at => {
                    self.running = false;
                    return Ok(Found::Match {
                        start: self.origin,
                        end,
                    });
                }
                Step::Matched(_) | Step::Failed => {
                    self.running = false;
                    if pattern.is_anchored() {
                        self.origin = text.len() + 1;
                        return Ok(Found::Nothing);
                    }
                    self.origin += 1;
                }
            }
        }
    }

    /// Tries to match at one place.
    fn run(&mut self, text: &[u8], pattern: Pattern<'_>) -> Result<Step, Problem> {
        let (mut at, mut item) = (self.at, self.item);
        if let Some(interrupted) = self.interrupted.take() {
            let next = match interrupted {
                Interrupted::Longest {
                    start,
                    count,
                    item,
                    end,
                } => self.longest(text, pattern, start, count, item, end)?,
                Interrupted::Balance { at, depth, item } => {
                    self.balance(text, pattern, at, depth, item)
                }
            };
            if self.interrupted.is_some() {
                return Ok(Step::Unfinished);
            }
            match next.or_else(|| self.backtrack(text, pattern)) {
                Some(next) => (at, item) = next,
                None => return Ok(Step::Failed),
            }
        }
        loop {
            self.budget -= 1;
            if self.budget < 0 {
                (self.at, self.item) = (at, item);
                return Ok(Step::Unfinished);
            }
            let Some(byte) = pattern.at(item) else {
                return Ok(Step::Matched(at));
            };
            let next = match (byte, pattern.at(item + 1)) {
                (b'(', Some(b')')) => self.open(pattern, at, item + 2, POSITION)?,
                (b'(', _) => self.open(pattern, at, item + 1, UNFINISHED)?,
                (b')', _) => self.close(pattern, at, item + 1)?,
                (b'$', None) => (at == text.len()).then_some((at, item + 1)),
                (b'%', Some(b'b')) => {
                    if item + 3 >= pattern.len() {
                        return Err(Problem::Balance);
                    }
                    match (text.get(at), pattern.at(item + 2)) {
                        (Some(byte), Some(open)) if *byte == open => {
                            self.balance(text, pattern, at + 1, 1, item)
                        }
                        _ => None,
                    }
                }
                (b'%', Some(b'f')) => self.frontier(text, pattern, at, item + 2)?,
                (b'%', Some(digit @ b'0'..=b'9')) => self
                    .repeated(text, at, digit)?
                    .map(|after| (after, item + 2)),
                _ => self.single(text, pattern, at, item)?,
            };
            if self.interrupted.is_some() {
                return Ok(Step::Unfinished);
            }
            match next {
                Some(next) => (at, item) = next,
                None => match self.backtrack(text, pattern) {
                    Some(next) => (at, item) = next,
                    None => return Ok(Step::Failed),
                },
            }
        }
    }

    /// An item that stands for one byte, and what may follow it.
    #[inline]
    fn single(
        &mut self,
        text: &[u8],
        pattern: Pattern<'_>,
        at: usize,
        item: usize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        let end = pattern.end_of(item)?;
        self.budget -= ((end - item) / 8) as i64;
        let holds = text
            .get(at)
            .is_some_and(|byte| pattern.holds(item, end, *byte));
        match pattern.at(end) {
            Some(b'?' | b'*' | b'-') if !holds => Ok(Some((at, end + 1))),
            _ if !holds => Ok(None),
            Some(b'?') => {
                let next = end + 1;
                self.push(pattern, Choice::Without { at, next })?;
                Ok(Some((at + 1, next)))
            }
            Some(b'*') => self.longest(text, pattern, at, 1, item, end),
            Some(b'+') => self.longest(text, pattern, at + 1, 0, item, end),
            Some(b'-') => {
                self.push(pattern, Choice::Shortest { at, item, end })?;
                Ok(Some((at, end + 1)))
            }
            _ => Ok(Some((at + 1, end))),
        }
    }

    fn push(&mut self, pattern: Pattern<'_>, choice: Choice) -> Result<(), Problem> {
        self.choices.push(choice);
        if self.choices.len() >= pattern.deepest {
            return Err(Problem::TooComplex);
        }
        Ok(())
    }

    /// Takes as many bytes as the item holds; `count` of them are known to fit.
    fn longest(
        &mut self,
        text: &[u8],
        pattern: Pattern<'_>,
        start: usize,
        mut count: usize,
        item: usize,
        end: usize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        let chunk = CHUNK / ((end - item) / 4 + 1) + 1;
        loop {
            let rest = text.get(start + count..).unwrap_or_default();
            let near = rest.get(..chunk).unwrap_or(rest);
            let run = pattern.run_length(item, end, near);
            count += run;
            self.budget -= (run * ((end - item) / 4 + 1) / 4) as i64;
            if run < near.len() || near.len() == rest.len() {
                break;
            }
            if self.budget < 0 {
                self.interrupted = Some(Interrupted::Longest {
                    start,
                    count,
                    item,
                    end,
                });
                return Ok(None);
            }
        }
        let next = end + 1;
        self.push(pattern, Choice::Longest { start, count, next })?;
        Ok(Some((start + count, next)))
    }

    /// `%bxy`, of which `depth` are open before `at`.
    fn balance(
        &mut self,
        text: &[u8],
        pattern: Pattern<'_>,
        mut at: usize,
        mut depth: usize,
        item: usize,
    ) -> Option<(usize, usize)> {
        let (open, close) = (pattern.at(item + 2)?, pattern.at(item + 3)?);
        loop {
            let rest = text.get(at..).unwrap_or_default();
            for byte in rest.iter().take(CHUNK) {
                at += 1;
                if *byte == close {
                    depth -= 1;
                    if depth == 0 {
                        return Some((at, item + 4));
                    }
                } else if *byte == open {
                    depth += 1;
                }
            }
            self.budget -= (rest.len().min(CHUNK) / 4) as i64;
            if rest.len() <= CHUNK {
                return None;
            }
            if self.budget < 0 {
                self.interrupted = Some(Interrupted::Balance { at, depth, item });
                return None;
            }
        }
    }

    /// `%f[set]`; `item` is where the set begins.
    fn frontier(
        &mut self,
        text: &[u8],
        pattern: Pattern<'_>,
        at: usize,
        item: usize,
    ) -> Result<Option<(usize, usize)>, Problem> {
        if pattern.at(item) != Some(b'[') {
            return Err(Problem::Frontier);
        }
        let end = pattern.end_of(item)?;
        self.budget -= ((end - item) / 4) as i64;
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let inside = |byte: Option<&u8>| pattern.holds(item, end, byte.copied().unwrap_or(0));
        Ok((!inside(before) && inside(text.get(at))).then_some((at, end)))
    }

    /// Undoes and retries; where to go on.
    fn backtrack(&mut self, text: &[u8], pattern: Pattern<'_>) -> Option<(usize, usize)> {
        loop {
            match self.choices.pop()? {
                Choice::Open => {
                    self.captures.pop();
                }
                Choice::Close(index) => {
                    if let Some(capture) = self.captures.get_mut(index) {
                        capture.length = UNFINISHED;
                    }
                }
                Choice::Longest { start, count, next } => {
                    if let Some(count) = count.checked_sub(1) {
                        self.choices.push(Choice::Longest { start, count, next });
                        return Some((start + count, next));
                    }
                }
                Choice::Shortest { at, item, end } => {
                    self.budget -= ((end - item) / 4) as i64;
                    if let Some(byte) = text.get(at)
                        && pattern.holds(item, end, *byte)
                    {
                        self.choices.push(Choice::Shortest {
                            at: at + 1,
                            item,
                            end,
                        });
                        return Some((at + 1, end + 1));
                    }
                }
                Choice::Without { at, next } => return Some((at, next)),
            }
        }
    }
}
