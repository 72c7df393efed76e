//! `string.find`, `string.match` and `string.gmatch`.
//!
//! A search that ends within a slice is done in the callback itself; a longer one goes on as a sequence.

use std::cell::Cell;
use std::pin::Pin;

use ottavino_gc_arena::{Collect, Gc};
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll,
    Stack, String as LuaString, Value,
};

use super::class::find_byte;
use super::matcher::{Found, Matcher};
use super::pattern::Pattern;
use super::work::{
    MATCHER_SLICE, charge_bytes, charge_steps, from_start, integer_or, push_captures,
};
use crate::arguments::{error, lua51, string, whole};

/// What is done with a match.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
enum Goal<'gc> {
    Find,
    Match,
    Next(Gc<'gc, Iteration<'gc>>),
}

/// What `gmatch` goes through.
#[derive(Collect)]
#[collect(no_drop)]
struct Iteration<'gc> {
    text: LuaString<'gc>,
    pattern: LuaString<'gc>,
    #[collect(require_static)]
    next: Cell<usize>,
    #[collect(require_static)]
    last: Cell<Option<usize>>,
}

/// A search that takes more than one slice.
#[derive(Collect)]
#[collect(no_drop)]
struct Searching<'gc> {
    text: LuaString<'gc>,
    pattern: LuaString<'gc>,
    goal: Goal<'gc>,
    #[collect(require_static)]
    matcher: Matcher,
}

pub(super) fn find<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    begin(ctx, execution, stack, "find", Goal::Find)
}

pub(super) fn matching<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    begin(ctx, execution, stack, "match", Goal::Match)
}

fn begin<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    function: &str,
    goal: Goal<'gc>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, function)?;
    let pattern = string(ctx, &stack, 1, function)?;
    let bytes = text.as_bytes();
    let mut start = from_start(integer_or(ctx, &stack, 2, function, 1)?, bytes.len()) - 1;
    if start > bytes.len() {
        if !lua51() {
            stack.replace(ctx, Value::Nil);
            return Ok(CallbackReturn::Return);
        }
        start = bytes.len();
    }
    if matches!(goal, Goal::Find) && (stack.get(3).to_bool() || !has_specials(pattern.as_bytes())) {
        let mut search = PlainSearch {
            text,
            wanted: pattern,
            next: start,
        };
        return if search.slice(ctx, &mut execution, &mut stack) {
            Ok(CallbackReturn::Return)
        } else {
            Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, search)))
        };
    }
    let matcher = Matcher::new(MATCHER_SLICE, start);
    advance(ctx, execution, stack, text, pattern, goal, matcher)
}

/// Searches; what takes longer than a slice becomes a sequence.
fn advance<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    text: LuaString<'gc>,
    pattern: LuaString<'gc>,
    goal: Goal<'gc>,
    mut matcher: Matcher,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let done = slice(
        ctx,
        &mut execution,
        &mut stack,
        (text, pattern, goal),
        &mut matcher,
    )?;
    if done {
        return Ok(CallbackReturn::Return);
    }
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Searching {
            text,
            pattern,
            goal,
            matcher,
        },
    )))
}

/// One slice of a search; true if the results are on the stack.
fn slice<'gc>(
    ctx: Context<'gc>,
    execution: &mut Execution<'gc, '_>,
    stack: &mut Stack<'gc, '_>,
    (text, pattern, goal): (LuaString<'gc>, LuaString<'gc>, Goal<'gc>),
    matcher: &mut Matcher,
) -> Result<bool, Error<'gc>> {
    let bytes = text.as_bytes();
    let (pattern, not_at) = match goal {
        Goal::Next(iteration) => (
            Pattern::unanchored(pattern.as_bytes()),
            iteration.last.get(),
        ),
        _ => (Pattern::new(pattern.as_bytes()), None),
    };
    let found = matcher.search(bytes, pattern, not_at);
    charge_steps(execution, matcher);
    let (start, end) = match found.map_err(|problem| error(ctx, problem.text()))? {
        Found::Unfinished => return Ok(false),
        Found::Nothing => {
            if let Goal::Next(iteration) = goal {
                iteration.next.set(usize::MAX);
            }
            match goal {
                Goal::Next(_) => stack.clear(),
                _ => stack.replace(ctx, Value::Nil),
            }
            return Ok(true);
        }
        Found::Match { start, end } => (start, end),
    };
    stack.clear();
    match goal {
        Goal::Find => {
            stack.push_back(whole(start as i64 + 1));
            stack.push_back(whole(end as i64));
        }
        Goal::Match => {}
        Goal::Next(iteration) => {
            if lua51() {
                iteration.next.set(end + usize::from(end == start));
            } else {
                iteration.next.set(end);
                iteration.last.set(Some(end));
            }
        }
    }
    let or_whole = !matches!(goal, Goal::Find);
    push_captures(ctx, stack, matcher, bytes, (start, end), or_whole)?;
    charge_bytes(execution, end - start);
    Ok(true)
}

