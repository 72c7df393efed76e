//! Expressions.

use piccolo::opcode::Operation;
use piccolo::types::{PrototypeIndex, UpValueIndex, VarCount};

use super::Problem;
use super::code::LATER;
use super::expression::{Expression, Kind};
use super::operator::{Binary, UNARY_PRIORITY, Unary};
use super::parser::Parser;
use super::token::{Keyword, Token};

impl<'gc> Parser<'gc, '_> {
    pub(super) fn expression(&mut self) -> Result<Expression<'gc>, Problem> {
        self.operation(0).map(|(expression, _)| expression)
    }

    /// Expressions between commas: all but the last are in registers.
    pub(super) fn expression_list(&mut self) -> Result<(usize, Expression<'gc>), Problem> {
        let mut count = 1;
        let mut last = self.expression()?;
        while self.skip_character(b',')? {
            self.function.place_next(&mut last)?;
            last = self.expression()?;
            count += 1;
        }
        Ok((count, last))
    }

    /// Reads operators that bind tighter than `limit`; also the operator behind that does not.
    fn operation(&mut self, limit: u8) -> Result<(Expression<'gc>, Option<Binary>), Problem> {
        self.descend()?;
        let mut left = match Unary::of(self.token, self.lua51) {
            Some(operator) => {
                let line = self.line;
                self.next()?;
                let (mut operand, _) = self.operation(UNARY_PRIORITY)?;
                let line = self.operator_line(line);
                self.function.unary(operator, &mut operand, line)?;
                operand
            }
            None => self.simple()?,
        };
        let mut operator = Binary::of(self.token, self.lua51);
        while let Some(binary) = operator.filter(|binary| binary.priority().0 > limit) {
            let line = self.line;
            self.next()?;
            self.function.infix(binary, &mut left)?;
            let (right, next) = self.operation(binary.priority().1)?;
            let line = self.operator_line(line);
            self.function.binary(binary, &mut left, right, line)?;
            operator = next;
        }
        self.rise();
        Ok((left, operator))
    }

    /// Lua 5.1 counts an operator to the line where its last operand ends.
    fn operator_line(&self, line: u32) -> u32 {
        if self.lua51 { self.last_line } else { line }
    }

    fn simple(&mut self) -> Result<Expression<'gc>, Problem> {
        let kind = match self.token {
            Token::Integer(value) => Kind::Integer(value),
            Token::Number(value) => Kind::Number(value),
            Token::String(value) => Kind::String(value),
            Token::Keyword(Keyword::Nil) => Kind::Nil,
            Token::Keyword(Keyword::True) => Kind::True,
            Token::Keyword(Keyword::False) => Kind::False,
            Token::Dots => {
                if !self.function.is_variadic {
                    return Err(self.problem("cannot use '...' outside a vararg function"));
                }
                self.function.uses_dots = true;
                let place = self.function.emit(Operation::VarArgs {
                    dest: LATER,
                    count: VarCount::constant(1),
                });
                Kind::Dots(place)
            }
            Token::Character(b'{') => return self.table(),
            Token::Keyword(Keyword::Function) => {
                let line = self.line;
                self.next()?;
                return self.function_body(false, line, None);
            }
            _ => return self.suffixed(),
        };
        self.next()?;
        Ok(Expression::new(kind))
    }

    /// A name or an expression in parentheses.
    fn primary(&mut self) -> Result<Expression<'gc>, Problem> {
        match self.token {
            Token::Name(name) => {
                self.next()?;
                self.variable(name)
            }
            Token::Character(b'(') => self.parenthesized(),
            _ => Err(self.problem("unexpected symbol")),
        }
    }

    #[inline(never)]
    fn parenthesized(&mut self) -> Result<Expression<'gc>, Problem> {
        let line = self.line;
        self.next()?;
        let mut inner = self.expression()?;
        self.close(Token::Character(b')'), Token::Character(b'('), line)?;
        self.function.discharge_variable(&mut inner);
        Ok(inner)
    }

    /// A primary expression with fields, indexes and calls behind it.
    pub(super) fn suffixed(&mut self) -> Result<Expression<'gc>, Problem> {
        let line = self.line;
        let mut whole = self.primary()?;
        loop {
            match self.token {
                Token::Character(b'.') => self.dot(&mut whole)?,
                Token::Character(b'[') => self.bracket(&mut whole)?,
                Token::Character(b':') => {
                    self.colon(&mut whole)?;
                    self.call(&mut whole, line)?;
                }
                Token::Character(b'(' | b'{') | Token::String(_) => {
                    self.function.place_next(&mut whole)?;
                    self.call(&mut whole, line)?;
                }
                _ => return Ok(whole),
            }
        }
    }

    /// `.name`
    #[inline(never)]
    fn dot(&mut self, whole: &mut Expression<'gc>) -> Result<(), Problem> {
        self.function.place_or_upvalue(whole)?;
        self.next()?;
        let mut key = Expression::new(Kind::String(self.name()?));
        self.function.indexed(whole, &mut key)?;
        Ok(())
    }

    /// `[expression]` behind a value.
    #[inline(never)]
    fn bracket(&mut self, whole: &mut Expression<'gc>) -> Result<(), Problem> {
        self.function.place_or_upvalue(whole)?;
        let mut key = self.index()?;
        self.function.indexed(whole, &mut key)?;
        Ok(())
    }

    /// `:name`, up to the arguments.
    #[inline(never)]
    fn colon(&mut self, whole: &mut Expression<'gc>) -> Result<(), Problem> {
        self.next()?;
        let name = self.name()?;
        self.function.method(whole, name)?;
        Ok(())
    }

    /// `[expression]`
    pub(super) fn index(&mut self) -> Result<Expression<'gc>, Problem> {
        self.next()?;
        let mut key = self.expression()?;
        self.function.settle(&mut key)?;
        self.demand_character(b']')?;
        Ok(key)
    }

    /// An expression whose value is the closure of that prototype.
    pub(super) fn closure(&mut self, prototype: u16) -> Result<Expression<'gc>, Problem> {
        let place = self.function.emit(Operation::Closure {
            dest: LATER,
            proto: PrototypeIndex(prototype),
        });
        let mut closure = Expression::new(Kind::Pending(place));
        // In a register at once, so that it comes after everything before it.
        self.function.place_next(&mut closure)?;
        Ok(closure)
    }

    /// Reads an upvalue's index as an instruction has it.
    pub(super) fn upvalue_index(index: u8) -> UpValueIndex {
        UpValueIndex(index)
    }
}
