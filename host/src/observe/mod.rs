//! Logs, metrics, traces and the decision log.
//!
//! Sees what was decided and never takes part in it. Nothing in here is ever given a password.

mod decision_log;
mod escape;
mod format;
mod logging;
mod login;
mod login_line;
pub mod metrics;
mod observer;
mod table;

pub use decision_log::DecisionLog;
pub use format::LineFormat;
pub use logging::{init, subscriber};
pub use login::LoginRecord;
pub use observer::{LoginListener, ObserveError, Observer};
pub use table::render_trace;
