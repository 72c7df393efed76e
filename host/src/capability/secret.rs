//! The import `secret`: values that an administrator keeps out of the plugin's configuration.

use super::{bindings::bulkhead::policy::secret, state::CallState};

impl secret::Host for CallState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.charge(name.len())?;
        self.touched_outside = true;
        Ok(self.rights.secrets.get(&name).map(|value| value.to_vec()))
    }
}
