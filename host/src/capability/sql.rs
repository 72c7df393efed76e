//! The import `sql`: statements to the databases that the grant names, values bound and never spliced.

use super::{
    bindings::bulkhead::policy::sql,
    grant::Grant,
    services::{SqlError, SqlPiece, SqlTable, SqlValue},
    state::CallState,
};

impl sql::Host for CallState {
    async fn query(
        &mut self,
        database: String,
        statement: Vec<sql::Piece>,
    ) -> wasmtime::Result<Result<sql::Table, sql::Error>> {
        self.charge(size(&database, &statement))?;
        self.touched_outside = true;
        let Some(access) = self.rights.sql.clone() else {
            return Ok(Err(sql::Error::Denied(self.deny(Grant::Sql))));
        };
        let deadline = self.meter.deadline();
        let answer = access.query(database, pieces(statement), deadline).await;
        Ok(answer.map(table).map_err(error))
    }

    async fn execute(
        &mut self,
        database: String,
        statement: Vec<sql::Piece>,
    ) -> wasmtime::Result<Result<u64, sql::Error>> {
        self.charge(size(&database, &statement))?;
        self.touched_outside = true;
        let Some(access) = self.rights.sql.clone() else {
            return Ok(Err(sql::Error::Denied(self.deny(Grant::Sql))));
        };
        let deadline = self.meter.deadline();
        let answer = access.execute(database, pieces(statement), deadline).await;
        Ok(answer.map_err(error))
    }
}

/// Bytes that the guest hands over.
fn size(database: &str, statement: &[sql::Piece]) -> usize {
    let pieces = statement.iter().map(|piece| match piece {
        sql::Piece::Text(text) | sql::Piece::Parameter(sql::Value::Text(text)) => text.len(),
        sql::Piece::Parameter(sql::Value::Bytes(bytes)) => bytes.len(),
        sql::Piece::Parameter(_) => 8,
    });
    database.len() + pieces.sum::<usize>()
}

fn pieces(statement: Vec<sql::Piece>) -> Vec<SqlPiece> {
    let piece = |piece| match piece {
        sql::Piece::Text(text) => SqlPiece::Text(text),
        sql::Piece::Parameter(value) => SqlPiece::Parameter(match value {
            sql::Value::Null => SqlValue::Null,
            sql::Value::Text(text) => SqlValue::Text(text),
            sql::Value::Integer(number) => SqlValue::Integer(number),
            sql::Value::Decimal(number) => SqlValue::Decimal(number),
            sql::Value::Boolean(truth) => SqlValue::Boolean(truth),
            sql::Value::Bytes(bytes) => SqlValue::Bytes(bytes),
        }),
    };
    statement.into_iter().map(piece).collect()
}

fn table(table: SqlTable) -> sql::Table {
    let value = |value| match value {
        SqlValue::Null => sql::Value::Null,
        SqlValue::Text(text) => sql::Value::Text(text),
        SqlValue::Integer(number) => sql::Value::Integer(number),
        SqlValue::Decimal(number) => sql::Value::Decimal(number),
        SqlValue::Boolean(truth) => sql::Value::Boolean(truth),
        SqlValue::Bytes(bytes) => sql::Value::Bytes(bytes),
    };
    let row = |row: Vec<SqlValue>| row.into_iter().map(value).collect();
    sql::Table {
        columns: table.columns,
        rows: table.rows.into_iter().map(row).collect(),
        truncated: table.truncated,
    }
}

fn error(error: SqlError) -> sql::Error {
    match error {
        SqlError::Denied(text) => sql::Error::Denied(text),
        SqlError::Invalid(text) => sql::Error::Invalid(text),
        SqlError::Unavailable(text) => sql::Error::Unavailable(text),
        SqlError::TimedOut => sql::Error::TimedOut,
        SqlError::Failed(text) => sql::Error::Failed(text),
        SqlError::Unsupported(text) => sql::Error::Unsupported(text),
    }
}
