//! Operators in expressions: operands, short circuits, folding of numerals.

use piccolo::opcode::Operation;
use piccolo::types::RegisterIndex;

use super::code::LATER;
use super::expression::{Expression, Kind, Numeral};
use super::function::{Function, Place, TooMany};
use super::operator::{Binary, Unary};

impl<'gc> Function<'gc> {
    /// Applies an operator in front of its operand.
    #[inline(never)]
    pub(super) fn unary(
        &mut self,
        operator: Unary,
        operand: &mut Expression<'gc>,
        line: u32,
    ) -> Result<(), TooMany> {
        match operator {
            Unary::Not => return self.not(operand),
            Unary::Minus => match operand.numeral() {
                Some(Numeral::Integer(value)) => {
                    operand.kind = Kind::Integer(value.wrapping_neg());
                    return Ok(());
                }
                // -0.0 has its own constant, but let the VM make it.
                Some(Numeral::Float(value)) if value != 0.0 && !value.is_nan() => {
                    operand.kind = Kind::Number(-value);
                    return Ok(());
                }
                _ => {}
            },
            Unary::BitNot => {
                if let Some(Numeral::Integer(value)) = operand.numeral() {
                    operand.kind = Kind::Integer(!value);
                    return Ok(());
                }
            }
            Unary::Length => {}
        }
        let source = RegisterIndex(self.place_anywhere(operand)?);
        self.release_expression(operand);
        let dest = LATER;
        let place = self.emit(match operator {
            Unary::Minus => Operation::Minus { dest, source },
            Unary::BitNot => Operation::BitNot { dest, source },
            _ => Operation::Length { dest, source },
        });
        operand.kind = Kind::Pending(place);
        self.fix_line(line);
        Ok(())
    }

    fn not(&mut self, operand: &mut Expression<'gc>) -> Result<(), TooMany> {
        self.discharge_variable(operand);
        match operand.kind {
            Kind::Nil | Kind::False => operand.kind = Kind::True,
            Kind::True | Kind::Integer(_) | Kind::Number(_) | Kind::String(_) => {
                operand.kind = Kind::False;
            }
            Kind::Jump(place) => self.negate(place),
            _ => {
                let source = self.without_jumps(operand)?;
                self.release_expression(operand);
                let place = self.emit(Operation::Not {
                    dest: LATER,
                    source,
                });
                operand.kind = Kind::Pending(place);
            }
        }
        std::mem::swap(&mut operand.if_true, &mut operand.if_false);
        self.remove_values(operand.if_true);
        self.remove_values(operand.if_false);
        Ok(())
    }

    /// Puts the value into a register and leaves the jumps pending.
    fn without_jumps(
        &mut self,
        expression: &mut Expression<'gc>,
    ) -> Result<RegisterIndex, TooMany> {
        let jumps = (expression.if_true, expression.if_false);
        (expression.if_true, expression.if_false) = (None, None);
        let register = if let Kind::Register(register) = expression.kind {
            register
        } else {
            self.place_anywhere(expression)?
        };
        (expression.if_true, expression.if_false) = jumps;
        Ok(RegisterIndex(register))
    }

    /// Goes on only if the expression is true.
    pub(super) fn go_if_true(&mut self, expression: &mut Expression<'gc>) -> Result<(), TooMany> {
        self.discharge_variable(expression);
        let jump = match expression.kind {
            Kind::Jump(place) => {
                self.negate(place);
                Some(place)
            }
            Kind::True | Kind::Integer(_) | Kind::Number(_) | Kind::String(_) => None,
            _ => self.jump_if(expression, false)?,
        };
        expression.if_false = self.join(expression.if_false, jump);
        self.patch_here(expression.if_true);
        expression.if_true = None;
        Ok(())
    }

    /// Goes on only if the expression is false.
    pub(super) fn go_if_false(&mut self, expression: &mut Expression<'gc>) -> Result<(), TooMany> {
        self.discharge_variable(expression);
        let jump = match expression.kind {
            Kind::Jump(place) => Some(place),
            Kind::Nil | Kind::False => None,
            _ => self.jump_if(expression, true)?,
        };
        expression.if_true = self.join(expression.if_true, jump);
        self.patch_here(expression.if_false);
        expression.if_false = None;
        Ok(())
    }

    fn jump_if(
        &mut self,
        expression: &mut Expression<'gc>,
        condition: bool,
    ) -> Result<Place, TooMany> {
        if let Kind::Pending(place) = expression.kind
            && let Some(Operation::Not { source, .. }) = self.code.get(place).copied()
            && place + 1 == self.code.len()
            && self.last_target <= place
        {
            // The test does the work of `not`.
            self.code.pop();
            self.targets.pop();
            self.lines.pop();
            self.emit(Operation::Test {
                value: source,
                is_true: condition,
            });
            return Ok(Some(self.jump()));
        }
        let value = self.without_jumps(expression)?;
        self.release_expression(expression);
        self.emit(Operation::TestSet {
            dest: LATER,
            value,
            is_true: !condition,
        });
        Ok(Some(self.jump()))
    }

