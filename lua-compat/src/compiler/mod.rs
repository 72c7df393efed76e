//! The compiler: Lua source to the VM's instructions, in one pass.
//!
//! Written for both dialects after the structure of PUC-Rio's own compiler, so that registers, limits,
//! lines and messages come out as there. It knows the VM's instruction set and nothing of running it.
//! Whatever the source holds, the answer is a function or a [`Problem`]: no input panics, and nesting is
//! bounded by the stack that is left.

mod access;
mod assignment;
mod blocks;
mod calls;
mod code;
mod expression;
mod expressions;
mod function;
mod jumps;
mod lexer;
mod loops;
mod operator;
mod operators;
mod parser;
mod scopes;
mod statements;
mod strings;
mod token;

use piccolo::compiler::CompiledPrototype;
use piccolo::{Context, String as LuaString};

/// Why a source is no Lua.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From 1; 0 if the message stands for itself.
    pub(crate) line: u32,
    /// In PUC-Rio's words, without chunk and line.
    pub(crate) text: Vec<u8>,
    /// A limit of the VM: line and text are added at the end.
    limit: Option<function::TooMany>,
}

impl Problem {
    /// A message that stands for itself.
    pub(crate) fn alone(text: String) -> Self {
        Self {
            line: 0,
            text: text.into_bytes(),
            limit: None,
        }
    }
}

/// A compiled chunk.
pub(crate) struct Compiled<'gc> {
    pub(crate) prototype: CompiledPrototype<LuaString<'gc>>,
    /// Names that stand literally behind `require`, each once.
    pub(crate) required: Vec<String>,
}

/// Compiles a chunk. Its only upvalue is the table of its globals.
pub(crate) fn compile<'gc>(
    ctx: Context<'gc>,
    source: &[u8],
    lua51: bool,
) -> Result<Compiled<'gc>, Problem> {
    parser::Parser::new(ctx, source, lua51).main()
}
