//! `string.gsub`.
//!
//! Replacing by text, and by tables whose values are at hand, happens in the callback itself as long as
//! it fits into a slice. Functions, metamethods and long texts make it a sequence.

use std::cell::Cell;
use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaResult};
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Function, Sequence, SequencePoll,
    Stack, Value,
};

use super::matcher::{Captured, Found, Matcher};
use super::pattern::{Pattern, Problem};
use super::work::{
    MATCHER_SLICE, append, captured, charge_bytes, charge_steps, finished, integer_or,
    push_captures,
};
use crate::arguments::{bad, error, expected, lua51, string, whole};

/// Where a call's arguments begin on the stack, after those of `gsub` itself.
const CALL: usize = 4;
/// The result may have that much room when it is kept for the next call.
const KEPT: usize = 16 * 1024;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// How far a `gsub` has come. The text, the pattern and the replacement lie on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Replacing {
    matcher: Matcher,
    result: Vec<u8>,
    /// What comes before this is in the result.
    copied: usize,
    count: i64,
    most: i64,
    not_at: Option<usize>,
    waiting: Waiting,
}

enum Waiting {
    No,
    /// The function to call lies on the stack, before its arguments.
    Call {
        start: usize,
        end: usize,
    },
    /// The value for this match is on the stack.
    Value {
        start: usize,
        end: usize,
    },
}

enum Progress<'gc> {
    Done,
    Pending,
    /// The arguments are on the stack.
    Call(Function<'gc>),
}

pub(super) fn gsub<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "gsub")?;
    let pattern = string(ctx, &stack, 1, "gsub")?;
    let most = integer_or(ctx, &stack, 3, "gsub", i64::MAX)?;
    let replacement = stack.get(2);
    let replacement = match replacement {
        Value::Integer(_) | Value::Number(_) => string(ctx, &stack, 2, "gsub")?.into(),
        Value::String(_) | Value::Table(_) | Value::Function(_) => replacement,
        _ if lua51() => return Err(bad(ctx, 2, "gsub", "string/function/table expected")),
        _ => return Err(expected(ctx, &stack, 2, "gsub", "string/function/table")),
    };
    stack.replace(ctx, (text, pattern, replacement, Value::Nil));
    let mut result = SPARE.take();
    result.clear();
    let mut replacing = Replacing {
        matcher: Matcher::new(MATCHER_SLICE, 0),
        result,
        copied: 0,
        count: 0,
        most,
        not_at: None,
        waiting: Waiting::No,
    };
    match replacing.advance(ctx, &mut execution, &mut stack)? {
        Progress::Done => {
            replacing.finish(ctx, &mut stack)?;
            return Ok(CallbackReturn::Return);
        }
        Progress::Pending => {}
        Progress::Call(function) => {
            let arguments: Vec<_> = stack.drain(CALL..).collect();
            stack.push_back(function.into());
            stack.extend(arguments);
        }
    }
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, replacing)))
}

impl<'gc> Sequence<'gc> for Replacing {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let this = &mut *self;
        this.matcher.budget = MATCHER_SLICE;
        if let Waiting::Call { start, end } = this.waiting {
            this.waiting = Waiting::Value { start, end };
            if let Some(Value::Function(function)) = stack.remove(CALL) {
                return Ok(SequencePoll::Call {
                    function,
                    bottom: CALL,
                });
            }
        }
        if let Waiting::Value { start, end } = this.waiting {
            this.waiting = Waiting::No;
            let value = stack.get(CALL);
            stack.resize(CALL);
            let text = string(ctx, &stack, 0, "gsub")?.as_bytes();
            this.put(ctx, text, (start, end), value)?;
        }
        match this.advance(ctx, &mut execution, &mut stack)? {
            Progress::Done => {
                this.finish(ctx, &mut stack)?;
                Ok(SequencePoll::Return)
            }
            Progress::Pending => Ok(SequencePoll::Pending),
            Progress::Call(function) => {
                if let Waiting::Call { start, end } = this.waiting {
                    this.waiting = Waiting::Value { start, end };
                }
                Ok(SequencePoll::Call {
                    function,
                    bottom: CALL,
                })
            }
        }
    }
}

