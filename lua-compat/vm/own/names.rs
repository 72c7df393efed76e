//! What a value in a register is called in the source.
//!
//! As PUC-Rio does, from the instructions: whoever put the value there tells its name. Only for messages and
//! the library `debug`.

use std::string::String;

use crate::{
    numbers::{self, Style},
    opcode::{Operation, RCIndex},
    types::RegisterIndex,
    Closure, Constant, FunctionPrototype,
};

/// Kind (`local`, `global`, `field`, `method`, `upvalue`, `constant`, …) and name of a variable.
pub type Name = (&'static str, String);

fn is_lua51() -> bool {
    numbers::style() == Style::Lua51
}

/// The name of the value in the register, as the instruction at `place` finds it.
pub fn register(prototype: &FunctionPrototype<'_>, place: usize, register: u8) -> Option<Name> {
    if let Some(name) = prototype.debug.local_in(register, place) {
        return Some(("local", name.display_lossy().to_string()));
    }
    let setter = setter(prototype, place, register)?;
    match prototype.opcodes.get(setter)?.decode() {
        Operation::Move { dest, source } if source.0 < dest.0 => {
            self::register(prototype, setter, source.0)
        }
        Operation::GetUpTable { table, key, .. } => {
            let environment = matches!(
                upvalue(prototype, table.0).as_str(),
                "_ENV" | "(environment)"
            );
            let kind = if environment { "global" } else { "field" };
            // Beyond the 256th constant the name is in a register.
            let name = match key {
                RCIndex::Register(key) => match loaded_text(prototype, setter, key.0) {
                    Some(name) => name,
                    None => "?".to_owned(),
                },
                key => key_name(prototype, setter, key),
            };
            Some((kind, name))
        }
        Operation::GetTable { table, key, .. } => {
            let environment = prototype
                .debug
                .local_in(table.0, setter)
                .is_some_and(|name| name.as_bytes() == b"_ENV");
            let kind = if environment { "global" } else { "field" };
            Some((kind, key_name(prototype, setter, key)))
        }
        Operation::GetUpValue { source, .. } => Some(("upvalue", upvalue(prototype, source.0))),
        Operation::LoadConstant { constant, .. } if !is_lua51() => {
            match prototype.constants.get(constant.0 as usize)? {
                Constant::String(text) => Some(("constant", shown(*text))),
                _ => None,
            }
        }
        Operation::Method { key, .. } => Some(("method", key_name(prototype, setter, key))),
        _ => None,
    }
}

/// The name of an upvalue.
pub fn upvalue(prototype: &FunctionPrototype<'_>, index: u8) -> String {
    match prototype.debug.upvalues.get(index as usize) {
        Some(name) => name.display_lossy().to_string(),
        None => "?".to_owned(),
    }
}

/// How the function is called that the instruction before `pc` calls.
pub fn called(closure: Closure<'_>, pc: usize) -> Option<Name> {
    let prototype = closure.prototype();
    let place = pc.checked_sub(1)?;
    let metamethod = |name: &str| Some(("metamethod", name.to_owned()));
    match prototype.opcodes.get(place)?.decode() {
        Operation::Call { func, .. } | Operation::TailCall { func, .. } => {
            register(&prototype, place, func.0)
        }
        Operation::GenericForCall { .. } if is_lua51() => {
            Some(("local", "(for generator)".to_owned()))
        }
        Operation::GenericForCall { .. } => Some(("for iterator", "for iterator".to_owned())),
        // Lua 5.1 names no metamethods.
        _ if is_lua51() => None,
        Operation::Method { .. } | Operation::GetTable { .. } | Operation::GetUpTable { .. } => {
            metamethod("index")
        }
        Operation::SetTable { .. } | Operation::SetUpTable { .. } => metamethod("newindex"),
        Operation::Add { .. } => metamethod("add"),
        Operation::Sub { .. } => metamethod("sub"),
        Operation::Mul { .. } => metamethod("mul"),
        Operation::Div { .. } => metamethod("div"),
        Operation::IDiv { .. } => metamethod("idiv"),
        Operation::Mod { .. } => metamethod("mod"),
        Operation::Pow { .. } => metamethod("pow"),
        Operation::BitAnd { .. } => metamethod("band"),
        Operation::BitOr { .. } => metamethod("bor"),
        Operation::BitXor { .. } => metamethod("bxor"),
        Operation::ShiftLeft { .. } => metamethod("shl"),
        Operation::ShiftRight { .. } => metamethod("shr"),
        Operation::Minus { .. } => metamethod("unm"),
        Operation::BitNot { .. } => metamethod("bnot"),
        Operation::Length { .. } => metamethod("len"),
        Operation::Concat { .. } => metamethod("concat"),
        Operation::Eq { .. } => metamethod("eq"),
        Operation::Less { .. } => metamethod("lt"),
        Operation::LessEq { .. } => metamethod("le"),
        Operation::CloseScope { .. } => metamethod("close"),
        _ => None,
    }
}

fn key_name(prototype: &FunctionPrototype<'_>, place: usize, key: RCIndex) -> String {
    match key {
        RCIndex::Constant(index) => match prototype.constants.get(index.0 as usize) {
            Some(Constant::String(name)) => shown(*name),
            Some(Constant::Integer(value)) if !is_lua51() && (0..256).contains(value) => {
                "integer index".to_owned()
            }
            _ => "?".to_owned(),
        },
        RCIndex::Register(key) if !is_lua51() => match register(prototype, place, key.0) {
            Some(("constant", name)) => name,
            _ => small_integer(prototype, place, key.0).unwrap_or("?").to_owned(),
        },
        RCIndex::Register(_) => "?".to_owned(),
    }
}

/// How 5.4 names a field by the number that was loaded into the register.
fn small_integer(
    prototype: &FunctionPrototype<'_>,
    place: usize,
    register: u8,
) -> Option<&'static str> {
    let setter = setter(prototype, place, register)?;
    match prototype.opcodes.get(setter)?.decode() {
        // A variable would have said so; this is a numeral of the source.
        Operation::LoadConstant { constant, .. }
            if prototype.debug.local_in(register, place).is_none() =>
        {
            match prototype.constants.get(constant.0 as usize)? {
                Constant::Integer(value) if (0..256).contains(value) => Some("integer index"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The text that was loaded into the register.
fn loaded_text(prototype: &FunctionPrototype<'_>, place: usize, register: u8) -> Option<String> {
    let index = match prototype.opcodes.get(setter(prototype, place, register)?)?.decode() {
        Operation::LoadConstant { constant, .. } => constant.0 as usize,
        Operation::LoadFarConstant { constant, .. } => constant.0 as usize + 65_536,
        _ => return None,
    };
    match prototype.constants.get(index)? {
        Constant::String(name) => Some(shown(*name)),
        _ => None,
    }
}

/// A name as messages show it: C's strings end at a zero byte.
pub(crate) fn shown(name: crate::String<'_>) -> String {
    let text = name.as_bytes().split(|byte| *byte == 0).next();
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

/// The last instruction before `last` that sets the register, if it surely ran.
fn setter(prototype: &FunctionPrototype<'_>, last: usize, register: u8) -> Option<usize> {
    let mut found = None;
    // Code before this place may have been jumped over.
    let mut jump_target = 0;
    let mut place = 0;
    while place < last {
        let operation = prototype.opcodes.get(place)?.decode();
        let distance = match operation {
            Operation::Jump { offset, .. } => Some(i64::from(offset)),
            Operation::FarJump { high, low } => Some((i64::from(high) << 16) + i64::from(low)),
            _ => None,
        };
        if let Some(distance) = distance {
            let target = place as i64 + 1 + distance;
            if target <= last as i64 && target > place as i64 {
                if is_lua51() {
                    // Lua 5.1 believes every jump forward.
                    place = target as usize;
                    continue;
                }
                jump_target = jump_target.max(target);
            }
        } else if sets(operation, register) {
            found = ((place as i64) >= jump_target).then_some(place);
        }
        place += 1;
    }
    found
}

fn sets(operation: Operation, register: u8) -> bool {
    match operation {
        Operation::LoadNil { dest, count } => {
            dest.0 <= register && u16::from(register) < u16::from(dest.0) + u16::from(count)
        }
        Operation::GenericForCall { base, .. } => register >= base.0.saturating_add(3),
        Operation::Call { func, .. } | Operation::TailCall { func, .. } => register >= func.0,
        Operation::VarArgs { dest, .. } => register >= dest.0,
        Operation::Method { base, .. } => register == base.0 || register == base.0.wrapping_add(1),
        Operation::NumericForPrep { base, .. } | Operation::NumericForLoop { base, .. } => {
            register == base.0 || register == base.0.wrapping_add(3)
        }
        // Lua 5.1 takes a test for something that sets its register.
        Operation::Test { value, .. } if is_lua51() => value.0 == register,
        other => destination(other) == Some(RegisterIndex(register)),
    }
}

fn destination(operation: Operation) -> Option<RegisterIndex> {
    match operation {
        Operation::Move { dest, .. }
        | Operation::LoadConstant { dest, .. }
        | Operation::LoadBool { dest, .. }
        | Operation::NewTable { dest, .. }
        | Operation::GetTable { dest, .. }
        | Operation::GetUpTable { dest, .. }
        | Operation::TestSet { dest, .. }
        | Operation::Closure { dest, .. }
        | Operation::Concat { dest, .. }
        | Operation::GetUpValue { dest, .. }
        | Operation::Length { dest, .. }
        | Operation::Not { dest, .. }
        | Operation::Minus { dest, .. }
        | Operation::Add { dest, .. }
        | Operation::Sub { dest, .. }
        | Operation::Mul { dest, .. }
        | Operation::Div { dest, .. }
        | Operation::IDiv { dest, .. }
        | Operation::Mod { dest, .. }
        | Operation::Pow { dest, .. }
        | Operation::BitAnd { dest, .. }
        | Operation::BitOr { dest, .. }
        | Operation::BitXor { dest, .. }
        | Operation::ShiftLeft { dest, .. }
        | Operation::ShiftRight { dest, .. }
        | Operation::BitNot { dest, .. } => Some(dest),
        _ => None,
    }
}
