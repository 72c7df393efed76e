//! The import `store`: counters and small values in a namespace that belongs to the plugin alone.

use std::time::Duration;

use super::{bindings::bulkhead::policy::store, grant::Grant, state::CallState};
use crate::store::{Key, Remaining, StoreError};

/// Where the keys of a plugin are.
pub fn store_namespace(plugin: &str) -> String {
    format!("plugin:{plugin}")
}

/// Longest key in bytes.
const KEY_BYTES: usize = 512;

impl store::Host for CallState {
    async fn get(
        &mut self,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, store::Error>> {
        let key = match self.store_key(key, 0)? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let found = self.rights.services.store.get(key).await;
        Ok(found.map_err(store_error))
    }

    async fn set(
        &mut self,
        key: String,
        value: Vec<u8>,
        ttl_seconds: Option<u32>,
    ) -> wasmtime::Result<Result<(), store::Error>> {
        let key = match self.store_key(key, value.len())? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let limit = self.rights.store_value_bytes;
        if u64::try_from(value.len()).unwrap_or(u64::MAX) > limit {
            let text = format!(
                "the value has {} bytes; the limit `store_value_bytes` is {limit}",
                value.len()
            );
            return Ok(Err(store::Error::Invalid(text)));
        }
        let ttl = match ttl_seconds.map(lifetime).transpose() {
            Ok(ttl) => ttl,
            Err(error) => return Ok(Err(error)),
        };
        let done = self.rights.services.store.set(key, value, ttl).await;
        Ok(done.map_err(store_error))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<bool, store::Error>> {
        let key = match self.store_key(key, 0)? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let existed = self.rights.services.store.delete(key).await;
        Ok(existed.map_err(store_error))
    }

    async fn increment(
        &mut self,
        key: String,
        by: i64,
        ttl_seconds: Option<u32>,
    ) -> wasmtime::Result<Result<i64, store::Error>> {
        let key = match self.store_key(key, 0)? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let ttl = match ttl_seconds.map(lifetime).transpose() {
            Ok(ttl) => ttl,
            Err(error) => return Ok(Err(error)),
        };
        let sum = self.rights.services.store.increment(key, by, ttl).await;
        Ok(sum.map_err(store_error))
    }

    async fn expire(
        &mut self,
        key: String,
        ttl_seconds: u32,
    ) -> wasmtime::Result<Result<bool, store::Error>> {
        let key = match self.store_key(key, 0)? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let ttl = match lifetime(ttl_seconds) {
            Ok(ttl) => ttl,
            Err(error) => return Ok(Err(error)),
        };
        let existed = self.rights.services.store.expire(key, ttl).await;
        Ok(existed.map_err(store_error))
    }

    async fn time_to_live(
        &mut self,
        key: String,
    ) -> wasmtime::Result<Result<store::Remaining, store::Error>> {
        let key = match self.store_key(key, 0)? {
            Ok(key) => key,
            Err(error) => return Ok(Err(error)),
        };
        let remaining = self.rights.services.store.time_to_live(key).await;
        Ok(remaining.map_err(store_error).map(|left| match left {
            Remaining::Missing => store::Remaining::Missing,
            Remaining::Unlimited => store::Remaining::Unlimited,
            Remaining::For(left) => store::Remaining::Seconds(left.as_secs()),
        }))
    }
}

impl CallState {
    /// Counts the call, checks grant and key, and puts the key into the plugin's namespace.
    fn store_key(
        &mut self,
        name: String,
        value_bytes: usize,
    ) -> wasmtime::Result<Result<Key, store::Error>> {
        self.charge(name.len().saturating_add(value_bytes))?;
        self.touched_outside = true;
        if !self.rights.grants.store {
            return Ok(Err(store::Error::Unavailable(self.deny(Grant::Store))));
        }
        if name.is_empty() || name.len() > KEY_BYTES {
            let text = format!(
                "a key has 1 to {KEY_BYTES} bytes, this one has {}",
                name.len()
            );
            return Ok(Err(store::Error::Invalid(text)));
        }
        Ok(Ok(Key::new(store_namespace(&self.rights.plugin), name)))
    }
}

fn lifetime(seconds: u32) -> Result<Duration, store::Error> {
    if seconds == 0 {
        return Err(store::Error::Invalid(
            "a lifetime is at least 1 second".to_owned(),
        ));
    }
    Ok(Duration::from_secs(u64::from(seconds)))
}

fn store_error(error: StoreError) -> store::Error {
    match error {
        StoreError::NotANumber => store::Error::NotANumber,
        StoreError::Unavailable(text) => store::Error::Unavailable(text),
    }
}