impl Replacing {
    fn advance<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<Progress<'gc>, Error<'gc>> {
        let (Value::String(text), Value::String(pattern)) = (stack.get(0), stack.get(1)) else {
            return Ok(Progress::Done);
        };
        let text = text.as_bytes();
        let pattern = Pattern::new(pattern.as_bytes());
        let replacement = stack.get(2);
        let before = self.result.len();
        let progress = loop {
            if self.count >= self.most {
                break Progress::Done;
            }
            let found = self.matcher.search(text, pattern, self.not_at);
            let found = found.map_err(|problem| error(ctx, problem.text()))?;
            let (start, end) = match found {
                Found::Unfinished => break Progress::Pending,
                Found::Nothing => break Progress::Done,
                Found::Match { start, end } => (start, end),
            };
            self.count += 1;
            let passed = text.get(self.copied..start).unwrap_or_default();
            append(ctx, &mut self.result, passed)?;
            self.copied = end;
            let next = if pattern.is_anchored() {
                usize::MAX
            } else if !lua51() {
                self.not_at = Some(end);
                end
            } else if end == start {
                end + 1
            } else {
                end
            };
            self.matcher.start(next);
            match replacement {
                Value::String(replacement) => {
                    self.expand(ctx, text, (start, end), replacement.as_bytes())?;
                }
                Value::Table(table) => {
                    let key = captured(ctx, &self.matcher, text, 0, (start, end))?;
                    match meta_ops::index(ctx, table.into(), key)? {
                        MetaResult::Value(value) => self.put(ctx, text, (start, end), value)?,
                        MetaResult::Call(call) => {
                            stack.extend(call.args);
                            self.waiting = Waiting::Call { start, end };
                            break Progress::Call(call.function);
                        }
                    }
                }
                Value::Function(function) => {
                    push_captures(ctx, stack, &self.matcher, text, (start, end), true)?;
                    self.waiting = Waiting::Call { start, end };
                    break Progress::Call(function);
                }
                _ => {}
            }
            // What was written counts too.
            self.matcher.budget -= 8;
            if (self.result.len() - before) as i64 / 8 > MATCHER_SLICE {
                break Progress::Pending;
            }
        };
        charge_steps(execution, &self.matcher);
        charge_bytes(execution, self.result.len() - before);
        if let Progress::Done = progress {
            let rest = text.get(self.copied..).unwrap_or_default();
            append(ctx, &mut self.result, rest)?;
            charge_bytes(execution, rest.len());
        }
        Ok(progress)
    }

    /// Replaces a match by a value that a table or a function gave.
    fn put<'gc>(
        &mut self,
        ctx: Context<'gc>,
        text: &[u8],
        (start, end): (usize, usize),
        value: Value<'gc>,
    ) -> Result<(), Error<'gc>> {
        match value {
            Value::Nil | Value::Boolean(false) => {
                let kept = text.get(start..end).unwrap_or_default();
                append(ctx, &mut self.result, kept)
            }
            _ => match value.into_string(ctx) {
                Some(value) => append(ctx, &mut self.result, value.as_bytes()),
                None => Err(error(
                    ctx,
                    format!("invalid replacement value (a {})", value.type_name()),
                )),
            },
        }
    }

    /// Replaces a match by a text in which `%1` stands for a capture.
    fn expand<'gc>(
        &mut self,
        ctx: Context<'gc>,
        text: &[u8],
        whole_match: (usize, usize),
        replacement: &[u8],
    ) -> Result<(), Error<'gc>> {
        let mut rest = replacement;
        while let Some(percent) = super::class::find_byte(rest, b'%') {
            let (plain, escape) = rest.split_at(percent);
            append(ctx, &mut self.result, plain)?;
            let code = escape.get(1).copied();
            rest = escape.get(2..).unwrap_or_default();
            match code {
                Some(b'0') => {
                    let (start, end) = whole_match;
                    let all = text.get(start..end).unwrap_or_default();
                    append(ctx, &mut self.result, all)?;
                }
                Some(digit @ b'1'..=b'9') => {
                    let index = usize::from(digit - b'1');
                    match self.matcher.capture(text, index, whole_match) {
                        Ok(Captured::Text(piece)) => append(ctx, &mut self.result, piece)?,
                        Ok(Captured::Position(position)) => {
                            append(ctx, &mut self.result, position.to_string().as_bytes())?;
                        }
                        Err(problem) => return Err(error(ctx, problem.text())),
                    }
                }
                Some(b'%') => append(ctx, &mut self.result, b"%")?,
                // Lua 5.1 takes what follows as it is, and C's end of the text for a zero.
                Some(other) if lua51() => append(ctx, &mut self.result, &[other])?,
                None if lua51() => append(ctx, &mut self.result, &[0])?,
                _ => return Err(error(ctx, Problem::Replacement.text())),
            }
        }
        append(ctx, &mut self.result, rest)
    }

    fn finish<'gc>(
        &mut self,
        ctx: Context<'gc>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<(), Error<'gc>> {
        let result = std::mem::take(&mut self.result);
        let value = if self.count == 0 {
            keep(result);
            stack.get(0)
        } else if result.len() <= KEPT / 4 && result.capacity() <= KEPT {
            let value = crate::arguments::new_string(ctx, &result);
            keep(result);
            value
        } else {
            finished(ctx, result)?
        };
        stack.replace(ctx, (value, whole(self.count)));
        Ok(())
    }
}

fn keep(buffer: Vec<u8>) {
    if buffer.capacity() <= KEPT {
        SPARE.set(buffer);
    }
}
