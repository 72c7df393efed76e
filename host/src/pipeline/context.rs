//! Data that the stages of one request hand to each other: CBOR items under text keys.
//!
//! A stage's plugins all start from the same context; each returns its changes, and the pipeline
//! merges them in configuration order when the stage ends.

use std::{collections::BTreeMap, sync::Arc};

/// The context as one plugin call sees it. Cheap to clone: values are shared.
#[derive(Clone, Default)]
pub struct Context {
    values: Arc<BTreeMap<String, Arc<[u8]>>>,
}

/// One change that a plugin made, in the order in which it made them.
#[derive(Clone, Debug, PartialEq)]
pub enum ContextChange {
    /// Key and CBOR item.
    Set(String, Arc<[u8]>),
    /// Key.
    Delete(String),
}

impl Context {
    /// The CBOR item under a key.
    pub fn get(&self, key: &str) -> Option<&Arc<[u8]>> {
        self.values.get(key)
    }

    /// Bytes of all keys and values.
    pub fn size(&self) -> usize {
        self.values
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum()
    }

    /// Applies changes in order.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = ContextChange>) {
        let mut changes = changes.into_iter().peekable();
        if changes.peek().is_none() {
            return;
        }
        let values = Arc::make_mut(&mut self.values);
        for change in changes {
            match change {
                ContextChange::Set(key, value) => {
                    values.insert(key, value);
                }
                ContextChange::Delete(key) => {
                    values.remove(&key);
                }
            }
        }
    }
}
