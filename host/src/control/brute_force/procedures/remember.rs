//! Beside what a login counts: who succeeds at an address, and where an account was seen.

use super::{argument, key, number, remember, text};
use crate::store::{Data, Key, Procedure, Reply, StoreError};

/// Key: what is remembered, by the time at which it was last seen.
pub(in super::super) static REMEMBER: Procedure = Procedure {
    name: "brute-force-remember",
    lua: include_str!("remember.lua"),
    native: procedure,
};

/// The arguments of [`REMEMBER`]: `ttl` in milliseconds, and how much is remembered, at least 1.
pub(in super::super) fn arguments(seen: &[u8], ttl: u64, most: u32) -> Vec<Vec<u8>> {
    vec![seen.to_vec(), text(ttl), text(most)]
}

fn procedure(
    data: &mut dyn Data,
    keys: &[Key],
    arguments: &[Vec<u8>],
) -> Result<Reply, StoreError> {
    let seen = argument(arguments, 0)?;
    remember(
        data,
        key(keys, 0)?,
        seen,
        number(arguments, 1)?,
        number(arguments, 2)?,
    )?;
    Ok(Reply::Integer(1))
}
