//! The clients of the outside against servers that behave, misbehave and attack; stored passwords
//! against Dovecot's own tool; the store against a killed process.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod doveadm;
mod http_arbitrary;
mod http_breaker;
mod http_destinations;
mod http_latency;
mod http_redirects;
mod http_requests;
mod http_responses;
mod http_tls;
mod server;
mod store_crash;
