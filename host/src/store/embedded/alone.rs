//! A procedure that has the rows to itself.

use super::{
    super::{Command, Data, Key, Limits, Procedure, Reply, StoreError, procedure::refuse_keys},
    Rows, run,
};

/// Runs a procedure on the rows.
///
/// # Errors
/// When the store fails, or the procedure does.
pub(in crate::store) fn call(
    rows: &mut dyn Rows,
    limits: &Limits,
    procedure: &Procedure,
    keys: &[Key],
    arguments: &[Vec<u8>],
) -> Result<Reply, StoreError> {
    if let Some(refusal) = refuse_keys(keys) {
        return Ok(refusal);
    }
    let mut alone = Alone { rows, limits, keys };
    (procedure.native)(&mut alone, keys, arguments)
}

struct Alone<'a> {
    rows: &'a mut dyn Rows,
    limits: &'a Limits,
    keys: &'a [Key],
}

impl Data for Alone<'_> {
    fn now_ms(&self) -> u64 {
        self.rows.now_ms()
    }

    fn run(&mut self, command: Command) -> Result<Reply, StoreError> {
        let key = command.key();
        // What a Redis cluster would have in the same slot.
        let may = |own: &Key| own == key || (!own.tag.is_empty() && own.tag == key.tag);
        if !self.keys.iter().any(may) {
            return Ok(Reply::Refused(
                "ERR the procedure was not given this key, nor one with its tag".to_owned(),
            ));
        }
        run(self.rows, self.limits, command)
    }
}
