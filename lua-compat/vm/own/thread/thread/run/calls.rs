//! Calling and returning: frames and the part of the stack that goes with them.
//!
//! A function that is entered here keeps the slot of the function below its registers, so that no
//! argument has to be moved; upstream's frames begin with the arguments.

use ottavino_gc_arena::Gc;

use super::{
    super::{open_upvalue_ind, Frame, LuaReturn, MetaReturn, ThreadState},
    Returned, Surroundings,
};
use crate::{
    thread::executor::Execution, types::VarCount, Callback, CallbackReturn, Closure, Context, Fuel, Function,
    Stack, Value,
};

#[inline]
pub(super) fn set_pc(state: &mut ThreadState<'_>, pc: usize) {
    if let Some(Frame::Lua { pc: stored_pc, .. }) = state.frames.last_mut() {
        *stored_pc = pc;
    }
}

/// Whether closures hold variables that live on the stack from `bottom` on.
#[inline]
fn is_shared(state: &ThreadState<'_>, bottom: usize) -> bool {
    state.open_upvalues.last().is_some_and(|&last| open_upvalue_ind(last) >= bottom)
}

/// Begins a function whose arguments stand behind its `slot`; how long the stack has to be for it.
#[inline]
pub(super) fn enter<'gc>(
    state: &mut ThreadState<'gc>,
    pc: usize,
    returns: VarCount,
    callee: Closure<'gc>,
    slot: usize,
    args: usize,
) -> usize {
    if let Some(Frame::Lua { pc: stored_pc, expected_return, .. }) = state.frames.last_mut() {
        *stored_pc = pc;
        *expected_return = Some(LuaReturn::Normal(returns));
    }
    let prototype = Gc::as_ref(callee.prototype());
    if prototype.has_varargs {
        state.stack.truncate(slot + 1 + args);
        state.stack.remove(slot);
        state.push_call(slot, Function::Closure(callee));
        return state.stack.len();
    }
    // The arguments stay where they are, and the function below them. Other registers are written
    // before they are read.
    let base = slot + 1;
    let stack_size = prototype.stack_size as usize;
    if state.stack.len() < base + stack_size {
        state.stack.resize(base + stack_size, Value::Nil);
    }
    for missing in args..prototype.fixed_params as usize {
        state.stack[base + missing] = Value::Nil;
    }
    state.frames.push(Frame::Lua {
        bottom: slot,
        closure: callee,
        base,
        is_variable: false,
        pc: 0,
        stack_size,
        expected_return: None,
    });
    base + stack_size
}

/// Begins a function in the place of the top frame. False: nothing was done.
#[inline]
pub(super) fn replace<'gc>(
    state: &mut ThreadState<'gc>,
    callee: Closure<'gc>,
    bottom: usize,
    slot: usize,
    args: usize,
) -> bool {
    let prototype = Gc::as_ref(callee.prototype());
    if prototype.has_varargs || is_shared(state, bottom) {
        return false;
    }
    let (stack_size, parameters) = (prototype.stack_size as usize, prototype.fixed_params as usize);
    let base = bottom + 1;
    if state.stack.len() < base + stack_size {
        state.stack.resize(base + stack_size, Value::Nil);
    }
    let kept = args.min(parameters);
    state.stack.copy_within(slot + 1..slot + 1 + kept, base);
    state.stack[base + kept..base + parameters].fill(Value::Nil);
    if let Some(frame) = state.frames.last_mut() {
        *frame = Frame::Lua {
            bottom,
            closure: callee,
            base,
            is_variable: false,
            pc: 0,
            stack_size,
            expected_return: None,
        };
    }
    true
}

/// Ends the top frame, which gives `count` values that stand at `from`. False: nothing was done.
#[inline]
pub(super) fn leave(state: &mut ThreadState<'_>, bottom: usize, from: usize, count: usize) -> bool {
    if is_shared(state, bottom) {
        return false;
    }
    let [.., caller, _] = &mut state.frames[..] else {
        return false;
    };
    let Frame::Lua { expected_return, is_variable, base, pc, .. } = caller else {
        return false;
    };
    let Some(expected) = expected_return.take() else {
        return false;
    };
    *is_variable = false;
    let stack = &mut state.stack[..];
    match expected {
        LuaReturn::Normal(wanted) => match wanted.to_constant() {
            Some(1) if count > 0 => stack[bottom] = stack[from],
            Some(wanted) => {
                let wanted = wanted as usize;
                let given = count.min(wanted);
                stack.copy_within(from..from + given, bottom);
                // Results beyond the end are Nil because the stack grows with Nil.
                let filled = stack.len().min(bottom + wanted);
                if bottom + given < filled {
                    stack[bottom + given..filled].fill(Value::Nil);
                }
            }
            None => {
                *is_variable = true;
                stack.copy_within(from..from + count, bottom);
                state.stack.truncate(bottom + count);
            }
        },
        LuaReturn::Meta(wanted) => {
            let value = if count > 0 { stack[from] } else { Value::Nil };
            match wanted {
                MetaReturn::None => {}
                MetaReturn::Register(dest) => stack[*base + dest.0 as usize] = value,
                MetaReturn::SkipIf(skip_if) => *pc += usize::from(value.to_bool() == skip_if),
            }
        }
    }
    // Frames of other kinds own something.
    match state.frames.pop() {
        None | Some(Frame::Lua { .. }) => {}
        Some(other) => drop(other),
    }
    true
}

/// Where the results of a callback go, how many, and how long the caller's part of the stack is.
pub(super) struct Wanted {
    pub(super) slot: usize,
    pub(super) returns: VarCount,
    pub(super) end: usize,
}

/// Calls a callback whose arguments are the stack from `first` on, and delivers its results. What it
/// wants of the executor instead is handed back.
#[inline(never)]
pub(super) fn call_back<'gc>(
    ctx: Context<'gc>,
    around: &Surroundings<'gc, '_>,
    state: &mut ThreadState<'gc>,
    fuel: &mut Fuel,
    (callback, first, wanted): (Callback<'gc>, usize, Wanted),
) -> Option<Returned<'gc>> {
    let execution =
        Execution { executor: around.executor, fuel, threads: around.threads, upper_frames: &state.frames };
    let result = callback.call(ctx, execution, Stack::new(&mut state.stack, first));
    if let Ok(CallbackReturn::Return) = result {
        deliver(state, first, wanted);
        return None;
    }
    // The executor expects results where the function was.
    if first != wanted.slot {
        state.stack.remove(wanted.slot);
    }
    if let Some(Frame::Lua { expected_return, .. }) = state.frames.last_mut() {
        *expected_return = Some(LuaReturn::Normal(wanted.returns));
    }
    Some(Returned { bottom: wanted.slot, result })
}

/// Moves what a callback left from `first` on to where it is wanted.
#[inline]
fn deliver(state: &mut ThreadState<'_>, first: usize, Wanted { slot, returns, end }: Wanted) {
    let stack = &mut state.stack;
    let given = stack.len() - first;
    let wanted = returns.to_constant().map_or(given, usize::from);
    let given = given.min(wanted);
    if first != slot {
        stack.copy_within(first..first + given, slot);
    }
    stack.truncate(slot + given);
    if !returns.is_variable() {
        stack.resize(end.max(slot + wanted), Value::Nil);
    }
    if let Some(Frame::Lua { is_variable, .. }) = state.frames.last_mut() {
        *is_variable = returns.is_variable();
    }
}
