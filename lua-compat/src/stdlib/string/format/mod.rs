//! `string.format`.
//!
//! Works in the callback itself as long as the result fits into a slice; `__tostring` metamethods and long
//! results make it a sequence.

mod directive;
mod numbers;
mod quote;

use std::cell::Cell;
use std::pin::Pin;

use ottavino_gc_arena::{Collect, Gc};
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Function, Sequence, SequencePoll,
    Stack, Value, meta_ops,
};

use super::class::find_byte;
use super::work::{SLICE, append, charge_bytes, finished};
use crate::arguments::{
    bad, cut, error, integer, lua51, new_string, number, out_of_memory, string, type_name,
};
use directive::Directive;

/// Bytes that are made in one slice.
const BYTES: usize = SLICE as usize * 8;
/// The result may have that much room when it is kept for the next call.
const KEPT: usize = 16 * 1024;
/// Lua 5.1 and 5.4 leave longer texts alone unless there is a precision.
const LONG: usize = 100;
/// Texts up to this length have one address wherever they come from.
const SHORTEST_UNSHARED: usize = 40;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// How far a `format` has come. The format and its values lie on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Formatting {
    result: Vec<u8>,
    next: usize,
    /// Which argument was used last.
    argument: usize,
    /// How many arguments there are, with the format.
    arguments: usize,
    waiting: Option<Waiting>,
}

struct Waiting {
    directive: Directive,
    /// The function to call lies on the stack after the arguments, before its own argument.
    not_called: bool,
}

enum Progress<'gc> {
    Done,
    Pending,
    Call(Function<'gc>, Value<'gc>),
}

pub(super) fn format<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let format = string(ctx, &stack, 0, "format")?;
    if !matches!(stack.get(0), Value::String(_)) {
        stack.pop_front();
        stack.push_front(format.into());
    }
    let mut result = SPARE.take();
    result.clear();
    let mut formatting = Formatting {
        result,
        next: 0,
        argument: 0,
        arguments: stack.len(),
        waiting: None,
    };
    match formatting.advance(ctx, &mut execution, &stack)? {
        Progress::Done => {
            formatting.finish(ctx, &mut stack)?;
            return Ok(CallbackReturn::Return);
        }
        Progress::Pending => {}
        Progress::Call(function, value) => {
            stack.push_back(function.into());
            stack.push_back(value);
        }
    }
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, formatting)))
}

impl<'gc> Sequence<'gc> for Formatting {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let this = &mut *self;
        let bottom = this.arguments;
        if let Some(waiting) = this.waiting.as_mut() {
            if waiting.not_called {
                waiting.not_called = false;
                if let Some(Value::Function(function)) = stack.remove(bottom) {
                    return Ok(SequencePoll::Call { function, bottom });
                }
            }
            let directive = waiting.directive;
            this.waiting = None;
            let text = stack
                .get(bottom)
                .into_string(ctx)
                .ok_or_else(|| error(ctx, "'__tostring' must return a string"))?;
            stack.resize(bottom);
            this.text(ctx, text.as_bytes(), &directive)?;
        }
        match this.advance(ctx, &mut execution, &stack)? {
            Progress::Done => {
                this.finish(ctx, &mut stack)?;
                Ok(SequencePoll::Return)
            }
            Progress::Pending => Ok(SequencePoll::Pending),
            Progress::Call(function, value) => {
                if let Some(waiting) = this.waiting.as_mut() {
                    waiting.not_called = false;
                }
                stack.push_back(value);
                Ok(SequencePoll::Call { function, bottom })
            }
        }
    }
}

