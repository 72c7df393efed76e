//! `print` and, in Lua 5.4, `warn`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Value,
};

use super::conversions::{Conversion, callable, convert, converted};
use super::io::to_output;
use super::raw::identical;
use crate::arguments::{error, lossy, lua51, string};
use crate::call;
use crate::host;
use crate::wit::bulkhead::policy::log;

pub(super) fn install(ctx: Context<'_>) {
    let own = ctx.get_global_value("tostring");
    ctx.set_global(
        "print",
        Callback::from_fn_with(&ctx, own, |own, ctx, _, stack| {
            // Lua 5.1 prints through the global function, whatever a script has made of it.
            let through = match ctx.get_global_value("tostring") {
                other if lua51() && !identical(other, *own) => Some(callable(ctx, other)),
                _ => None,
            };
            Ok(CallbackReturn::Sequence(BoxSequence::new(
                &ctx,
                Print {
                    through,
                    line: Vec::new(),
                    next: 0,
                    arguments: stack.len(),
                    waiting: false,
                },
            )))
        }),
    );
    if !lua51() {
        ctx.set_global("warn", Callback::from_fn(&ctx, warn));
    }
}

/// Makes the arguments into text, one by one, because that may need Lua code.
#[derive(Collect)]
#[collect(no_drop)]
struct Print<'gc> {
    through: Option<Function<'gc>>,
    line: Vec<u8>,
    next: usize,
    /// How many arguments there are: above them lies what a function returned.
    arguments: usize,
    waiting: bool,
}

impl<'gc> Print<'gc> {
    /// Adds the text of the argument before `next`.
    fn add(&mut self, text: &[u8]) {
        if self.next > 1 {
            self.line.push(b'\t');
        }
        self.line.extend_from_slice(text);
    }

    fn text(&mut self, ctx: Context<'gc>, returned: Value<'gc>) -> Result<(), Error<'gc>> {
        let text = if lua51() {
            returned
                .into_string(ctx)
                .ok_or_else(|| error(ctx, "'tostring' must return a string to 'print'"))
        } else {
            converted(ctx, returned)
        };
        match text {
            Ok(text) => self.add(text.as_bytes()),
            Err(error) => {
                // What came before is written by then.
                to_output(&self.line);
                return Err(error);
            }
        }
        Ok(())
    }
}

impl<'gc> Sequence<'gc> for Print<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.waiting {
            self.waiting = false;
            let returned = stack.get(self.arguments);
            stack.resize(self.arguments);
            self.text(ctx, returned)?;
        }
        while self.next < self.arguments {
            let value = stack.get(self.next);
            self.next += 1;
            let call = match self.through {
                Some(function) => Conversion::Call(function),
                None => convert(ctx, value)?,
            };
            match call {
                Conversion::Text(text) => {
                    execution.fuel().consume(1 + text.len() as i32 / 16);
                    self.add(text.as_bytes());
                }
                Conversion::Call(function) => {
                    let bottom = stack.len();
                    stack.extend([value]);
                    self.waiting = true;
                    return Ok(SequencePoll::Call { function, bottom });
                }
            }
        }
        self.line.push(b'\n');
        to_output(&self.line);
        stack.clear();
        Ok(SequencePoll::Return)
    }

    fn error(
        self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        _: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        // PUC-Rio has written what came before by then.
        to_output(&self.line);
        Err(error)
    }
}

/// `warn(text, …)`: to standard error or the log, once warnings are on.
fn warn<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let mut message = lossy(string(ctx, &stack, 0, "warn")?);
    for index in 1..stack.len() {
        message.push_str(&lossy(string(ctx, &stack, index, "warn")?));
    }
    match (stack.len(), message.as_str()) {
        (1, "@on") => call::with(|call| call.warnings = true),
        (1, "@off") => call::with(|call| call.warnings = false),
        // Other control messages are ignored.
        (1, control) if control.starts_with('@') => {}
        _ if call::with(|call| call.warnings) => {
            let line = format!("Lua warning: {message}");
            host::with(|host| host.log_write(log::Level::Warning, &line));
        }
        _ => {}
    }
    stack.clear();
    Ok(CallbackReturn::Return)
}
