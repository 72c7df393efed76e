//! String literals: quotes, escapes and long brackets.

use super::Problem;
use super::lexer::Lexer;
use super::token::Token;

/// What begins with `[`.
pub(super) enum Bracket {
    /// `[[` or `[=*[`, with the number of `=`.
    Open(usize),
    /// A `[` by itself.
    Alone,
    /// `[=` without a second bracket.
    Wrong,
}

/// Reads `[=*[` into the text; the second bracket is still to come.
pub(super) fn long_bracket(lexer: &mut Lexer<'_, '_>) -> Bracket {
    lexer.keep();
    let mut level = 0;
    while lexer.peek() == Some(b'=') {
        lexer.keep();
        level += 1;
    }
    match (lexer.peek(), level) {
        (Some(b'['), _) => Bracket::Open(level),
        (_, 0) => Bracket::Alone,
        _ => Bracket::Wrong,
    }
}

/// Reads a long string or comment to its closing bracket, which stays in the text. A line end right after
/// the opening bracket is left out.
pub(super) fn long(
    lexer: &mut Lexer<'_, '_>,
    level: Option<usize>,
    what: &str,
) -> Result<(), Problem> {
    let level = level.unwrap_or(0);
    let begin = lexer.line;
    lexer.keep();
    if matches!(lexer.peek(), Some(b'\n' | b'\r')) {
        lexer.line_end();
    }
    loop {
        match lexer.peek() {
            None => {
                let message = if lexer.lua51 {
                    format!("unfinished long {what}")
                } else {
                    format!("unfinished long {what} (starting at line {begin})")
                };
                return Err(lexer.problem_at_end(&message));
            }
            Some(b']') => {
                lexer.keep();
                let mut found = 0;
                while lexer.peek() == Some(b'=') {
                    lexer.keep();
                    found += 1;
                }
                if lexer.peek() == Some(b']') && found == level {
                    lexer.keep();
                    return Ok(());
                }
            }
            Some(b'\n' | b'\r') => {
                lexer.text.push(b'\n');
                lexer.line_end();
            }
            // A comment's text is never shown.
            Some(_) if what == "comment" => lexer.skip(),
            Some(_) => lexer.keep(),
        }
    }
}

/// Reads a string in quotes.
pub(super) fn short<'gc>(lexer: &mut Lexer<'gc, '_>, quote: u8) -> Result<Token<'gc>, Problem> {
    lexer.keep();
    loop {
        match lexer.peek() {
            Some(byte) if byte == quote => break,
            None => return Err(lexer.problem_at_end("unfinished string")),
            Some(b'\n' | b'\r') => return Err(lexer.problem("unfinished string")),
            Some(b'\\') if lexer.lua51 => escape_51(lexer)?,
            Some(b'\\') => escape_54(lexer)?,
            Some(_) => lexer.keep(),
        }
    }
    lexer.keep();
    let end = lexer.text.len().saturating_sub(1);
    let body = lexer.text.get(1..end).unwrap_or_default();
    Ok(Token::String(lexer.ctx.intern(body)))
}

