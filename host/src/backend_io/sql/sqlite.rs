//! SQLite: a file on this machine.
//!
//! Each connection has a thread of its own, so a slow statement holds up nobody else; one that is given
//! up ends when SQLite next looks.

use std::time::Duration;

use futures_util::{StreamExt, future::BoxFuture};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, Row, Sqlite,
    SqliteConnection, TypeInfo, ValueRef,
    error::DatabaseError,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};

use super::{
    Value,
    failed::Failed,
    link::{Answer, Collector, Connect, Link, Most},
    statement::{Placeholder, Statement},
};
use crate::config::SqlDatabase;

/// Opens one file.
pub(super) struct Connector {
    options: SqliteConnectOptions,
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
        Self { options }
    }
}

impl Connect for Connector {
    fn connect(&self, read_only: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>> {
        Box::pin(async move {
            let failed = |error: sqlx::Error| Failed::from_connect(&error);
            let options = self.options.clone().read_only(read_only);
            let connection = options.connect().await.map_err(failed)?;
            Ok(Box::new(SqliteLink(connection)) as Box<dyn Link>)
        })
    }
}

struct SqliteLink(SqliteConnection);

impl Link for SqliteLink {
    fn run<'a>(
        &'a mut self,
        statement: &'a Statement,
        most: Most,
    ) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(async move {
            let failed = |error| Failed::from_statement(error, judge);
            let text = AssertSqlSafe(statement.text(Placeholder::Mark));
            let query = sqlx::query_with::<Sqlite, _>(text, arguments(statement)?);
            let mut stream = (&mut self.0).fetch_many(query);
            let mut collector = Collector::new(most);
            while let Some(step) = stream.next().await {
                match step.map_err(failed)? {
                    Either::Left(done) => collector.changed(done.rows_affected()),
                    Either::Right(row) => {
                        if collector.wants_columns() {
                            let names = row.columns().iter();
                            collector.columns(names.map(|one| one.name().to_owned()).collect());
                        }
                        if !collector.row(values(&row)?) {
                            break;
                        }
                    }
                }
            }
            Ok(collector.finish())
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Failed>> {
        Box::pin(async move {
            let failed = |error| Failed::from_statement(error, judge);
            self.0.ping().await.map_err(failed)
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

fn values(row: &SqliteRow) -> Result<Vec<Value>, Failed> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let raw = row
            .try_get_raw(index)
            .map_err(|error| Failed::Unsupported(error.to_string()))?;
        if raw.is_null() {
            values.push(Value::Null);
            continue;
        }
        let name = raw.type_info().name().to_owned();
        values.push(decode(row, index, &name).ok_or_else(|| {
            let name = column.name();
            Failed::Unsupported(format!("the column `{name}` holds text that is not UTF-8"))
        })?);
    }
    Ok(values)
}

/// By the type of the value itself: SQLite's columns have none.
fn decode(row: &SqliteRow, index: usize, name: &str) -> Option<Value> {
    Some(match name {
        "BOOLEAN" => Value::Boolean(row.try_get_unchecked(index).ok()?),
        "INTEGER" => Value::Integer(row.try_get_unchecked(index).ok()?),
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
