//! PostgreSQL: connections, values, and what its errors mean.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Decode, Executor, PgConnection, Postgres,
    Row, TypeInfo,
    error::DatabaseError,
    postgres::{
        PgArguments, PgConnectOptions, PgRow, PgSslMode, PgTypeKind, PgValueFormat, PgValueRef,
    },
};

use super::{
    Value,
    failed::Failed,
    link::{self, Answer, Connect, Link, Most, Reading},
    numeric,
    statement::{Placeholder, Statement},
};
use crate::config::{SqlDatabase, SqlHost, SqlTls};

/// Makes connections to one server.
pub(super) struct Connector {
    options: PgConnectOptions,
    /// After which the server itself gives a statement up.
    patience: Duration,
}

impl Connector {
    /// `password` in the server's own encoding.
    pub(super) fn new(config: &SqlDatabase, host: &SqlHost, password: Option<&str>) -> Self {
        let mut options = PgConnectOptions::new_without_pgpass()
            .username(&config.username)
            .database(&config.database)
            .application_name("bulkhead")
            .extra_float_digits(None)
            .ssl_mode(match config.tls {
                SqlTls::Off => PgSslMode::Disable,
                SqlTls::Require => PgSslMode::Require,
                SqlTls::VerifyCa => PgSslMode::VerifyCa,
                SqlTls::VerifyFull => PgSslMode::VerifyFull,
            })
            .disable_statement_logging();
        options = match host {
            SqlHost::Tcp { host, port } => options.host(host).port(*port),
            SqlHost::Unix { path, port } => options.socket(path).port(*port),
        };
        if let Some(password) = password {
            options = options.password(password);
        }
        if let Some(file) = &config.ca_file {
            options = options.ssl_root_cert(file);
        }
        if let Some((certificate, key)) = &config.certificate {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        Self {
            options,
            patience: super::node::patience(config),
        }
    }
}

impl Connect for Connector {
    fn connect(&self, read_only: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>> {
        Box::pin(async move {
            let failed = |error: sqlx::Error| Failed::from_connect(&error, judge);
            let mut connection = self.options.connect().await.map_err(failed)?;
            let settings = format!(
                "SET statement_timeout = {}; SET default_transaction_read_only = {}",
                self.patience.as_millis(),
                if read_only { "on" } else { "off" }
            );
            let set = sqlx::raw_sql(AssertSqlSafe(settings));
            connection.execute(set).await.map_err(failed)?;
            Ok(Box::new(PostgresLink(connection)) as Box<dyn Link>)
        })
    }
}

struct PostgresLink(PgConnection);

impl Link for PostgresLink {
    fn run<'a>(
        &'a mut self,
        statement: &'a Statement,
        most: Most,
    ) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(async move {
            let text = AssertSqlSafe(statement.text(Placeholder::Numbered));
            let query = sqlx::query_with::<Postgres, _>(text, arguments(statement)?);
            let stream = (&mut self.0).fetch_many(query);
            link::read(stream, most, &READING).await
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Failed>> {
        Box::pin(async move {
            let failed = |error| Failed::from_statement(error, judge);
            self.0.ping().await.map_err(failed)
        })
    }
}

fn arguments(statement: &Statement) -> Result<PgArguments, Failed> {
    use sqlx::Arguments;
    let mut arguments = PgArguments::default();
    for value in statement.values() {
        let added = match value {
            Value::Null => arguments.add(None::<String>),
            Value::Text(text) => {
                if text.contains('\0') {
                    let problem = "PostgreSQL has no texts with NUL in them";
                    return Err(Failed::Statement(problem.to_owned()));
                }
                arguments.add(text.as_str())
            }
            Value::Integer(number) => arguments.add(*number),
            Value::Decimal(number) => arguments.add(*number),
            Value::Boolean(truth) => arguments.add(*truth),
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        };
        added.map_err(|error| Failed::Statement(error.to_string()))?;
    }
    Ok(arguments)
}

const READING: Reading<Postgres> = Reading {
    changed: |done| done.rows_affected(),
    value,
    judge,
};

fn value(row: &PgRow, index: usize) -> Result<Value, String> {
    let column = row.column(index);
    let kind = column.type_info();
    let raw = row.try_get_raw(index).map_err(|error| error.to_string())?;
    decode(kind.name(), kind.kind(), raw).ok_or_else(|| {
        let (name, kind) = (column.name(), kind.name());
        format!(
            "the column `{name}` has the type {kind}; write `CAST({name} AS text)` in the statement"
        )
    })
}

/// A value that is not NULL. Nothing if its type has no place in [`Value`].
fn decode(name: &str, kind: &PgTypeKind, raw: PgValueRef<'_>) -> Option<Value> {
    fn take<'r, T: Decode<'r, Postgres>>(raw: PgValueRef<'r>) -> Option<T> {
        T::decode(raw).ok()
    }
    let is_binary = raw.format() == PgValueFormat::Binary;
    Some(match name.to_ascii_uppercase().as_str() {
        "BOOL" => Value::Boolean(take(raw)?),
        "INT2" => Value::Integer(take::<i16>(raw)?.into()),
        "INT4" => Value::Integer(take::<i32>(raw)?.into()),
        "INT8" => Value::Integer(take(raw)?),
        "FLOAT4" => Value::Decimal(take::<f32>(raw)?.into()),
        "FLOAT8" => Value::Decimal(take(raw)?),
        "BYTEA" => Value::Bytes(take(raw)?),
        "NUMERIC" if is_binary => numeric::numeric(raw.as_bytes().ok()?)?,
        "UUID" if is_binary => numeric::uuid(raw.as_bytes().ok()?)?,
        // A version number goes before the text.
        "JSONB" if is_binary => {
            let text = raw.as_bytes().ok()?.strip_prefix(&[1])?;
            Value::Text(String::from_utf8(text.to_vec()).ok()?)
        }
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "JSON" | "CITEXT" | "XML"
        | "\"CHAR\"" => Value::Text(raw.as_str().ok()?.to_owned()),
        _ if matches!(kind, PgTypeKind::Enum(_)) => Value::Text(raw.as_str().ok()?.to_owned()),
        _ => return None,
    })
}

/// Errors with a meaning of their own, by SQLSTATE (PostgreSQL, appendix A).
fn judge(error: &dyn DatabaseError) -> Option<Failed> {
    let code = error.code()?;
    let text = || error.message().to_owned();
    match code.as_ref() {
        // Cancelled, by the timeout that was set.
        "57014" => Some(Failed::TooSlow),
        // A statement whose result type has changed; one that the server forgot.
        "0A000" if error.message().contains("cached plan") => Some(Failed::Stale(text())),
        "26000" => Some(Failed::Stale(text())),
        "53300" => Some(Failed::Full(text())),
        // Shutting down, crashed, starting, dropped; out of memory or disk.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Some(Failed::Connection(text())),
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("58") => {
            Some(Failed::Connection(text()))
        }
        _ => None,
    }
}
