//! The digests by which Redis knows procedures.
//!
//! Each is computed once. A server that does not know a digest is sent the source (`client`).

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use sha1::{Digest, Sha1};

use crate::store::Procedure;

/// Digests by source.
#[derive(Default)]
pub(super) struct Scripts(RwLock<HashMap<&'static str, Arc<str>>>);

impl Scripts {
    /// SHA-1 of the source, in lower-case hexadecimal digits.
    pub(super) fn digest(&self, procedure: &'static Procedure) -> Arc<str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known.get(procedure.lua) {
            return digest.clone();
        }
        drop(known);
        let digest: Arc<str> = hex::encode(Sha1::digest(procedure.lua)).into();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(procedure.lua, digest.clone());
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Reply;

    #[test]
    fn digests_are_those_of_redis() {
        static PROCEDURE: Procedure = Procedure {
            name: "one",
            lua: "return 1",
            native: |_, _, _| Ok(Reply::Integer(1)),
        };
        let scripts = Scripts::default();
        for _ in 0..2 {
            // As `redis-cli script load 'return 1'` answers.
            let expected = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
            assert_eq!(&*scripts.digest(&PROCEDURE), expected);
        }
    }
}
