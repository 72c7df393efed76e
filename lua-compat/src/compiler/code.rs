//! Putting values into registers: from an [`Expression`] to instructions.

use piccolo::opcode::{Operation, RCIndex};
use piccolo::types::{ConstantIndex8, ConstantIndex16, RegisterIndex, UpValueIndex, VarCount};
use piccolo::{Constant, String as LuaString};

use super::expression::{Expression, Kind};
use super::function::{Function, TooMany};

/// A register that is filled in later.
pub(super) const LATER: RegisterIndex = RegisterIndex(255);

impl<'gc> Function<'gc> {
    /// Appends an instruction.
    pub(super) fn emit(&mut self, operation: Operation) -> usize {
        self.code.push(operation);
        self.targets.push(None);
        self.lines.push(self.line);
        self.code.len() - 1
    }

    /// The instruction that was emitted last belongs to that line.
    pub(super) fn fix_line(&mut self, line: u32) {
        if let Some(last) = self.lines.last_mut() {
            *last = line;
        }
    }

    /// The first free register.
    pub(super) fn next_register(&self) -> u8 {
        u8::try_from(self.free).unwrap_or(u8::MAX)
    }

    /// Sets registers to nil, together with those of the instruction before.
    pub(super) fn load_nil(&mut self, from: u8, count: u8) {
        if count == 0 {
            return;
        }
        // A jump that comes here must not skip the extended one.
        if self.last_target < self.code.len()
            && let Some(Operation::LoadNil {
                dest,
                count: before,
            }) = self.code.last_mut()
            && u16::from(dest.0) + u16::from(*before) == u16::from(from)
            && let Some(sum) = before.checked_add(count)
        {
            *before = sum;
            return;
        }
        self.emit(Operation::LoadNil {
            dest: RegisterIndex(from),
            count,
        });
    }

    pub(super) fn load_constant(
        &mut self,
        register: u8,
        constant: Constant<LuaString<'gc>>,
    ) -> Result<(), TooMany> {
        let dest = RegisterIndex(register);
        let index = self.constant(constant);
        let low = ConstantIndex16((index & 0xffff) as u16);
        self.emit(match index >> 16 {
            0 => Operation::LoadConstant {
                dest,
                constant: low,
            },
            1 => Operation::LoadFarConstant {
                dest,
                constant: low,
            },
            _ => return Err(TooMany::Constants),
        });
        Ok(())
    }

    /// Takes all values of a call or of `...`.
    pub(super) fn set_open(&mut self, expression: &Expression<'gc>) -> Result<(), TooMany> {
        self.set_count(expression, VarCount::variable())
    }

