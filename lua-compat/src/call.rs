//! What belongs to the call that is running, outside the Lua heap.
//!
//! Set anew before every call, so nothing of one login can reach the next even in an instance that is
//! used again.

use std::cell::RefCell;

use crate::stdlib::Collector;
use crate::wit::bulkhead::policy::types::{Attribute, Header};
use crate::wit::exports::bulkhead::policy::hook::HookRequest;
use crate::wit::exports::bulkhead::policy::script::Kind;

/// Collected while a script runs.
#[derive(Default)]
pub(crate) struct Call {
    /// What kind of script runs; absent before anything was loaded.
    pub(crate) kind: Option<Kind>,
    /// Set by `status_message_set`.
    pub(crate) status_message: Option<String>,
    /// Set through `nauthilus_http_response`.
    pub(crate) response_headers: Vec<Header>,
    /// Set through `nauthilus_http_response` by a hook.
    pub(crate) response_status: Option<u16>,
    /// Written through `nauthilus_http_response` by a hook.
    pub(crate) response_body: Option<Vec<u8>>,
    /// From `nauthilus_backend.apply_backend_result`.
    pub(crate) add_attributes: Vec<Attribute>,
    /// From `nauthilus_backend.remove_from_backend_result`.
    pub(crate) remove_attributes: Vec<String>,
    /// The HTTP request that a hook answers.
    pub(crate) hook: Option<HookRequest>,
    /// `os.exit` was called.
    pub(crate) exit: Option<u8>,
    /// Text written without a line end yet, by scripts whose output goes to the log.
    pub(crate) pending_output: Vec<u8>,
    /// What the script has told the garbage collector.
    pub(crate) collector: Collector,
    /// `warn` shows its messages.
    pub(crate) warnings: bool,
}

thread_local! {
    static CALL: RefCell<Call> = RefCell::new(Call::default());
}

/// Forgets the previous call.
pub(crate) fn begin(kind: Kind) {
    CALL.set(Call {
        kind: Some(kind),
        ..Call::default()
    });
}

/// The running call.
pub(crate) fn with<T>(look: impl FnOnce(&mut Call) -> T) -> T {
    CALL.with_borrow_mut(look)
}
