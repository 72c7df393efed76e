//! The instructions that scripts spend their time on, without a way through the executor at each call.
//!
//! [`run`] executes the topmost Lua function and what it calls. Here is only what an instruction does in
//! the common case. Whatever has to raise an error, call a metamethod or do something rare is left to
//! upstream's `run_vm`, as if nobody had looked at it, so that its meaning is said once.
//!
//! Promises: a frame's `pc` is in place whenever anything else can see the frame; the stack ends where
//! upstream expects it whenever upstream's code or a callback runs; fuel is charged for no fewer
//! instructions than were executed.

use ottavino_gc_arena::Gc;

use super::{Frame, LuaFrame, LuaReturn, MetaReturn, OpenUpValue, Thread, ThreadState};
use crate::{
    closure::UpValueState,
    joined::{join, out_of_memory, NotJoined},
    meta_ops::{MetaMethod, MetaOperatorError},
    opcode::OpCodeRepr as Op,
    thread::{executor::Execution, vm::run_vm, VMError},
    types::VarCount,
    CallbackReturn, Closure, Constant, Context, Error, Executor, Fuel, Function, String, Table,
    Value,
};

/// A callback that has returned something for the executor to do.
pub(in crate::thread) struct Returned<'gc> {
    pub(in crate::thread) bottom: usize,
    pub(in crate::thread) result: Result<CallbackReturn<'gc>, Error<'gc>>,
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
                    Op::LoadBool {
                        dest,
                        value,
                        skip_next,
                    } => {
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
                    Op::GetTableC { dest, table, key } => match (register!(table), &constant!(key))
                    {
                        (Value::Table(table), &Constant::String(key)) => {
                            get_table!(dest, table, field(ctx, table, key));
                        }
                        _ => break 'instructions,
                    },
                    Op::MethodC { base, table, key } => match (register!(table), &constant!(key)) {
                        (Value::Table(table), &Constant::String(key)) => {
                            match field(ctx, table, key) {
                                Some(value) => {
                                    registers[base.0 as usize + 1] = Value::Table(table);
                                    register!(base) = value;
                                }
                                None => break 'instructions,
                            }
                        }
                        _ => break 'instructions,
                    },
                    Op::GetUpTableC { dest, table, key } => {
                        match (upvalues[table.0 as usize].get(), &constant!(key)) {
                            (UpValueState::Closed(Value::Table(table)), &Constant::String(key)) => {
                                get_table!(dest, table, field(ctx, table, key));
                            }
                            _ => break 'instructions,
                        }
                    }
                    Op::SetUpTableCR { table, key, value } => {
                        match (upvalues[table.0 as usize].get(), &constant!(key)) {
                            (UpValueState::Closed(Value::Table(table)), &Constant::String(key)) => {
                                if !set_field(ctx, table, key, register!(value)) {
                                    break 'instructions;
                                }
                            }
                            _ => break 'instructions,
                        }
                    }
                    Op::SetTableCR { table, key, value } => {
                        match (register!(table), &constant!(key)) {
                            (Value::Table(table), &Constant::String(key)) => {
                                if !set_field(ctx, table, key, register!(value)) {
                                    break 'instructions;
                                }
                            }
                            _ => break 'instructions,
                        }
                    }
                    Op::SetTableCC { table, key, value } => {
                        match (register!(table), &constant!(key)) {
                            (Value::Table(table), &Constant::String(key)) => {
                                if !set_field(ctx, table, key, constant!(value).into()) {
                                    break 'instructions;
                                }
                            }
                            _ => break 'instructions,
                        }
                    }
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

                    Op::GetUpValue { dest, source } => match upvalues[source.0 as usize].get() {
                        UpValueState::Closed(value) => register!(dest) = value,
                        UpValueState::Open(open)
                            if is_of(open, thread) && open.stack_index < base =>
                        {
                            register!(dest) = below[open.stack_index];
                        }
                        UpValueState::Open(_) => break 'instructions,
                    },
                    Op::SetUpValue { dest, source } => {
                        let upvalue = upvalues[dest.0 as usize];
                        match upvalue.get() {
                            UpValueState::Closed(_) => {
                                upvalue.set(&ctx, UpValueState::Closed(register!(source)));
                            }
                            UpValueState::Open(open)
                                if is_of(open, thread) && open.stack_index < base =>
                            {
                                below[open.stack_index] = register!(source);
                            }
                            UpValueState::Open(_) => break 'instructions,
                        }
                    }

                    Op::Jump {
                        offset,
                        close_upvalues,
                    } => {
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
                    Op::TestSet {
                        dest,
                        value,
                        is_true,
                    } => {
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
                        Value::Integer(a) => register!(dest) = Value::Integer(a.wrapping_neg()),
                        _ => break 'instructions,
                    },
                    Op::Length { dest, source } => match register!(source) {
                        Value::Table(table) if table.metatable().is_none() => {
                            register!(dest) = Value::Integer(table.length());
                        }
                        Value::String(text) => register!(dest) = Value::Integer(text.len()),
                        _ => break 'instructions,
                    },

                    Op::Concat {
                        dest,
                        source,
                        count,
                    } => {
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

                    Op::EqRR {
                        skip_if,
                        left,
                        right,
                    } => match same(&register!(left), &register!(right)) {
                        Some(same) => decide!(same, skip_if),
                        None => break 'instructions,
                    },
                    Op::EqRC {
                        skip_if,
                        left,
                        right,
                    } => match same(&register!(left), &constant!(right).into()) {
                        Some(same) => decide!(same, skip_if),
                        None => break 'instructions,
                    },
                    Op::EqCR {
                        skip_if,
                        left,
                        right,
                    } => match same(&constant!(left).into(), &register!(right)) {
                        Some(same) => decide!(same, skip_if),
                        None => break 'instructions,
                    },
                    Op::LessRR {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&register!(left), &register!(right), Value, Value, skip_if, <);
                    }
                    Op::LessRC {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&register!(left), &constant!(right), Value, Constant, skip_if, <);
                    }
                    Op::LessCR {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&constant!(left), &register!(right), Constant, Value, skip_if, <);
                    }
                    Op::LessEqRR {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&register!(left), &register!(right), Value, Value, skip_if, <=);
                    }
                    Op::LessEqRC {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&register!(left), &constant!(right), Value, Constant, skip_if, <=);
                    }
                    Op::LessEqCR {
                        skip_if,
                        left,
                        right,
                    } => {
                        compare!(&constant!(left), &register!(right), Constant, Value, skip_if, <=);
                    }

                    Op::AddRR { dest, left, right } => {
                        arithmetic!(
                            dest,
                            &register!(left),
                            &register!(right),
                            Value,
                            i64::wrapping_add,
                            add
                        );
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
                        arithmetic!(
                            dest,
                            &register!(left),
                            &register!(right),
                            Value,
                            i64::wrapping_sub,
                            sub
                        );
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
                        arithmetic!(
                            dest,
                            &register!(left),
                            &register!(right),
                            Value,
                            i64::wrapping_mul,
                            mul
                        );
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
                    Op::ModRR { dest, left, right } => {
                        match modulo(register!(left), register!(right)) {
                            Some(value) => register!(dest) = value,
                            None => break 'instructions,
                        }
                    }
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
                                if if step < 0.0 { at >= limit } else { at <= limit } {
                                    *shown = Value::Number(at);
                                    pc = pc.wrapping_add_signed(jump as isize);
                                }
                            }
                            (
                                &Value::Integer(at),
                                &Value::Integer(limit),
                                &Value::Integer(step),
                            ) => {
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
                        if value.to_bool() {
                            register!(base) = value;
                            pc = pc.wrapping_add_signed(jump as isize);
                            left += i32::from(jump).min(-1);
                            if left <= 0 {
                                set_pc(state, pc);
                                continue 'frame;
                            }
                        }
                    }

                    Op::Call {
                        func,
                        args,
                        returns,
                    } => {
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
                                if state.frames.len() > around.most_frames
                                    || room > around.most_stack
                                {
                                    fuel.set_remaining(left);
                                    return Ok(None);
                                }
                            }
                            Function::Callback(callback) => {
                                set_pc(state, pc);
                                let first = slot + 1;
                                state.stack.truncate(first + args);
                                fuel.set_remaining(left.saturating_sub(FUEL_PER_CALLBACK));
                                let result = callback.call(
                                    ctx,
                                    Execution {
                                        executor: around.executor,
                                        fuel,
                                        threads: around.threads,
                                        upper_frames: &state.frames,
                                    },
                                    crate::Stack::new(&mut state.stack, first),
                                );
                                left = fuel.remaining();
                                if let Ok(CallbackReturn::Return) = result {
                                    deliver(state, first, slot, returns, end);
                                } else {
                                    state.stack.remove(slot);
                                    expect(state, returns);
                                    return Ok(Some(Returned {
                                        bottom: slot,
                                        result,
                                    }));
                                }
                            }
                        }
                        continue 'frame;
                    }
                    Op::TailCall { func, args } => {
                        let slot = base + func.0 as usize;
                        let Value::Function(Function::Closure(callee)) = register!(func) else {
                            break 'instructions;
                        };
                        let prototype = callee.prototype();
                        if prototype.has_varargs || is_shared(state, bottom) {
                            break 'instructions;
                        }
                        let args = match args.to_constant() {
                            Some(args) => args as usize,
                            None => state.stack.len() - slot - 1,
                        };
                        left = left
                            .saturating_sub(FUEL_PER_CALL)
                            .saturating_sub(i32::try_from(pc).unwrap_or(i32::MAX));
                        // In the place of this frame.
                        let stack_size = prototype.stack_size as usize;
                        let base = bottom + 1;
                        let kept = args.min(prototype.fixed_params as usize);
                        if state.stack.len() < base + stack_size {
                            state.stack.resize(base + stack_size, Value::Nil);
                        }
                        state.stack.copy_within(slot + 1..slot + 1 + kept, base);
                        state.stack[base + kept..base + prototype.fixed_params as usize]
                            .fill(Value::Nil);
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
                        continue 'frame;
                    }
                    Op::GenericForCall {
                        base: from,
                        var_count,
                    } => {
                        let Value::Function(Function::Callback(callback)) = register!(from) else {
                            break 'instructions;
                        };
                        let slot = base + from.0 as usize;
                        let first = slot + 3;
                        set_pc(state, pc);
                        state.stack.truncate(first);
                        state.stack.extend_from_within(slot + 1..first);
                        fuel.set_remaining(left - FUEL_PER_CALLBACK);
                        let result = callback.call(
                            ctx,
                            Execution {
                                executor: around.executor,
                                fuel,
                                threads: around.threads,
                                upper_frames: &state.frames,
                            },
                            crate::Stack::new(&mut state.stack, first),
                        );
                        left = fuel.remaining();
                        match result {
                            Ok(CallbackReturn::Return) => {
                                deliver(state, first, first, VarCount::constant(var_count), end);
                            }
                            result => {
                                expect(state, VarCount::constant(var_count));
                                return Ok(Some(Returned {
                                    bottom: first,
                                    result,
                                }));
                            }
                        }
                        continue 'frame;
                    }
                    Op::Return { start, count } => {
                        let [.., caller, _] = &mut state.frames[..] else {
                            break 'instructions;
                        };
                        let Frame::Lua {
                            expected_return,
                            is_variable: caller_is_variable,
                            base: caller_base,
                            pc: caller_pc,
                            ..
                        } = caller
                        else {
                            break 'instructions;
                        };
                        let Some(expected) = *expected_return else {
                            break 'instructions;
                        };
                        if state
                            .open_upvalues
                            .last()
                            .is_some_and(|&last| super::open_upvalue_ind(last) >= bottom)
                        {
                            break 'instructions;
                        }
                        left = left
                            .saturating_sub(FUEL_PER_CALL)
                            .saturating_sub(i32::try_from(pc).unwrap_or(i32::MAX));
                        *expected_return = None;
                        *caller_is_variable = false;
                        let from = base + start.0 as usize;
                        let count = match count.to_constant() {
                            Some(count) => count as usize,
                            None => state.stack.len() - from,
                        };
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
                                    *caller_is_variable = true;
                                    stack.copy_within(from..from + count, bottom);
                                    state.stack.truncate(bottom + count);
                                }
                            },
                            LuaReturn::Meta(wanted) => {
                                let value = if count > 0 { stack[from] } else { Value::Nil };
                                match wanted {
                                    MetaReturn::None => {}
                                    MetaReturn::Register(dest) => {
                                        stack[*caller_base + dest.0 as usize] = value;
                                    }
                                    MetaReturn::SkipIf(skip_if) => {
                                        if value.to_bool() == skip_if {
                                            *caller_pc += 1;
                                        }
                                    }
                                }
                            }
                        }
                        // Frames of other kinds own something.
                        match state.frames.pop() {
                            None | Some(Frame::Lua { .. }) => {}
                            Some(other) => drop(other),
                        }
                        continue 'frame;
                    }
                    _ => break 'instructions,
                }
                continue 'instructions;
            };
            if skip {
                pc += 1;
            } else if let Op::Jump {
                offset,
                close_upvalues,
            } = code[pc].0
            {
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
        let rest = LuaFrame {
            state,
            thread,
            fuel,
        };
        if let Err(error) = run_vm(ctx, rest, 1) {
            fuel.consume(i32::try_from(pc).unwrap_or(i32::MAX));
            return Err(match error {
                VMError::OperatorError(MetaOperatorError::ConcatOverflow) => out_of_memory(),
                error => error.into(),
            });
        }
        left = fuel.remaining();
        if !matches!(code[pc].0, Op::Return { .. } | Op::TailCall { .. }) {
            continue;
        }
        left = left.saturating_sub(i32::try_from(pc).unwrap_or(i32::MAX));
    }
}

