//! From source text to a function.

use piccolo::numbers::{self, Style};
use piccolo::{Closure, Context, FunctionPrototype};

use crate::compiler::{self, Problem};

/// Why a source cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// `chunk:line: message near 'token'`.
    pub(crate) message: Vec<u8>,
    /// From 1; 0 when unknown.
    pub(crate) line: u32,
}

/// A chunk, ready to run.
pub(crate) struct Compiled<'gc> {
    pub(crate) closure: Closure<'gc>,
    /// Names that the chunk requires literally.
    pub(crate) required: Vec<String>,
}

/// Compiles a file, whose first line may begin with `#`.
pub(crate) fn compile_file<'gc>(
    ctx: Context<'gc>,
    file: &str,
    source: &[u8],
) -> Result<Compiled<'gc>, SyntaxError> {
    compile(ctx, format!("@{file}").as_bytes(), &body(source))
}

/// Compiles a chunk whose globals are those of the VM. Its name is `@file`, `=name` or the source itself.
pub(crate) fn compile<'gc>(
    ctx: Context<'gc>,
    name: &[u8],
    source: &[u8],
) -> Result<Compiled<'gc>, SyntaxError> {
    let shown = piccolo::chunk_name::shown_in_syntax_error(name);
    let wrong = |problem: Problem| SyntaxError {
        message: match problem.line {
            0 => problem.text,
            line => [&*shown, format!(":{line}: ").as_bytes(), &*problem.text].concat(),
        },
        line: problem.line,
    };
    let alone = |text: String| wrong(Problem::alone(text));
    if source.first() == Some(&0x1b) {
        return Err(alone("precompiled chunks cannot be loaded".to_owned()));
    }
    let compiled =
        compiler::compile(ctx, source, numbers::style() == Style::Lua51).map_err(wrong)?;
    let prototype = FunctionPrototype::from_compiled(&ctx, ctx.intern(name), &compiled.prototype);
    let closure = Closure::new(&ctx, prototype, Some(ctx.globals()))
        .map_err(|error| alone(error.to_string()))?;
    Ok(Compiled {
        closure,
        required: compiled.required,
    })
}

/// The source without byte order mark and `#!` line; the line end stays, so lines keep their numbers.
fn body(source: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if source.first() == Some(&b'#') {
        let end = source.iter().position(|byte| *byte == b'\n');
        return end.and_then(|end| source.get(end..)).unwrap_or(b"").into();
    }
    source.into()
}