/// `\n` and its like, the same in both dialects.
fn simple(byte: u8) -> Option<u8> {
    Some(match byte {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

/// Lua 5.1: a backslash before any other character is dropped.
fn escape_51(lexer: &mut Lexer<'_, '_>) -> Result<(), Problem> {
    lexer.skip();
    match lexer.peek() {
        // The end of the source is told by the caller.
        None => {}
        Some(b'\n' | b'\r') => {
            lexer.text.push(b'\n');
            lexer.line_end();
        }
        Some(byte) if byte.is_ascii_digit() => {
            let mut value = 0_u32;
            for _ in 0..3 {
                let Some(digit) = lexer.peek().filter(u8::is_ascii_digit) else {
                    break;
                };
                value = value * 10 + u32::from(digit - b'0');
                lexer.skip();
            }
            match u8::try_from(value) {
                Ok(byte) => lexer.text.push(byte),
                Err(_) => return Err(lexer.problem("escape sequence too large")),
            }
        }
        Some(byte) => {
            lexer.text.push(simple(byte).unwrap_or(byte));
            lexer.skip();
        }
    }
    Ok(())
}

fn escape_54(lexer: &mut Lexer<'_, '_>) -> Result<(), Problem> {
    // Until the escape is understood its own characters are the text, for messages.
    let begin = lexer.text.len();
    lexer.keep();
    let byte = match lexer.peek() {
        None => return Ok(()),
        Some(b'\n' | b'\r') => {
            lexer.line_end();
            lexer.text.truncate(begin);
            lexer.text.push(b'\n');
            return Ok(());
        }
        Some(b'z') => {
            lexer.text.truncate(begin);
            lexer.skip();
            while let Some(byte) = lexer.peek() {
                match byte {
                    b'\n' | b'\r' => lexer.line_end(),
                    b' ' | b'\t' | 0x0b | 0x0c => lexer.skip(),
                    _ => break,
                }
            }
            return Ok(());
        }
        Some(byte) => byte,
    };
    match byte {
        b'x' => {
            lexer.keep();
            let value = hexadecimal(lexer)? * 16 + hexadecimal(lexer)?;
            lexer.text.truncate(begin);
            lexer.text.push(value as u8);
        }
        b'u' => code_point(lexer, begin)?,
        b'\\' | b'"' | b'\'' => {
            lexer.text.truncate(begin);
            lexer.keep();
        }
        _ if byte.is_ascii_digit() => {
            let mut value = 0_u32;
            for _ in 0..3 {
                let Some(digit) = lexer.peek().filter(u8::is_ascii_digit) else {
                    break;
                };
                value = value * 10 + u32::from(digit - b'0');
                lexer.keep();
            }
            let Ok(value) = u8::try_from(value) else {
                return Err(wrong(lexer, "decimal escape too large"));
            };
            lexer.text.truncate(begin);
            lexer.text.push(value);
        }
        _ => match simple(byte) {
            Some(value) => {
                lexer.skip();
                lexer.text.truncate(begin);
                lexer.text.push(value);
            }
            None => return Err(wrong(lexer, "invalid escape sequence")),
        },
    }
    Ok(())
}

/// The message shows the character that does not fit, too.
fn wrong(lexer: &mut Lexer<'_, '_>, message: &str) -> Problem {
    if lexer.peek().is_some() {
        lexer.keep();
    }
    let escape = lexer.text.iter().rposition(|byte| *byte == b'\\');
    let _ = escape;
    lexer.problem(message)
}

fn hexadecimal(lexer: &mut Lexer<'_, '_>) -> Result<u32, Problem> {
    let digit = lexer.peek().and_then(|byte| char::from(byte).to_digit(16));
    match digit {
        Some(digit) => {
            lexer.keep();
            Ok(digit)
        }
        None => Err(wrong(lexer, "hexadecimal digit expected")),
    }
}

/// `\u{XXX}`, up to 2^31, as UTF-8 (RFC 2279's, with up to six bytes).
fn code_point(lexer: &mut Lexer<'_, '_>, begin: usize) -> Result<(), Problem> {
    lexer.keep();
    if lexer.peek() != Some(b'{') {
        return Err(wrong(lexer, "missing '{'"));
    }
    lexer.keep();
    let mut value = hexadecimal(lexer)?;
    while let Some(digit) = lexer.peek().and_then(|byte| char::from(byte).to_digit(16)) {
        if value > 0x7fff_ffff >> 4 {
            return Err(wrong(lexer, "UTF-8 value too large"));
        }
        lexer.keep();
        value = value * 16 + digit;
    }
    if lexer.peek() != Some(b'}') {
        return Err(wrong(lexer, "missing '}'"));
    }
    lexer.skip();
    lexer.text.truncate(begin);
    encode(value, &mut lexer.text);
    Ok(())
}

fn encode(value: u32, out: &mut Vec<u8>) {
    if value < 0x80 {
        out.push(value as u8);
        return;
    }
    let mut rest = value;
    let mut tail = Vec::new();
    // Most that the first byte can hold.
    let mut room = 0x3f;
    while rest > room {
        tail.push(0x80 | (rest & 0x3f) as u8);
        rest >>= 6;
        room >>= 1;
    }
    out.push((!room << 1) as u8 | rest as u8);
    out.extend(tail.iter().rev());
}
