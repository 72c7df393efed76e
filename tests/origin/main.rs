//! Where a login comes from: block lists, domains, encryption and places, against a real name server, name
//! servers that are ill, and databases that somebody else's program wrote.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod databases;
mod geoip;
mod names;
mod names_faults;
mod names_limits;
mod names_servers;
mod order;
mod rbl;
mod rbl_faults;
mod support;
