//! From a script's words to its tree, by the grammar of both dialects together; here the statements.
//!
//! It is not the judge of what is Lua, the runtime is: what it does not understand ends it with a place.
//! What is nested deeper than the tree may be does so too.

use super::{
    lexer::{KEYWORDS, Span, Token, TokenKind, tokens},
    tree::{Block, DEPTH, Expression, Function, Kind, Name, Statement},
};

pub(super) type Parsed<T> = Result<T, Span>;

/// The whole script, or the place that was not understood.
pub(super) fn parse(text: &str) -> Parsed<Block> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    let block = parser.block()?;
    match parser.peek().kind {
        TokenKind::End => Ok(block),
        _ => Err(parser.here()),
    }
}

pub(super) struct Parser {
    /// Ends with [`TokenKind::End`], which is never passed.
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: usize,
}

static END: Token = Token {
    kind: TokenKind::End,
    span: 0..0,
};

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&END)
    }

    pub(super) fn here(&self) -> Span {
        self.peek().span.clone()
    }

    /// The end of the word before.
    pub(super) fn end(&self) -> usize {
        let before = self.at.checked_sub(1);
        before
            .and_then(|at| self.tokens.get(at))
            .map_or(0, |token| token.span.end)
    }

    pub(super) fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    pub(super) fn sees(&self, wanted: &str) -> bool {
        match &self.peek().kind {
            TokenKind::Word(word) => word == wanted,
            TokenKind::Symbol(symbol) => *symbol == wanted,
            _ => false,
        }
    }

    pub(super) fn accept(&mut self, wanted: &str) -> bool {
        let found = self.sees(wanted);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, wanted: &str) -> Parsed<()> {
        if self.accept(wanted) {
            Ok(())
        } else {
            Err(self.here())
        }
    }

    pub(super) fn is_name(&self, ahead: usize) -> bool {
        let token = self.tokens.get(self.at + ahead);
        matches!(token.map(|token| &token.kind), Some(TokenKind::Word(word)) if !KEYWORDS.contains(&word.as_str()))
    }

    pub(super) fn name(&mut self) -> Parsed<Name> {
        let span = self.here();
        match &self.peek().kind {
            TokenKind::Word(word) if !KEYWORDS.contains(&word.as_str()) => {
                let text = word.clone();
                self.advance();
                Ok(Name { text, span })
            }
            _ => Err(span),
        }
    }

    fn names(&mut self) -> Parsed<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.accept(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// One level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.here());
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn block(&mut self) -> Parsed<Block> {
        self.nested(|parser| {
            let mut statements = Vec::new();
            loop {
                let ends = ["end", "else", "elseif", "until"];
                if parser.peek().kind == TokenKind::End || ends.iter().any(|word| parser.sees(word))
                {
                    return Ok(Block { statements });
                }
                if !parser.accept(";") {
                    statements.push(parser.statement()?);
                }
            }
        })
    }

    fn body_until_end(&mut self) -> Parsed<Block> {
        let block = self.block()?;
        self.expect("end")?;
        Ok(block)
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let start = self.here().start;
        if self.sees("goto") && self.is_name(1) {
            self.advance();
            self.advance();
            return Ok(Statement::Jump);
        }
        if self.accept("::") {
            self.name()?;
            self.expect("::")?;
            return Ok(Statement::Jump);
        }
        if self.accept("break") {
            return Ok(Statement::Jump);
        }
        if self.accept("do") {
            return Ok(Statement::Do(self.body_until_end()?));
        }
        if self.accept("while") {
            let condition = self.expression()?;
            self.expect("do")?;
            return Ok(Statement::While(condition, self.body_until_end()?));
        }
        if self.accept("repeat") {
            let body = self.block()?;
            self.expect("until")?;
            return Ok(Statement::Repeat(body, self.expression()?));
        }
        if self.accept("if") {
            return self.branches();
        }
        if self.accept("for") {
            return self.loop_over();
        }
        if self.accept("function") {
            return self.function_statement();
        }
        if self.accept("local") {
            return self.local();
        }
        if self.accept("return") {
            let ends = ["end", "else", "elseif", "until", ";"];
            let none =
                self.peek().kind == TokenKind::End || ends.iter().any(|word| self.sees(word));
            let values = if none {
                Vec::new()
            } else {
                self.expressions()?
            };
            let span = start..self.end();
            return Ok(Statement::Return { span, values });
        }
        let first = self.suffixed()?;
        if matches!(first.kind, Kind::Call { .. } | Kind::Method { .. }) {
            return Ok(Statement::Call(first));
        }
        let mut targets = vec![first];
        while self.accept(",") {
            targets.push(self.suffixed()?);
        }
        self.expect("=")?;
        let values = self.expressions()?;
        Ok(Statement::Assign { targets, values })
    }

    fn branches(&mut self) -> Parsed<Statement> {
        let mut branches = Vec::new();
        loop {
            let condition = self.expression()?;
            self.expect("then")?;
            branches.push((condition, self.block()?));
            if self.accept("elseif") {
                continue;
            }
            let otherwise = match self.accept("else") {
                true => Some(self.block()?),
                false => None,
            };
            self.expect("end")?;
            return Ok(Statement::If {
                branches,
                otherwise,
            });
        }
    }

    fn loop_over(&mut self) -> Parsed<Statement> {
        let names = self.names()?;
        if !self.accept("=") {
            self.expect("in")?;
        }
        let values = self.expressions()?;
        self.expect("do")?;
        let body = self.body_until_end()?;
        Ok(Statement::For {
            names,
            values,
            body,
        })
    }

    fn function_statement(&mut self) -> Parsed<Statement> {
        let name = self.name()?;
        let mut target = Expression {
            span: name.span,
            kind: Kind::Name(name.text),
        };
        let mut method = false;
        let before = self.depth;
        while !method && (self.sees(".") || self.sees(":")) {
            method = self.sees(":");
            self.advance();
            self.deeper()?;
            let name = self.name()?;
            target = Expression {
                span: target.span.start..name.span.end,
                kind: Kind::Field {
                    of: Box::new(target),
                    name,
                },
            };
        }
        self.depth = before;
        let function = self.function(method)?;
        Ok(Statement::Function { target, function })
    }

    fn local(&mut self) -> Parsed<Statement> {
        if self.accept("function") {
            let name = self.name()?;
            let function = self.function(false)?;
            return Ok(Statement::LocalFunction { name, function });
        }
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            if self.accept("<") {
                self.name()?;
                self.expect(">")?;
            }
            if !self.accept(",") {
                break;
            }
        }
        let values = match self.accept("=") {
            true => self.expressions()?,
            false => Vec::new(),
        };
        Ok(Statement::Local { names, values })
    }

    /// Behind `function` and its name.
    pub(super) fn function(&mut self, method: bool) -> Parsed<Function> {
        let span = self.here();
        self.expect("(")?;
        let mut parameters = Vec::new();
        if method {
            let text = "self".to_owned();
            parameters.push(Name { text, span });
        }
        while !self.sees(")") {
            if !self.accept("...") {
                parameters.push(self.name()?);
            }
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        let body = self.body_until_end()?;
        Ok(Function { parameters, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_both_dialects_is_understood() {
        for text in [
            "",
            "local a <const>, b = 1, ...; return a // b & ~1",
            "function a.b:c(d, ...) self.x, y[1] = d, 2 end",
            "for i = 1, 2, 3 do break end for k, v in next, t do goto done end ::done::",
            "repeat local x = f'a'{b = 1; [2] = 3, 4}:g[[h]].i until not x == -#y ^ 2 .. 'z'",
            "if a then elseif b then else end while true do end do return end",
            "local goto = 1",
            "return",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_a_place() {
        for (text, place) in [
            ("local = 1", 6..7),
            ("f(", 2..2),
            ("x = = 1", 4..5),
            ("end", 0..3),
            ("a.b", 3..3),
        ] {
            assert_eq!(parse(text).err(), Some(place), "{text}");
        }
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("f(", ")"),
            ("not ", ""),
            ("function() return ", " end"),
            ("-", ""),
        ] {
            let deep = format!("x = {}1{}", open.repeat(100_000), close.repeat(100_000));
            assert!(parse(&deep).is_err(), "{open}");
        }
        assert!(parse(&format!("x = a{}", ".b".repeat(100_000))).is_err());
        assert!(parse(&format!("x = 1{}", " + 1".repeat(100_000))).is_ok());
        assert!(parse(&"do ".repeat(100_000)).is_err());
    }
}
