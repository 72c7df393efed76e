//! SQL databases of the server's section `sql`, under the grant `sql`, which names them.
//!
//! A statement is a list of pieces: text of your own, and places for values. The server has the
//! database prepare the text and binds the values, so a value can hold anything.
//!
//! ```no_run
//! use bulkhead_sdk::sql::{self, Piece};
//!
//! # fn main() -> Result<(), sql::Error> {
//! let statement = [
//!     Piece::Text("SELECT quota FROM mailbox WHERE name = ".to_owned()),
//!     Piece::Parameter("o'hara".into()),
//! ];
//! let table = sql::query("mail", &statement)?;
//! # Ok(())
//! # }
//! ```

pub use crate::bindings::bulkhead::policy::sql::{Piece, Table, Value};
use crate::host::{Current, Host};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grant does not name the database, or allows to read only; the text says what to write.
    #[error("not granted: {0}")]
    Denied(String),
    /// The statement breaks a rule of the interface.
    #[error("invalid statement: {0}")]
    Invalid(String),
    /// The database cannot be reached, or too many ask it at the same time. Never treat this as "no
    /// such row".
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database did not answer in time. Whether a change was made is unknown.
    #[error("the database did not answer in time")]
    TimedOut,
    /// The database refused the statement.
    #[error("the database refused the statement: {0}")]
    Failed(String),
    /// A value of the answer has a type that has no place in [`Value`]; the text names the column.
    #[error("unsupported type: {0}")]
    Unsupported(String),
}

/// The rows of a statement that reads.
///
/// # Errors
/// See [`Error`].
pub fn query(database: &str, statement: &[Piece]) -> Result<Table, Error> {
    Current::sql_query(database, statement)
}

/// Runs a statement that changes something, and returns how many rows it changed.
///
/// # Errors
/// See [`Error`].
pub fn execute(database: &str, statement: &[Piece]) -> Result<u64, Error> {
    Current::sql_execute(database, statement)
}

/// What a test has a database answer ([`TestHost::with_sql`](crate::testing::TestHost::with_sql)).
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To a query.
    Rows(Table),
    /// To a change: how many rows were changed.
    Changed(u64),
}

/// What a database was sent
/// ([`TestHost::statements`](crate::testing::TestHost::statements)).
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// As the server's configuration names it.
    pub database: String,
    /// Text and values.
    pub pieces: Vec<Piece>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}
