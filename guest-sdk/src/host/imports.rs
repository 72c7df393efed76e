//! The server, as a component sees it: each function calls the import of the same name.

use std::time::Duration;

use super::Host;
use crate::{
    Header, Value,
    bindings::bulkhead::policy::{
        clock, context,
        dns::{self, Answer, Question},
        geoip::{self as wit_geoip, Facts},
        http::{self as wit_http, IncomingResponse, OutgoingRequest},
        incoming,
        ldap::{self as wit_ldap, ModifyRequest, PasswordCheck, SearchReply, SearchRequest},
        log::{self, Level},
        metrics::{self as wit_metrics, Label},
        password::{self as wit_password, Verification},
        random, secret,
        sql::{self as wit_sql, Piece, Table},
        store::{self as wit_store, Remaining},
    },
    geoip, http, ldap, metrics, password, sql, store,
};

/// The imports of this component.
pub(crate) struct Imports;

impl Host for Imports {
    fn log_write(level: Level, message: &str) {
        log::write(level, message);
    }

    fn log_add_field(key: &str, value: &Value) {
        log::add_field(key, value);
    }

    fn context_get(key: &str) -> Option<Vec<u8>> {
        context::get(key)
    }

    fn context_set(key: &str, value: &[u8]) -> Result<(), context::Error> {
        context::set(key, value)
    }

    fn context_delete(key: &str) {
        context::delete(key);
    }

    fn incoming_method() -> String {
        incoming::method()
    }

    fn incoming_path() -> String {
        incoming::path()
    }

    fn incoming_headers() -> Vec<Header> {
        incoming::headers()
    }

    fn incoming_query_parameter(name: &str) -> Option<String> {
        incoming::query_parameter(name)
    }

    fn incoming_body() -> Vec<u8> {
        incoming::body()
    }

    fn clock_now() -> Duration {
        let instant = clock::now();
        Duration::new(instant.seconds, instant.nanoseconds.min(999_999_999))
    }

    fn clock_monotonic() -> u64 {
        clock::monotonic()
    }

    fn random_bytes(length: u32) -> Vec<u8> {
        random::bytes(length)
    }

    fn store_get(key: &str) -> Result<Option<Vec<u8>>, store::Error> {
        wit_store::get(key)
    }

    fn store_set(key: &str, value: &[u8], seconds: Option<u32>) -> Result<(), store::Error> {
        wit_store::set(key, value, seconds)
    }

    fn store_delete(key: &str) -> Result<bool, store::Error> {
        wit_store::delete(key)
    }

    fn store_increment(key: &str, by: i64, seconds: Option<u32>) -> Result<i64, store::Error> {
        wit_store::increment(key, by, seconds)
    }

    fn store_expire(key: &str, seconds: u32) -> Result<bool, store::Error> {
        wit_store::expire(key, seconds)
    }

    fn store_time_to_live(key: &str) -> Result<Remaining, store::Error> {
        wit_store::time_to_live(key)
    }

    fn http_send(request: &OutgoingRequest) -> Result<IncomingResponse, http::Error> {
        wit_http::send(request)
    }

    fn ldap_search(request: &SearchRequest) -> Result<SearchReply, ldap::Error> {
        wit_ldap::search(request)
    }

    fn ldap_check_password(check: &PasswordCheck) -> Result<bool, ldap::Error> {
        wit_ldap::check_password(check)
    }

    fn ldap_modify(request: &ModifyRequest) -> Result<(), ldap::Error> {
        wit_ldap::modify(request)
    }

    fn password_verify(verification: &Verification) -> Result<bool, password::Error> {
        wit_password::verify(verification)
    }

    fn metrics_counter_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error> {
        wit_metrics::counter_add(name, labels, by)
    }

    fn metrics_gauge_set(name: &str, labels: &[Label], to: f64) -> Result<(), metrics::Error> {
        wit_metrics::gauge_set(name, labels, to)
    }

    fn metrics_gauge_add(name: &str, labels: &[Label], by: f64) -> Result<(), metrics::Error> {
        wit_metrics::gauge_add(name, labels, by)
    }

    fn metrics_histogram_observe(
        name: &str,
        labels: &[Label],
        observed: f64,
    ) -> Result<(), metrics::Error> {
        wit_metrics::histogram_observe(name, labels, observed)
    }

    fn secret_get(name: &str) -> Option<Vec<u8>> {
        secret::get(name)
    }

    fn dns_lookup(questions: &[Question], timeout_ms: Option<u32>) -> Vec<Answer> {
        dns::lookup(questions, timeout_ms)
    }

    fn geoip_lookup(database: &str, address: &str) -> Result<Option<Facts>, geoip::Error> {
        wit_geoip::lookup(database, address)
    }

    fn sql_query(database: &str, statement: &[Piece]) -> Result<Table, sql::Error> {
        wit_sql::query(database, statement)
    }

    fn sql_execute(database: &str, statement: &[Piece]) -> Result<u64, sql::Error> {
        wit_sql::execute(database, statement)
    }
}
