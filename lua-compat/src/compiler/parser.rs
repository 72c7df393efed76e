//! The parser's state: the current token, the function that is being compiled and those around it.

use piccolo::compiler::CompiledPrototype;
use piccolo::debug_info::DebugInfo;
use piccolo::opcode::{OpCode, Operation};
use piccolo::types::{UpValueDescriptor, VarCount};
use piccolo::{Context, String as LuaString, depth};

use super::function::{Function, TooMany, Upvalue, VariableKind};
use super::lexer::Lexer;
use super::token::{Keyword, Token, shown};
use super::{Compiled, Problem};

/// Deepest nesting of statements and expressions, as in PUC-Rio.
const DEEPEST: u32 = 200;

pub(super) struct Parser<'gc, 'a> {
    pub(super) lexer: Lexer<'gc, 'a>,
    /// The token that is looked at.
    pub(super) token: Token<'gc>,
    /// The one after it, if it was looked at already.
    ahead: Option<Token<'gc>>,
    /// Line of the token before.
    pub(super) last_line: u32,
    /// Line of the current token.
    pub(super) line: u32,
    pub(super) function: Function<'gc>,
    /// The functions around it, outermost first.
    pub(super) outer: Vec<Function<'gc>>,
    depth: u32,
    pub(super) lua51: bool,
    required: Vec<String>,
    require: Require,
    pub(super) environment: LuaString<'gc>,
}

/// How much of `require "name"`, `require("name")` or `pcall(require, "name")` was read.
#[derive(Clone, Copy, PartialEq)]
enum Require {
    Nothing,
    Word,
    Punctuation,
}

impl<'gc, 'a> Parser<'gc, 'a> {
    pub(super) fn new(ctx: Context<'gc>, source: &'a [u8], lua51: bool) -> Self {
        // In Lua 5.1 no name may reach the table of globals.
        let environment: &[u8] = if lua51 { b"(environment)" } else { b"_ENV" };
        Self {
            lexer: Lexer::new(ctx, source, lua51),
            token: Token::End,
            ahead: None,
            last_line: 1,
            line: 1,
            function: Function::new(0, lua51),
            outer: Vec::new(),
            depth: 0,
            lua51,
            required: Vec::new(),
            require: Require::Nothing,
            environment: ctx.intern(environment),
        }
    }