impl Formatting {
    fn advance<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &Stack<'gc, '_>,
    ) -> Result<Progress<'gc>, Error<'gc>> {
        let Value::String(format) = stack.get(0) else {
            return Ok(Progress::Done);
        };
        let format = format.as_bytes();
        let before = self.result.len();
        let progress = loop {
            let rest = format.get(self.next..).unwrap_or_default();
            let Some(percent) = find_byte(rest, b'%') else {
                append(ctx, &mut self.result, rest)?;
                self.next = format.len();
                break Progress::Done;
            };
            let (plain, rest) = rest.split_at(percent);
            append(ctx, &mut self.result, plain)?;
            if self.result.len() - before > BYTES {
                self.next += percent;
                break Progress::Pending;
            }
            if rest.get(1) == Some(&b'%') {
                append(ctx, &mut self.result, b"%")?;
                self.next += percent + 2;
                continue;
            }
            self.argument += 1;
            if self.argument >= self.arguments {
                return Err(bad(ctx, self.argument, "format", "no value"));
            }
            let rest = rest.get(1..).unwrap_or_default();
            let (directive, length) =
                directive::read(rest).map_err(|problem| error(ctx, problem))?;
            self.next += percent + 1 + length;
            if let Some(call) = self.convert(ctx, stack, &directive)? {
                break call;
            }
        };
        charge_bytes(execution, (self.result.len() - before).saturating_mul(2));
        Ok(progress)
    }

    /// Appends the current argument, unless Lua code has to be called for it.
    fn convert<'gc>(
        &mut self,
        ctx: Context<'gc>,
        stack: &Stack<'gc, '_>,
        directive: &Directive,
    ) -> Result<Option<Progress<'gc>>, Error<'gc>> {
        let index = self.argument;
        // No number is longer than this.
        if self.result.try_reserve(512).is_err() {
            return Err(out_of_memory(ctx));
        }
        let old = lua51();
        match directive.letter {
            b'c' => {
                let code = if old {
                    cut(number(ctx, stack, index, "format")?)
                } else {
                    integer(ctx, stack, index, "format")?
                };
                let start = self.result.len();
                let directive = Directive {
                    precision: None,
                    ..*directive
                };
                numbers::piece(&mut self.result, &[code as u8], &directive);
                // Lua 5.1 takes the result for a C string.
                if old
                    && code as u8 == 0
                    && let Some(end) = self.result.get(start..).and_then(|text| find_byte(text, 0))
                {
                    self.result.truncate(start + end);
                }
            }
            b'd' | b'i' => {
                let value = if old {
                    cut(number(ctx, stack, index, "format")?)
                } else {
                    integer(ctx, stack, index, "format")?
                };
                numbers::signed(&mut self.result, value, directive);
            }
            b'o' | b'u' | b'x' | b'X' => {
                let value = if old {
                    cut_unsigned(number(ctx, stack, index, "format")?)
                } else {
                    integer(ctx, stack, index, "format")? as u64
                };
                numbers::unsigned(&mut self.result, value, directive);
            }
            b'e' | b'E' | b'f' | b'g' | b'G' => {
                let value = number(ctx, stack, index, "format")?;
                numbers::float(&mut self.result, value, directive);
            }
            b'a' | b'A' if !old => {
                let value = number(ctx, stack, index, "format")?;
                numbers::float(&mut self.result, value, directive);
            }
            b'p' if !old => {
                let address = address(ctx, stack.get(index));
                numbers::piece(&mut self.result, address.as_bytes(), directive);
            }
            b'q' => quote::literal(ctx, stack, index, &mut self.result)?,
            b's' => return self.any_text(ctx, stack.get(index), directive),
            other => {
                // Only Lua 5.1 gets here with another letter.
                let letter = if other == 0 {
                    String::new()
                } else {
                    char::from(other).to_string()
                };
                return Err(error(
                    ctx,
                    format!("invalid option '%{letter}' to 'format'"),
                ));
            }
        }
        Ok(None)
    }

    /// `%s` of any value.
    fn any_text<'gc>(
        &mut self,
        ctx: Context<'gc>,
        value: Value<'gc>,
        directive: &Directive,
    ) -> Result<Option<Progress<'gc>>, Error<'gc>> {
        if let Value::String(text) = value {
            self.text(ctx, text.as_bytes(), directive)?;
            return Ok(None);
        }
        if let meta_ops::MetaResult::Call(call) = meta_ops::tostring(ctx, value)? {
            self.waiting = Some(Waiting {
                directive: *directive,
                not_called: true,
            });
            let [argument] = call.args;
            return Ok(Some(Progress::Call(call.function, argument)));
        }
        let shown = value.display().to_string();
        let named = match (value, shown.split_once(": ")) {
            (Value::Table(_) | Value::UserData(_), Some((_, address))) => {
                format!("{}: {address}", type_name(ctx, value))
            }
            _ => shown,
        };
        self.text(ctx, named.as_bytes(), directive)?;
        Ok(None)
    }

    /// `%s` of a text.
    fn text<'gc>(
        &mut self,
        ctx: Context<'gc>,
        text: &[u8],
        directive: &Directive,
    ) -> Result<(), Error<'gc>> {
        let mut text = text;
        let long = text.len() >= LONG && directive.precision.is_none();
        if lua51() {
            // What C formats ends at a zero.
            if let (Some(end), false) = (find_byte(text, 0), long) {
                text = text.get(..end).unwrap_or_default();
            }
        } else if !directive.plain && text.contains(&0) {
            return Err(bad(ctx, self.argument, "format", "string contains zeros"));
        }
        if directive.plain || long {
            return append(ctx, &mut self.result, text);
        }
        if self.result.try_reserve(256).is_err() {
            return Err(out_of_memory(ctx));
        }
        numbers::piece(&mut self.result, text, directive);
        Ok(())
    }

    fn finish<'gc>(
        &mut self,
        ctx: Context<'gc>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<(), Error<'gc>> {
        let result = std::mem::take(&mut self.result);
        let value = if result.len() <= KEPT / 4 && result.capacity() <= KEPT {
            let value = new_string(ctx, &result);
            SPARE.set(result);
            value
        } else {
            finished(ctx, result)?
        };
        stack.replace(ctx, value);
        Ok(())
    }
}

/// A float as C makes it an unsigned integer on common processors.
fn cut_unsigned(number: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if number >= HALF {
        (cut(number - HALF) as u64) ^ (1 << 63)
    } else {
        cut(number) as u64
    }
}

/// `%p`: where the value lies, if that means anything.
fn address<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> String {
    match value {
        Value::String(text) => {
            let text = if text.as_bytes().len() <= SHORTEST_UNSHARED {
                ctx.intern(text.as_bytes())
            } else {
                text
            };
            format!("{:p}", Gc::as_ptr(text.into_inner()))
        }
        Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => {
            "(null)".to_owned()
        }
        _ => {
            let shown = value.display().to_string();
            shown.rsplit(' ').next().unwrap_or_default().to_owned()
        }
    }
}
