//! HTTP: parses requests into `auth::Request`, asks the pipeline, and maps decisions and errors to
//! responses in one place (`response`).
//!
//! Speaks the routes of Nauthilus as its clients see them. Two promises hold for every route: the
//! caller's credentials are checked before the body is asked for, and a body that was asked for is
//! read to its end before the answer. Clients that send `Expect: 100-continue` (Dovecot 2.3) hang
//! otherwise.

mod access;
mod admin;
mod basic_scheme;
mod body;
mod brute_force;
mod cache_flush;
mod client;
mod concurrency;
mod credentials;
mod decide;
mod health;
mod hooks;
mod jobs;
pub mod listen;
mod lockout;
mod login;
mod metrics;
mod negotiate;
pub mod openapi;
mod origin;
mod read;
mod refusal;
mod response;
mod route;
mod router;
mod serve;
mod source;
mod state;
mod upstream;

pub use admin::{Reload, ReloadAnswer};
pub use listen::ConnectionLimits;
pub use router::router;
pub use serve::{PeerAddress, serve, serve_with};
pub use state::{Generation, Health, Hook, HookTable, State, backend_number};
