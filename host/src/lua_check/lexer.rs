//! From a script's text to its words, each with its place.
//!
//! Accepts what either dialect has. What neither has ends the words with a place: the runtime says what
//! is wrong there. Never fails on any bytes, never recurses.

use std::ops::Range;

/// Bytes of a script, from and up to.
pub type Span = Range<usize>;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name or a keyword.
    Word(String),
    /// What the quotes hold, with the escapes of single characters decoded.
    Text(String),
    Number,
    Symbol(&'static str),
    End,
}

/// The longest come first.
const SYMBOLS: [&str; 33] = [
    "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "+", "-", "*", "/", "%", "^", "#",
    "&", "~", "|", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
];

pub(super) const KEYWORDS: [&str; 21] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// The words, the last of which is [`TokenKind::End`], or where there is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Span> {
    let mut lexer = Lexer { text, at: 0 };
    if text.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
    }
    if lexer.rest().starts_with('#') {
        lexer.skip_line();
    }
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks()?;
        let start = lexer.at;
        let kind = lexer.next(start)?;
        let end = kind == TokenKind::End;
        tokens.push(Token {
            kind,
            span: start..lexer.at,
        });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// Takes the characters for which that is true.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|next| !fits(next)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    fn skip_blanks(&mut self) -> Result<(), Span> {
        loop {
            self.take(|next| next.is_ascii_whitespace() || next == '\u{b}');
            if !self.rest().starts_with("--") {
                return Ok(());
            }
            let start = self.at;
            self.at += 2;
            if self.long_bracket(start)?.is_none() {
                self.skip_line();
            }
        }
    }

    fn next(&mut self, start: usize) -> Result<TokenKind, Span> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(TokenKind::End);
        };
        let second = self.rest().chars().nth(1);
        if first.is_ascii_alphabetic() || first == '_' {
            let word = self.take(|next| next.is_ascii_alphanumeric() || next == '_');
            return Ok(TokenKind::Word(word.to_owned()));
        }
        if first.is_ascii_digit()
            || first == '.' && second.is_some_and(|next| next.is_ascii_digit())
        {
            self.number();
            return Ok(TokenKind::Number);
        }
        if first == '"' || first == '\'' {
            return self.quoted(start, first);
        }
        if first == '['
            && let Some(text) = self.long_bracket(start)?
        {
            return Ok(TokenKind::Text(text));
        }
        match SYMBOLS
            .into_iter()
            .find(|symbol| self.rest().starts_with(symbol))
        {
            Some(symbol) => {
                self.at += symbol.len();
                Ok(TokenKind::Symbol(symbol))
            }
            None => Err(start..start + first.len_utf8()),
        }
    }

    fn number(&mut self) {
        let hexadecimal = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        let exponents = if hexadecimal { ['p', 'P'] } else { ['e', 'E'] };
        loop {
            let part = self.take(|next| next.is_ascii_alphanumeric() || next == '.');
            let signed = part.ends_with(exponents) && self.rest().starts_with(['+', '-']);
            if !signed {
                return;
            }
            self.at += 1;
        }
    }

    fn quoted(&mut self, start: usize, quote: char) -> Result<TokenKind, Span> {
        let mut content = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((offset, letter)) = letters.next() {
            match letter {
                letter if letter == quote => {
                    self.at += offset + 1;
                    return Ok(TokenKind::Text(content));
                }
                '\n' => break,
                '\\' => match letters.next() {
                    Some((_, 'n')) => content.push('\n'),
                    Some((_, 't')) => content.push('\t'),
                    Some((_, 'z')) => {
                        let blanks = letters.clone();
                        let skip = blanks.take_while(|(_, next)| next.is_ascii_whitespace());
                        for _ in 0..skip.count() {
                            letters.next();
                        }
                    }
                    // A number's digits stay as they are: no name that matters here is written so.
                    Some((_, escaped)) => content.push(escaped),
                    None => break,
                },
                other => content.push(other),
            }
        }
        Err(start..start + 1)
    }

    /// `[[ … ]]` or `[=[ … ]=]`, if there is one here.
    fn long_bracket(&mut self, start: usize) -> Result<Option<String>, Span> {
        let Some(inner) = self.rest().strip_prefix('[') else {
            return Ok(None);
        };
        let level = inner.len() - inner.trim_start_matches('=').len();
        let Some(content) = inner.get(level..).and_then(|rest| rest.strip_prefix('[')) else {
            return Ok(None);
        };
        let close = format!("]{}]", "=".repeat(level));
        let Some(length) = content.find(&close) else {
            return Err(start..start + 1);
        };
        self.at += level + 2 + length + close.len();
        let content = content.get(..length).unwrap_or("");
        Ok(Some(
            content.strip_prefix('\n').unwrap_or(content).to_owned(),
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_places() {
        let text =
            "#!/usr/bin/lua\nlocal a = 'x\\n' --[=[ no\n]=] .. [[y]] -- end\n0x1p+3 3..2 a.b";
        let words: Vec<_> = tokens(text)
            .unwrap()
            .into_iter()
            .map(|token| text.get(token.span).unwrap())
            .collect();
        let expected = [
            "local", "a", "=", "'x\\n'", "..", "[[y]]", "0x1p+3", "3..2", "a", ".", "b", "",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn what_is_no_word_is_a_place() {
        for (text, place) in [
            ("a = 'x\n'", 4..5),
            ("a = [[x", 4..5),
            ("a = @", 4..5),
            ("--[[", 0..1),
            ("é", 0..2),
        ] {
            assert_eq!(tokens(text), Err(place), "{text}");
        }
    }
}
