//! What a script says, as far as the lints want to know: names, literals, calls, and where they stand.
//!
//! No deeper than [`DEPTH`], so that walking and dropping it cannot exhaust a stack. Operators are kept
//! as a flat list, for nothing here depends on which of them binds tighter.

use super::lexer::Span;

/// Levels of anything within anything.
pub(super) const DEPTH: usize = 400;

/// A name where it is declared, or the part of an access behind the dot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Block {
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Statement {
    Local {
        names: Vec<Name>,
        values: Vec<Expression>,
    },
    LocalFunction {
        name: Name,
        function: Function,
    },
    /// `function a.b:c()`; the target is a name or an access.
    Function {
        target: Expression,
        function: Function,
    },
    Assign {
        targets: Vec<Expression>,
        values: Vec<Expression>,
    },
    Call(Expression),
    If {
        branches: Vec<(Expression, Block)>,
        otherwise: Option<Block>,
    },
    While(Expression, Block),
    Repeat(Block, Expression),
    For {
        names: Vec<Name>,
        values: Vec<Expression>,
        body: Block,
    },
    Do(Block),
    Return {
        span: Span,
        values: Vec<Expression>,
    },
    /// `break`, `goto`, a label.
    Jump,
}

#[derive(Debug, PartialEq)]
pub(super) struct Function {
    /// With `self` in front if it was declared with a colon.
    pub(super) parameters: Vec<Name>,
    pub(super) body: Block,
}

#[derive(Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Nil,
    Boolean,
    Number,
    /// `...`
    Rest,
    Text(String),
    Name(String),
    Function(Box<Function>),
    Table(Vec<Field>),
    /// `of.name` and `of["name"]`.
    Field {
        of: Box<Expression>,
        name: Name,
    },
    /// `of[key]` with any other key.
    Index {
        of: Box<Expression>,
        key: Box<Expression>,
    },
    Call {
        of: Box<Expression>,
        arguments: Vec<Expression>,
    },
    Method {
        of: Box<Expression>,
        name: Name,
        arguments: Vec<Expression>,
    },
    Parentheses(Box<Expression>),
    Unary {
        operator: &'static str,
        operand: Box<Expression>,
    },
    /// One operator fewer than operands.
    Operators {
        operands: Vec<Expression>,
        operators: Vec<&'static str>,
    },
}

#[derive(Debug, PartialEq)]
pub(super) enum Field {
    Item(Expression),
    Named(Name, Expression),
    Keyed(Expression, Expression),
}

impl Expression {
    /// The name, if it is nothing but one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The text, if it is nothing but a literal one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Parentheses(inner) => inner.text(),
            _ => None,
        }
    }

    /// `a.b.c`, if it is a name with fields behind it and nothing else.
    pub(super) fn path(&self) -> Option<String> {
        match &self.kind {
            Kind::Name(name) => Some(name.clone()),
            Kind::Field { of, name } => Some(format!("{}.{}", of.path()?, name.text)),
            _ => None,
        }
    }

    /// The parts that it consists of, one level down; functions' bodies excepted.
    pub(super) fn children(&self) -> Vec<&Expression> {
        match &self.kind {
            Kind::Field { of, .. } => vec![of],
            Kind::Index { of, key } => vec![of, key],
            Kind::Call { of, arguments } | Kind::Method { of, arguments, .. } => {
                std::iter::once(&**of).chain(arguments).collect()
            }
            Kind::Parentheses(inner) | Kind::Unary { operand: inner, .. } => vec![inner],
            Kind::Operators { operands, .. } => operands.iter().collect(),
            Kind::Table(fields) => fields
                .iter()
                .flat_map(|field| match field {
                    Field::Item(value) | Field::Named(_, value) => vec![value],
                    Field::Keyed(key, value) => vec![key, value],
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}
