//! Variables that are to be closed (`local x <close>`), in running code and while an error unwinds.
//!
//! Upstream's compiler refuses them. The stack indexes of a thread's noted variables lie in
//! `ThreadState::closing`, in order. Each is taken off that list before its `__close` is called, so none is
//! closed twice.

use std::pin::Pin;

use ottavino_gc_arena::Collect;

use super::{
    thread::{Frame, LuaFrame, LuaReturn, ThreadState},
    VMError,
};
use crate::{
    meta_ops, position, types::RegisterIndex, BoxSequence, Context, Error, Execution, Function,
    Sequence, SequencePoll, Stack, Thread, Value,
};

/// So many metamethods may be active inside one another (PUC-Rio's LUAI_MAXCCALLS).
pub(super) const MOST_METAMETHODS: usize = 200;

/// Whether metamethods call one another without end. Each costs a script little and may cost the machine much.
pub(super) fn is_too_deep(frames: &[Frame<'_>]) -> bool {
    let waits = |frame: &&Frame<'_>| {
        matches!(
            frame,
            Frame::Lua {
                expected_return: Some(LuaReturn::Meta(_)),
                ..
            }
        )
    };
    frames
        .iter()
        .rev()
        .take(2 * MOST_METAMETHODS)
        .filter(waits)
        .count()
        >= MOST_METAMETHODS - 10
}

/// What closes the value, if anything does.
fn metamethod<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Value<'gc> {
    let metatable = match value {
        Value::Table(table) => table.metatable(),
        Value::UserData(data) => data.metatable(),
        _ => None,
    };
    metatable.map_or(Value::Nil, |metatable| metatable.get_value(ctx, "__close"))
}

/// The function to call; a value without `__close` is called itself, and fails.
fn closer<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Result<Function<'gc>, VMError> {
    let function = match metamethod(ctx, value) {
        Value::Nil => value,
        function => function,
    };
    Ok(meta_ops::call(ctx, function)?)
}

impl<'gc> LuaFrame<'gc, '_> {
    /// Notes that the variable is to be closed, unless it is nil or false.
    pub(super) fn mark_closing(
        &mut self,
        ctx: Context<'gc>,
        register: RegisterIndex,
    ) -> Result<(), VMError> {
        let Some(Frame::Lua { base, .. }) = self.state.frames.last() else {
            return Ok(());
        };
        let index = base + register.0 as usize;
        let value = self.state.stack.get(index).copied().unwrap_or_default();
        if !value.to_bool() {
            return Ok(());
        }
        if metamethod(ctx, value).is_nil() {
            return Err(VMError::NotClosable(register.0));
        }
        self.state.closing.push(index);
        Ok(())
    }

    /// Calls the `__close` of the last noted variable from that register on. The instruction runs again
    /// afterwards, until there is none: then the answer is false.
    pub(super) fn close_next(
        &mut self,
        ctx: Context<'gc>,
        from: RegisterIndex,
    ) -> Result<bool, VMError> {
        let Some(Frame::Lua {
            base,
            expected_return,
            ..
        }) = self.state.frames.last_mut()
        else {
            return Ok(false);
        };
        let floor = *base + from.0 as usize;
        let Some(index) = self.state.closing.pop_if(|index| *index >= floor) else {
            return Ok(false);
        };
        let value = self.state.stack.get(index).copied().unwrap_or_default();
        let function = closer(ctx, value)?;
        *expected_return = Some(LuaReturn::Closing);
        let top = self.state.stack.len();
        self.state.stack.extend([value, Value::Nil]);
        self.state.push_call(top, function);
        Ok(true)
    }
}

impl<'gc> ThreadState<'gc> {
    /// Takes the noted variables from that index on off the list, last one first.
    pub(super) fn take_closing(&mut self, bottom: usize) -> Vec<Value<'gc>> {
        let mut values = Vec::new();
        while let Some(index) = self.closing.pop_if(|index| *index >= bottom) {
            values.extend(self.stack.get(index).copied());
        }
        values
    }
}

impl<'gc> Thread<'gc> {
    /// Takes what the thread's noted variables hold, last one first. Nothing if it runs.
    pub fn take_unclosed(self, ctx: Context<'gc>) -> Vec<Value<'gc>> {
        match self.into_inner().try_borrow_mut(&ctx) {
            Ok(mut state) => {
                let failed = state.failure.as_mut();
                let mut values = failed
                    .map(|failure| std::mem::take(&mut failure.unclosed))
                    .unwrap_or_default();
                values.append(&mut state.take_closing(0));
                values
            }
            Err(_) => Vec::new(),
        }
    }
}

/// Closes values one by one, then goes on with the error, if there is one.
#[derive(Collect)]
#[collect(no_drop)]
pub struct Closing<'gc> {
    /// Last one first.
    values: Vec<Value<'gc>>,
    error: Option<Error<'gc>>,
    next: usize,
}

impl<'gc> Closing<'gc> {
    /// A sequence that returns nothing, or fails with the error or with a newer one.
    pub fn sequence(
        ctx: Context<'gc>,
        values: Vec<Value<'gc>>,
        error: Option<Error<'gc>>,
    ) -> BoxSequence<'gc> {
        BoxSequence::new(
            &ctx,
            Self {
                values,
                error,
                next: 0,
            },
        )
    }
}

impl<'gc> Sequence<'gc> for Closing<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.clear();
        let Some(value) = self.values.get(self.next).copied() else {
            return match self.error.take() {
                None => Ok(SequencePoll::Return),
                Some(error) => {
                    // It was worded when it was raised.
                    position::raise_unchanged();
                    Err(error)
                }
            };
        };
        self.next += 1;
        let error = match &self.error {
            Some(error) => error.to_value(ctx),
            None => Value::Nil,
        };
        stack.extend([value, error]);
        match closer(ctx, value) {
            Ok(function) => Ok(SequencePoll::Call {
                function,
                bottom: 0,
            }),
            Err(problem) => {
                self.error = Some(position::locate(ctx, problem.into(), &[], position::Raiser::default()));
                Ok(SequencePoll::Pending)
            }
        }
    }

    fn error(
        mut self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.clear();
        self.error = Some(error);
        Ok(SequencePoll::Pending)
    }
}
