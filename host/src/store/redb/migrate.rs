//! A file of a former format becomes one of this format, in one transaction: a crash leaves the former.
//!
//! Format 1 knew values only, in `entries`. Names have the same bytes since (`embedded::encode`), and
//! `expiries` stays as it is.

use ::redb::{Database, ReadableTable, TableDefinition};

use super::tables::{EXPIRIES, FACTS, GONE, KEYS, MEMBERS, SCORES, VALUE};

/// The layout that this program reads and writes.
pub(super) const FORMAT: u64 = 2;

/// Name → (expiry, value).
pub(super) const ENTRIES: TableDefinition<'static, &[u8], (u64, &[u8])> =
    TableDefinition::new("entries");

const FACT: &str = "format";

/// Makes the tables on first use, and brings a former format up to this one; returns the file's format,
/// which is another if it can do neither.
pub(super) fn prepare(database: &Database) -> Result<u64, ::redb::Error> {
    let transaction = database.begin_write()?;
    let mut facts = transaction.open_table(FACTS)?;
    let found = facts.get(FACT)?.map(|format| format.value());
    match found {
        None => {}
        Some(1) => {
            let entries = transaction.open_table(ENTRIES)?;
            let mut keys = transaction.open_table(KEYS)?;
            for row in entries.iter()? {
                let (name, entry) = row?;
                let (expires, value) = entry.value();
                keys.insert(name.value(), (expires, VALUE, value))?;
            }
            drop(entries);
            transaction.delete_table(ENTRIES)?;
        }
        Some(format) => return Ok(format),
    }
    facts.insert(FACT, FORMAT)?;
    drop(facts);
    transaction.open_table(KEYS)?;
    transaction.open_table(EXPIRIES)?;
    transaction.open_table(MEMBERS)?;
    transaction.open_table(SCORES)?;
    transaction.open_table(GONE)?;
    transaction.commit()?;
    if let Some(former) = found {
        tracing::info!(
            former,
            format = FORMAT,
            "The store has been brought up to date"
        );
    }
    Ok(FORMAT)
}