impl<'gc> Sequence<'gc> for Searching<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let search = (self.text, self.pattern, self.goal);
        self.matcher.budget = MATCHER_SLICE;
        if slice(ctx, &mut execution, &mut stack, search, &mut self.matcher)? {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}

/// Lua 5.1 looks only at what comes before a zero byte.
fn has_specials(pattern: &[u8]) -> bool {
    let old = lua51();
    for byte in pattern {
        match byte {
            b'^' | b'$' | b'*' | b'+' | b'?' | b'.' | b'(' | b'[' | b'%' | b'-' => return true,
            0 if old => return false,
            _ => {}
        }
    }
    false
}

/// `find` without a pattern.
#[derive(Collect)]
#[collect(no_drop)]
struct PlainSearch<'gc> {
    text: LuaString<'gc>,
    wanted: LuaString<'gc>,
    next: usize,
}

impl<'gc> PlainSearch<'gc> {
    /// Searches for a while; true if the results are on the stack.
    fn slice(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> bool {
        /// Bytes that are looked at in one slice.
        const BYTES: usize = 256 * 1024;
        let (text, wanted) = (self.text.as_bytes(), self.wanted.as_bytes());
        let mut looked_at = 0;
        let found = loop {
            if text.len().saturating_sub(self.next) < wanted.len() {
                break None;
            }
            let Some((first, after)) = wanted.split_first() else {
                break Some(self.next);
            };
            // No match can begin after this.
            let last = text.len() - wanted.len();
            let window = last.min(self.next + BYTES);
            let near = text.get(self.next..=window).unwrap_or_default();
            match find_byte(near, *first) {
                None => {
                    looked_at += near.len();
                    self.next += near.len();
                }
                Some(skipped) => {
                    let at = self.next + skipped;
                    let rest = text.get(at + 1..at + wanted.len()).unwrap_or_default();
                    if rest == after {
                        break Some(at);
                    }
                    looked_at += skipped + 16 + common(rest, after);
                    self.next = at + 1;
                }
            }
            if looked_at > BYTES {
                charge_bytes(execution, looked_at);
                return false;
            }
        };
        charge_bytes(execution, looked_at);
        match found {
            Some(at) => {
                let end = at + wanted.len();
                stack.replace(ctx, (whole(at as i64 + 1), whole(end as i64)));
            }
            None => stack.replace(ctx, Value::Nil),
        }
        true
    }
}

/// How many bytes a comparison of the two had to look at, at most.
fn common(one: &[u8], other: &[u8]) -> usize {
    if one.first() == other.first() {
        one.len()
    } else {
        0
    }
}

impl<'gc> Sequence<'gc> for PlainSearch<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.slice(ctx, &mut execution, &mut stack) {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}

/// `string.gmatch(text, pattern [, init])`; Lua 5.1 has no `init`.
pub(super) fn gmatch<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "gmatch")?;
    let pattern = string(ctx, &stack, 1, "gmatch")?;
    let start = if lua51() {
        0
    } else {
        let length = text.as_bytes().len();
        (from_start(integer_or(ctx, &stack, 2, "gmatch", 1)?, length) - 1).min(length + 1)
    };
    let iteration = Gc::new(
        &ctx,
        Iteration {
            text,
            pattern,
            next: Cell::new(start),
            last: Cell::new(None),
        },
    );
    let next = Callback::from_fn_with(&ctx, iteration, |iteration, ctx, execution, stack| {
        let matcher = Matcher::new(MATCHER_SLICE, iteration.next.get());
        let goal = Goal::Next(*iteration);
        let (text, pattern) = (iteration.text, iteration.pattern);
        advance(ctx, execution, stack, text, pattern, goal, matcher)
    });
    stack.replace(ctx, next);
    Ok(CallbackReturn::Return)
}
