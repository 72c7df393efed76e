//! Statements but for loops and assignments.

use piccolo::String as LuaString;
use piccolo::opcode::Operation;
use piccolo::types::{RegisterIndex, VarCount};

use super::Problem;
use super::expression::{Expression, Kind};
use super::function::VariableKind;
use super::parser::Parser;
use super::token::{Keyword, Token};

impl<'gc> Parser<'gc, '_> {
    /// Nothing of this block follows.
    pub(super) fn at_block_end(&self, with_until: bool) -> bool {
        match self.token {
            Token::End => true,
            Token::Keyword(Keyword::Else | Keyword::ElseIf | Keyword::End) => true,
            Token::Keyword(Keyword::Until) => with_until,
            _ => false,
        }
    }

    /// A block with variables of its own.
    pub(super) fn block(&mut self) -> Result<(), Problem> {
        self.enter_block(false);
        self.block_body()?;
        self.leave_block()
    }

    /// Statements up to the end of the block.
    pub(super) fn block_body(&mut self) -> Result<(), Problem> {
        while !self.at_block_end(true) {
            let is_return = self.is_keyword(Keyword::Return);
            let is_break = self.lua51 && self.is_keyword(Keyword::Break);
            self.descend()?;
            self.statement()?;
            self.rise();
            if self.lua51 {
                self.skip_character(b';')?;
            }
            // `return` ends a block; in Lua 5.1 `break` does, too.
            if is_return || is_break {
                return Ok(());
            }
        }
        Ok(())
    }

    fn statement(&mut self) -> Result<(), Problem> {
        let line = self.line;
        // Lua 5.1 has no `goto`, but gopher-lua does. Two names side by side are nothing else.
        // Nor has it labels: a colon begins nothing there.
        let (mut goto, mut label) = (false, false);
        if self.lua51 {
            match self.token {
                Token::Name(word) if word.as_bytes() == b"goto" => {
                    goto = matches!(self.look_ahead()?, Token::Name(_));
                }
                Token::Character(b':') => label = self.look_ahead()? == self.token,
                _ => {}
            }
        }
        match self.token {
            Token::Character(b';') if !self.lua51 => self.next()?,
            Token::Keyword(Keyword::If) => self.if_statement(line)?,
            Token::Keyword(Keyword::While) => self.while_loop(line)?,
            Token::Keyword(Keyword::Do) => {
                self.next()?;
                self.block()?;
                self.close_keyword(Keyword::End, Keyword::Do, line)?;
            }
            Token::Keyword(Keyword::For) => self.for_loop(line)?,
            Token::Keyword(Keyword::Repeat) => self.repeat_loop(line)?,
            Token::Keyword(Keyword::Function) => self.function_statement(line)?,
            Token::Keyword(Keyword::Local) => {
                self.next()?;
                if self.skip(Token::Keyword(Keyword::Function))? {
                    self.local_function()?;
                } else {
                    self.local_statement()?;
                }
            }
            Token::DoubleColon => {
                self.next()?;
                let name = self.name()?;
                self.demand(Token::DoubleColon)?;
                self.label_statement(name, line)?;
            }
            Token::Character(b':') if label => {
                self.next()?;
                self.next()?;
                let name = self.name()?;
                self.demand_character(b':')?;
                self.demand_character(b':')?;
                self.label_statement(name, line)?;
            }
            Token::Keyword(Keyword::Return) => {
                self.next()?;
                self.return_statement()?;
            }
            Token::Keyword(Keyword::Break) => {
                self.next()?;
                if self.lua51 && !self.is_in_loop() {
                    return Err(self.problem("no loop to break"));
                }
                self.jump_later(None, line);
            }
            Token::Keyword(Keyword::Goto) => {
                self.next()?;
                let line = self.line;
                let name = self.name()?;
                self.goto_statement(name, line);
            }
            Token::Name(_) if goto => {
                self.next()?;
                let line = self.line;
                let name = self.name()?;
                self.goto_statement(name, line);
            }
            _ => self.expression_statement()?,
        }
        // Temporary registers live no longer than a statement.
        self.function.free = self.function.locals.len();
        Ok(())
    }

    pub(super) fn close_keyword(
        &mut self,
        wanted: Keyword,
        opener: Keyword,
        line: u32,
    ) -> Result<(), Problem> {
        self.close(Token::Keyword(wanted), Token::Keyword(opener), line)
    }

    #[inline(never)]
    fn goto_statement(&mut self, name: LuaString<'gc>, line: u32) {
        match self.find_label(name) {
            None => self.jump_later(Some(name), line),
            Some(label) => {
                if self.function.locals.len() > label.locals {
                    let block = self.function.blocks.last();
                    let calls_close = block.is_some_and(|block| block.inside_closing);
                    self.function.emit_close(label.locals, calls_close);
                }
                let place = self.function.jump();
                self.function.set_target(place, Some(label.place));
            }
        }
    }

    #[inline(never)]
    fn label_statement(&mut self, name: LuaString<'gc>, line: u32) -> Result<(), Problem> {
        while matches!(
            self.token,
            Token::Character(b';' | b':') | Token::DoubleColon
        ) {
            self.statement()?;
        }
        if let Some(label) = self.find_label(name) {
            let shown = String::from_utf8_lossy(name.as_bytes()).into_owned();
            return Err(self.problem_alone(&format!(
                "label '{shown}' already defined on line {}",
                label.line
            )));
        }
        let is_last = self.at_block_end(false);
        self.define_label(name, line, is_last)
    }

    #[inline(never)]
    fn if_statement(&mut self, line: u32) -> Result<(), Problem> {
        let mut to_end = None;
        self.condition_and_block(&mut to_end)?;
        while self.is_keyword(Keyword::ElseIf) {
            self.condition_and_block(&mut to_end)?;
        }
        if self.skip(Token::Keyword(Keyword::Else))? {
            self.block()?;
        }
        self.close_keyword(Keyword::End, Keyword::If, line)?;
        self.function.patch_here(to_end);
        Ok(())
    }

    /// `[else]if condition then block`
    fn condition_and_block(&mut self, to_end: &mut Option<usize>) -> Result<(), Problem> {
        self.next()?;
        let if_false = self.condition()?;
        self.demand(Token::Keyword(Keyword::Then))?;
        self.block()?;
        if matches!(self.token, Token::Keyword(Keyword::Else | Keyword::ElseIf)) {
            let jump = self.function.jump();
            *to_end = self.function.join(*to_end, Some(jump));
        }
        self.function.patch_here(if_false);
        Ok(())
    }

    /// Reads a condition; the list of jumps that are taken if it is false.
    pub(super) fn condition(&mut self) -> Result<Option<usize>, Problem> {
        let mut condition = self.expression()?;
        if matches!(condition.kind, Kind::Nil) {
            condition.kind = Kind::False;
        }
        self.function.go_if_true(&mut condition)?;
        Ok(condition.if_false)
    }

    /// `function a.b.c:d() … end`
    #[inline(never)]
    fn function_statement(&mut self, line: u32) -> Result<(), Problem> {
        self.next()?;
        let mut last = self.name()?;
        let mut target = self.variable(last)?;
        let mut is_method = false;
        while let Token::Character(separator @ (b'.' | b':')) = self.token {
            self.function.place_or_upvalue(&mut target)?;
            self.next()?;
            last = self.name()?;
            let mut key = Expression::new(Kind::String(last));
            self.function.indexed(&mut target, &mut key)?;
            is_method = separator == b':';
            if is_method {
                break;
            }
        }
        let mut body = self.function_body(is_method, line, Some(last))?;
        self.check_writable(&target)?;
        self.function.store(&target, &mut body)?;
        self.function.fix_line(line);
        Ok(())
    }

    fn local_function(&mut self) -> Result<(), Problem> {
        let name = self.name()?;
        self.declare(name, VariableKind::Plain)?;
        self.function.activate(1);
        let line = self.line;
        // The closure comes into the next register, which is the variable's.
        self.function_body(false, line, Some(name))?;
        // The variable is of use only from here on.
        let place = u32::try_from(self.function.code.len()).unwrap_or(u32::MAX);
        if let Some(local) = self.function.locals.last().copied()
            && let Some(debug) = self.function.debug_locals.get_mut(local.debug)
        {
            debug.first = place;
        }
        Ok(())
    }

    fn local_statement(&mut self) -> Result<(), Problem> {
        let mut count = 0;
        let mut closing = None;
        loop {
            let name = self.name()?;
            let (kind, closes) = self.attribute()?;
            if closes {
                if closing.is_some() {
                    return Err(self.problem_alone("multiple to-be-closed variables in local list"));
                }
                closing = Some(self.function.locals.len() + count);
            }
            self.declare(name, kind)?;
            count += 1;
            if !self.skip_character(b',')? {
                break;
            }
        }
        if self.skip_character(b'=')? {
            let (values, mut last) = self.expression_list()?;
            self.adjust(count, values, &mut last)?;
        } else {
            self.adjust(count, 0, &mut Expression::new(Kind::Void))?;
        }
        self.function.activate(count);
        if let Some(register) = closing {
            self.mark_closing(register);
        }
        Ok(())
    }

    /// The variable in that register is to be closed when its block ends.
    pub(super) fn mark_closing(&mut self, register: usize) {
        if let Some(block) = self.function.blocks.last_mut() {
            block.has_upvalues = true;
            block.inside_closing = true;
        }
        self.function.emit(Operation::MarkClosing {
            register: RegisterIndex(u8::try_from(register).unwrap_or(u8::MAX)),
        });
    }

    /// `<const>` or `<close>` behind a name.
    fn attribute(&mut self) -> Result<(VariableKind, bool), Problem> {
        if self.lua51 || !self.skip_character(b'<')? {
            return Ok((VariableKind::Plain, false));
        }
        let name = self.name()?;
        self.demand_character(b'>')?;
        match name.as_bytes() {
            b"const" => Ok((VariableKind::Constant, false)),
            b"close" => Ok((VariableKind::Constant, true)),
            other => {
                let shown = String::from_utf8_lossy(other).into_owned();
                Err(self.problem_alone(&format!("unknown attribute '{shown}'")))
            }
        }
    }

    /// Lua 5.1 takes the semicolon as it does behind any statement.
    fn end_of_return(&mut self) -> Result<(), Problem> {
        if !self.lua51 {
            self.skip_character(b';')?;
        }
        Ok(())
    }

    fn return_statement(&mut self) -> Result<(), Problem> {
        let mut first = self.function.locals.len();
        let mut count = VarCount::constant(0);
        let inside_closing = self
            .function
            .blocks
            .last()
            .is_some_and(|block| block.inside_closing);
        if !self.at_block_end(true) && !self.is(Token::Character(b';')) {
            let (values, mut last) = self.expression_list()?;
            if last.is_open() {
                self.function.set_open(&last)?;
                if let Kind::Call(place) = last.kind
                    && values == 1
                    && !inside_closing
                    && let Some(code) = self.function.code.get_mut(place)
                    && let Operation::Call { func, args, .. } = *code
                {
                    *code = Operation::TailCall { func, args };
                    // A native function returns here.
                    self.function.emit_return(func.0, VarCount::variable());
                    return self.end_of_return();
                }
                count = VarCount::variable();
            } else if values == 1 {
                first = usize::from(self.function.place_anywhere(&mut last)?);
                count = VarCount::constant(1);
            } else {
                self.function.place_next(&mut last)?;
                count = u8::try_from(values)
                    .ok()
                    .and_then(VarCount::try_constant)
                    .ok_or(super::function::TooMany::Registers)?;
            }
        }
        if inside_closing {
            self.function.emit(Operation::CloseScope {
                from: RegisterIndex(0),
            });
        }
        self.function
            .emit_return(u8::try_from(first).unwrap_or(u8::MAX), count);
        self.end_of_return()
    }
}
