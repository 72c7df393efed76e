//! The half of the parser that reads expressions.
//!
//! As the other half it knows no precedence, and stops where the tree would grow too deep.

use super::{
    lexer::TokenKind,
    parser::{Parsed, Parser},
    tree::{DEPTH, Expression, Field, Kind, Name},
};

const BINARY: [&str; 21] = [
    "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", ">", "<=", ">=", "and", "or", "&",
    "|", "~", "<<", ">>",
];
const UNARY: [&str; 4] = ["not", "-", "#", "~"];

impl Parser {
    pub(super) fn expressions(&mut self) -> Parsed<Vec<Expression>> {
        let mut list = vec![self.expression()?];
        while self.accept(",") {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.nested(|parser| {
            let mut operands = vec![parser.operand()?];
            let mut operators = Vec::new();
            while let Some(operator) = parser.operator(&BINARY) {
                parser.advance();
                operators.push(operator);
                operands.push(parser.operand()?);
            }
            let start = operands.first().map_or(0, |first| first.span.start);
            match operands.pop() {
                Some(only) if operands.is_empty() => Ok(only),
                Some(last) => {
                    operands.push(last);
                    Ok(Expression {
                        span: start..parser.end(),
                        kind: Kind::Operators {
                            operands,
                            operators,
                        },
                    })
                }
                None => Err(parser.here()),
            }
        })
    }

    fn operator(&self, known: &[&'static str]) -> Option<&'static str> {
        known.iter().copied().find(|operator| self.sees(operator))
    }

    fn operand(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        if let Some(operator) = self.operator(&UNARY) {
            self.advance();
            let operand = Box::new(self.nested(Self::operand)?);
            return Ok(Expression {
                span: start..self.end(),
                kind: Kind::Unary { operator, operand },
            });
        }
        let simple = match &self.peek().kind {
            TokenKind::Number => Some(Kind::Number),
            TokenKind::Text(text) => Some(Kind::Text(text.clone())),
            TokenKind::Symbol("...") => Some(Kind::Rest),
            TokenKind::Word(word) => match word.as_str() {
                "nil" => Some(Kind::Nil),
                "true" | "false" => Some(Kind::Boolean),
                _ => None,
            },
            _ => None,
        };
        if let Some(kind) = simple {
            self.advance();
            let span = start..self.end();
            return Ok(Expression { kind, span });
        }
        if self.accept("function") {
            let function = Box::new(self.function(false)?);
            return Ok(Expression {
                span: start..self.end(),
                kind: Kind::Function(function),
            });
        }
        if self.sees("{") {
            return self.table();
        }
        self.suffixed()
    }

    fn table(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        self.expect("{")?;
        let mut fields = Vec::new();
        while !self.sees("}") {
            let names = self.is_name(0)
                && self.tokens.get(self.at + 1).map(|token| &token.kind)
                    == Some(&TokenKind::Symbol("="));
            if names {
                let name = self.name()?;
                self.expect("=")?;
                fields.push(Field::Named(name, self.expression()?));
            } else if self.accept("[") {
                let key = self.expression()?;
                self.expect("]")?;
                self.expect("=")?;
                fields.push(Field::Keyed(key, self.expression()?));
            } else {
                fields.push(Field::Item(self.expression()?));
            }
            if !self.accept(",") && !self.accept(";") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Expression {
            span: start..self.end(),
            kind: Kind::Table(fields),
        })
    }

    /// Counts one more level; the caller takes it back.
    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.here());
        }
        Ok(())
    }

    /// A name or an expression in parentheses, with accesses and calls behind it.
    pub(super) fn suffixed(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        let kind = if self.accept("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            Kind::Parentheses(Box::new(inner))
        } else {
            Kind::Name(self.name()?.text)
        };
        let mut whole = Expression {
            kind,
            span: start..self.end(),
        };
        let before = self.depth;
        loop {
            self.deeper()?;
            let of = Box::new(whole);
            let kind = if self.accept(".") {
                let name = self.name()?;
                Kind::Field { of, name }
            } else if self.accept("[") {
                let key = self.expression()?;
                self.expect("]")?;
                match &key.kind {
                    Kind::Text(text) => {
                        let text = text.clone();
                        let span = key.span;
                        Kind::Field {
                            of,
                            name: Name { text, span },
                        }
                    }
                    _ => Kind::Index {
                        of,
                        key: Box::new(key),
                    },
                }
            } else if self.accept(":") {
                let name = self.name()?;
                let arguments = self.arguments()?.ok_or_else(|| self.here())?;
                Kind::Method {
                    of,
                    name,
                    arguments,
                }
            } else if let Some(arguments) = self.arguments()? {
                Kind::Call { of, arguments }
            } else {
                whole = *of;
                break;
            };
            let span = start..self.end();
            whole = Expression { kind, span };
        }
        self.depth = before;
        Ok(whole)
    }

    /// `(…)`, a text or a table, if one of them is here.
    fn arguments(&mut self) -> Parsed<Option<Vec<Expression>>> {
        if self.accept("(") {
            let list = match self.sees(")") {
                true => Vec::new(),
                false => self.expressions()?,
            };
            self.expect(")")?;
            return Ok(Some(list));
        }
        if self.sees("{") {
            return Ok(Some(vec![self.nested(Self::table)?]));
        }
        let span = self.here();
        if let TokenKind::Text(text) = &self.peek().kind {
            let kind = Kind::Text(text.clone());
            self.advance();
            return Ok(Some(vec![Expression { kind, span }]));
        }
        Ok(None)
    }
}
