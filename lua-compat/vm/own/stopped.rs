//! A Lua function at the instruction that failed, and what the operator there has to say.
//!
//! The VM's errors know types only. The instruction knows where its operands are, so the value and the name of
//! the culprit are looked up there.

use std::string::String;

use crate::{
    closure::UpValueState,
    names::{self, Name},
    opcode::{Operation, RCIndex},
    types::UpValueIndex,
    wording::{is_lua51, named, no_integer, type_name},
    Closure, Constant, Context, Value,
};

/// A Lua function that stopped at an instruction, with its registers.
pub(crate) struct Stopped<'gc, 'a> {
    pub(crate) closure: Closure<'gc>,
    /// Index of the instruction.
    pub(crate) place: usize,
    pub(crate) registers: &'a [Value<'gc>],
}

/// Where an operand of the failed instruction is.
#[derive(Clone, Copy)]
enum Operand {
    Register(u8),
    Upvalue(UpValueIndex),
    Constant(usize),
}

impl From<RCIndex> for Operand {
    fn from(index: RCIndex) -> Self {
        match index {
            RCIndex::Register(register) => Self::Register(register.0),
            RCIndex::Constant(constant) => Self::Constant(constant.0 as usize),
        }
    }
}

impl<'gc> Stopped<'gc, '_> {
    fn operation(&self) -> Option<Operation> {
        let code = self.closure.prototype().opcodes.get(self.place).copied();
        code.map(|code| code.decode())
    }

    fn value(&self, operand: Operand) -> Value<'gc> {
        match operand {
            Operand::Register(register) => {
                let value = self.registers.get(register as usize);
                value.copied().unwrap_or_default()
            }
            Operand::Constant(index) => {
                let prototype = self.closure.prototype();
                match prototype.constants.get(index) {
                    Some(Constant::Boolean(value)) => Value::Boolean(*value),
                    Some(Constant::Integer(value)) => Value::Integer(*value),
                    Some(Constant::Number(value)) => Value::Number(*value),
                    Some(Constant::String(value)) => Value::String(*value),
                    _ => Value::Nil,
                }
            }
            Operand::Upvalue(index) => {
                match self.closure.upvalues().get(index.0 as usize).map(|upvalue| upvalue.get().get()) {
                    Some(UpValueState::Closed(value)) => value,
                    _ => Value::Nil,
                }
            }
        }
    }

    fn name(&self, operand: Operand) -> Option<Name> {
        let prototype = self.closure.prototype();
        match operand {
            Operand::Register(register) => names::register(&prototype, self.place, register),
            Operand::Upvalue(index) => Some(("upvalue", names::upvalue(&prototype, index.0))),
            // A string in an instruction is as good as one that was loaded before it.
            Operand::Constant(index) if !is_lua51() => match prototype.constants.get(index)? {
                Constant::String(text) => Some(("constant", names::shown(*text))),
                _ => None,
            },
            Operand::Constant(_) => None,
        }
    }

    /// `attempt to index a nil value (local 'x')`; in Lua 5.1 `attempt to index local 'x' (a nil value)`.
    fn attempt(&self, ctx: Context<'gc>, what: &str, operand: Operand) -> String {
        let kind = type_name(ctx, self.value(operand));
        named(what, &kind, self.name(operand))
    }

    /// Of two operands of an arithmetic operator, the first that is no number.
    fn arithmetic(&self, ctx: Context<'gc>, left: RCIndex, right: RCIndex) -> String {
        let wrong = |operand: RCIndex| {
            let value = self.value(operand.into());
            if is_lua51() {
                value.to_number().is_none()
            } else {
                !matches!(value, Value::Integer(_) | Value::Number(_))
            }
        };
        let (one, other) = (self.value(left.into()), self.value(right.into()));
        let strings = matches!(one, Value::String(_)) || matches!(other, Value::String(_));
        if strings && !is_lua51() {
            // The metamethods of strings tell it in their own way.
            return format!(
                "attempt to {} a '{}' with a '{}'",
                self.verb(),
                type_name(ctx, one),
                type_name(ctx, other)
            );
        }
        let culprit = if wrong(left) { left } else { right };
        self.attempt(ctx, "perform arithmetic on", culprit.into())
    }

    /// Both operands are worth integers, so it is a zero that an operator fails on.
    pub(crate) fn divides_integers(&self) -> bool {
        match self.operation() {
            Some(Operation::IDiv { left, right, .. } | Operation::Mod { left, right, .. }) => {
                [left, right].into_iter().all(|operand| {
                    matches!(self.value(operand.into()).to_numeric(), Some(Value::Integer(_)))
                })
            }
            _ => false,
        }
    }

    /// The type of what an instruction indexes, if that is in a register.
    pub(crate) fn indexed(&self) -> Option<&'static str> {
        match self.operation()? {
            Operation::GetTable { table, .. }
            | Operation::SetTable { table, .. }
            | Operation::Method { table, .. } => {
                Some(self.value(Operand::Register(table.0)).type_name())
            }
            _ => None,
        }
    }

    pub(crate) fn indexes_upvalue(&self) -> bool {
        matches!(
            self.operation(),
            Some(Operation::GetUpTable { .. } | Operation::SetUpTable { .. })
        )
    }

    pub(crate) fn upvalue_name(&self) -> Option<Name> {
        match self.operation()? {
            Operation::GetUpTable { table, .. } | Operation::SetUpTable { table, .. } => {
                self.name(Operand::Upvalue(table))
            }
            _ => None,
        }
    }

    /// The operator's work is done by a function of the strings' metatable, which has no line.
    pub(crate) fn is_native(&self) -> bool {
        let strings = |operand: RCIndex| matches!(self.value(operand.into()), Value::String(_));
        match self.operation() {
            Some(Operation::IDiv { left, right, .. } | Operation::Mod { left, right, .. }) => {
                !is_lua51() && self.divides_integers() && (strings(left) || strings(right))
            }
            _ => false,
        }
    }

    fn verb(&self) -> &'static str {
        match self.operation() {
            Some(Operation::Add { .. }) => "add",
            Some(Operation::Sub { .. }) => "sub",
            Some(Operation::Mul { .. }) => "mul",
            Some(Operation::Div { .. }) => "div",
            Some(Operation::IDiv { .. }) => "idiv",
            Some(Operation::Mod { .. }) => "mod",
            Some(Operation::Pow { .. }) => "pow",
            _ => "unm",
        }
    }

    fn bitwise(&self, ctx: Context<'gc>, left: RCIndex, right: RCIndex) -> String {
        let number = |operand: RCIndex| {
            matches!(
                self.value(operand.into()),
                Value::Integer(_) | Value::Number(_)
            )
        };
        if number(left) && number(right) {
            let integral = self.value(left.into()).to_integer().is_some();
            let culprit = if integral { right } else { left };
            return no_integer(self.name(culprit.into()));
        }
        let culprit = if number(left) { right } else { left };
        self.attempt(ctx, "perform bitwise operation on", culprit.into())
    }

    /// Pairs are concatenated from the right; the first that does not fit is the culprit.
    fn concatenation(&self, ctx: Context<'gc>, source: u8, count: u8) -> String {
        let fits = |register: u8| {
            matches!(
                self.value(Operand::Register(register)),
                Value::String(_) | Value::Integer(_) | Value::Number(_)
            )
        };
        let last = source.saturating_add(count.saturating_sub(1));
        let before = last.saturating_sub(1);
        let culprit = if fits(last) || !fits(before) {
            (source..=before).rev().find(|register| !fits(*register))
        } else {
            Some(last)
        };
        self.attempt(ctx, "concatenate", Operand::Register(culprit.unwrap_or(last)))
    }

    fn comparison(&self, ctx: Context<'gc>, left: RCIndex, right: RCIndex) -> String {
        let one = type_name(ctx, self.value(left.into()));
        let other = type_name(ctx, self.value(right.into()));
        if one == other {
            format!("attempt to compare two {one} values")
        } else {
            format!("attempt to compare {one} with {other}")
        }
    }

    /// What an operator says that found no metamethod.
    pub(crate) fn operator(&self, ctx: Context<'gc>) -> Option<String> {
        Some(match self.operation()? {
            Operation::GetTable { table, .. }
            | Operation::SetTable { table, .. }
            | Operation::Method { table, .. } => {
                self.attempt(ctx, "index", Operand::Register(table.0))
            }
            Operation::GetUpTable { table, .. } | Operation::SetUpTable { table, .. } => {
                self.attempt(ctx, "index", Operand::Upvalue(table))
            }
            Operation::Length { source, .. } => {
                self.attempt(ctx, "get length of", Operand::Register(source.0))
            }
            Operation::Minus { source, .. } => self.arithmetic(
                ctx,
                RCIndex::Register(source),
                RCIndex::Register(source),
            ),
            Operation::BitNot { source, .. } => {
                self.bitwise(ctx, RCIndex::Register(source), RCIndex::Register(source))
            }
            Operation::Add { left, right, .. }
            | Operation::Sub { left, right, .. }
            | Operation::Mul { left, right, .. }
            | Operation::Div { left, right, .. }
            | Operation::IDiv { left, right, .. }
            | Operation::Mod { left, right, .. }
            | Operation::Pow { left, right, .. } => self.arithmetic(ctx, left, right),
            Operation::BitAnd { left, right, .. }
            | Operation::BitOr { left, right, .. }
            | Operation::BitXor { left, right, .. }
            | Operation::ShiftLeft { left, right, .. }
            | Operation::ShiftRight { left, right, .. } => self.bitwise(ctx, left, right),
            Operation::Concat { source, count, .. } => self.concatenation(ctx, source.0, count),
            Operation::Less { left, right, .. } | Operation::LessEq { left, right, .. } => {
                self.comparison(ctx, left, right)
            }
            _ => return None,
        })
    }

    /// What a call of something that cannot be called says.
    pub(crate) fn call(&self, ctx: Context<'gc>, kind: &str) -> Option<String> {
        let prototype = self.closure.prototype();
        match self.operation()? {
            Operation::Call { func, .. } | Operation::TailCall { func, .. } => {
                let name = names::register(&prototype, self.place, func.0);
                // Lua 5.1 tells of what was called, 5.4 of what its `__call` is.
                let kind = if is_lua51() {
                    type_name(ctx, self.value(Operand::Register(func.0)))
                } else {
                    let value = self.value(Operand::Register(func.0));
                    match value.type_name() == kind {
                        true => type_name(ctx, value),
                        false => kind.to_owned(),
                    }
                };
                Some(named("call", &kind, name))
            }
            Operation::GenericForCall { .. } if is_lua51() => Some(named("call", kind, None)),
            _ => Some(named("call", kind, names::called(self.closure, self.place + 1))),
        }
    }

    pub(crate) fn for_loop(&self, ctx: Context<'gc>) -> Option<String> {
        let base = match self.operation()? {
            Operation::NumericForPrep { base, .. } | Operation::NumericForLoop { base, .. } => base.0,
            _ => return None,
        };
        let part = |by: u8| self.value(Operand::Register(base.saturating_add(by)));
        // Lua 5.4 looks at the limit first, 5.1 at the initial value.
        let parts: &[(&str, u8)] = if is_lua51() {
            &[("initial value", 0), ("limit", 1), ("step", 2)]
        } else {
            &[("limit", 1), ("step", 2), ("initial value", 0)]
        };
        let wrong = parts.iter().find(|(_, by)| part(*by).to_number().is_none());
        let Some((what, by)) = wrong else {
            return Some("'for' step is zero".to_owned());
        };
        Some(if is_lua51() {
            format!("'for' {what} must be a number")
        } else {
            let kind = type_name(ctx, part(*by));
            format!("bad 'for' {what} (number expected, got {kind})")
        })
    }
}
