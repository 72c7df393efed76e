//! The instructions that scripts spend their time on, without a way through the executor at each call.
//!
//! [`run`] executes the topmost Lua function and what it calls. Here is only what an instruction does in
//! the common case. Whatever has to raise an error, call a metamethod or do something rare is left to
//! upstream's `run_vm`, as if nobody had looked at it, so that its meaning is said once.
//!
//! Promises: a frame's `pc` is in place whenever anything else can see the frame; the stack ends where
//! upstream expects it whenever upstream's code or a callback runs; fuel is charged for no fewer
//! instructions than were executed.

mod calls;
mod fields;
mod operators;

use ottavino_gc_arena::Gc;

use self::{
    calls::{call_back, enter, leave, replace, set_pc, Wanted},
    fields::{element, field, set_element, set_field},
    operators::{add, div, mixed_step, modulo, mul, same, sub},
};
use super::{Frame, LuaFrame, OpenUpValue, Thread, ThreadState};
use crate::{
    closure::UpValueState,
    joined::{join, out_of_memory, NotJoined},
    meta_ops::MetaOperatorError,
    opcode::OpCodeRepr as Op,
    thread::{vm::run_vm, VMError},
    types::VarCount,
    Callback, CallbackReturn, Constant, Context, Error, Executor, Fuel, Function, String, Value,
};

/// A callback that has returned something for the executor to do.
pub(in crate::thread) struct Returned<'gc> {
    pub(in crate::thread) bottom: usize,
    pub(in crate::thread) result: Result<CallbackReturn<'gc>, Error<'gc>>,
    pub(in crate::thread) callback: Callback<'gc>,
}

/// What a callback is told of its surroundings.
pub(in crate::thread) struct Surroundings<'gc, 'a> {
    pub(in crate::thread) executor: Executor<'gc>,
    pub(in crate::thread) threads: &'a [Thread<'gc>],
    /// More frames or a longer stack are for the executor to refuse.
    pub(in crate::thread) most_frames: usize,
    pub(in crate::thread) most_stack: usize,
}

/// A call, and what returning from it does beyond the instructions.
const FUEL_PER_CALL: i32 = 4;
const FUEL_PER_CALLBACK: i32 = 8;
/// An instruction that upstream's code executes.
const FUEL_PER_RARITY: i32 = 2;
/// Bytes that are copied at the cost of one instruction.
const BYTES_PER_FUEL: usize = 16;
/// Tables that stand behind each other with `__index`; longer chains are followed by upstream.
const LONGEST_CHAIN: usize = 16;

