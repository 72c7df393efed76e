//! After a login with the right password: who succeeds at an address.

use super::{argument, key, number, remember, text};
use crate::store::{Data, Key, Procedure, Reply, StoreError};

/// Key: users that succeeded.
pub(in super::super) static SUCCESS: Procedure = Procedure {
    name: "brute-force-success",
    lua: include_str!("success.lua"),
    native: success,
};

/// The arguments of [`SUCCESS`]; `ttl` in milliseconds.
pub(in super::super) fn arguments(user: &[u8], ttl: u64, users: u32) -> Vec<Vec<u8>> {
    vec![user.to_vec(), text(ttl), text(users)]
}

fn success(data: &mut dyn Data, keys: &[Key], arguments: &[Vec<u8>]) -> Result<Reply, StoreError> {
    let user = argument(arguments, 0)?;
    remember(
        data,
        key(keys, 0)?,
        user,
        number(arguments, 1)?,
        number(arguments, 2)?,
    )?;
    Ok(Reply::Integer(1))
}