    /// Compiles the whole source.
    pub(super) fn main(mut self) -> Result<Compiled<'gc>, Problem> {
        match self.chunk() {
            Ok(()) => {}
            Err(problem) => {
                return Err(match problem.limit {
                    Some(limit) => {
                        let text = limit.text(self.lua51);
                        self.lexer.problem_at(text, self.token)
                    }
                    None => problem,
                });
            }
        }
        let prototype = finish(self.function, true, 0, self.lua51)
            .map_err(|limit| self.lexer.problem_at(limit.text(self.lua51), self.token))?;
        Ok(Compiled {
            prototype,
            required: self.required,
        })
    }

    fn chunk(&mut self) -> Result<(), Problem> {
        self.function.is_variadic = true;
        self.function.upvalues.push(Upvalue {
            name: self.environment,
            kind: VariableKind::Plain,
            descriptor: UpValueDescriptor::Environment,
        });
        self.enter_block(false);
        self.next()?;
        self.block_body()?;
        self.check(Token::End)?;
        self.final_return();
        self.leave_block()
    }

    /// What a function does whose last statement is no `return`.
    fn final_return(&mut self) {
        let closes = self
            .function
            .blocks
            .last()
            .is_some_and(|block| block.inside_closing);
        if closes {
            self.function.emit(Operation::CloseScope {
                from: piccolo::types::RegisterIndex(0),
            });
        }
        self.function.emit_return(0, VarCount::constant(0));
    }

    /// Goes to the next token.
    pub(super) fn next(&mut self) -> Result<(), Problem> {
        self.last_line = self.line;
        self.function.line = self.last_line;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.lexer.scan()?,
        };
        self.line = self.lexer.line;
        self.note_required();
        Ok(())
    }

    /// The token after the current one.
    pub(super) fn look_ahead(&mut self) -> Result<Token<'gc>, Problem> {
        let token = match self.ahead {
            Some(token) => token,
            None => self.lexer.scan()?,
        };
        self.ahead = Some(token);
        Ok(token)
    }

    fn note_required(&mut self) {
        self.require = match (self.require, self.token) {
            (Require::Word | Require::Punctuation, Token::String(name)) => {
                let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
                if !self.required.contains(&name) {
                    self.required.push(name);
                }
                Require::Nothing
            }
            (Require::Word, Token::Character(b'(' | b',')) => Require::Punctuation,
            (_, Token::Name(name)) if name.as_bytes() == b"require" => Require::Word,
            _ => Require::Nothing,
        };
    }

    /// A problem with the current token.
    pub(super) fn problem(&self, text: &str) -> Problem {
        self.lexer.problem_at(text, self.token)
    }

    /// A problem that shows no token.
    pub(super) fn problem_alone(&self, text: &str) -> Problem {
        self.lexer.problem_near(text, None)
    }

    pub(super) fn expected(&self, token: Token<'gc>) -> Problem {
        self.problem(&format!("{} expected", shown(token, self.lua51)))
    }

    pub(super) fn is(&self, token: Token<'gc>) -> bool {
        self.token == token
    }

    pub(super) fn is_keyword(&self, keyword: Keyword) -> bool {
        self.token == Token::Keyword(keyword)
    }

    /// Skips the token if it is that one.
    pub(super) fn skip(&mut self, token: Token<'gc>) -> Result<bool, Problem> {
        let there = self.token == token;
        if there {
            self.next()?;
        }
        Ok(there)
    }

    pub(super) fn skip_character(&mut self, character: u8) -> Result<bool, Problem> {
        self.skip(Token::Character(character))
    }

    pub(super) fn check(&self, token: Token<'gc>) -> Result<(), Problem> {
        if self.token == token {
            Ok(())
        } else {
            Err(self.expected(token))
        }
    }

    /// Skips the token, which must be that one.
    pub(super) fn demand(&mut self, token: Token<'gc>) -> Result<(), Problem> {
        self.check(token)?;
        self.next()
    }

    pub(super) fn demand_character(&mut self, character: u8) -> Result<(), Problem> {
        self.demand(Token::Character(character))
    }

    /// Skips `wanted`, which closes what `opener` opened on that line.
    pub(super) fn close(
        &mut self,
        wanted: Token<'gc>,
        opener: Token<'gc>,
        line: u32,
    ) -> Result<(), Problem> {
        if self.skip(wanted)? {
            return Ok(());
        }
        if line == self.line {
            return Err(self.expected(wanted));
        }
        let (wanted, opener) = (shown(wanted, self.lua51), shown(opener, self.lua51));
        Err(self.problem(&format!(
            "{wanted} expected (to close {opener} at line {line})"
        )))
    }

    /// Skips a name and says which.
    pub(super) fn name(&mut self) -> Result<LuaString<'gc>, Problem> {
        match self.token {
            Token::Name(name) => {
                self.next()?;
                Ok(name)
            }
            _ => {
                let name = if self.lua51 { "'<name>'" } else { "<name>" };
                Err(self.problem(&format!("{name} expected")))
            }
        }
    }

    /// Goes one level deeper; every such call is followed by [`Self::rise`].
    ///
    /// The stack is small in WebAssembly. What the functions that recurse call, and what does not recurse
    /// itself, is therefore kept out of their frames by `#[inline(never)]` where that makes them smaller.
    pub(super) fn descend(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > DEEPEST || depth::exhausted() {
            return Err(if self.lua51 {
                self.problem_alone("chunk has too many syntax levels")
            } else {
                Problem {
                    line: 0,
                    text: b"C stack overflow".to_vec(),
                    limit: None,
                }
            });
        }
        Ok(())
    }

    pub(super) fn rise(&mut self) {
        self.depth -= 1;
    }

    /// Begins a function within the current one.
    #[inline(never)]
    pub(super) fn open_function(&mut self, line: u32) {
        let mut inner = Function::new(line, self.lua51);
        inner.line = self.last_line;
        if self.lua51 {
            // `setfenv` needs it in every function.
            inner.upvalues.push(Upvalue {
                name: self.environment,
                kind: VariableKind::Plain,
                descriptor: UpValueDescriptor::Outer(piccolo::types::UpValueIndex(0)),
            });
        }
        self.outer
            .push(std::mem::replace(&mut self.function, inner));
        self.enter_block(false);
    }

    /// Ends the current function and returns its number in the one around it.
    #[inline(never)]
    pub(super) fn close_function(&mut self, last_line: u32) -> Result<u16, Problem> {
        self.final_return();
        self.leave_block()?;
        let Some(outer) = self.outer.pop() else {
            return Err(TooMany::Functions.into());
        };
        let inner = std::mem::replace(&mut self.function, outer);
        self.function.line = self.last_line;
        let prototype = finish(inner, false, last_line, self.lua51)?;
        let index =
            u16::try_from(self.function.prototypes.len()).map_err(|_| TooMany::Functions)?;
        self.function.prototypes.push(Box::new(prototype));
        Ok(index)
    }
}

