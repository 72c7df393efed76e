//! One connection of whatever database, and who makes them.

use futures_util::{Stream, StreamExt, future::BoxFuture};
use sqlx::{Column, ColumnIndex, Database, Either, Row, ValueRef};

use super::{
    Table, Value,
    failed::{Failed, Judge},
    statement::Statement,
};

/// A connection.
pub(super) trait Link: Send {
    /// Runs one prepared statement. An answer that is longer than `most` ends early.
    fn run<'a>(
        &'a mut self,
        statement: &'a Statement,
        most: Most,
    ) -> BoxFuture<'a, Result<Answer, Failed>>;

    /// Whether the other side answers.
    fn ping(&mut self) -> BoxFuture<'_, Result<(), Failed>>;
}

/// Makes connections to one host.
pub(super) trait Connect: Send + Sync {
    /// A connection that is ready for statements. `read_only`: it refuses changes as far as the
    /// database can be told to.
    fn connect(&self, read_only: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>>;
}

/// How long an answer may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) rows: u32,
    pub(super) bytes: u64,
}

/// What a statement comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) table: Table,
    /// How many rows were changed.
    pub(super) changed: u64,
}

/// What is particular to one kind of database in reading what a statement comes to.
pub(super) struct Reading<D: Database> {
    /// Rows that were changed.
    pub(super) changed: fn(&D::QueryResult) -> u64,
    /// The value of a column that is not NULL. What has no place in [`Value`] says what to write instead.
    pub(super) value: fn(&D::Row, usize) -> Result<Value, String>,
    /// What an error means.
    pub(super) judge: Judge,
}

/// Reads what a statement comes to, up to the limits.
pub(super) async fn read<D: Database>(
    mut steps: impl Stream<Item = Result<Either<D::QueryResult, D::Row>, sqlx::Error>> + Unpin,
    most: Most,
    reading: &Reading<D>,
) -> Result<Answer, Failed>
where
    usize: ColumnIndex<D::Row>,
{
    let mut collector = Collector::new(most);
    while let Some(step) = steps.next().await {
        match step.map_err(|error| Failed::from_statement(error, reading.judge))? {
            Either::Left(done) => collector.changed((reading.changed)(&done)),
            Either::Right(row) => {
                if collector.wants_columns() {
                    let names = row.columns().iter().map(|column| column.name().to_owned());
                    collector.columns(names.collect());
                }
                let values = (0..row.len()).map(|index| value(&row, index, reading));
                if !collector.row(values.collect::<Result<_, _>>()?) {
                    break;
                }
            }
        }
    }
    Ok(collector.finish())
}

fn value<D: Database>(row: &D::Row, index: usize, reading: &Reading<D>) -> Result<Value, Failed>
where
    usize: ColumnIndex<D::Row>,
{
    let raw = row.try_get_raw(index);
    if raw
        .map_err(|error| Failed::Unsupported(error.to_string()))?
        .is_null()
    {
        return Ok(Value::Null);
    }
    (reading.value)(row, index).map_err(Failed::Unsupported)
}

/// Collects rows up to the limits.
struct Collector {
    answer: Answer,
    most: Most,
    bytes: u64,
}

impl Collector {
    fn new(most: Most) -> Self {
        Self {
            answer: Answer::default(),
            most,
            bytes: 0,
        }
    }

    /// Whether the names of the columns are still to be told.
    fn wants_columns(&self) -> bool {
        self.answer.table.columns.is_empty()
    }

    fn columns(&mut self, names: Vec<String>) {
        self.answer.table.columns = names;
    }

    /// Takes one row; false if it has no place any more.
    fn row(&mut self, row: Vec<Value>) -> bool {
        let table = &mut self.answer.table;
        let size = row.iter().map(Value::size).sum::<u64>();
        self.bytes = self.bytes.saturating_add(size);
        let rows = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
        if rows >= self.most.rows || self.bytes > self.most.bytes {
            table.truncated = true;
            return false;
        }
        table.rows.push(row);
        true
    }

    fn changed(&mut self, rows: u64) {
        self.answer.changed = self.answer.changed.saturating_add(rows);
    }

    fn finish(self) -> Answer {
        self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_rows_and_bytes_as_allowed_are_taken_and_no_more() {
        let row = || vec![Value::Text("12345678".to_owned())];
        for (rows, bytes, taken, truncated) in [
            (3, 1000, 3, false),
            (2, 1000, 2, true),
            (3, 48, 3, false),
            (3, 47, 2, true),
        ] {
            let mut collector = Collector::new(Most { rows, bytes });
            for _ in 0..3 {
                collector.row(row());
            }
            let table = collector.finish().table;
            let found = (table.rows.len(), table.truncated);
            assert_eq!(found, (taken, truncated), "{rows} {bytes}");
        }
    }
}