#[inline]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[inline]
fn sub(a: f64, b: f64) -> f64 {
    a - b
}

#[inline]
fn mul(a: f64, b: f64) -> f64 {
    a * b
}

#[inline]
fn div(a: f64, b: f64) -> f64 {
    a / b
}

/// `%` of what is whole and positive on both sides; the rest has corners that upstream knows.
#[inline]
fn modulo<'gc>(left: Value<'gc>, right: Value<'gc>) -> Option<Value<'gc>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (left, right) {
        (Value::Integer(a), Value::Integer(b)) if b > 0 => Some(Value::Integer(a.rem_euclid(b))),
        (Value::Number(a), Value::Number(b)) => {
            let (small, divisor) = (a as u32, b as u32);
            // Not 0, because that may be -0.0.
            if small > 0 && divisor > 0 && f64::from(small) == a && f64::from(divisor) == b {
                return Some(Value::Number(f64::from(small % divisor)));
            }
            if a > 0.0 && a < EXACT && b > 0.0 && b < EXACT {
                let (whole, divisor) = (a as i64, b as i64);
                if whole as f64 == a && divisor as f64 == b {
                    return Some(Value::Number((whole % divisor) as f64));
                }
            }
            None
        }
        _ => None,
    }
}

/// One step of a numeric loop whose three numbers are of different kinds: the next value, and whether
/// the loop goes on.
#[inline(never)]
fn mixed_step<'gc>(
    index: Value<'gc>,
    limit: Value<'gc>,
    step: Value<'gc>,
) -> Option<(Value<'gc>, bool)> {
    let limit = float(limit)?;
    if let (Value::Integer(index), Value::Integer(step)) = (index, step) {
        let (at, overflow) = index.overflowing_add(step);
        let within = if step < 0 {
            at as f64 >= limit
        } else {
            at as f64 <= limit
        };
        return Some((Value::Integer(at), within && !overflow));
    }
    let (at, step) = (float(index)? + float(step)?, float(step)?);
    let within = if step < 0.0 { at >= limit } else { at <= limit };
    Some((Value::Number(at), within))
}