    /// Prepares the left operand, before the right one is read.
    #[inline(never)]
    pub(super) fn infix(
        &mut self,
        operator: Binary,
        left: &mut Expression<'gc>,
    ) -> Result<(), TooMany> {
        match operator {
            Binary::And => self.go_if_true(left),
            Binary::Or => self.go_if_false(left),
            // Operands of a concatenation lie side by side.
            Binary::Concat => self.place_next(left),
            _ => {
                if left.numeral().is_none() {
                    // A constant stays one; anything else goes to its register now, in order.
                    let constant = matches!(
                        left.kind,
                        Kind::Nil | Kind::True | Kind::False | Kind::String(_)
                    ) && !left.has_jumps();
                    if !constant {
                        self.place_anywhere(left)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Applies an operator between two operands.
    #[inline(never)]
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        left: &mut Expression<'gc>,
        mut right: Expression<'gc>,
        line: u32,
    ) -> Result<(), TooMany> {
        match operator {
            Binary::And => {
                self.discharge_variable(&mut right);
                right.if_false = self.join(right.if_false, left.if_false);
                *left = right;
            }
            Binary::Or => {
                self.discharge_variable(&mut right);
                right.if_true = self.join(right.if_true, left.if_true);
                *left = right;
            }
            Binary::Concat => self.concat(left, right, line)?,
            Binary::Equal | Binary::NotEqual => {
                let (one, other) = (self.operand(left)?, self.operand(&mut right)?);
                self.release_both(one, other);
                self.emit(Operation::Eq {
                    skip_if: operator == Binary::NotEqual,
                    left: one,
                    right: other,
                });
                *left = Expression::new(Kind::Jump(self.jump()));
            }
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                let (one, other) = (self.operand(left)?, self.operand(&mut right)?);
                self.release_both(one, other);
                let skip_if = false;
                self.emit(match operator {
                    Binary::Less => Operation::Less {
                        skip_if,
                        left: one,
                        right: other,
                    },
                    Binary::LessEqual => Operation::LessEq {
                        skip_if,
                        left: one,
                        right: other,
                    },
                    Binary::Greater => Operation::Less {
                        skip_if,
                        left: other,
                        right: one,
                    },
                    _ => Operation::LessEq {
                        skip_if,
                        left: other,
                        right: one,
                    },
                });
                *left = Expression::new(Kind::Jump(self.jump()));
            }
            _ => {
                if let (Some(one), Some(other)) = (left.numeral(), right.numeral())
                    && let Some(value) = fold(operator, one, other)
                {
                    left.kind = match value {
                        Numeral::Integer(value) => Kind::Integer(value),
                        Numeral::Float(value) => Kind::Number(value),
                    };
                    return Ok(());
                }
                // The right operand first: it may need a register above the left one's.
                let other = self.operand(&mut right)?;
                let one = self.operand(left)?;
                self.release_both(one, other);
                if let Some(operation) = operator.operation(one, other) {
                    let place = self.emit(operation);
                    *left = Expression::new(Kind::Pending(place));
                    self.fix_line(line);
                }
            }
        }
        Ok(())
    }

    /// `a .. b .. c` is one instruction: the right operand may be a concatenation itself.
    fn concat(
        &mut self,
        left: &mut Expression<'gc>,
        mut right: Expression<'gc>,
        line: u32,
    ) -> Result<(), TooMany> {
        self.settle(&mut right)?;
        let first = match left.kind {
            Kind::Register(register) => register,
            _ => return Ok(()),
        };
        if let Kind::Pending(place) = right.kind
            && let Some(Operation::Concat { source, count, .. }) = self.code.get_mut(place)
            && first.checked_add(1) == Some(source.0)
            && let Some(more) = count.checked_add(1)
        {
            source.0 = first;
            *count = more;
            self.release_expression(left);
            *left = Expression::new(Kind::Pending(place));
            return Ok(());
        }
        self.place_next(&mut right)?;
        self.release_expression(&right);
        self.release_expression(left);
        let place = self.emit(Operation::Concat {
            dest: LATER,
            source: RegisterIndex(first),
            count: 2,
        });
        *left = Expression::new(Kind::Pending(place));
        self.fix_line(line);
        Ok(())
    }
}

/// The value of an operation on numerals, unless the VM had better tell: errors, NaN and zeros, whose
/// sign matters.
fn fold(operator: Binary, one: Numeral, other: Numeral) -> Option<Numeral> {
    let value = match (one, other) {
        (Numeral::Integer(one), Numeral::Integer(other)) => match operator {
            Binary::Add => return Some(Numeral::Integer(one.wrapping_add(other))),
            Binary::Subtract => return Some(Numeral::Integer(one.wrapping_sub(other))),
            Binary::Multiply => return Some(Numeral::Integer(one.wrapping_mul(other))),
            Binary::BitAnd => return Some(Numeral::Integer(one & other)),
            Binary::BitOr => return Some(Numeral::Integer(one | other)),
            Binary::BitXor => return Some(Numeral::Integer(one ^ other)),
            Binary::Divide if other != 0 => one as f64 / other as f64,
            Binary::Power => (one as f64).powf(other as f64),
            _ => return None,
        },
        _ => {
            let (one, other) = (one.float(), other.float());
            match operator {
                Binary::Add => one + other,
                Binary::Subtract => one - other,
                Binary::Multiply => one * other,
                Binary::Divide if other != 0.0 => one / other,
                Binary::Power => one.powf(other),
                _ => return None,
            }
        }
    };
    (value != 0.0 && !value.is_nan()).then_some(Numeral::Float(value))
}
