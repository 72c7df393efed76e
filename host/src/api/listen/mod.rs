//! Listeners: what is opened at the start, and what happens on a connection before a route sees a
//! request.
//!
//! In the order of a connection's life: `open` (sockets), `proxy` (PROXY protocol), `tls`,
//! `connection` (HTTP/1 or HTTP/2, and their limits), `front` (what holds for requests of all routes:
//! rate limit, shutdown, compression). Routes live elsewhere; nothing here knows of logins.

mod activity;
mod compression;
mod connection;
mod error;
mod front;
mod inherited;
mod limits;
mod open;
mod proxy;
mod rate;
mod stream;
mod tls;
mod unix;

pub use error::ListenError;
pub use limits::ConnectionLimits;
pub use open::{Bound, open};
pub use tls::{Certificates, Prepared};

pub(super) use connection::serve_one;
pub(super) use front::Front;
pub(super) use rate::RateLimits;
