//! The import `environment`, for scripts: variables that the grant names, as they were at load.

use super::{bindings::bulkhead::policy::environment, state::CallState};

impl environment::Host for CallState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge(name.len())?;
        self.touched_outside = true;
        Ok(self.rights.environment.get(&name).cloned())
    }
}
impl super::bindings::bulkhead::policy::files::Host for CallState {
    fn read(&mut self, _: String) -> wasmtime::Result<Result<Vec<u8>, super::bindings::bulkhead::policy::files::Error>> {
        Ok(Err(super::bindings::bulkhead::policy::files::Error::Denied))
    }
}
