//! The import `random`: fresh bytes from the system in every call, whatever an image has frozen.

use rand::TryRngCore;

use super::{bindings::bulkhead::policy::random, state::CallState, stop::Stop};

/// As `wit/random.wit` says.
const MOST: u32 = 65_536;

impl random::Host for CallState {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.charge(0)?;
        if length > MOST {
            return Err(Stop::Contract(format!(
                "it asked for {length} random bytes at once; at most {MOST} are allowed"
            ))
            .into());
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(wasmtime::Error::new)?;
        Ok(bytes)
    }
}
