//! Which operators there are, in which dialect, and how tightly each binds (section 3.4.8 of the manual).

use piccolo::opcode::{Operation, RCIndex};

use super::code::LATER;
use super::token::{Keyword, Token};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntegerDivide,
    Modulo,
    Power,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    Concat,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Minus,
    BitNot,
    Not,
    Length,
}

/// Binds tighter than every binary operator but `^`.
pub(super) const UNARY_PRIORITY: u8 = 12;

impl Binary {
    pub(super) fn of(token: Token<'_>, lua51: bool) -> Option<Self> {
        Some(match token {
            Token::Character(b'+') => Self::Add,
            Token::Character(b'-') => Self::Subtract,
            Token::Character(b'*') => Self::Multiply,
            Token::Character(b'/') => Self::Divide,
            Token::Character(b'%') => Self::Modulo,
            Token::Character(b'^') => Self::Power,
            Token::Character(b'<') => Self::Less,
            Token::Character(b'>') => Self::Greater,
            Token::Concat => Self::Concat,
            Token::Equal => Self::Equal,
            Token::NotEqual => Self::NotEqual,
            Token::LessEqual => Self::LessEqual,
            Token::GreaterEqual => Self::GreaterEqual,
            Token::Keyword(Keyword::And) => Self::And,
            Token::Keyword(Keyword::Or) => Self::Or,
            _ if lua51 => return None,
            Token::Character(b'&') => Self::BitAnd,
            Token::Character(b'|') => Self::BitOr,
            Token::Character(b'~') => Self::BitXor,
            Token::IntegerDivide => Self::IntegerDivide,
            Token::ShiftLeft => Self::ShiftLeft,
            Token::ShiftRight => Self::ShiftRight,
            _ => return None,
        })
    }

    /// How tightly it binds to the left and to the right.
    pub(super) fn priority(self) -> (u8, u8) {
        match self {
            Self::Or => (1, 1),
            Self::And => (2, 2),
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual => (3, 3),
            Self::BitOr => (4, 4),
            Self::BitXor => (5, 5),
            Self::BitAnd => (6, 6),
            Self::ShiftLeft | Self::ShiftRight => (7, 7),
            Self::Concat => (9, 8),
            Self::Add | Self::Subtract => (10, 10),
            Self::Multiply | Self::Divide | Self::IntegerDivide | Self::Modulo => (11, 11),
            Self::Power => (14, 13),
        }
    }

    /// Its instruction, whose result has no place yet. Comparisons and short circuits have none.
    pub(super) fn operation(self, left: RCIndex, right: RCIndex) -> Option<Operation> {
        let dest = LATER;
        Some(match self {
            Self::Add => Operation::Add { dest, left, right },
            Self::Subtract => Operation::Sub { dest, left, right },
            Self::Multiply => Operation::Mul { dest, left, right },
            Self::Divide => Operation::Div { dest, left, right },
            Self::IntegerDivide => Operation::IDiv { dest, left, right },
            Self::Modulo => Operation::Mod { dest, left, right },
            Self::Power => Operation::Pow { dest, left, right },
            Self::BitAnd => Operation::BitAnd { dest, left, right },
            Self::BitOr => Operation::BitOr { dest, left, right },
            Self::BitXor => Operation::BitXor { dest, left, right },
            Self::ShiftLeft => Operation::ShiftLeft { dest, left, right },
            Self::ShiftRight => Operation::ShiftRight { dest, left, right },
            _ => return None,
        })
    }
}

impl Unary {
    pub(super) fn of(token: Token<'_>, lua51: bool) -> Option<Self> {
        match token {
            Token::Keyword(Keyword::Not) => Some(Self::Not),
            Token::Character(b'-') => Some(Self::Minus),
            Token::Character(b'#') => Some(Self::Length),
            Token::Character(b'~') if !lua51 => Some(Self::BitNot),
            _ => None,
        }
    }
}