/// A jump over more instructions than sixteen bits can count.
fn far_jump(distance: i64) -> Option<Operation> {
    let high = i8::try_from(distance >> 16).ok()?;
    Some(Operation::FarJump {
        high,
        low: (distance & 0xffff) as u16,
    })
}

/// Makes a finished function into what the VM takes: distances instead of places.
fn finish<'gc>(
    mut function: Function<'gc>,
    is_main: bool,
    last_line: u32,
    lua51: bool,
) -> Result<CompiledPrototype<LuaString<'gc>>, TooMany> {
    use piccolo::compiler::{FunctionRef, LineNumber};
    if lua51 && !is_main && function.is_variadic {
        super::calls::settle_argument_table(&mut function);
    }
    let mut opcodes = Vec::with_capacity(function.code.len());
    for (place, operation) in function.code.iter().enumerate() {
        let mut operation = *operation;
        if let Some(target) = function.targets.get(place).copied().flatten() {
            let distance = target as i64 - (place as i64 + 1);
            let near = i16::try_from(distance).map_err(|_| TooMany::Distance);
            match &mut operation {
                Operation::Jump {
                    offset,
                    close_upvalues,
                } => match near {
                    Ok(distance) => *offset = distance,
                    Err(limit) if close_upvalues.is_some() => return Err(limit),
                    Err(limit) => operation = far_jump(distance).ok_or(limit)?,
                },
                Operation::NumericForLoop { jump, .. } | Operation::GenericForLoop { jump, .. } => {
                    *jump = near?;
                }
                _ => {}
            }
        }
        opcodes.push(OpCode::encode(operation));
    }
    let mut opcode_line_numbers: Vec<(usize, LineNumber)> = Vec::new();
    for (place, line) in function.lines.iter().enumerate() {
        let line = LineNumber(u64::from(line.saturating_sub(1)));
        if opcode_line_numbers.last().is_none_or(|last| last.1 != line) {
            opcode_line_numbers.push((place, line));
        }
    }
    let first = LineNumber(u64::from(function.first_line.saturating_sub(1)));
    Ok(CompiledPrototype {
        reference: match function.name {
            _ if is_main => FunctionRef::Chunk,
            Some(name) => FunctionRef::Named(name, first),
            None => FunctionRef::Expression(first),
        },
        fixed_params: function.parameters,
        has_varargs: function.is_variadic,
        stack_size: u16::try_from(function.most_registers + 1).map_err(|_| TooMany::Registers)?,
        constants: function.constants,
        opcodes,
        opcode_line_numbers,
        upvalues: function
            .upvalues
            .iter()
            .map(|upvalue| upvalue.descriptor)
            .collect(),
        prototypes: function.prototypes,
        debug: DebugInfo {
            locals: function.debug_locals,
            upvalues: function
                .upvalues
                .iter()
                .map(|upvalue| upvalue.name)
                .collect(),
            first_line: function.first_line,
            last_line,
        },
    })
}
