//! WASI for components of other people: everything is there, and nothing is behind it.
//!
//! No environment, no arguments, no directory, no network, an empty standard input. Clocks and random
//! numbers work. What is written to standard output and error goes to the plugin's debug log.

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe};

use super::{log::printable, state::CallState};

/// Most handles that a guest may hold at the same time.
const RESOURCES: usize = 256;
/// Most bytes of one request for random numbers.
const RANDOM_BYTES: u64 = 65_536;
/// Most bytes that standard output and error take together in one call; more ends the guest's stream.
const OUTPUT_BYTES: usize = 64 * 1024;

/// What a store keeps for a WASI guest.
pub struct WasiParts {
    context: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
}

impl WasiParts {
    fn closed() -> Self {
        let output = MemoryOutputPipe::new(OUTPUT_BYTES);
        let context = WasiCtx::builder()
            .stdout(output.clone())
            .stderr(output.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM_BYTES)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self {
            context,
            table,
            output,
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let parts = self
            .wasi
            .get_or_insert_with(|| Box::new(WasiParts::closed()));
        WasiCtxView {
            ctx: &mut parts.context,
            table: &mut parts.table,
        }
    }
}

impl CallState {
    /// Logs what the guest wrote to standard output and error.
    pub fn log_wasi_output(&mut self) {
        let Some(parts) = &self.wasi else { return };
        let written = parts.output.contents();
        let text = String::from_utf8_lossy(&written).into_owned();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if !self.may_log() {
                break;
            }
            let plugin = self.rights.plugin.as_str();
            let session = self.session();
            tracing::debug!(target: "bulkhead::plugin", plugin, session, "{}", printable(line));
        }
    }
}

/// Links everything that a guest may import, WASI included.
pub(crate) fn link(linker: &mut Linker<CallState>, wasi: bool) -> wasmtime::Result<()> {
    super::bindings::Lua::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    if wasi {
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
    }
    Ok(())
}