    /// Takes that many values of a call or of `...`.
    pub(super) fn set_count(
        &mut self,
        expression: &Expression<'gc>,
        count: VarCount,
    ) -> Result<(), TooMany> {
        let register = self.next_register();
        match expression.kind {
            Kind::Call(place) => {
                if let Some(Operation::Call { returns, .. }) = self.code.get_mut(place) {
                    *returns = count;
                }
            }
            Kind::Dots(place) => {
                if let Some(Operation::VarArgs {
                    dest,
                    count: wanted,
                }) = self.code.get_mut(place)
                {
                    *dest = RegisterIndex(register);
                    *wanted = count;
                }
                self.reserve(1)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A call or `...` stands for its first value.
    pub(super) fn set_one(&mut self, expression: &mut Expression<'gc>) {
        match expression.kind {
            Kind::Call(place) => {
                if let Some(Operation::Call { func, .. }) = self.code.get(place) {
                    expression.kind = Kind::Register(func.0);
                }
            }
            Kind::Dots(place) => {
                if let Some(Operation::VarArgs { count, .. }) = self.code.get_mut(place) {
                    *count = VarCount::constant(1);
                }
                expression.kind = Kind::Pending(place);
            }
            _ => {}
        }
    }

    /// Makes a variable into its value.
    pub(super) fn discharge_variable(&mut self, expression: &mut Expression<'gc>) {
        match expression.kind {
            Kind::Local(register) => expression.kind = Kind::Register(register),
            Kind::Upvalue(index) => {
                let place = self.emit(Operation::GetUpValue {
                    dest: LATER,
                    source: UpValueIndex(index),
                });
                expression.kind = Kind::Pending(place);
            }
            Kind::Indexed { table, key } => {
                self.release_operand(key);
                self.release(table);
                let place = self.emit(Operation::GetTable {
                    dest: LATER,
                    table: RegisterIndex(table),
                    key,
                });
                expression.kind = Kind::Pending(place);
            }
            Kind::IndexedUpvalue { upvalue, key } => {
                self.release_operand(key);
                let place = self.emit(Operation::GetUpTable {
                    dest: LATER,
                    table: UpValueIndex(upvalue),
                    key,
                });
                expression.kind = Kind::Pending(place);
            }
            Kind::Call(_) | Kind::Dots(_) => self.set_one(expression),
            _ => {}
        }
    }

    /// Puts the value into that register; jumps out of the expression stay.
    fn discharge_into(
        &mut self,
        expression: &mut Expression<'gc>,
        register: u8,
    ) -> Result<(), TooMany> {
        self.discharge_variable(expression);
        let dest = RegisterIndex(register);
        match expression.kind {
            Kind::Nil => self.load_nil(register, 1),
            Kind::True | Kind::False => {
                self.emit(Operation::LoadBool {
                    dest,
                    value: matches!(expression.kind, Kind::True),
                    skip_next: false,
                });
            }
            Kind::Integer(value) => self.load_constant(register, Constant::Integer(value))?,
            Kind::Number(value) => self.load_constant(register, Constant::Number(value))?,
            Kind::String(value) => self.load_constant(register, Constant::String(value))?,
            Kind::Pending(place) => {
                if let Some(code) = self.code.get_mut(place) {
                    set_destination(code, dest);
                }
            }
            Kind::Register(source) => {
                if source != register {
                    self.emit(Operation::Move {
                        dest,
                        source: RegisterIndex(source),
                    });
                }
            }
            // A jump's value is made by the caller; the rest has become one of the others.
            _ => return Ok(()),
        }
        expression.kind = Kind::Register(register);
        Ok(())
    }

    /// Puts the value into that register, jumps out of the expression included.
    pub(super) fn place_in(
        &mut self,
        expression: &mut Expression<'gc>,
        register: u8,
    ) -> Result<(), TooMany> {
        self.discharge_into(expression, register)?;
        if let Kind::Jump(place) = expression.kind {
            expression.if_true = self.join(expression.if_true, Some(place));
        }
        if expression.has_jumps() {
            let (mut load_false, mut load_true) = (0, 0);
            if self.needs_value(expression.if_true) || self.needs_value(expression.if_false) {
                let over = match expression.kind {
                    Kind::Jump(_) => None,
                    _ => Some(self.jump()),
                };
                self.label();
                load_false = self.emit(Operation::LoadBool {
                    dest: RegisterIndex(register),
                    value: false,
                    skip_next: true,
                });
                self.label();
                load_true = self.emit(Operation::LoadBool {
                    dest: RegisterIndex(register),
                    value: true,
                    skip_next: false,
                });
                self.patch_here(over);
            }
            let end = self.label();
            self.patch_values(expression.if_false, end, Some(register), load_false);
            self.patch_values(expression.if_true, end, Some(register), load_true);
        }
        *expression = Expression::new(Kind::Register(register));
        Ok(())
    }

    /// Puts the value into the next free register.
    pub(super) fn place_next(&mut self, expression: &mut Expression<'gc>) -> Result<(), TooMany> {
        self.discharge_variable(expression);
        self.release_expression(expression);
        let register = self.next_register();
        self.reserve(1)?;
        self.place_in(expression, register)
    }

    /// Puts the value into some register and says which.
    pub(super) fn place_anywhere(
        &mut self,
        expression: &mut Expression<'gc>,
    ) -> Result<u8, TooMany> {
        self.discharge_variable(expression);
        if let Kind::Register(register) = expression.kind {
            if !expression.has_jumps() {
                return Ok(register);
            }
            // A local variable must keep its value.
            if usize::from(register) >= self.locals.len() {
                self.place_in(expression, register)?;
                return Ok(register);
            }
        }
        self.place_next(expression)?;
        match expression.kind {
            Kind::Register(register) => Ok(register),
            _ => Ok(0),
        }
    }

    /// Puts the value into a register, or leaves it where an upvalue's field can be read from.
    pub(super) fn place_or_upvalue(
        &mut self,
        expression: &mut Expression<'gc>,
    ) -> Result<(), TooMany> {
        if !matches!(expression.kind, Kind::Upvalue(_)) || expression.has_jumps() {
            self.place_anywhere(expression)?;
        }
        Ok(())
    }

    /// Makes the expression into a value that needs no variable any more.
    pub(super) fn settle(&mut self, expression: &mut Expression<'gc>) -> Result<(), TooMany> {
        if expression.has_jumps() {
            self.place_anywhere(expression)?;
        } else {
            self.discharge_variable(expression);
        }
        Ok(())
    }

    /// The value as an operand: a register or one of the first 256 constants.
    pub(super) fn operand(&mut self, expression: &mut Expression<'gc>) -> Result<RCIndex, TooMany> {
        self.settle(expression)?;
        let constant = match expression.kind {
            Kind::Nil => Some(Constant::Nil),
            Kind::True => Some(Constant::Boolean(true)),
            Kind::False => Some(Constant::Boolean(false)),
            Kind::Integer(value) => Some(Constant::Integer(value)),
            Kind::Number(value) => Some(Constant::Number(value)),
            Kind::String(value) => Some(Constant::String(value)),
            _ => None,
        };
        if let Some(constant) = constant.filter(|_| !expression.has_jumps()) {
            let index = self.constant(constant);
            if let Ok(index) = u8::try_from(index) {
                return Ok(RCIndex::Constant(ConstantIndex8(index)));
            }
        }
        let register = self.place_anywhere(expression)?;
        Ok(RCIndex::Register(RegisterIndex(register)))
    }

    pub(super) fn release_operand(&mut self, operand: RCIndex) {
        if let RCIndex::Register(register) = operand {
            self.release(register.0);
        }
    }

    pub(super) fn release_expression(&mut self, expression: &Expression<'gc>) {
        if let Kind::Register(register) = expression.kind {
            self.release(register);
        }
    }

    /// Frees the registers of two operands, the higher one first.
    pub(super) fn release_both(&mut self, one: RCIndex, other: RCIndex) {
        let register = |operand| match operand {
            RCIndex::Register(register) => i16::from(register.0),
            RCIndex::Constant(_) => -1,
        };
        if register(one) > register(other) {
            self.release_operand(one);
            self.release_operand(other);
        } else {
            self.release_operand(other);
            self.release_operand(one);
        }
    }

    /// Returns registers from `first`.
    pub(super) fn emit_return(&mut self, first: u8, count: VarCount) {
        self.emit(Operation::Return {
            start: RegisterIndex(first),
            count,
        });
    }
}

/// Says where an instruction puts its result.
fn set_destination(code: &mut Operation, register: RegisterIndex) {
    match code {
        Operation::GetUpValue { dest, .. }
        | Operation::GetTable { dest, .. }
        | Operation::GetUpTable { dest, .. }
        | Operation::VarArgs { dest, .. }
        | Operation::Closure { dest, .. }
        | Operation::NewTable { dest, .. }
        | Operation::Concat { dest, .. }
        | Operation::Length { dest, .. }
        | Operation::Not { dest, .. }
        | Operation::Minus { dest, .. }
        | Operation::BitNot { dest, .. }
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
        | Operation::ShiftRight { dest, .. } => *dest = register,
        _ => {}
    }
}
