//! MariaDB and MySQL: connections, values, and what their errors mean.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySql, MySqlConnection, Row,
    TypeInfo,
    error::DatabaseError,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlDatabaseError, MySqlRow, MySqlSslMode},
};

use super::{
    Value,
    failed::Failed,
    link::{self, Answer, Connect, Link, Most, Reading},
    statement::{Placeholder, Statement},
};
use crate::config::{SqlDatabase, SqlHost, SqlTls};

/// Makes connections to one server.
pub(super) struct Connector {
    options: MySqlConnectOptions,
    /// After which the server itself gives a statement up.
    patience: Duration,
}

impl Connector {
    /// `password` in the server's own encoding.
    pub(super) fn new(config: &SqlDatabase, host: &SqlHost, password: Option<&str>) -> Self {
        let mut options = MySqlConnectOptions::new()
            .username(&config.username)
            .database(&config.database)
            // Statements mean what they mean in the server's own client.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .ssl_mode(match config.tls {
                SqlTls::Off => MySqlSslMode::Disabled,
                SqlTls::Require => MySqlSslMode::Required,
                SqlTls::VerifyCa => MySqlSslMode::VerifyCa,
                SqlTls::VerifyFull => MySqlSslMode::VerifyIdentity,
            })
            .disable_statement_logging();
        options = match host {
            SqlHost::Tcp { host, port } => options.host(host).port(*port),
            SqlHost::Unix { path, .. } => options.socket(path),
        };
        if let Some(password) = password {
            options = options.password(password);
        }
        if let Some(file) = &config.ca_file {
            options = options.ssl_ca(file);
        }
        if let Some((certificate, key)) = &config.certificate {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        Self {
            options,
            patience: super::node::patience(config),
        }
    }

    /// MariaDB counts seconds, MySQL milliseconds, under another name.
    async fn set_up(
        &self,
        connection: &mut MySqlConnection,
        read_only: bool,
    ) -> Result<(), sqlx::Error> {
        let version = sqlx::query("SELECT VERSION()").fetch_one(&mut *connection);
        let version: String = version.await?.try_get(0)?;
        let timeout = if version.contains("MariaDB") {
            format!("max_statement_time = {}", self.patience.as_secs_f64())
        } else {
            format!("max_execution_time = {}", self.patience.as_millis())
        };
        let access = if read_only { "READ ONLY" } else { "READ WRITE" };
        for setting in [
            format!("SET SESSION {timeout}"),
            format!("SET SESSION TRANSACTION {access}"),
        ] {
            let set = sqlx::raw_sql(AssertSqlSafe(setting));
            (&mut *connection).execute(set).await?;
        }
        Ok(())
    }
}

impl Connect for Connector {
    fn connect(&self, read_only: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>> {
        Box::pin(async move {
            let failed = |error: sqlx::Error| Failed::from_connect(&error, judge);
            let mut connection = self.options.connect().await.map_err(failed)?;
            let set_up = self.set_up(&mut connection, read_only);
            set_up.await.map_err(failed)?;
            Ok(Box::new(MysqlLink(connection)) as Box<dyn Link>)
        })
    }
}

struct MysqlLink(MySqlConnection);

impl Link for MysqlLink {
    fn run<'a>(
        &'a mut self,
        statement: &'a Statement,
        most: Most,
    ) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(async move {
            let text = AssertSqlSafe(statement.text(Placeholder::Mark));
            let query = sqlx::query_with::<MySql, _>(text, arguments(statement)?);
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

fn arguments(statement: &Statement) -> Result<MySqlArguments, Failed> {
    use sqlx::Arguments;
    let mut arguments = MySqlArguments::default();
    for value in statement.values() {
        let added = match value {
            Value::Null => arguments.add(None::<String>),
            Value::Text(text) => arguments.add(text.as_str()),
            Value::Integer(number) => arguments.add(*number),
            Value::Decimal(number) => arguments.add(*number),
            Value::Boolean(truth) => arguments.add(*truth),
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        };
        added.map_err(|error| Failed::Statement(error.to_string()))?;
    }
    Ok(arguments)
}

const READING: Reading<MySql> = Reading {
    changed: |done| done.rows_affected(),
    value,
    judge,
};

fn value(row: &MySqlRow, index: usize) -> Result<Value, String> {
    let column = row.column(index);
    let kind = column.type_info().name();
    decode(row, index, kind).ok_or_else(|| {
        let name = column.name();
        format!(
            "the column `{name}` has the type {kind}; write `CAST({name} AS CHAR)` in the statement"
        )
    })
}

/// A value that is not NULL. Nothing if its type has no place in [`Value`].
fn decode(row: &MySqlRow, index: usize, name: &str) -> Option<Value> {
    let bytes = || row.try_get_unchecked::<Vec<u8>, _>(index).ok();
    Some(match name {
        "BOOLEAN" => match row.try_get_unchecked::<i64, _>(index).ok()? {
            0 => Value::Boolean(false),
            1 => Value::Boolean(true),
            other => Value::Integer(other),
        },
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            Value::Integer(row.try_get_unchecked(index).ok()?)
        }
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
        | "BIGINT UNSIGNED" | "YEAR" => {
            let number: u64 = row.try_get_unchecked(index).ok()?;
            match i64::try_from(number) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(number.to_string()),
            }
        }
        "FLOAT" => Value::Decimal(row.try_get_unchecked::<f32, _>(index).ok()?.into()),
        "DOUBLE" => Value::Decimal(row.try_get_unchecked(index).ok()?),
        "DECIMAL" => {
            let text = String::from_utf8(bytes()?).ok()?;
            match text.parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(text),
            }
        }
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET"
        | "JSON" => Value::Text(String::from_utf8(bytes()?).ok()?),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            Value::Bytes(bytes()?)
        }
        _ => return None,
    })
}

/// Errors with a meaning of their own, by number (MariaDB, "MariaDB Error Codes").
fn judge(error: &dyn DatabaseError) -> Option<Failed> {
    let text = || error.message().to_owned();
    let number = error.try_downcast_ref::<MySqlDatabaseError>()?.number();
    match number {
        // max_statement_time, max_execution_time, a killed statement.
        1969 | 3024 | 1317 => Some(Failed::TooSlow),
        // A prepared statement that the server forgot, or wants to be prepared anew.
        1243 | 1615 => Some(Failed::Stale(text())),
        // Too many connections: of all, of this account, of this account in an hour.
        1040 | 1203 | 1226 => Some(Failed::Full(text())),
        // Out of memory, shutting down, blocked, broken transfer, killed, gone.
        1041
        | 1037
        | 1038
        | 1053
        | 1077
        | 1079
        | 1129
        | 1152
        | 1156..=1161
        | 1184
        | 1927
        | 2006
        | 2013 => Some(Failed::Connection(text())),
        _ => None,
    }
}
