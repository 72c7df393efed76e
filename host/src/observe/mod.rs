//! Logs, metrics, traces and the decision log.
//!
//! Sees what was decided and never takes part in it. Nothing in here is ever given a password.

mod decision_log;
mod escape;
pub(crate) mod format;
mod hook;
mod logging;
mod login;
mod login_line;
pub mod metrics;
mod observer;
mod sample;
mod table;
mod traces;

pub use decision_log::DecisionLog;
pub use format::LineFormat;
pub use hook::HookRecord;
pub use logging::{init, subscriber};
pub use login::LoginRecord;
pub use observer::{LoginListener, ObserveError, Observer};
pub use table::render_trace;
