//! The words of the language.

use piccolo::String as LuaString;

/// One word of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'gc> {
    /// The source is at its end.
    End,
    Name(LuaString<'gc>),
    String(LuaString<'gc>),
    Integer(i64),
    Number(f64),
    Keyword(Keyword),
    /// `==`
    Equal,
    /// `~=`
    NotEqual,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
    /// `..`
    Concat,
    /// `...`
    Dots,
    /// `//`
    IntegerDivide,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `::`
    DoubleColon,
    /// Any other character, by itself.
    Character(u8),
}

/// The reserved words. `goto` is none in Lua 5.1, see [`super::statements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Break,
    Do,
    Else,
    ElseIf,
    End,
    False,
    For,
    Function,
    Goto,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,
}

const KEYWORDS: [(&str, Keyword); 22] = [
    ("and", Keyword::And),
    ("break", Keyword::Break),
    ("do", Keyword::Do),
    ("else", Keyword::Else),
    ("elseif", Keyword::ElseIf),
    ("end", Keyword::End),
    ("false", Keyword::False),
    ("for", Keyword::For),
    ("function", Keyword::Function),
    ("goto", Keyword::Goto),
    ("if", Keyword::If),
    ("in", Keyword::In),
    ("local", Keyword::Local),
    ("nil", Keyword::Nil),
    ("not", Keyword::Not),
    ("or", Keyword::Or),
    ("repeat", Keyword::Repeat),
    ("return", Keyword::Return),
    ("then", Keyword::Then),
    ("true", Keyword::True),
    ("until", Keyword::Until),
    ("while", Keyword::While),
];

impl Keyword {
    /// The keyword that is spelled like this.
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        KEYWORDS
            .iter()
            .find(|(text, _)| text.as_bytes() == word)
            .map(|(_, keyword)| *keyword)
    }

    pub(super) fn text(self) -> &'static str {
        KEYWORDS
            .iter()
            .find(|(_, keyword)| *keyword == self)
            .map_or("", |(text, _)| text)
    }
}

/// How messages show a token that is wanted or found; names, strings and numbers are shown by their
/// own text instead.
pub(super) fn shown(token: Token<'_>, lua51: bool) -> String {
    let text = match token {
        Token::End if lua51 => "<eof>",
        Token::Name(_) if lua51 => "<name>",
        Token::String(_) if lua51 => "<string>",
        Token::Integer(_) | Token::Number(_) if lua51 => "<number>",
        Token::End => return "<eof>".to_owned(),
        Token::Name(_) => return "<name>".to_owned(),
        Token::String(_) => return "<string>".to_owned(),
        Token::Integer(_) => return "<integer>".to_owned(),
        Token::Number(_) => return "<number>".to_owned(),
        Token::Keyword(keyword) => keyword.text(),
        Token::Equal => "==",
        Token::NotEqual => "~=",
        Token::LessEqual => "<=",
        Token::GreaterEqual => ">=",
        Token::Concat => "..",
        Token::Dots => "...",
        Token::IntegerDivide => "//",
        Token::ShiftLeft => "<<",
        Token::ShiftRight => ">>",
        Token::DoubleColon => "::",
        Token::Character(byte) if byte.is_ascii_graphic() || byte == b' ' => {
            return format!("'{}'", char::from(byte));
        }
        Token::Character(byte) if lua51 => return format!("'char({byte})'"),
        Token::Character(byte) => return format!("'<\\{byte}>'"),
    };
    format!("'{text}'")
}