fn float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Integer(number) => Some(number as f64),
        _ => None,
    }
}

#[inline]
fn copied(text: String<'_>) -> i32 {
    i32::try_from(text.as_bytes().len() / BYTES_PER_FUEL).unwrap_or(i32::MAX)
}

/// Equality without metamethods; `None` where a metamethod may have a say.
#[inline]
fn same<'gc>(left: &Value<'gc>, right: &Value<'gc>) -> Option<bool> {
    Some(match (*left, *right) {
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Integer(a), Value::Number(b)) | (Value::Number(b), Value::Integer(a)) => {
            a as f64 == b
        }
        (Value::String(a), Value::String(b)) => a.same(b),
        (Value::Nil, Value::Nil) => true,
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Table(a), Value::Table(b)) if a == b => true,
        (Value::Function(a), Value::Function(b)) => a == b,
        _ => return None,
    })
}

#[inline]
fn is_of<'gc>(open: OpenUpValue<'gc>, thread: Thread<'gc>) -> bool {
    open.thread.as_ptr() == Gc::as_ptr(thread.0)
}

/// `table.key`; `None` where a function has to be called for it.
#[inline]
fn field<'gc>(ctx: Context<'gc>, table: Table<'gc>, key: String<'gc>) -> Option<Value<'gc>> {
    let inner = Gc::as_ref(table.into_inner()).borrow();
    let value = inner.raw_table.get_string(key);
    if !value.is_nil() {
        return Some(value);
    }
    match inner.metatable {
        None => Some(Value::Nil),
        Some(metatable) => inherited(ctx, metatable, Value::String(key)),
    }
}

