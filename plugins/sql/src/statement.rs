//! A statement as it is configured, with names for values: to pieces, text and values apart.
//!
//! Quoted texts and names (`'…'`, `"…"`, `` `…` ``) and comments are left as they are; so are `::` and `:=`.
//! A quotation mark within quotes is doubled, as in standard SQL: there are no backslashes. Whatever is
//! misread here makes a statement that the database refuses, never a value that becomes text.

use bulkhead_sdk::{
    Request,
    parameter::Parameter,
    sql::{Piece, Value},
};

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Parameter(Parameter),
}

/// A statement.
#[derive(Debug, PartialEq)]
pub(crate) struct Statement(Vec<Part>);

impl Statement {
    /// Reads a statement, or says what is wrong with it. `with_password`: it may name the password.
    pub(crate) fn new(text: &str, with_password: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err("must not be empty".to_owned());
        }
        while let Some(symbol) = rest.chars().next() {
            let skipped = untouched(rest);
            if let Some((same, after)) = skipped.and_then(|length| rest.split_at_checked(length)) {
                plain.push_str(same);
                rest = after;
                continue;
            }
            let after = rest.get(symbol.len_utf8()..).unwrap_or_default();
            match symbol {
                ':' if after
                    .starts_with(|next: char| next.is_ascii_alphabetic() || next == '_') =>
                {
                    let end = after
                        .find(|next: char| !next.is_ascii_alphanumeric() && next != '_')
                        .unwrap_or(after.len());
                    let (name, after) = after.split_at_checked(end).unwrap_or((after, ""));
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Parameter(parameter(name, with_password)?));
                    rest = after;
                    continue;
                }
                '?' => return Err("write `:username` and the like for values, not `?`".to_owned()),
                '$' if after.starts_with(|next: char| next.is_ascii_digit()) => {
                    return Err("write `:username` and the like for values, not `$1`".to_owned());
                }
                ';' if after.trim().is_empty() => {
                    rest = "";
                    continue;
                }
                ';' => return Err("must be one statement; `;` begins another".to_owned()),
                '\'' | '"' | '`' => return Err(format!("`{symbol}` is never closed")),
                _ => plain.push(symbol),
            }
            rest = after;
        }
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }

    /// With the values of a login. Nothing if one of them is a text that no database holds: with a NUL in
    /// it, or a password that is not UTF-8.
    pub(crate) fn pieces(&self, request: &Request) -> Option<Vec<Piece>> {
        let piece = |part: &Part| {
            Some(match part {
                Part::Text(text) => Piece::Text(text.clone()),
                Part::Parameter(parameter) => Piece::Parameter(value(*parameter, request)?),
            })
        };
        self.0.iter().map(piece).collect()
    }
}

/// Length of what stands here and is no place for a value: quoted, a comment, `::`, `:=`.
fn untouched(rest: &str) -> Option<usize> {
    let closed = |open: &str, close: &str| {
        let inner = rest.strip_prefix(open)?;
        Some(open.len() + inner.find(close)? + close.len())
    };
    for quote in ["'", "\"", "`"] {
        // A doubled mark is the end of one piece and the begin of the next.
        if let Some(length) = closed(quote, quote) {
            return Some(length);
        }
    }
    if rest.starts_with("--") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some(length) = closed("/*", "*/") {
        return Some(length);
    }
    (rest.starts_with("::") || rest.starts_with(":=")).then_some(2)
}

fn parameter(name: &str, with_password: bool) -> Result<Parameter, String> {
    match Parameter::named(name) {
        Some(Parameter::Password) if !with_password => {
            Err("`:password` is for `verify` only".to_owned())
        }
        Some(parameter) => Ok(parameter),
        None => {
            let names = Parameter::ALL.map(|(name, _)| format!("`:{name}`"));
            Err(format!(
                "`:{name}` is no value; there are {}",
                names.join(", ")
            ))
        }
    }
}

fn value(parameter: Parameter, request: &Request) -> Option<Value> {
    match parameter.of(request)? {
        bulkhead_sdk::Value::Text(text) if !text.contains('\0') => Some(Value::Text(text)),
        bulkhead_sdk::Value::Boolean(truth) => Some(Value::Boolean(truth)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::testing::request;

    use super::*;

    /// The text, values in angle brackets.
    fn shown(text: &str) -> String {
        let login = request()
            .username("o'hara@example.org")
            .password("pw")
            .build();
        let statement = Statement::new(text, true).unwrap();
        let pieces = statement.pieces(&login).unwrap().into_iter();
        let shown = pieces.map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Parameter(Value::Text(text)) => format!("<{text}>"),
            Piece::Parameter(other) => format!("<{other:?}>"),
        });
        shown.collect()
    }

    #[test]
    fn names_become_values_and_everything_else_stays() {
        for (text, wanted) in [
            ("SELECT 1", "SELECT 1"),
            ("a = :username", "a = <o'hara@example.org>"),
            ("a=:local_part||:domain", "a=<o'hara>||<example.org>"),
            ("(:username)", "(<o'hara@example.org>)"),
            (":password", "<pw>"),
            (":encrypted", "<Value::Boolean(true)>"),
            ("':username'", "':username'"),
            ("'it''s :username'", "'it''s :username'"),
            ("'' || :protocol", "'' || <imap>"),
            (r#"":username" `:username`"#, r#"":username" `:username`"#),
            ("a::text = :protocol::text", "a::text = <imap>::text"),
            ("@a := :protocol", "@a := <imap>"),
            ("-- :username\n:protocol", "-- :username\n<imap>"),
            ("/* :username ' */ :protocol", "/* :username ' */ <imap>"),
            ("a[1:2]", "a[1:2]"),
            ("SELECT 1 ; ", "SELECT 1"),
            ("'?;$1'", "'?;$1'"),
            ("'ü' = :username", "'ü' = <o'hara@example.org>"),
        ] {
            assert_eq!(shown(text).trim(), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, word) in [
            ("", "empty"),
            (" \n", "empty"),
            ("a = :user", "`:user` is no value; there are `:username`"),
            ("a = ?", "not `?`"),
            ("a = $1", "not `$1`"),
            ("SELECT 1; DELETE FROM t", "one statement"),
            ("a = 'b", "`'` is never closed"),
            ("a = \"b", "never closed"),
        ] {
            let problem = Statement::new(text, true).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
        let problem = Statement::new("a = :password", false).unwrap_err();
        assert!(problem.contains("`verify` only"), "{problem}");
    }

    #[test]
    fn a_value_that_no_database_holds_makes_no_statement() {
        let statement = Statement::new(":username :password", true).unwrap();
        for (username, password, works) in [
            ("alice", b"pw".to_vec(), true),
            ("al\0ice", b"pw".to_vec(), false),
            ("alice", b"p\0w".to_vec(), false),
            ("alice", vec![0xFF], false),
        ] {
            let mut login = request().username(username).build();
            login.password = Some(password.clone().into());
            assert_eq!(statement.pieces(&login).is_some(), works, "{password:?}");
        }
        let login = request().without_password().build();
        assert!(statement.pieces(&login).is_none());
    }
}
