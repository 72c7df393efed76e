//! From pieces to a statement's text with the database's own placeholders, and what may be sent under a
//! grant to read.

use super::{Piece, SqlError, Value};

/// Longest text of a statement, in bytes.
const TEXT_BYTES: usize = 64 << 10;
/// Most values of a statement: what all three databases take.
const PARAMETERS: usize = 999;

/// Words with which a statement that reads may begin.
const READING: [&str; 6] = ["select", "with", "values", "table", "show", "explain"];

/// How a database wants a place for a value written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `$1`, `$2` …
    Numbered,
    /// `?`
    Mark,
}

/// Text and values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pieces: Vec<Piece>,
}

impl Statement {
    /// Checks the limits, and under `read_only` that it begins like one that reads.
    pub(super) fn new(pieces: Vec<Piece>, read_only: bool) -> Result<Self, SqlError> {
        let mut text = 0_usize;
        let mut parameters = 0_usize;
        for piece in &pieces {
            match piece {
                Piece::Text(more) => text = text.saturating_add(more.len()),
                Piece::Parameter(_) => parameters += 1,
            }
        }
        if text > TEXT_BYTES {
            let problem = format!("the text has {text} bytes; it may have {TEXT_BYTES}");
            return Err(SqlError::Invalid(problem));
        }
        if parameters > PARAMETERS {
            let problem = format!("there are {parameters} values; there may be {PARAMETERS}");
            return Err(SqlError::Invalid(problem));
        }
        let statement = Self { pieces };
        if read_only && !statement.begins_reading() {
            let problem = format!(
                "the grant allows to read only: a statement must begin with {}; to allow changes, write \
                 `read_only: false` in the grant",
                READING.map(str::to_ascii_uppercase).join(", ")
            );
            return Err(SqlError::Denied(problem));
        }
        Ok(statement)
    }

    /// The text for a database.
    pub(super) fn text(&self, placeholder: Placeholder) -> String {
        let mut text = String::new();
        let mut number = 0_usize;
        for piece in &self.pieces {
            match (piece, placeholder) {
                (Piece::Text(more), _) => text.push_str(more),
                (Piece::Parameter(_), Placeholder::Mark) => text.push('?'),
                (Piece::Parameter(_), Placeholder::Numbered) => {
                    number += 1;
                    text.push_str(&format!("${number}"));
                }
            }
        }
        text
    }

    /// The values, in the order of their places.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Parameter(value) => Some(value),
            Piece::Text(_) => None,
        })
    }

    fn begins_reading(&self) -> bool {
        let Some(Piece::Text(text)) = self.pieces.first() else {
            return false;
        };
        let text = text.trim_start_matches(|symbol: char| symbol.is_whitespace() || symbol == '(');
        let end = text
            .find(|symbol: char| !symbol.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let word = text.get(..end).unwrap_or_default();
        READING.iter().any(|known| word.eq_ignore_ascii_case(known))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn value(text: &str) -> Piece {
        Piece::Parameter(Value::Text(text.to_owned()))
    }

    #[test]
    fn values_become_placeholders_and_never_text() {
        let pieces = vec![
            text("SELECT a FROM t WHERE b = "),
            value("' OR 1=1 --"),
            text(" AND c = "),
            Piece::Parameter(Value::Integer(7)),
        ];
        let statement = Statement::new(pieces, true).unwrap();
        let wanted = "SELECT a FROM t WHERE b = $1 AND c = $2";
        assert_eq!(statement.text(Placeholder::Numbered), wanted);
        let wanted = "SELECT a FROM t WHERE b = ? AND c = ?";
        assert_eq!(statement.text(Placeholder::Mark), wanted);
        let values: Vec<_> = statement.values().cloned().collect();
        assert_eq!(
            values,
            [Value::Text("' OR 1=1 --".to_owned()), Value::Integer(7)]
        );
    }

    #[test]
    fn a_grant_to_read_lets_only_statements_that_read_pass() {
        for (begin, reads) in [
            ("SELECT 1", true),
            ("  (select 1)", true),
            ("WITH x AS (SELECT 1) SELECT * FROM x", true),
            ("UPDATE t SET a = 1", false),
            ("SET x = 1", false),
            ("selected", false),
            ("", false),
        ] {
            let outcome = Statement::new(vec![text(begin)], true);
            assert_eq!(outcome.is_ok(), reads, "{begin}");
            assert!(Statement::new(vec![text(begin)], false).is_ok(), "{begin}");
        }
        assert!(Statement::new(vec![value("SELECT 1")], true).is_err());
    }

    #[test]
    fn a_statement_is_as_long_as_it_may_be_and_one_more_is_refused() {
        let long = |length| Statement::new(vec![text(&" ".repeat(length))], false);
        assert!(long(TEXT_BYTES).is_ok());
        assert!(matches!(long(TEXT_BYTES + 1), Err(SqlError::Invalid(_))));
        let many = |count| Statement::new(vec![value("x"); count], false);
        assert!(many(PARAMETERS).is_ok());
        assert!(matches!(many(PARAMETERS + 1), Err(SqlError::Invalid(_))));
    }
}
