//! From bytes to tokens, by the rules of each dialect.
//!
//! Keeps the text of the last token as PUC-Rio does (escapes decoded, quotes kept), because messages
//! show it. Promises progress: every call of [`Lexer::scan`] either consumes input, ends or fails.

use piccolo::numbers;
use piccolo::{Constant, Context};

use super::token::{Keyword, Token, shown};
use super::{Problem, strings};

/// Reads tokens off a source.
pub(super) struct Lexer<'gc, 'a> {
    pub(super) ctx: Context<'gc>,
    source: &'a [u8],
    /// Index of the next byte.
    position: usize,
    pub(super) lua51: bool,
    /// Line of the next byte, from 1.
    pub(super) line: u32,
    /// What messages show of the last token.
    pub(super) text: Vec<u8>,
}

impl<'gc, 'a> Lexer<'gc, 'a> {
    pub(super) fn new(ctx: Context<'gc>, source: &'a [u8], lua51: bool) -> Self {
        Self {
            ctx,
            source,
            position: 0,
            lua51,
            line: 1,
            text: Vec::new(),
        }
    }

    /// The next byte; absent at the end.
    pub(super) fn peek(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    fn peek_second(&self) -> Option<u8> {
        self.source.get(self.position + 1).copied()
    }

    pub(super) fn skip(&mut self) {
        self.position += 1;
    }

    /// Moves one byte into the token's text.
    pub(super) fn keep(&mut self) {
        if let Some(byte) = self.peek() {
            self.text.push(byte);
        }
        self.position += 1;
    }

    /// Skips `\n`, `\r`, `\r\n` or `\n\r`.
    pub(super) fn line_end(&mut self) {
        let first = self.peek();
        self.skip();
        let second = self.peek();
        if matches!(second, Some(b'\n' | b'\r')) && second != first {
            self.skip();
        }
        self.line += 1;
    }

    /// Takes the byte if it is that one.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.skip();
        }
        there
    }

    /// A message that shows the text read so far.
    pub(super) fn problem(&self, message: &str) -> Problem {
        let near = [b"'", &*self.text, b"'"].concat();
        self.problem_near(message, Some(&near))
    }

    /// A message that shows the end of the source.
    pub(super) fn problem_at_end(&self, message: &str) -> Problem {
        self.problem_near(message, Some(shown(Token::End, self.lua51).as_bytes()))
    }

    /// A message about that token, which must be the last one read.
    pub(super) fn problem_at(&self, message: &str, token: Token<'gc>) -> Problem {
        match token {
            Token::Name(_) | Token::String(_) | Token::Integer(_) | Token::Number(_) => {
                self.problem(message)
            }
            // PUC-Rio takes this for "no token".
            Token::Character(0) => self.problem_near(message, None),
            // Lua 5.1 asks C whether the character can be shown, which it says of these.
            Token::Character(byte) if self.lua51 && !byte.is_ascii() => {
                self.problem_near(message, Some(&[b'\'', byte, b'\'']))
            }
            other => self.problem_near(message, Some(shown(other, self.lua51).as_bytes())),
        }
    }

    /// `near` comes with its quotes.
    pub(super) fn problem_near(&self, message: &str, near: Option<&[u8]>) -> Problem {
        Problem {
            line: self.line,
            text: match near {
                // Lua's C strings end at a zero byte.
                Some(near) => {
                    let near = near.split(|byte| *byte == 0).next().unwrap_or_default();
                    [message.as_bytes(), b" near ", near].concat()
                }
                None => message.as_bytes().to_vec(),
            },
            limit: None,
        }
    }

    /// The next token.
    pub(super) fn scan(&mut self) -> Result<Token<'gc>, Problem> {
        loop {
            self.text.clear();
            let Some(byte) = self.peek() else {
                return Ok(Token::End);
            };
            match byte {
                b'\n' | b'\r' => self.line_end(),
                b' ' | b'\t' | 0x0b | 0x0c => self.skip(),
                b'-' => {
                    self.skip();
                    if self.peek() != Some(b'-') {
                        return Ok(Token::Character(b'-'));
                    }
                    self.skip();
                    self.comment()?;
                }
                b'[' => {
                    return match strings::long_bracket(self) {
                        strings::Bracket::Open(level) => {
                            strings::long(self, Some(level), "string")?;
                            let inner = level + 2;
                            let end = self.text.len().saturating_sub(inner);
                            let body = self.text.get(inner..end).unwrap_or_default();
                            Ok(Token::String(self.ctx.intern(body)))
                        }
                        strings::Bracket::Alone => Ok(Token::Character(b'[')),
                        strings::Bracket::Wrong => {
                            Err(self.problem("invalid long string delimiter"))
                        }
                    };
                }
                b'"' | b'\'' => return strings::short(self, byte),
                b'.' => {
                    self.keep();
                    if self.take(b'.') {
                        return Ok(if self.take(b'.') {
                            Token::Dots
                        } else {
                            Token::Concat
                        });
                    }
                    if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                        return self.number();
                    }
                    return Ok(Token::Character(b'.'));
                }
                b'0'..=b'9' => return self.number(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => return Ok(self.name()),
                _ => {
                    self.skip();
                    return Ok(self.symbol(byte));
                }
            }
        }
    }

    fn symbol(&mut self, first: u8) -> Token<'gc> {
        match (first, self.peek()) {
            (b'=', Some(b'=')) => self.double(Token::Equal),
            (b'~', Some(b'=')) => self.double(Token::NotEqual),
            (b'<', Some(b'=')) => self.double(Token::LessEqual),
            (b'>', Some(b'=')) => self.double(Token::GreaterEqual),
            (b':', Some(b':')) if !self.lua51 => self.double(Token::DoubleColon),
            (b'/', Some(b'/')) if !self.lua51 => self.double(Token::IntegerDivide),
            (b'<', Some(b'<')) if !self.lua51 => self.double(Token::ShiftLeft),
            (b'>', Some(b'>')) if !self.lua51 => self.double(Token::ShiftRight),
            _ => Token::Character(first),
        }
    }

    fn double(&mut self, token: Token<'gc>) -> Token<'gc> {
        self.skip();
        token
    }

    /// After `--`.
    fn comment(&mut self) -> Result<(), Problem> {
        if self.peek() == Some(b'[') {
            let bracket = strings::long_bracket(self);
            self.text.clear();
            if let strings::Bracket::Open(level) = bracket {
                strings::long(self, Some(level), "comment")?;
                return Ok(());
            }
        }
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
        {
            self.skip();
        }
        Ok(())
    }

    fn name(&mut self) -> Token<'gc> {
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            self.keep();
        }
        match Keyword::of(&self.text) {
            // In Lua 5.1 `goto` is a name; gopher-lua's statement is recognised by what follows it.
            Some(Keyword::Goto) | None if self.lua51 || Keyword::of(&self.text).is_none() => {
                Token::Name(self.ctx.intern(&self.text))
            }
            Some(keyword) => Token::Keyword(keyword),
            None => Token::Name(self.ctx.intern(&self.text)),
        }
    }

    /// A numeral, greedily: what cannot be one is told afterwards.
    fn number(&mut self) -> Result<Token<'gc>, Problem> {
        let hexadecimal = self.text.is_empty()
            && self.peek() == Some(b'0')
            && matches!(self.peek_second(), Some(b'x' | b'X'));
        if hexadecimal && !self.lua51 {
            self.keep();
            self.keep();
        }
        let exponent: &[u8] = if hexadecimal && !self.lua51 {
            b"pP"
        } else {
            b"eE"
        };
        if self.lua51 {
            // 5.1 reads digits and dots, then an exponent, then whatever is alphanumeric.
            while self
                .peek()
                .is_some_and(|byte| byte.is_ascii_digit() || byte == b'.')
            {
                self.keep();
            }
            if self.peek().is_some_and(|byte| exponent.contains(&byte)) {
                self.keep();
                if matches!(self.peek(), Some(b'+' | b'-')) {
                    self.keep();
                }
            }
        } else {
            loop {
                match self.peek() {
                    Some(byte) if exponent.contains(&byte) => {
                        self.keep();
                        if matches!(self.peek(), Some(b'+' | b'-')) {
                            self.keep();
                        }
                    }
                    Some(byte) if byte.is_ascii_hexdigit() || byte == b'.' => self.keep(),
                    _ => break,
                }
            }
        }
        // What cannot belong to a number is an error; 5.4 shows one character of it.
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            self.keep();
            if !self.lua51 {
                break;
            }
        }
        match numbers::parse(&self.text) {
            Some(Constant::Integer(value)) => Ok(Token::Integer(value)),
            Some(Constant::Number(value)) => Ok(Token::Number(value)),
            _ => Err(self.problem("malformed number")),
        }
    }
}
