//! The import `environment`, for scripts: variables that the grant names, as they were at load.

use super::{bindings::bulkhead::policy::environment, state::CallState};

impl environment::Host for CallState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge(name.len())?;
        self.touched_outside = true;
        Ok(self.rights.environment.get(&name).cloned())
    }
}
