//! The seam between the SDK and whoever answers its calls.
//!
//! In a component that is the server, natively the test double. Associated functions without a
//! receiver, called on a fixed type: so a component that never calls one does not import it.

use std::time::Duration;

use crate::{
    Header, Value,
    bindings::bulkhead::policy::{
        context,
        dns::Answer,
        dns::Question,
        geoip::Facts,
        http::IncomingResponse,
        http::OutgoingRequest,
        ldap::{ModifyRequest, PasswordCheck, SearchReply, SearchRequest},
        log::Level,
        metrics::Label,
        password::Verification,
        sql::{Piece, Table},
        store::Remaining,
    },
    geoip, http, ldap, metrics, password, sql, store,
};

#[cfg(target_arch = "wasm32")]
mod imports;

#[cfg(target_arch = "wasm32")]
pub(crate) use imports::Imports as Current;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::Double as Current;

/// Every import of the contract, in its order.
pub(crate) trait Host {
    fn log_write(level: Level, message: &str);
    fn log_add_field(key: &str, value: &Value);

    fn context_get(key: &str) -> Option<Vec<u8>>;
    fn context_set(key: &str, value: &[u8]) -> Result<(), context::Error>;
    fn context_delete(key: &str);

    fn incoming_method() -> String;
    fn incoming_path() -> String;
    fn incoming_headers() -> Vec<Header>;
    fn incoming_query_parameter(name: &str) -> Option<String>;
    fn incoming_body() -> Vec<u8>;

    fn clock_now() -> Duration;
    /// Nanoseconds.
    fn clock_monotonic() -> u64;

    fn random_bytes(length: u32) -> Vec<u8>;

    fn store_get(key: &str) -> Result<Option<Vec<u8>>, store::Error>;
    fn store_set(key: &str, value: &[u8], seconds: Option<u32>) -> Result<(), store::Error>;
    fn store_delete(key: &str) -> Result<bool, store::Error>;
    fn store_increment(key: &str, by: i64, seconds: Option<u32>) -> Result<i64, store::Error>;
    fn store_expire(key: &str, seconds: u32) -> Result<bool, store::Error>;
    fn store_time_to_live(key: &str) -> Result<Remaining, store::Error>;

    fn http_send(request: &OutgoingRequest) -> Result<IncomingResponse, http::Error>;

    fn ldap_search(request: &SearchRequest) -> Result<SearchReply, ldap::Error>;
    fn ldap_check_password(check: &PasswordCheck) -> Result<bool, ldap::Error>;
    fn ldap_modify(request: &ModifyRequest) -> Result<(), ldap::Error>;

    fn password_verify(verification: &Verification) -> Result<bool, password::Error>;

    fn metrics_counter_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error>;
    fn metrics_gauge_set(name: &str, labels: &[Label], to: f64) -> Result<(), metrics::Error>;
    fn metrics_gauge_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error>;
    fn metrics_histogram_observe(
        name: &str,
        labels: &[Label],
        observed: f64,
    ) -> Result<(), metrics::Error>;

    fn secret_get(name: &str) -> Option<Vec<u8>>;

    fn dns_lookup(questions: &[Question], timeout_ms: Option<u32>) -> Vec<Answer>;

    fn geoip_lookup(database: &str, address: &str) -> Result<Option<Facts>, geoip::Error>;

    fn sql_query(database: &str, statement: &[Piece]) -> Result<Table, sql::Error>;
    fn sql_execute(database: &str, statement: &[Piece]) -> Result<u64, sql::Error>;
}
