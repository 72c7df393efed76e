//! From source text to a function, with PUC-Rio's messages when that is impossible.

use piccolo::compiler::{self, ParseErrorKind, StringInterner};
use piccolo::numbers::{self, Style};
use piccolo::{Closure, Context, FunctionPrototype, String as LuaString};

use crate::syntax;

/// Why a source cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// `chunk:line: message near 'token'`.
    pub(crate) message: String,
    /// From 1; 0 when unknown.
    pub(crate) line: u32,
}

/// A chunk, ready to run.
pub(crate) struct Compiled<'gc> {
    pub(crate) closure: Closure<'gc>,
    /// Names that the chunk requires literally.
    pub(crate) required: Vec<String>,
}

#[derive(Clone, Copy)]
struct Interner<'gc>(Context<'gc>);

impl<'gc> StringInterner for Interner<'gc> {
    type String = LuaString<'gc>;

    fn intern(&mut self, text: &[u8]) -> Self::String {
        self.0.intern(text)
    }
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
    let chunk_name = String::from_utf8_lossy(&shown);
    let at = |line: u64, text: String| SyntaxError {
        message: format!("{chunk_name}:{line}: {text}"),
        line: u32::try_from(line).unwrap_or(0),
    };
    if source.first() == Some(&0x1b) {
        return Err(at(1, "precompiled chunks cannot be loaded".to_owned()));
    }
    let chunk = compiler::parse_chunk(source, Interner(ctx)).map_err(|error| {
        let line = error.line_number.0 + 1;
        at(line, parse_wording(ctx, source, &error.kind))
    })?;
    let required = syntax::required(&chunk);
    let compiled = compiler::compile_chunk(&chunk, Interner(ctx))
        .map_err(|error| at(error.line_number.0 + 1, compile_wording(error.kind)))?;
    let prototype = FunctionPrototype::from_compiled(&ctx, ctx.intern(name), &compiled);
    let closure = Closure::new(&ctx, prototype, Some(ctx.globals()))
        .map_err(|error| at(1, error.to_string()))?;
    Ok(Compiled { closure, required })
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

fn parse_wording(ctx: Context<'_>, source: &[u8], kind: &ParseErrorKind) -> String {
    match kind {
        ParseErrorKind::Unexpected {
            unexpected,
            expected,
        } => match wanted(expected) {
            Some(wanted) => format!("{wanted} expected near '{}'", token(unexpected)),
            None => format!("unexpected symbol near '{}'", token(unexpected)),
        },
        ParseErrorKind::EndOfStream {
            expected: Some(expected),
        } => match wanted(expected) {
            Some(wanted) => format!("{wanted} expected near {}", plain("<eof>")),
            None => format!("unexpected symbol near {}", plain("<eof>")),
        },
        ParseErrorKind::EndOfStream { expected: None } => {
            if ends_too_early(ctx, source) {
                format!("unexpected symbol near {}", plain("<eof>"))
            } else {
                "'<eof>' expected near 'end'".to_owned()
            }
        }
        ParseErrorKind::AssignToExpression => "syntax error: cannot assign to this".to_owned(),
        ParseErrorKind::ExpressionNotStatement => {
            "syntax error: an expression is not a statement".to_owned()
        }
        ParseErrorKind::RecursionLimit => "chunk has too many syntax levels".to_owned(),
        ParseErrorKind::LexError(error) => lex_wording(&error.to_string()),
        ParseErrorKind::InvalidAttribute(name) => format!("unknown attribute '{name}'"),
    }
}

/// The parser reports a missing symbol at the end and one `end` too many alike. Only the latter is
/// cured by one `do` more.
fn ends_too_early(ctx: Context<'_>, source: &[u8]) -> bool {
    let longer = [b"do ".as_slice(), source].concat();
    matches!(
        compiler::parse_chunk(&longer, Interner(ctx)),
        Err(error) if matches!(error.kind, ParseErrorKind::EndOfStream { expected: None })
    )
}

fn lex_wording(text: &str) -> String {
    if text.starts_with("short string not finished") {
        format!("unfinished string near {}", plain("<eof>"))
    } else if let Some(character) = text.strip_prefix("unexpected character: ") {
        format!(
            "unexpected symbol near '{}'",
            character.trim_matches(['"', '\''])
        )
    } else {
        text.to_owned()
    }
}

fn compile_wording(kind: compiler::CompileErrorKind) -> String {
    use compiler::CompileErrorKind as Kind;
    match kind {
        Kind::Registers => "function or expression needs too many registers".to_owned(),
        Kind::UpValues => "too many upvalues (limit is 255)".to_owned(),
        Kind::Functions => "function defines too many functions (limit is 256)".to_owned(),
        Kind::Constants => "function has too many constants".to_owned(),
        Kind::GotoInvalid => "no visible label for 'goto', or 'break' outside a loop".to_owned(),
        Kind::DuplicateLabel => "label already defined".to_owned(),
        Kind::JumpLocal => "'goto' jumps into the scope of a local".to_owned(),
        other => other.to_string(),
    }
}

/// A word that is no token of its own: Lua 5.1 puts it in quotes, 5.4 does not.
fn plain(word: &str) -> String {
    match numbers::style() {
        Style::Lua51 => format!("'{word}'"),
        Style::Lua54 => word.to_owned(),
    }
}

/// What the parser wanted, in quotes where it is a token.
fn wanted(debug: &str) -> Option<String> {
    match debug {
        "name" => Some(plain("<name>")),
        "string" => Some(plain("<string>")),
        "parameter name or '...'" => Some(plain("<name>")),
        "'=' or 'in'" => Some("'=' or 'in'".to_owned()),
        "function arguments" => Some("function arguments".to_owned()),
        other if other.contains(' ') => None,
        other => Some(format!("'{}'", token(other))),
    }
}

/// The text of a token, from its debug form.
fn token(debug: &str) -> String {
    let symbol = match debug {
        "Minus" => "-",
        "Add" => "+",
        "Mul" => "*",
        "Div" => "/",
        "IDiv" => "//",
        "Pow" => "^",
        "Mod" => "%",
        "Len" => "#",
        "BitNotXor" => "~",
        "BitAnd" => "&",
        "BitOr" => "|",
        "ShiftRight" => ">>",
        "ShiftLeft" => "<<",
        "Concat" => "..",
        "Dots" => "...",
        "Assign" => "=",
        "LessThan" => "<",
        "LessEqual" => "<=",
        "GreaterThan" => ">",
        "GreaterEqual" => ">=",
        "Equal" => "==",
        "NotEqual" => "~=",
        "Dot" => ".",
        "SemiColon" => ";",
        "Colon" => ":",
        "DoubleColon" => "::",
        "Comma" => ",",
        "LeftParen" => "(",
        "RightParen" => ")",
        "LeftBracket" => "[",
        "RightBracket" => "]",
        "LeftBrace" => "{",
        "RightBrace" => "}",
        _ => "",
    };
    if !symbol.is_empty() {
        return symbol.to_owned();
    }
    match debug.split_once('(') {
        // `Name(String("x"))`, `Integer(1)`
        Some((_, inner)) => inner
            .trim_end_matches(')')
            .trim_start_matches("String(")
            .trim_matches('"')
            .to_owned(),
        // The keywords are named as they are spelled.
        None => debug.to_ascii_lowercase(),
    }
}
