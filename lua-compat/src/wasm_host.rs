//! The host of the component: every method is the import of the same name.

use crate::host::Host;
use crate::wit::bulkhead::policy::{
    clock, context, environment, files, http, incoming, log, metrics, output, password, random,
    secret, sources, store, types,
};

/// The imports.
pub(crate) struct Imports;

impl Host for Imports {
    fn log_write(&self, level: log::Level, message: &str) {
        log::write(level, message);
    }
    fn log_add_field(&self, key: &str, value: &types::Value) {
        log::add_field(key, value);
    }
    fn context_get(&self, key: &str) -> Option<Vec<u8>> {
        context::get(key)
    }
    fn context_set(&self, key: &str, value: &[u8]) -> Result<(), context::Error> {
        context::set(key, value)
    }
    fn context_delete(&self, key: &str) {
        context::delete(key);
    }
    fn incoming_method(&self) -> String {
        incoming::method()
    }
    fn incoming_path(&self) -> String {
        incoming::path()
    }
    fn incoming_headers(&self) -> Vec<types::Header> {
        incoming::headers()
    }
    fn incoming_query_parameter(&self, name: &str) -> Option<String> {
        incoming::query_parameter(name)
    }
    fn incoming_body(&self) -> Vec<u8> {
        incoming::body()
    }
    fn clock_now(&self) -> clock::Instant {
        clock::now()
    }
    fn clock_monotonic(&self) -> u64 {
        clock::monotonic()
    }
    fn random_bytes(&self, length: u32) -> Vec<u8> {
        random::bytes(length)
    }
    fn store_get(&self, key: &str) -> Result<Option<Vec<u8>>, store::Error> {
        store::get(key)
    }
    fn store_set(&self, key: &str, value: &[u8], ttl: Option<u32>) -> Result<(), store::Error> {
        store::set(key, value, ttl)
    }
    fn store_delete(&self, key: &str) -> Result<bool, store::Error> {
        store::delete(key)
    }
    fn store_increment(&self, key: &str, by: i64, ttl: Option<u32>) -> Result<i64, store::Error> {
        store::increment(key, by, ttl)
    }
    fn store_expire(&self, key: &str, ttl: u32) -> Result<bool, store::Error> {
        store::expire(key, ttl)
    }
    fn store_time_to_live(&self, key: &str) -> Result<store::Remaining, store::Error> {
        store::time_to_live(key)
    }
    fn http_send(
        &self,
        request: &http::OutgoingRequest,
    ) -> Result<http::IncomingResponse, http::Error> {
        http::send(request)
    }
    fn password_verify(
        &self,
        verification: &password::Verification,
    ) -> Result<bool, password::Error> {
        password::verify(verification)
    }
    fn metrics_counter_add(
        &self,
        name: &str,
        labels: &[metrics::Label],
        by: f64,
    ) -> Result<(), metrics::Error> {
        metrics::counter_add(name, labels, by)
    }
    fn metrics_gauge_set(
        &self,
        name: &str,
        labels: &[metrics::Label],
        to: f64,
    ) -> Result<(), metrics::Error> {
        metrics::gauge_set(name, labels, to)
    }
    fn metrics_gauge_add(
        &self,
        name: &str,
        labels: &[metrics::Label],
        by: f64,
    ) -> Result<(), metrics::Error> {
        metrics::gauge_add(name, labels, by)
    }
    fn metrics_histogram_observe(
        &self,
        name: &str,
        labels: &[metrics::Label],
        observed: f64,
    ) -> Result<(), metrics::Error> {
        metrics::histogram_observe(name, labels, observed)
    }
    fn secret_get(&self, name: &str) -> Option<Vec<u8>> {
        secret::get(name)
    }
    fn sources_read(&self, path: &str) -> Option<Vec<u8>> {
        sources::read(path)
    }
    fn files_read(&self, path: &str) -> Result<Vec<u8>, files::Error> {
        files::read(path)
    }
    fn environment_get(&self, name: &str) -> Option<String> {
        environment::get(name)
    }
    fn output_write(&self, bytes: &[u8]) {
        output::write(bytes);
    }
}