/// Executes the top frame until the fuel is used up, the top frame is none of Lua, or a callback wants
/// something of the executor.
pub(in crate::thread) fn run<'gc>(
    ctx: Context<'gc>,
    around: &Surroundings<'gc, '_>,
    thread: Thread<'gc>,
    state: &mut ThreadState<'gc>,
    fuel: &mut Fuel,
) -> Result<Option<Returned<'gc>>, Error<'gc>> {
    let mut left = fuel.remaining();
    'frame: loop {
        let Some(&mut Frame::Lua {
            bottom,
            closure,
            base,
            is_variable,
            pc: ref mut stored_pc,
            stack_size,
            ..
        }) = state.frames.last_mut()
        else {
            fuel.set_remaining(left);
            return Ok(None);
        };
        let end = base + stack_size;
        let mut pc = *stored_pc;
        if left <= 0 || !fuel.should_continue() {
            if !is_variable {
                state.stack.resize(end, Value::Nil);
            }
            fuel.set_remaining(left);
            return Ok(None);
        }
        if !is_variable && state.stack.len() < end {
            state.stack.resize(end, Value::Nil);
        }
        let prototype = Gc::as_ref(closure.prototype());
        let code = &prototype.opcodes[..];
        let constants = &prototype.constants[..];
        let upvalues = closure.upvalues();
        let (below, registers) = state.stack.split_at_mut(base);

        // Leaving this loop hands the instruction to upstream.
        'instructions: loop {
            let op = code[pc].0;
            pc += 1;
            let skip = 'decision: {
                macro_rules! register {
                    ($index:expr) => {
                        registers[$index.0 as usize]
                    };
                }
                macro_rules! constant {
                    ($index:expr) => {
                        constants[$index.0 as usize]
                    };
                }
                // Both operands as they are: two registers, or a register and a constant.
                macro_rules! arithmetic {
                    ($dest:expr, $left:expr, $right:expr, $kind:ident, $integers:expr, $floats:expr) => {
                        match ($left, $right) {
                            (&Value::Number(a), &$kind::Number(b)) => {
                                register!($dest) = Value::Number($floats(a, b));
                            }
                            (&Value::Integer(a), &$kind::Integer(b)) => {
                                register!($dest) = Value::Integer($integers(a, b));
                            }
                            (&Value::Number(a), &$kind::Integer(b)) => {
                                register!($dest) = Value::Number($floats(a, b as f64));
                            }
                            (&Value::Integer(a), &$kind::Number(b)) => {
                                register!($dest) = Value::Number($floats(a as f64, b));
                            }
                            _ => break 'instructions,
                        }
                    };
                }
                macro_rules! float_arithmetic {
                    ($dest:expr, $left:expr, $right:expr, $kind:ident, $floats:expr) => {
                        match ($left, $right) {
                            (&Value::Number(a), &$kind::Number(b)) => {
                                register!($dest) = Value::Number($floats(a, b));
                            }
                            (&Value::Integer(a), &$kind::Integer(b)) => {
                                register!($dest) = Value::Number($floats(a as f64, b as f64));
                            }
                            _ => break 'instructions,
                        }
                    };
                }
                // What a comparison decides: the next instruction is skipped or not.
                macro_rules! decide {
                    ($holds:expr, $skip_if:expr) => {
                        break 'decision $holds == $skip_if
                    };
                }
                macro_rules! compare {
            ($left:expr, $right:expr, $leftkind:ident, $rightkind:ident, $skip_if:expr, $operator:tt) => {
                match ($left, $right) {
                    (&$leftkind::Number(a), &$rightkind::Number(b)) => decide!((a $operator b), $skip_if),
                    (&$leftkind::Integer(a), &$rightkind::Integer(b)) => decide!((a $operator b), $skip_if),
                    _ => break 'instructions,
                }
            };
        }
                macro_rules! get_table {
                    ($dest:expr, $table:expr, $value:expr) => {
                        match $value {
                            Some(value) => register!($dest) = value,
                            None => break 'instructions,
                        }
                    };
                }

                match op {
                    Op::Move { dest, source } => register!(dest) = register!(source),
                    Op::LoadConstant { dest, constant } => {
                        register!(dest) = constants[constant.0 as usize].into();
                    }
                    Op::LoadBool { dest, value, skip_next } => {
                        register!(dest) = Value::Boolean(value);
                        if skip_next {
                            pc += 1;
                        }
                    }
                    Op::LoadNil { dest, count } => {
                        let first = dest.0 as usize;
                        registers[first..first + count as usize].fill(Value::Nil);
                    }
                    Op::GetTableR { dest, table, key } => match register!(table) {
                        Value::Table(table) => {
                            get_table!(dest, table, element(ctx, table, register!(key)))
                        }
                        _ => break 'instructions,
                    },
                    Op::GetTableC { dest, table, key } => match (register!(table), &constant!(key)) {
                        (Value::Table(table), &Constant::String(key)) => {
                            get_table!(dest, table, field(ctx, table, key));
                        }
                        _ => break 'instructions,
                    },
                    Op::MethodC { base, table, key } => match (register!(table), &constant!(key)) {
                        (Value::Table(table), &Constant::String(key)) => match field(ctx, table, key) {
                            Some(value) => {
                                registers[base.0 as usize + 1] = Value::Table(table);
                                register!(base) = value;
                            }
                            None => break 'instructions,
                        },
                        _ => break 'instructions,
                    },
                    Op::GetUpTableC { dest, table, key } => {
                        match (upvalues[table.0 as usize].get().get(), &constant!(key)) {
                            (UpValueState::Closed(Value::Table(table)), &Constant::String(key)) => {
                                get_table!(dest, table, field(ctx, table, key));
                            }
                            _ => break 'instructions,
                        }
                    }
                    Op::SetUpTableCR { table, key, value } => {
                        match (upvalues[table.0 as usize].get().get(), &constant!(key)) {
                            (UpValueState::Closed(Value::Table(table)), &Constant::String(key)) => {
                                if !set_field(ctx, table, key, register!(value)) {
                                    break 'instructions;
                                }
                            }
                            _ => break 'instructions,
                        }
                    }
                    Op::SetTableCR { table, key, value } => match (register!(table), &constant!(key)) {
                        (Value::Table(table), &Constant::String(key)) => {
                            if !set_field(ctx, table, key, register!(value)) {
                                break 'instructions;
                            }
                        }
                        _ => break 'instructions,
                    },
                    Op::SetTableCC { table, key, value } => match (register!(table), &constant!(key)) {
                        (Value::Table(table), &Constant::String(key)) => {
                            if !set_field(ctx, table, key, constant!(value).into()) {
                                break 'instructions;
                            }
                        }
                        _ => break 'instructions,
                    },
                    Op::SetTableRR { table, key, value } => match register!(table) {
                        Value::Table(table) => {
                            if !set_element(ctx, table, register!(key), register!(value)) {
                                break 'instructions;
                            }
                        }
                        _ => break 'instructions,
                    },
                    Op::SetTableRC { table, key, value } => match register!(table) {
                        Value::Table(table) => {
                            if !set_element(ctx, table, register!(key), constant!(value).into()) {
                                break 'instructions;
                            }
                        }
                        _ => break 'instructions,
                    },

                    Op::GetUpValue { dest, source } => match upvalues[source.0 as usize].get().get() {
                        UpValueState::Closed(value) => register!(dest) = value,
                        UpValueState::Open(open) if is_of(open, thread) && open.stack_index < base => {
                            register!(dest) = below[open.stack_index];
                        }
                        UpValueState::Open(_) => break 'instructions,
                    },
                    Op::SetUpValue { dest, source } => {
                        let upvalue = upvalues[dest.0 as usize].get();
                        match upvalue.get() {
                            UpValueState::Closed(_) => {
                                upvalue.set(&ctx, UpValueState::Closed(register!(source)));
                            }
                            UpValueState::Open(open) if is_of(open, thread) && open.stack_index < base => {
                                below[open.stack_index] = register!(source);
                            }
                            UpValueState::Open(_) => break 'instructions,
                        }
                    }

                    Op::Jump { offset, close_upvalues } => {
                        if close_upvalues.is_some() && !state.open_upvalues.is_empty() {
                            break 'instructions;
                        }
                        pc = pc.wrapping_add_signed(offset as isize);
                        if offset < 0 {
                            left += i32::from(offset);
                            if left <= 0 {
                                set_pc(state, pc);
                                continue 'frame;
                            }
                        }
                    }
                    Op::Test { value, is_true } => decide!(register!(value).to_bool(), is_true),
                    Op::TestSet { dest, value, is_true } => {
                        let value = register!(value);
                        if value.to_bool() == is_true {
                            pc += 1;
                        } else {
                            register!(dest) = value;
                        }
                    }
                    Op::Not { dest, source } => {
                        register!(dest) = Value::Boolean(!register!(source).to_bool());
                    }
                    Op::Minus { dest, source } => match register!(source) {
                        Value::Number(a) => register!(dest) = Value::Number(-a),
                        // In Lua 5.1 the opposite of 0 is -0, whatever kind of number the 0 is.
                        Value::Integer(a) if a != 0 => {
                            register!(dest) = Value::Integer(a.wrapping_neg());
                        }
                        _ => break 'instructions,
                    },
                    Op::Length { dest, source } => match register!(source) {
                        Value::Table(table) if table.metatable().is_none() => {
                            register!(dest) = Value::Integer(table.length());
                        }
                        Value::String(text) => register!(dest) = Value::Integer(text.len()),
                        _ => break 'instructions,
                    },

                    Op::Concat { dest, source, count } => {
                        let first = source.0 as usize;
                        match join(ctx, &registers[first..first + count as usize]) {
                            Ok(text) => {
                                register!(dest) = Value::String(text);
                                left = left.saturating_sub(copied(text));
                            }
                            Err(NotJoined::NotText) => break 'instructions,
                            Err(NotJoined::TooLong) => {
                                set_pc(state, pc);
                                return Err(out_of_memory());
                            }
                        }
                        // Large texts are garbage soon: give the collector its chance.
                        if left <= 0 {
                            set_pc(state, pc);
                            continue 'frame;
                        }
                    }

                    Op::EqRR { skip_if, left, right } => match same(&register!(left), &register!(right)) {
                        Some(same) => decide!(same, skip_if),
                        None => break 'instructions,
                    },
                    Op::EqRC { skip_if, left, right } => {
                        match same(&register!(left), &constant!(right).into()) {
                            Some(same) => decide!(same, skip_if),
                            None => break 'instructions,
                        }
                    }
                    Op::EqCR { skip_if, left, right } => {
                        match same(&constant!(left).into(), &register!(right)) {
                            Some(same) => decide!(same, skip_if),
                            None => break 'instructions,
                        }
                    }
                    Op::LessRR { skip_if, left, right } => {
                        compare!(&register!(left), &register!(right), Value, Value, skip_if, <);
                    }
                    Op::LessRC { skip_if, left, right } => {
                        compare!(&register!(left), &constant!(right), Value, Constant, skip_if, <);
                    }
                    Op::LessCR { skip_if, left, right } => {
                        compare!(&constant!(left), &register!(right), Constant, Value, skip_if, <);
                    }
                    Op::LessEqRR { skip_if, left, right } => {
                        compare!(&register!(left), &register!(right), Value, Value, skip_if, <=);
                    }
                    Op::LessEqRC { skip_if, left, right } => {
                        compare!(&register!(left), &constant!(right), Value, Constant, skip_if, <=);
                    }
                    Op::LessEqCR { skip_if, left, right } => {
                        compare!(&constant!(left), &register!(right), Constant, Value, skip_if, <=);
                    }

                    Op::AddRR { dest, left, right } => {
                        arithmetic!(dest, &register!(left), &register!(right), Value, i64::wrapping_add, add);
                    }
                    Op::AddRC { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &register!(left),
                            &constant!(right),
                            Constant,
                            i64::wrapping_add,
                            add
                        );
                    }
                    Op::AddCR { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &constant!(left).into(),
                            &register!(right),
                            Value,
                            i64::wrapping_add,
                            add
                        );
                    }
                    Op::SubRR { dest, left, right } => {
                        arithmetic!(dest, &register!(left), &register!(right), Value, i64::wrapping_sub, sub);
                    }
                    Op::SubRC { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &register!(left),
                            &constant!(right),
                            Constant,
                            i64::wrapping_sub,
                            sub
                        );
                    }
                    Op::SubCR { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &constant!(left).into(),
                            &register!(right),
                            Value,
                            i64::wrapping_sub,
                            sub
                        );
                    }
                    Op::MulRR { dest, left, right } => {
                        arithmetic!(dest, &register!(left), &register!(right), Value, i64::wrapping_mul, mul);
                    }
                    Op::MulRC { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &register!(left),
                            &constant!(right),
                            Constant,
                            i64::wrapping_mul,
                            mul
                        );
                    }
                    Op::MulCR { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &constant!(left).into(),
                            &register!(right),
                            Value,
                            i64::wrapping_mul,
                            mul
                        );
                    }
                    Op::DivRR { dest, left, right } => {
                        float_arithmetic!(dest, &register!(left), &register!(right), Value, div);
                    }
                    Op::DivRC { dest, left, right } => {
                        float_arithmetic!(dest, &register!(left), &constant!(right), Constant, div);
                    }
                    Op::ModRR { dest, left, right } => match modulo(register!(left), register!(right)) {
                        Some(value) => register!(dest) = value,
                        None => break 'instructions,
                    },
                    Op::ModRC { dest, left, right } => {
                        match modulo(register!(left), constant!(right).into()) {
                            Some(value) => register!(dest) = value,
                            None => break 'instructions,
                        }
                    }

                    Op::NumericForLoop { base, jump } => {
                        let first = base.0 as usize;
                        let [index, limit, step, shown] = &mut registers[first..first + 4] else {
                            break 'instructions;
                        };
                        match (&*index, &*limit, &*step) {
                            (&Value::Number(at), &Value::Number(limit), &Value::Number(step)) => {
                                let at = at + step;
                                *index = Value::Number(at);
                                // A step of 0 counts down, as in PUC-Rio's 5.1.
                                if if step > 0.0 { at <= limit } else { at >= limit } {
                                    *shown = Value::Number(at);
                                    pc = pc.wrapping_add_signed(jump as isize);
                                }
                            }
                            (&Value::Integer(at), &Value::Integer(limit), &Value::Integer(step)) => {
                                let (at, overflow) = at.overflowing_add(step);
                                *index = Value::Integer(at);
                                if !overflow && if step < 0 { at >= limit } else { at <= limit } {
                                    *shown = Value::Integer(at);
                                    pc = pc.wrapping_add_signed(jump as isize);
                                }
                            }
                            _ => match mixed_step(*index, *limit, *step) {
                                Some((at, again)) => {
                                    *index = at;
                                    if again {
                                        *shown = at;
                                        pc = pc.wrapping_add_signed(jump as isize);
                                    }
                                }
                                None => break 'instructions,
                            },
                        }
                        left += i32::from(jump).min(-1);
                        if left <= 0 {
                            set_pc(state, pc);
                            continue 'frame;
                        }
                    }
                    Op::GenericForLoop { base, jump } => {
                        let value = registers[base.0 as usize + 1];
                        if !value.is_nil() {
                            register!(base) = value;
                            pc = pc.wrapping_add_signed(jump as isize);
                            left += i32::from(jump).min(-1);
                            if left <= 0 {
                                set_pc(state, pc);
                                continue 'frame;
                            }
                        }
                    }

                    Op::Call { func, args, returns } => {
                        let slot = base + func.0 as usize;
                        let Value::Function(function) = register!(func) else {
                            break 'instructions;
                        };
                        let args = match args.to_constant() {
                            Some(args) => args as usize,
                            None => state.stack.len() - slot - 1,
                        };
                        match function {
                            Function::Closure(callee) => {
                                left = left.saturating_sub(FUEL_PER_CALL);
                                let room = enter(state, pc, returns, callee, slot, args);
                                if state.frames.len() > around.most_frames || room > around.most_stack {
                                    fuel.set_remaining(left);
                                    return Ok(None);
                                }
                            }
                            Function::Callback(callback) => {
                                set_pc(state, pc);
                                state.stack.truncate(slot + 1 + args);
                                fuel.set_remaining(left.saturating_sub(FUEL_PER_CALLBACK));
                                let wanted = Wanted { slot, returns, end };
                                let call = (callback, slot + 1, wanted);
                                if let Some(returned) = call_back(ctx, around, state, fuel, call) {
                                    return Ok(Some(returned));
                                }
                                left = fuel.remaining();
                            }
                        }
                        continue 'frame;
                    }
                    Op::TailCall { func, args } => {
                        let slot = base + func.0 as usize;
                        let Value::Function(Function::Closure(callee)) = register!(func) else {
                            break 'instructions;
                        };
                        let args = match args.to_constant() {
                            Some(args) => args as usize,
                            None => state.stack.len() - slot - 1,
                        };
                        if !replace(state, callee, bottom, slot, args) {
                            break 'instructions;
                        }
                        left = left.saturating_sub(FUEL_PER_CALL).saturating_sub(instructions(pc));
                        continue 'frame;
                    }
                    Op::GenericForCall { base: from, var_count } => {
                        let Value::Function(Function::Callback(callback)) = register!(from) else {
                            break 'instructions;
                        };
                        let slot = base + from.0 as usize;
                        let first = slot + 3;
                        set_pc(state, pc);
                        state.stack.truncate(first);
                        state.stack.extend_from_within(slot + 1..first);
                        fuel.set_remaining(left.saturating_sub(FUEL_PER_CALLBACK));
                        let returns = VarCount::constant(var_count);
                        let call = (callback, first, Wanted { slot: first, returns, end });
                        if let Some(returned) = call_back(ctx, around, state, fuel, call) {
                            return Ok(Some(returned));
                        }
                        left = fuel.remaining();
                        continue 'frame;
                    }
                    Op::Return { start, count } => {
                        let from = base + start.0 as usize;
                        let count = match count.to_constant() {
                            Some(count) => count as usize,
                            None => state.stack.len() - from,
                        };
                        if !leave(state, bottom, from, count) {
                            break 'instructions;
                        }
                        left = left.saturating_sub(FUEL_PER_CALL).saturating_sub(instructions(pc));
                        continue 'frame;
                    }
                    _ => break 'instructions,
                }
                continue 'instructions;
            };
            if skip {
                pc += 1;
            } else if let Op::Jump { offset, close_upvalues } = code[pc].0 {
                // A jump follows each comparison: take it at once.
                if close_upvalues.is_none() && offset >= 0 {
                    pc += 1 + offset as usize;
                }
            }
        }

        let pc = pc - 1;
        set_pc(state, pc);
        if !is_variable {
            state.stack.truncate(end);
        }
        fuel.set_remaining(left.saturating_sub(FUEL_PER_RARITY));
        let rest = LuaFrame { state, thread, fuel };
        if let Err(error) = run_vm(ctx, rest, 1) {
            fuel.consume(instructions(pc));
            return Err(match error {
                VMError::OperatorError(MetaOperatorError::ConcatOverflow) => out_of_memory(),
                error => error.into(),
            });
        }
        left = fuel.remaining();
        if !matches!(code[pc].0, Op::Return { .. } | Op::TailCall { .. }) {
            continue;
        }
        left = left.saturating_sub(instructions(pc));
    }
}

/// What reaching that instruction is worth: no fewer than were executed since the last jump back.
#[inline]
fn instructions(pc: usize) -> i32 {
    i32::try_from(pc).unwrap_or(i32::MAX)
}

#[inline]
fn copied(text: String<'_>) -> i32 {
    i32::try_from(text.as_bytes().len() / BYTES_PER_FUEL).unwrap_or(i32::MAX)
}

#[inline]
fn is_of<'gc>(open: OpenUpValue<'gc>, thread: Thread<'gc>) -> bool {
    open.thread.as_ptr() == Gc::as_ptr(thread.0)
}
