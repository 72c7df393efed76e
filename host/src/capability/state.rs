//! What a store holds: one plugin's rights, and one call's facts and counters.
//!
//! Every host function starts with [`CallState::charge`], which counts the call and its bytes and ends
//! the guest when a limit is exceeded.

use std::{collections::BTreeMap, io::Write, sync::Arc};

use wasmtime::ResourceLimiter;
use zeroize::Zeroizing;

use super::{
    grant::Grant,
    meter::Meter,
    services::{HttpEgress, Services, SqlAccess},
    sources::Sources,
    stop::Stop,
    wasi::WasiParts,
};
use crate::{
    auth::{Request, TraceContext, Value},
    config::{Grants, Limits},
    pipeline::{Context, ContextChange},
};

/// Elements that one table may have: the pool reserves room for so many.
pub const TABLE_ELEMENTS: usize = 20_000;

/// What one plugin may do, compiled from its configuration. Shared by all of its calls.
#[derive(Clone)]
pub struct Rights {
    /// The configured name.
    pub plugin: String,
    /// As configured.
    pub grants: Grants,
    /// As configured.
    pub limits: Limits,
    /// Most bytes of keys and values in a request's context.
    pub context_bytes: u64,
    /// Most bytes of one stored value.
    pub store_value_bytes: u64,
    /// Under the grant `http`.
    pub http: Option<Arc<dyn HttpEgress>>,
    /// Under the grant `sql`.
    pub sql: Option<Arc<dyn SqlAccess>>,
    /// Those that the grant names.
    pub secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Those that the grant names and that exist.
    pub environment: BTreeMap<String, String>,
    /// Files that a script may load.
    pub sources: Sources,
    /// The outside.
    pub services: Arc<Services>,
}

/// The data of a store.
pub struct CallState {
    /// The plugin's.
    pub rights: Arc<Rights>,
    /// The call's.
    pub meter: Arc<Meter>,
    /// Absent while loading and in hooks' and init's calls.
    pub request: Option<Arc<Request>>,
    /// The call's span, if the request is in a trace.
    pub trace: Option<TraceContext>,
    /// As this call sees it.
    pub context: Context,
    /// What this call did to it.
    pub changes: Vec<ContextChange>,
    /// For the login's log line.
    pub log_fields: Vec<(String, Value)>,
    /// Lines that were written.
    pub log_lines: u32,
    /// Bytes that the guest handed over.
    pub boundary: u64,
    /// The guest has learned or changed something outside of itself: its image is not a function of
    /// its code and configuration alone.
    pub touched_outside: bool,
    /// Where `output` goes.
    pub output: Option<Box<dyn Write + Send>>,
    /// Made when a WASI guest first asks for it.
    pub wasi: Option<Box<WasiParts>>,
    memory: u64,
    /// A large piece of memory that the guest asked for and was refused. It may do without; if it ends
    /// itself instead, this is why.
    pub refused: Option<Stop>,
}

impl CallState {
    /// For a call that has nothing to do with a login.
    pub fn new(rights: Arc<Rights>, meter: Arc<Meter>) -> Self {
        Self {
            rights,
            meter,
            request: None,
            trace: None,
            context: Context::default(),
            changes: Vec::new(),
            log_fields: Vec::new(),
            log_lines: 0,
            boundary: 0,
            touched_outside: false,
            output: None,
            wasi: None,
            memory: 0,
            refused: None,
        }
    }

    /// Makes a used store ready for the next call: everything of the last one goes, but memory stays.
    pub fn renew(&mut self, meter: Arc<Meter>) {
        let memory = self.memory;
        *self = Self::new(self.rights.clone(), meter);
        self.memory = memory;
        self.meter.set_memory(memory);
    }

    /// The session id of the login, or nothing outside of one.
    pub fn session(&self) -> &str {
        self.request
            .as_ref()
            .map_or("", |request| request.session.as_str())
    }

    /// Counts one host call that carries so many bytes. An error ends the guest.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Stop> {
        let limits = &self.rights.limits;
        if self.meter.count_host_call() > limits.host_calls {
            return Err(Stop::HostCalls(limits.host_calls));
        }
        self.charge_bytes(bytes)
    }

    /// Counts bytes that the guest hands over.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        let limit = self.rights.limits.boundary_bytes;
        self.boundary = self
            .boundary
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.boundary > limit {
            return Err(Stop::Boundary(limit));
        }
        Ok(())
    }

    /// For scripts, whose runtime imports everything: tells the operator which grant is missing, and
    /// returns the text for the script.
    pub fn deny(&mut self, grant: Grant) -> String {
        self.deny_as(grant.key(), grant.example())
    }

    /// The same for the grant of that key, with what to write.
    pub fn deny_as(&mut self, key: &str, example: &str) -> String {
        let plugin = self.rights.plugin.clone();
        let text =
            format!("not granted; to allow it, write `{example}` under plugins.{plugin}.grants");
        if self.may_log() {
            tracing::warn!(target: "bulkhead::plugin", plugin, session = self.session(), capability = key, "{text}");
        }
        text
    }
}

/// A request for so much more memory at once is refused; a smaller one beyond the limit ends the guest,
/// which could do nothing more anyway. Bytes.
const LARGE_REQUEST: u64 = 8 << 20;

impl ResourceLimiter for CallState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let wanted = self.memory.saturating_add(grown);
        let limit = self.rights.limits.memory_bytes;
        if wanted > limit {
            let stop = Stop::Memory { wanted, limit };
            if grown < LARGE_REQUEST {
                return Err(stop.into());
            }
            // One text or table too large: a script can be told "not enough memory" and go on.
            self.refused = Some(stop);
            return Ok(false);
        }
        self.memory = wanted;
        self.meter.set_memory(wanted);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            let wanted = u64::try_from(desired).unwrap_or(u64::MAX);
            return Err(Stop::Table(wanted, 20_000).into());
        }
        Ok(true)
    }
}
