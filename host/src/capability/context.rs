//! The import `context`: what the stages of one login hand to each other.

use std::sync::Arc;

use serde::de::IgnoredAny;

use super::{bindings::bulkhead::policy::context, state::CallState};
use crate::pipeline::ContextChange;

/// How deep CBOR may nest.
const DEPTH: usize = 128;

impl context::Host for CallState {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.charge(key.len())?;
        Ok(self.context.get(&key).map(|value| value.to_vec()))
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), context::Error>> {
        self.charge(key.len() + value.len())?;
        if let Err(problem) = well_formed(&value) {
            return Ok(Err(context::Error::Malformed(problem)));
        }
        let replaced = self
            .context
            .get(&key)
            .map_or(0, |old| key.len() + old.len());
        let size = (self.context.size() - replaced) + key.len() + value.len();
        if u64::try_from(size).unwrap_or(u64::MAX) > self.rights.context_bytes {
            return Ok(Err(context::Error::TooLarge));
        }
        let change = ContextChange::Set(key, Arc::from(value));
        self.context.apply([change.clone()]);
        self.changes.push(change);
        Ok(Ok(()))
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.charge(key.len())?;
        let change = ContextChange::Delete(key);
        self.context.apply([change.clone()]);
        self.changes.push(change);
        Ok(())
    }
}

/// Exactly one well-formed CBOR item (RFC 8949, section 5.3.1), and nothing after it.
fn well_formed(bytes: &[u8]) -> Result<(), String> {
    let mut rest = bytes;
    let parsed: Result<IgnoredAny, _> =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH);
    if let Err(error) = parsed {
        return Err(format!("not a CBOR item: {error}"));
    }
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the CBOR item", rest.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cbor_item_and_nothing_else() {
        let deep: Vec<u8> = std::iter::repeat_n(0x81, 4000).chain([0]).collect();
        let table: [(&[u8], bool); 9] = [
            (&[0x01], true),
            (&[0xf6], true),
            (&[0xa1, 0x61, b'a', 0x82, 1, 2], true),
            (&[0xc0, 0x61, b'x'], true),
            (&[], false),
            (&[0x01, 0x02], false),
            (&[0x82, 0x01], false),
            (
                &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                false,
            ),
            (&deep, false),
        ];
        for (bytes, good) in table {
            let shown = bytes.get(..bytes.len().min(12));
            assert_eq!(well_formed(bytes).is_ok(), good, "{shown:?}");
        }
    }
}
