//! SQLite: a file on this machine.
//!
//! Each connection has a thread of its own, so a slow statement holds up nobody else. One that takes too
//! long is interrupted in that thread, whoever still waits for it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, Row, Sqlite, SqliteConnection,
    TypeInfo, ValueRef,
    error::DatabaseError,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};

use super::{
    Value,
    failed::Failed,
    link::{self, Answer, Connect, Link, Most, Reading},
    statement::{Placeholder, Statement},
};
use crate::config::SqlDatabase;

/// So many steps of SQLite's machine pass between two looks at the clock: well below a millisecond.
const STEPS: i32 = 10_000;

/// Opens one file.
pub(super) struct Connector {
    options: SqliteConnectOptions,
    /// After which a statement is interrupted.
    patience: Duration,
}

impl Connector {
    /// The file must be there: none is made.
    pub(super) fn new(config: &SqlDatabase) -> Self {
        let patience: Duration = super::node::patience(config);
        let options = SqliteConnectOptions::new()
            .filename(&config.path)
            .create_if_missing(false)
            .busy_timeout(patience)
            .disable_statement_logging();
        Self { options, patience }
    }
}

impl Connect for Connector {
    fn connect(&self, read_only: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>> {
        Box::pin(async move {
            let failed = |error: sqlx::Error| Failed::from_connect(&error, judge);
            let options = self.options.clone().read_only(read_only);
            let mut connection = options.connect().await.map_err(failed)?;
            let until = Arc::new(Mutex::new(None::<Instant>));
            let seen = Arc::clone(&until);
            let goes_on = move || {
                let until = seen.lock().unwrap_or_else(PoisonError::into_inner);
                until.is_none_or(|until| Instant::now() < until)
            };
            let mut handle = connection.lock_handle().await.map_err(failed)?;
            handle.set_progress_handler(STEPS, goes_on);
            drop(handle);
            Ok(Box::new(SqliteLink {
                connection,
                until,
                patience: self.patience,
            }) as Box<dyn Link>)
        })
    }
}

struct SqliteLink {
    connection: SqliteConnection,
    /// When the statement in work is interrupted.
    until: Arc<Mutex<Option<Instant>>>,
    patience: Duration,
}

impl Link for SqliteLink {
    fn run<'a>(
        &'a mut self,
        statement: &'a Statement,
        most: Most,
    ) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(async move {
            let text = AssertSqlSafe(statement.text(Placeholder::Mark));
            let query = sqlx::query_with::<Sqlite, _>(text, arguments(statement)?);
            let until = Instant::now().checked_add(self.patience);
            *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
            let stream = (&mut self.connection).fetch_many(query);
            link::read(stream, most, &READING).await
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Failed>> {
        Box::pin(async move {
            let failed = |error| Failed::from_statement(error, judge);
            self.connection.ping().await.map_err(failed)
        })
    }
}

fn arguments(statement: &Statement) -> Result<SqliteArguments, Failed> {
    use sqlx::Arguments;
    let mut arguments = SqliteArguments::default();
    for value in statement.values() {
        let added = match value {
            Value::Null => arguments.add(None::<String>),
            Value::Text(text) => arguments.add(text.clone()),
            Value::Integer(number) => arguments.add(*number),
            Value::Decimal(number) => arguments.add(*number),
            Value::Boolean(truth) => arguments.add(*truth),
            Value::Bytes(bytes) => arguments.add(bytes.clone()),
        };
        added.map_err(|error| Failed::Statement(error.to_string()))?;
    }
    Ok(arguments)
}

const READING: Reading<Sqlite> = Reading {
    changed: |done| done.rows_affected(),
    value,
    judge,
};

fn value(row: &SqliteRow, index: usize) -> Result<Value, String> {
    let column = row.column(index);
    let raw = row.try_get_raw(index).map_err(|error| error.to_string())?;
    let kind = raw.type_info().name().to_owned();
    let is_boolean = column.type_info().name() == "BOOLEAN";
    decode(row, index, &kind, is_boolean).ok_or_else(|| {
        let name = column.name();
        format!("the column `{name}` holds text that is not UTF-8")
    })
}

/// By the type of the value itself, which SQLite's columns do not force on it. Only truth values need their
/// column to be told from numbers.
fn decode(row: &SqliteRow, index: usize, name: &str, is_boolean: bool) -> Option<Value> {
    Some(match name {
        "BOOLEAN" | "INTEGER" => match row.try_get_unchecked::<i64, _>(index).ok()? {
            0 if is_boolean => Value::Boolean(false),
            1 if is_boolean => Value::Boolean(true),
            number => Value::Integer(number),
        },
        "REAL" => Value::Decimal(row.try_get_unchecked(index).ok()?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(index).ok()?),
        _ => Value::Text(row.try_get_unchecked(index).ok()?),
    })
}

/// Errors with a meaning of their own, by result code (sqlite.org/rescode.html).
fn judge(error: &dyn DatabaseError) -> Option<Failed> {
    let code: i32 = error.code()?.parse().ok()?;
    let text = || error.message().to_owned();
    match code & 0xFF {
        // Locked by another process or connection for longer than the busy timeout; interrupted.
        5 | 6 | 9 => Some(Failed::TooSlow),
        // Input/output, damaged, full, cannot be opened, not a database.
        10 | 11 | 13 | 14 | 26 => Some(Failed::Connection(text())),
        17 => Some(Failed::Stale(text())),
        _ => None,
    }
}