/// `table[key]`; `None` where a function has to be called for it.
#[inline]
fn element<'gc>(ctx: Context<'gc>, table: Table<'gc>, key: Value<'gc>) -> Option<Value<'gc>> {
    let inner = Gc::as_ref(table.into_inner()).borrow();
    let value = match inner.raw_table.array_value(key) {
        Some(value) => value,
        None => inner.raw_table.get_elsewhere(key),
    };
    if !value.is_nil() {
        return Some(value);
    }
    match inner.metatable {
        None => Some(Value::Nil),
        Some(metatable) => inherited(ctx, metatable, key),
    }
}

#[inline(never)]
fn inherited<'gc>(
    ctx: Context<'gc>,
    mut metatable: Table<'gc>,
    key: Value<'gc>,
) -> Option<Value<'gc>> {
    let index = ctx.metamethod(MetaMethod::Index);
    for _ in 0..LONGEST_CHAIN {
        let behind = match metatable.into_inner().borrow().raw_table.get_string(index) {
            Value::Nil => return Some(Value::Nil),
            Value::Table(behind) => behind,
            _ => return None,
        };
        let inner = Gc::as_ref(behind.into_inner()).borrow();
        let value = inner.raw_table.get_elsewhere(key);
        if !value.is_nil() {
            return Some(value);
        }
        match inner.metatable {
            None => return Some(Value::Nil),
            Some(next) => metatable = next,
        }
    }
    None
}

