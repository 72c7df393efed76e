//! `print`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaResult};
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack,
};

use super::output::to_output;

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global(
        "print",
        Callback::from_fn(&ctx, |ctx, _, _| {
            Ok(CallbackReturn::Sequence(BoxSequence::new(
                &ctx,
                Print {
                    line: Vec::new(),
                    next: 0,
                    waiting: false,
                },
            )))
        }),
    );
}

/// Makes the arguments into text, one by one, because `__tostring` may be Lua code.
#[derive(Collect)]
#[collect(require_static)]
struct Print {
    line: Vec<u8>,
    next: usize,
    /// The value on top of the stack is the text that a metamethod returned.
    waiting: bool,
}

impl<'gc> Sequence<'gc> for Print {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.waiting {
            self.waiting = false;
            // Without a result there is nothing on top of the arguments.
            let text = stack.pop_back().unwrap_or_default();
            match text.into_string(ctx) {
                Some(text) => self.line.extend_from_slice(text.as_bytes()),
                None => {
                    return Err(crate::arguments::error(
                        ctx,
                        "'tostring' must return a string to 'print'",
                    ));
                }
            }
        }
        while self.next < stack.len() {
            let value = stack.get(self.next);
            if self.next > 0 {
                self.line.push(b'\t');
            }
            self.next += 1;
            match meta_ops::tostring(ctx, value)? {
                MetaResult::Value(text) => {
                    if let Some(text) = text.into_string(ctx) {
                        self.line.extend_from_slice(text.as_bytes());
                    }
                }
                MetaResult::Call(call) => {
                    let bottom = stack.len();
                    stack.extend(call.args);
                    self.waiting = true;
                    return Ok(SequencePoll::Call {
                        function: call.function,
                        bottom,
                    });
                }
            }
        }
        self.line.push(b'\n');
        to_output(&self.line);
        stack.clear();
        Ok(SequencePoll::Return)
    }
}
