//! Compiled functions, remembered from one compilation to the next.
//!
//! A script's image differs from the plain Lua runtime in data, not in code, so a changed script costs
//! little more than the functions that differ. They are kept on disk too, beside the compiled components
//! and under the same keyed hash: the first change after a restart shall not cost more than the second.

use std::{
    borrow::Cow,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use moka::sync::Cache;
use wasmtime::{CacheStore, Engine};

use super::aot::{self, Name};

/// Most bytes that are remembered.
const MOST_BYTES: u64 = 64 << 20;
/// New functions after which the file is written anew: a runtime or a component, not a few helpers.
const WORTH_KEEPING: usize = 200;

/// By the hash of their source; Cranelift chooses the keys.
pub(super) struct Functions {
    memory: Cache<Vec<u8>, Vec<u8>>,
    /// Since the file was written.
    new: AtomicUsize,
    restored: Once,
}

impl Functions {
    pub(super) fn new() -> Self {
        let size = |key: &Vec<u8>, value: &Vec<u8>| {
            u32::try_from(key.len() + value.len()).unwrap_or(u32::MAX)
        };
        Self {
            memory: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(size)
                .build(),
            new: AtomicUsize::new(0),
            restored: Once::new(),
        }
    }

    /// To be called before something is compiled. Reads the file the first time.
    pub(super) fn restore(&self, engine: &Engine, cache: Option<&aot::Cache>) {
        self.restored.call_once(|| {
            let Some(bytes) = cache.and_then(|cache| cache.note(&name(engine))) else {
                return;
            };
            let mut rest = bytes.as_slice();
            while let Some((key, value)) = take(&mut rest).zip(take(&mut rest)) {
                self.memory.insert(key, value);
            }
        });
    }

    /// To be called when something was compiled.
    pub(super) fn keep(&self, engine: &Engine, cache: Option<&aot::Cache>) {
        let Some(cache) = cache else { return };
        if self.new.load(Relaxed) < WORTH_KEEPING {
            return;
        }
        self.new.store(0, Relaxed);
        let mut bytes = Vec::new();
        for (key, value) in &self.memory {
            for part in [key.as_slice(), &value] {
                let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(part);
            }
        }
        if let Err(error) = cache.put_note(&name(engine), &bytes) {
            tracing::warn!("compiled functions cannot be kept: {error}");
        }
    }
}

fn name(engine: &Engine) -> Name {
    Name::new(engine, [b"functions".as_slice()])
}

/// The next part; nothing at the end.
fn take(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, behind) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (part, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(part.to_vec())
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Functions")
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.memory.get(key).map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        self.new.fetch_add(1, Relaxed);
        self.memory.insert(key.to_vec(), value);
        true
    }
}
