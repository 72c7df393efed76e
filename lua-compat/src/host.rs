//! What the runtime may ask of the outside: one method per import of world `lua`.
//!
//! Callbacks reach the host through [`with`]. There is one host per thread, because a VM never leaves
//! its thread and a component has only one.

use std::cell::RefCell;
use std::rc::Rc;

use crate::wit::bulkhead::policy::{
    clock, context, files, http, log, metrics, password, store, types,
};

/// The imports of world `lua`. Meaning, limits and errors are those of `wit/`.
#[allow(missing_docs)]
pub trait Host {
    fn log_write(&self, level: log::Level, message: &str);
    fn log_add_field(&self, key: &str, value: &types::Value);

    fn context_get(&self, key: &str) -> Option<Vec<u8>>;
    fn context_set(&self, key: &str, value: &[u8]) -> Result<(), context::Error>;
    fn context_delete(&self, key: &str);

    fn incoming_method(&self) -> String;
    fn incoming_path(&self) -> String;
    fn incoming_headers(&self) -> Vec<types::Header>;
    fn incoming_query_parameter(&self, name: &str) -> Option<String>;
    fn incoming_body(&self) -> Vec<u8>;

    fn clock_now(&self) -> clock::Instant;
    fn clock_monotonic(&self) -> u64;

    fn random_bytes(&self, length: u32) -> Vec<u8>;

    fn store_get(&self, key: &str) -> Result<Option<Vec<u8>>, store::Error>;
    fn store_set(&self, key: &str, value: &[u8], ttl: Option<u32>) -> Result<(), store::Error>;
    fn store_delete(&self, key: &str) -> Result<bool, store::Error>;
    fn store_increment(&self, key: &str, by: i64, ttl: Option<u32>) -> Result<i64, store::Error>;
    fn store_expire(&self, key: &str, ttl: u32) -> Result<bool, store::Error>;
    fn store_time_to_live(&self, key: &str) -> Result<store::Remaining, store::Error>;

    fn http_send(
        &self,
        request: &http::OutgoingRequest,
    ) -> Result<http::IncomingResponse, http::Error>;

    fn password_verify(
        &self,
        verification: &password::Verification,
    ) -> Result<bool, password::Error>;

    fn metrics_counter_add(
        &self,
        name: &str,
        labels: &[metrics::Label],
        by: f64,
    ) -> Result<(), metrics::Error>;
    fn metrics_gauge_set(
        &self,
        name: &str,
        labels: &[metrics::Label],
        to: f64,
    ) -> Result<(), metrics::Error>;
    fn metrics_gauge_add(
        &self,
        name: &str,
        labels: &[metrics::Label],
        by: f64,
    ) -> Result<(), metrics::Error>;
    fn metrics_histogram_observe(
        &self,
        name: &str,
        labels: &[metrics::Label],
        observed: f64,
    ) -> Result<(), metrics::Error>;

    fn secret_get(&self, name: &str) -> Option<Vec<u8>>;
    fn sources_read(&self, path: &str) -> Option<Vec<u8>>;
    fn files_read(&self, path: &str) -> Result<Vec<u8>, files::Error>;
    fn environment_get(&self, name: &str) -> Option<String>;
    fn output_write(&self, bytes: &[u8]);
}

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes this the host of the current thread.
pub(crate) fn set(host: Rc<dyn Host>) {
    HOST.set(Some(host));
}

/// Asks the host. Without one (which only a wrong use of this crate can bring about) the answer is
/// the type's default.
pub(crate) fn with<T: Default>(ask: impl FnOnce(&dyn Host) -> T) -> T {
    let host = HOST.with_borrow(Clone::clone);
    host.map_or_else(T::default, |host| ask(&*host))
}

/// As [`with`], for answers that have no default.
pub(crate) fn try_with<T>(ask: impl FnOnce(&dyn Host) -> T) -> Option<T> {
    let host = HOST.with_borrow(Clone::clone);
    host.map(|host| ask(&*host))
}
