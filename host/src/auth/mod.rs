//! The domain: what a login question is, what an answer is, and what was seen on the way.
//!
//! Plain data. Knows neither HTTP nor WebAssembly nor configuration, does no I/O, and never prints a
//! password.

mod attribute;
mod challenge;
mod decision;
mod hook;
mod password;
pub(crate) mod redact;
mod request;
pub mod scheme;
mod trace;
mod trace_context;

pub use attribute::{Attribute, Value};
pub use challenge::{Challenge, Mechanism, RecoveredPassword};
pub use decision::{Decision, Verdict};
pub use hook::{HookRequest, HookResponse};
pub use password::Password;
pub use request::{
    Caching, Client, Dovecot, Endpoint, Event, Header, Identity, IncomingHttp, Mode, Progress,
    Request, Tls,
};
pub use trace::{PluginTrace, Stage, StageTrace, Trace, Usage};
pub use trace_context::{SpanId, TraceContext, new_span_id};
