//! What metrics and traces know of one request to a hook: everything but its content.

use std::time::{Duration, SystemTime};

use crate::auth::{PluginTrace, TraceContext};

/// One answered request.
#[derive(Clone, Debug)]
pub struct HookRecord {
    /// Bulkhead's id of the request.
    pub session: String,
    /// The request's span, if traces are configured.
    pub span: Option<TraceContext>,
    /// HTTP method.
    pub method: String,
    /// The configured place, such as `/api/v1/custom/status`.
    pub route: String,
    /// Address of the client.
    pub client: String,
    /// Of the answer.
    pub status: u16,
    /// When the answer was there.
    pub ended_at: SystemTime,
    /// From the arrival of the request to then.
    pub latency: Duration,
    /// The hook; its beginning counts from the arrival of the request.
    pub call: PluginTrace,
}
