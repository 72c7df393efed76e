//! The import `output`: standard output of `bulkhead lua run`. In a plugin it leads nowhere.

use super::{bindings::bulkhead::policy::output, state::CallState};

impl output::Host for CallState {
    fn write(&mut self, bytes: Vec<u8>) -> wasmtime::Result<()> {
        self.charge(bytes.len())?;
        if let Some(output) = &mut self.output {
            output.write_all(&bytes).map_err(wasmtime::Error::new)?;
        }
        Ok(())
    }
}
