//! `while`, `repeat` and both kinds of `for`.

use piccolo::String as LuaString;
use piccolo::opcode::Operation;
use piccolo::types::RegisterIndex;

use super::Problem;
use super::expression::{Expression, Kind};
use super::function::VariableKind;
use super::parser::Parser;
use super::token::{Keyword, Token};

/// So many instructions can the end of a `for` jump back by itself.
const NEAR: usize = 32_000;

impl<'gc> Parser<'gc, '_> {
    pub(super) fn while_loop(&mut self, line: u32) -> Result<(), Problem> {
        self.next()?;
        let begin = self.function.label();
        let exit = self.condition()?;
        self.enter_block(true);
        self.demand(Token::Keyword(Keyword::Do))?;
        self.block()?;
        let back = self.function.jump();
        self.function.set_target(back, Some(begin));
        self.close_keyword(Keyword::End, Keyword::While, line)?;
        self.leave_block()?;
        self.function.patch_here(exit);
        Ok(())
    }

    /// The variables of the body are in scope in the condition.
    pub(super) fn repeat_loop(&mut self, line: u32) -> Result<(), Problem> {
        let begin = self.function.label();
        self.enter_block(true);
        self.enter_block(false);
        self.next()?;
        self.block_body()?;
        self.close_keyword(Keyword::Until, Keyword::Repeat, line)?;
        let mut again = self.condition()?;
        let scope = self.function.blocks.last().copied();
        self.leave_block()?;
        if let Some(scope) = scope.filter(|scope| scope.has_upvalues) {
            // Going round again closes the variables, too.
            let exit = self.function.jump();
            self.function.patch_here(again);
            self.function.emit_close(scope.locals, scope.inside_closing);
            again = Some(self.function.jump());
            self.function.patch_here(Some(exit));
        }
        self.function.patch(again, begin);
        self.leave_block()
    }

    pub(super) fn for_loop(&mut self, line: u32) -> Result<(), Problem> {
        self.enter_block(true);
        self.next()?;
        let name = self.name()?;
        match self.token {
            Token::Character(b'=') => self.numeric_for(name, line)?,
            Token::Character(b',') | Token::Keyword(Keyword::In) => self.generic_for(name, line)?,
            _ => return Err(self.problem("'=' or 'in' expected")),
        }
        self.close_keyword(Keyword::End, Keyword::For, line)?;
        self.leave_block()
    }

    fn numeric_for(&mut self, name: LuaString<'gc>, line: u32) -> Result<(), Problem> {
        let base = self.function.next_register();
        for _ in 0..3 {
            self.declare_hidden(self.hidden_name("(for index)"))?;
        }
        self.declare(name, VariableKind::Plain)?;
        self.demand_character(b'=')?;
        self.one_expression()?;
        self.demand_character(b',')?;
        self.one_expression()?;
        if self.skip_character(b',')? {
            self.one_expression()?;
        } else {
            let one = if self.lua51 {
                Kind::Number(1.0)
            } else {
                Kind::Integer(1)
            };
            self.function.place_next(&mut Expression::new(one))?;
        }
        self.function.activate(3);
        self.demand(Token::Keyword(Keyword::Do))?;
        self.function.emit(Operation::NumericForPrep {
            base: RegisterIndex(base),
            jump: 0,
        });
        // Skipped if the loop has a turn at all.
        let none = self.function.jump();
        self.for_body(1)?;
        self.function.label();
        let base = RegisterIndex(base);
        self.loop_back(none + 1, Operation::NumericForLoop { base, jump: 0 }, line);
        self.function.patch_here(Some(none));
        Ok(())
    }

    /// Ends a `for`: the instruction jumps to `begin` as long as there is a next turn.
    fn loop_back(&mut self, begin: usize, operation: Operation, line: u32) {
        let back = self.function.emit(operation);
        self.function.fix_line(line);
        if back - begin < NEAR {
            self.function.set_target(back, Some(begin));
            return;
        }
        // Too far for the instruction itself.
        self.function.set_target(back, Some(back + 2));
        let exit = self.function.jump();
        let far = self.function.jump();
        self.function.set_target(far, Some(begin));
        self.function.patch_here(Some(exit));
    }

    fn hidden_name(&self, lua51: &'static str) -> &'static str {
        if self.lua51 { lua51 } else { "(for state)" }
    }

    fn one_expression(&mut self) -> Result<(), Problem> {
        let mut value = self.expression()?;
        self.function.place_next(&mut value)?;
        Ok(())
    }

    /// Iterator, state and control lie side by side, then come the variables. In Lua 5.4 a fourth value
    /// is to be closed; its register is the one before.
    fn generic_for(&mut self, first: LuaString<'gc>, _: u32) -> Result<(), Problem> {
        let closing = self.function.free;
        let hidden = if self.lua51 { 3 } else { 4 };
        for _ in 0..hidden {
            self.declare_hidden(self.hidden_name("(for generator)"))?;
        }
        self.declare(first, VariableKind::Plain)?;
        let mut variables = 1;
        while self.skip_character(b',')? {
            let name = self.name()?;
            self.declare(name, VariableKind::Plain)?;
            variables += 1;
        }
        self.demand(Token::Keyword(Keyword::In))?;
        let line = self.line;
        if !self.lua51 {
            self.function.reserve(1)?;
        }
        let base = self.function.next_register();
        let (values, mut last) = self.expression_list()?;
        self.adjust(hidden, values, &mut last)?;
        if !self.lua51 {
            self.function.emit(Operation::Move {
                dest: RegisterIndex(u8::try_from(closing).unwrap_or(u8::MAX)),
                source: RegisterIndex(base.saturating_add(3)),
            });
            self.function.free -= 1;
        }
        self.function.activate(hidden);
        if !self.lua51 {
            self.mark_closing(closing);
        }
        self.demand(Token::Keyword(Keyword::Do))?;
        let prepare = self.function.jump();
        self.for_body(variables)?;
        let call = self.function.label();
        self.function.set_target(prepare, Some(call));
        self.function.emit(Operation::GenericForCall {
            base: RegisterIndex(base),
            var_count: u8::try_from(variables).unwrap_or(u8::MAX),
        });
        self.function.fix_line(line);
        let base = RegisterIndex(base.saturating_add(2));
        self.loop_back(
            prepare + 1,
            Operation::GenericForLoop { base, jump: 0 },
            line,
        );
        Ok(())
    }

    /// The block of a `for`, with its variables.
    fn for_body(&mut self, variables: usize) -> Result<(), Problem> {
        self.enter_block(false);
        self.function.activate(variables);
        self.function.reserve(variables)?;
        // A generic `for` needs room for a call of the iterator.
        self.function.most_registers = self.function.most_registers.max(self.function.free + 3);
        self.function.label();
        self.block()?;
        self.leave_block()
    }
}