/// `table.key = value`; false where nothing was done.
#[inline]
fn set_field<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    key: String<'gc>,
    value: Value<'gc>,
) -> bool {
    let mut inner = table.into_inner().borrow_mut(&ctx);
    // Setting Nil also means to let go of the key.
    if !value.is_nil() {
        if let Some(slot) = inner.raw_table.string_slot(key) {
            *slot = value;
            return true;
        }
    }
    inner.metatable.is_none() && inner.raw_table.set(Value::String(key), value).is_ok()
}

/// `table[key] = value`; false where nothing was done.
#[inline]
fn set_element<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    key: Value<'gc>,
    value: Value<'gc>,
) -> bool {
    let mut inner = table.into_inner().borrow_mut(&ctx);
    if let Some(slot) = inner.raw_table.array_slot(key) {
        if !slot.is_nil() {
            *slot = value;
            return true;
        }
    }
    inner.metatable.is_none() && inner.raw_table.set(key, value).is_ok()
}

#[inline]
fn set_pc(state: &mut ThreadState<'_>, pc: usize) {
    if let Some(Frame::Lua { pc: stored_pc, .. }) = state.frames.last_mut() {
        *stored_pc = pc;
    }
}

#[inline]
fn expect(state: &mut ThreadState<'_>, returns: VarCount) {
    if let Some(Frame::Lua {
        expected_return, ..
    }) = state.frames.last_mut()
    {
        *expected_return = Some(LuaReturn::Normal(returns));
    }
}

/// Whether closures hold variables that live on the stack from `bottom` on.
#[inline]
fn is_shared(state: &ThreadState<'_>, bottom: usize) -> bool {
    state
        .open_upvalues
        .last()
        .is_some_and(|&last| super::open_upvalue_ind(last) >= bottom)
}

/// Begins a function whose arguments stand behind its `slot`; how long the stack has to be for it.
#[inline]
fn enter<'gc>(
    state: &mut ThreadState<'gc>,
    pc: usize,
    returns: VarCount,
    callee: Closure<'gc>,
    slot: usize,
    args: usize,
) -> usize {
    if let Some(Frame::Lua {
        pc: stored_pc,
        expected_return,
        ..
    }) = state.frames.last_mut()
    {
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

/// Moves what a callback left from `first` on to `slot`, as many values as are wanted, and makes the
/// stack as long as the frame expects it.
#[inline]
fn deliver(state: &mut ThreadState<'_>, first: usize, slot: usize, returns: VarCount, end: usize) {
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
