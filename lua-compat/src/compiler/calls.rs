//! Calls, functions and table constructors.

use piccolo::String as LuaString;
use piccolo::opcode::{Operation, RCIndex};
use piccolo::types::{RegisterIndex, VarCount};

use super::Problem;
use super::code::LATER;
use super::expression::{Expression, Kind};
use super::function::{Function, TooMany, VariableKind};
use super::parser::Parser;
use super::token::{Keyword, Token};

/// Elements of a table constructor that are collected before they are stored.
const BATCH: usize = 50;

impl<'gc> Parser<'gc, '_> {
    /// The arguments of a call whose function (and object) are in registers.
    pub(super) fn call(
        &mut self,
        function: &mut Expression<'gc>,
        line: u32,
    ) -> Result<(), Problem> {
        let base = match function.kind {
            Kind::Register(register) => register,
            _ => return Err(TooMany::Registers.into()),
        };
        // Lua 5.4 counts a call to the line where the function's expression begins.
        let line = if self.lua51 { self.line } else { line };
        let arguments = match self.token {
            Token::Character(b'(') => {
                if self.lua51 && self.line != self.last_line {
                    return Err(self.problem("ambiguous syntax (function call x new statement)"));
                }
                self.next()?;
                let arguments = if self.is(Token::Character(b')')) {
                    Expression::new(Kind::Void)
                } else {
                    let (_, last) = self.expression_list()?;
                    if last.is_open() {
                        self.function.set_open(&last)?;
                    }
                    last
                };
                self.close(Token::Character(b')'), Token::Character(b'('), line)?;
                arguments
            }
            Token::Character(b'{') => self.table()?,
            Token::String(text) => {
                self.next()?;
                Expression::new(Kind::String(text))
            }
            _ => return Err(self.problem("function arguments expected")),
        };
        let args = if arguments.is_open() {
            VarCount::variable()
        } else {
            let mut last = arguments;
            if !matches!(last.kind, Kind::Void) {
                self.function.place_next(&mut last)?;
            }
            let count = self.function.free - usize::from(base) - 1;
            u8::try_from(count)
                .ok()
                .and_then(VarCount::try_constant)
                .ok_or(TooMany::Registers)?
        };
        let place = self.function.emit(Operation::Call {
            func: RegisterIndex(base),
            args,
            returns: VarCount::constant(1),
        });
        self.function.fix_line(line);
        *function = Expression::new(Kind::Call(place));
        // What the call leaves is one value where the function was.
        self.function.free = usize::from(base) + 1;
        Ok(())
    }

    /// Parameters and body of a function, after the word `function` or its name.
    pub(super) fn function_body(
        &mut self,
        is_method: bool,
        line: u32,
        name: Option<LuaString<'gc>>,
    ) -> Result<Expression<'gc>, Problem> {
        self.open_function(line);
        self.function.name = name;
        self.demand_character(b'(')?;
        if is_method {
            self.declare_hidden("self")?;
            self.function.activate(1);
        }
        self.parameters()?;
        self.demand_character(b')')?;
        self.block_body()?;
        let last_line = self.line;
        self.close_keyword(Keyword::End, Keyword::Function, line)?;
        let prototype = self.close_function(last_line)?;
        self.closure(prototype)
    }

    #[inline(never)]
    fn parameters(&mut self) -> Result<(), Problem> {
        let mut count = 0;
        if !self.is(Token::Character(b')')) {
            loop {
                match self.token {
                    Token::Name(name) => {
                        self.next()?;
                        self.declare(name, VariableKind::Plain)?;
                        count += 1;
                    }
                    Token::Dots => {
                        self.next()?;
                        self.function.is_variadic = true;
                        break;
                    }
                    _ => return Err(self.problem("<name> or '...' expected")),
                }
                if !self.skip_character(b',')? {
                    break;
                }
            }
        }
        self.function.activate(count);
        let parameters = self.function.locals.len();
        self.function.parameters = u8::try_from(parameters).map_err(|_| TooMany::Registers)?;
        self.function.reserve(parameters)?;
        if self.lua51 && self.function.is_variadic {
            self.argument_table()?;
        }
        Ok(())
    }

    /// Lua 5.1: a function with `...` that never mentions it has a table `arg` instead. Whether it does
    /// is known at its end; see [`settle_argument_table`].
    fn argument_table(&mut self) -> Result<(), Problem> {
        self.declare_hidden("arg")?;
        self.function.activate(1);
        let dest = RegisterIndex(self.function.next_register());
        self.function.reserve(1)?;
        self.function.emit(Operation::ArgumentTable { dest });
        self.function.label();
        Ok(())
    }

    /// `{ … }`
    pub(super) fn table(&mut self) -> Result<Expression<'gc>, Problem> {
        let line = self.line;
        let place = self.function.emit(Operation::NewTable {
            dest: LATER,
            array_size: 0,
            map_size: 0,
        });
        let mut table = Expression::new(Kind::Pending(place));
        self.function.place_next(&mut table)?;
        let register = self.function.next_register() - 1;
        let (mut pending, mut batch) = (0, 0_u16);
        let (mut elements, mut fields) = (0_usize, 0_usize);
        self.demand_character(b'{')?;
        let mut last = Expression::new(Kind::Void);
        while !self.is(Token::Character(b'}')) {
            // The element before was not the last one, so it is one value.
            if !matches!(last.kind, Kind::Void) {
                self.function.place_next(&mut last)?;
                last = Expression::new(Kind::Void);
                if pending == BATCH {
                    self.flush(register, pending, &mut batch)?;
                    pending = 0;
                }
            }
            let is_field = match self.token {
                Token::Character(b'[') => true,
                Token::Name(_) => self.look_ahead()? == Token::Character(b'='),
                _ => false,
            };
            if is_field {
                self.field(register)?;
                fields += 1;
            } else {
                last = self.expression()?;
                pending += 1;
                elements += 1;
            }
            if !self.skip_character(b',')? && !self.skip_character(b';')? {
                break;
            }
        }
        self.close(Token::Character(b'}'), Token::Character(b'{'), line)?;
        if last.is_open() {
            self.function.set_open(&last)?;
            self.function.emit(Operation::SetItems {
                base: RegisterIndex(register),
                count: VarCount::variable(),
                batch: u8::try_from(batch).map_err(|_| TooMany::Elements)?,
            });
            elements -= 1;
        } else if pending > 0 {
            if !matches!(last.kind, Kind::Void) {
                self.function.place_next(&mut last)?;
            }
            self.flush(register, pending, &mut batch)?;
        }
        self.size_table(place, elements, fields);
        self.function.free = usize::from(register) + 1;
        Ok(Expression::new(Kind::Register(register)))
    }

    /// Tells the table how large it will be.
    fn size_table(&mut self, table: usize, elements: usize, fields: usize) {
        let size = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        if let Some(Operation::NewTable {
            array_size,
            map_size,
            ..
        }) = self.function.code.get_mut(table)
        {
            *array_size = size(elements);
            *map_size = size(fields);
        }
    }

    /// Stores collected elements.
    #[inline(never)]
    fn flush(&mut self, table: u8, count: usize, batch: &mut u16) -> Result<(), Problem> {
        let base = RegisterIndex(table);
        match u8::try_from(*batch) {
            Ok(batch) => {
                let count = u8::try_from(count).map_err(|_| TooMany::Registers)?;
                let count = VarCount::constant(count);
                self.function
                    .emit(Operation::SetItems { base, count, batch });
            }
            Err(_) if count == BATCH => {
                let batch = *batch;
                self.function.emit(Operation::SetBatch { base, batch });
            }
            Err(_) => {
                // What is left at the end of a very long list is stored one by one.
                for item in 0..count {
                    let index = usize::from(*batch) * BATCH + item + 1;
                    let free = self.function.free;
                    let mut key = Expression::new(Kind::Integer(index as i64));
                    let key = self.function.operand(&mut key)?;
                    let value = u8::try_from(item).map_err(|_| TooMany::Registers)?;
                    let value = RegisterIndex(table.saturating_add(1).saturating_add(value));
                    self.function.emit(Operation::SetTable {
                        table: base,
                        key,
                        value: RCIndex::Register(value),
                    });
                    self.function.free = free;
                }
            }
        }
        *batch = batch.checked_add(1).ok_or(TooMany::Elements)?;
        self.function.free = usize::from(table) + 1;
        Ok(())
    }

    /// `name = value` or `[key] = value`
    #[inline(never)]
    fn field(&mut self, table: u8) -> Result<(), Problem> {
        let free = self.function.free;
        let mut key = match self.token {
            Token::Name(name) => {
                self.next()?;
                Expression::new(Kind::String(name))
            }
            _ => self.index()?,
        };
        self.demand_character(b'=')?;
        let key = self.function.operand(&mut key)?;
        let mut value = self.expression()?;
        let value = self.function.operand(&mut value)?;
        self.function.emit(Operation::SetTable {
            table: RegisterIndex(table),
            key,
            value,
        });
        self.function.free = free;
        Ok(())
    }
}

/// Takes the table `arg` away again, if `...` is used.
pub(super) fn settle_argument_table(function: &mut Function<'_>) {
    if !function.uses_dots {
        return;
    }
    // It is the first instruction.
    function.code.remove(0);
    function.lines.remove(0);
    function.targets.remove(0);
    for target in function.targets.iter_mut().flatten() {
        *target = target.saturating_sub(1);
    }
    for local in &mut function.debug_locals {
        local.first = local.first.saturating_sub(1);
        if local.end != u32::MAX {
            local.end = local.end.saturating_sub(1);
        }
    }
}
