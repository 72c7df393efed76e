//! Names of what a store keeps.
//!
//! Knows no implementation. Distinct keys have distinct bytes, whatever separators anybody puts into
//! their parts.

/// A key: a namespace (one per plugin), a tag and a name in it. Typed, so that no separator trick in
/// any of them can make two different keys meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Chosen by the host.
    pub namespace: String,
    /// Keys with the same tag are kept together, so that one step can have them all: a Redis cluster
    /// has them in one slot. Empty means none, and a procedure gets such keys one by one.
    pub tag: Vec<u8>,
    /// Chosen by the plugin.
    pub name: Vec<u8>,
}

impl Key {
    /// Without a tag.
    pub fn new(namespace: impl Into<String>, name: impl Into<Vec<u8>>) -> Self {
        Self::tagged(namespace, Vec::new(), name)
    }

    /// Kept together with the other keys of this tag, also those of other namespaces.
    pub fn tagged(
        namespace: impl Into<String>,
        tag: impl Into<Vec<u8>>,
        name: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            tag: tag.into(),
            name: name.into(),
        }
    }

    /// Bytes of all three parts.
    pub fn bytes(&self) -> usize {
        let fixed = self.namespace.len().saturating_add(self.tag.len());
        fixed.saturating_add(self.name.len())
    }
}
