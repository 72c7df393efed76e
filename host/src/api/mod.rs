//! HTTP: parses requests into `auth::Request`, asks the pipeline, and maps decisions and errors to
//! responses in one place (`response`).
//!
//! Speaks the routes of Nauthilus as its clients see them. Two promises hold for every route: the
//! caller's credentials are checked before the body is asked for, and a body that was asked for is
//! read to its end before the answer. Clients that send `Expect: 100-continue` (Dovecot 2.3) hang
//! otherwise.

mod body;
mod client;
mod concurrency;
mod credentials;
mod dovecot;
mod fields;
mod form;
mod health;
mod hooks;
mod json;
mod json_errors;
mod login;
mod negotiate;
pub mod openapi;
mod refusal;
mod response;
mod router;
mod serve;
mod state;

pub use router::router;
pub use serve::{ConnectionLimits, PeerAddress, serve, serve_with};
pub use state::{Generation, HookTable, State, backend_number};
