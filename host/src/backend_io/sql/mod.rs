//! SQL databases, on behalf of plugins that were granted them: PostgreSQL, MariaDB/MySQL, SQLite.
//!
//! A statement comes in pieces; values are bound to prepared statements and never become text. Whoever
//! asks gets an answer by its deadline. A host that fails several times in a row is left alone for a
//! while; what was not answered is an error, never an empty answer. A statement is sent a
//! second time only if it reads and the connection broke.
//!
//! Knows nothing of WebAssembly and of logins; `wit/sql.wit` documents the values that the types here
//! mirror.

mod database;
mod failed;
mod link;
mod mysql;
mod node;
mod numeric;
mod postgres;
mod registry;
mod sqlite;
mod statement;

pub use self::{
    database::Database,
    registry::{Condition, Registry},
};

/// A value that goes to a database or comes from one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Decimal(f64),
    /// A truth value.
    Boolean(bool),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A part of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// SQL, in the database's own dialect.
    Text(String),
    /// A place for a value.
    Parameter(Value),
}

/// Rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// As the database names them.
    pub columns: Vec<String>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// There were more.
    pub truncated: bool,
}

/// Why there is no answer. No text holds a password or a bound value, unless the database's own error
/// repeats it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The grant does not reach that far; the text holds what to write.
    #[error("denied: {0}")]
    Denied(String),
    /// The statement breaks a rule.
    #[error("invalid statement: {0}")]
    Invalid(String),
    /// No host can be reached, or all connections are taken.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// The database refused the statement.
    #[error("the database refused the statement: {0}")]
    Failed(String),
    /// A column has a type that no value carries.
    #[error("unsupported type: {0}")]
    Unsupported(String),
}

/// Who hears of what databases do, for metrics. `database` is its name in the configuration.
pub trait Listener: Send + Sync {
    /// A statement came to its end: `ok`, `unavailable`, `timed_out` or `failed`.
    fn asked(&self, database: &str, outcome: &'static str, elapsed: std::time::Duration);
    /// A host is left alone from now on.
    fn left_alone(&self, database: &str);
}

impl Value {
    /// Bytes that it takes in an answer.
    fn size(&self) -> u64 {
        let content = match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Null | Self::Integer(_) | Self::Decimal(_) | Self::Boolean(_) => 0,
        };
        u64::try_from(content).unwrap_or(u64::MAX).saturating_add(8)
    }
}

#[cfg(test)]
mod tests;
