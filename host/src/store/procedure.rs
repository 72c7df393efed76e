//! Steps of the host's own that read, decide and write as one.
//!
//! A procedure has two bodies that must do the same: Lua for Redis, where it is loaded once and called
//! by its digest, and Rust for the embedded stores, which run it alone on their data. The conformance
//! suite runs both and compares.

use super::{Command, Key, Reply, StoreError};

/// The data, while a procedure has it to itself.
pub trait Data {
    /// Milliseconds since the store's own epoch; the same during one procedure.
    fn now_ms(&self) -> u64;
    /// Does it at once; later commands see it. What has been done stays done if the procedure fails
    /// afterwards, as in Redis.
    ///
    /// # Errors
    /// When the store fails.
    fn run(&mut self, command: Command) -> Result<Reply, StoreError>;
}

/// An atomic step of several commands with decisions between them.
#[derive(Clone, Copy)]
pub struct Procedure {
    /// For metrics and logs.
    pub name: &'static str,
    /// Redis: `KEYS` and `ARGV` are the keys and arguments; the time comes from `redis.call('TIME')`. Lua's
    /// numbers are doubles: an integer that may be 2^53 or more (either way) is returned as the status
    /// `{ok = ':' .. text}`, which is read as that integer. What `INCRBY` answers has lost its last digits in
    /// Lua by then; `GET` has them. A larger number that is returned as such is a failure, never a guess.
    pub lua: &'static str,
    /// Embedded: the same.
    pub native: Native,
}

/// A procedure with what it is asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is done.
    pub procedure: &'static Procedure,
    /// All with the same tag.
    pub keys: Vec<Key>,
    /// As the procedure reads them.
    pub arguments: Vec<Vec<u8>>,
}

/// The Rust body of a procedure: it gets the data, the keys and the arguments.
pub type Native = fn(&mut dyn Data, &[Key], &[Vec<u8>]) -> Result<Reply, StoreError>;

/// Why a procedure cannot have these keys: they are not all of one tag, so that on a Redis cluster they
/// may be on different nodes. A single key needs none.
pub(super) fn refuse_keys(keys: &[Key]) -> Option<Reply> {
    let (first, others) = keys.split_first()?;
    let together = |key: &Key| key == first || (!first.tag.is_empty() && key.tag == first.tag);
    (!others.iter().all(together)).then(|| {
        Reply::Refused("CROSSSLOT the keys of a procedure do not have the same tag".to_owned())
    })
}

impl std::fmt::Debug for Procedure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Procedure")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
