//! Blocks, labels, `goto` and `break`.

use piccolo::String as LuaString;
use piccolo::opcode::Operation;
use piccolo::types::{Opt254, RegisterIndex};

use super::Problem;
use super::function::{Block, Function, Label, PendingJump};
use super::parser::Parser;

impl<'gc> Function<'gc> {
    /// Closes the variables from that register on; `calls_close` if one of them may be a `<close>`.
    pub(super) fn emit_close(&mut self, from: usize, calls_close: bool) {
        let register = u8::try_from(from).unwrap_or(254).min(254);
        if calls_close {
            self.emit(Operation::CloseScope {
                from: RegisterIndex(register),
            });
        } else {
            let place = self.emit(Operation::Jump {
                offset: 0,
                close_upvalues: Opt254::some(register),
            });
            self.set_target(place, Some(place + 1));
        }
    }
}

impl<'gc> Parser<'gc, '_> {
    pub(super) fn enter_block(&mut self, is_loop: bool) {
        let inside_closing = self
            .function
            .blocks
            .last()
            .is_some_and(|block| block.inside_closing);
        self.function.blocks.push(Block {
            locals: self.function.locals.len(),
            first_label: self.function.labels.len(),
            first_jump: self.function.pending.len(),
            has_upvalues: false,
            is_loop,
            inside_closing,
        });
    }

    pub(super) fn leave_block(&mut self) -> Result<(), Problem> {
        let Some(block) = self.function.blocks.last().copied() else {
            return Ok(());
        };
        let is_outermost = self.function.blocks.len() == 1;
        self.function.remove_locals(block.locals);
        let mut closed = false;
        if block.is_loop {
            closed = self.place_label(None, block.locals);
        }
        if !closed && !is_outermost && block.has_upvalues {
            self.function.emit_close(block.locals, block.inside_closing);
        }
        self.function.free = block.locals;
        self.function.labels.truncate(block.first_label);
        self.function.blocks.pop();
        if is_outermost {
            return match self.function.pending.get(block.first_jump).copied() {
                Some(jump) => Err(self.undefined(jump)),
                None => Ok(()),
            };
        }
        for jump in self.function.pending.iter_mut().skip(block.first_jump) {
            if jump.locals > block.locals {
                jump.closes |= block.has_upvalues;
                jump.calls_close |= block.inside_closing;
                jump.locals = block.locals;
            }
        }
        Ok(())
    }

    /// A jump whose label never came.
    fn undefined(&self, jump: PendingJump<'gc>) -> Problem {
        let line = jump.line;
        match jump.name {
            None if self.lua51 => self.problem("no loop to break"),
            None => self.problem_alone(&format!("break outside loop at line {line}")),
            Some(name) => {
                let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
                self.problem_alone(&format!(
                    "no visible label '{name}' for <goto> at line {line}"
                ))
            }
        }
    }

    /// `break` is in some loop of this function.
    pub(super) fn is_in_loop(&self) -> bool {
        self.function.blocks.iter().any(|block| block.is_loop)
    }

    /// Emits a jump to a label that comes later.
    pub(super) fn jump_later(&mut self, name: Option<LuaString<'gc>>, line: u32) {
        let place = self.function.jump();
        self.function.pending.push(PendingJump {
            name,
            line,
            place,
            locals: self.function.locals.len(),
            closes: false,
            calls_close: false,
        });
    }

    /// Puts a label here; `None` is the end of a loop. True if it had to close variables.
    fn place_label(&mut self, name: Option<LuaString<'gc>>, locals: usize) -> bool {
        let place = self.function.label();
        let first = self
            .function
            .blocks
            .last()
            .map_or(0, |block| block.first_jump);
        let (mut closes, mut calls_close) = (false, false);
        let mut index = first;
        while let Some(jump) = self.function.pending.get(index).copied() {
            if jump.name == name {
                closes |= jump.closes;
                calls_close |= jump.calls_close;
                self.function.set_target(jump.place, Some(place));
                self.function.pending.remove(index);
            } else {
                index += 1;
            }
        }
        if closes {
            self.function.emit_close(locals, calls_close);
        }
        closes
    }

    /// `::name::`; `is_last` if nothing but the block's end follows.
    pub(super) fn define_label(
        &mut self,
        name: LuaString<'gc>,
        line: u32,
        is_last: bool,
    ) -> Result<(), Problem> {
        let block = self.function.blocks.last().copied();
        let locals = match block {
            // The block's variables are as good as dead there.
            Some(block) if is_last => block.locals,
            _ => self.function.locals.len(),
        };
        let first = block.map_or(0, |block| block.first_jump);
        let enters_scope = self
            .function
            .pending
            .iter()
            .skip(first)
            .find(|jump| jump.name == Some(name) && jump.locals < locals)
            .copied();
        if let Some(jump) = enters_scope {
            return Err(self.enters_scope(jump, name));
        }
        let place = self.function.code.len();
        self.function.labels.push(Label {
            name,
            line,
            place,
            locals,
        });
        self.function.label();
        self.place_label(Some(name), self.function.locals.len());
        Ok(())
    }

    fn enters_scope(&self, jump: PendingJump<'gc>, label: LuaString<'gc>) -> Problem {
        let text = |name: LuaString<'gc>| String::from_utf8_lossy(name.as_bytes()).into_owned();
        let local = self
            .function
            .locals
            .get(jump.locals)
            .map(|local| text(local.name))
            .unwrap_or_default();
        self.problem_alone(&format!(
            "<goto {}> at line {} jumps into the scope of local '{local}'",
            text(label),
            jump.line
        ))
    }

    /// The label of that name that is in scope.
    pub(super) fn find_label(&self, name: LuaString<'gc>) -> Option<Label<'gc>> {
        self.function
            .labels
            .iter()
            .rev()
            .find(|label| label.name == name)
            .copied()
    }
}
