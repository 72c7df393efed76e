//! The components inside the binary: the Lua runtime and the first-party plugins.

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The bytes of a first-party plugin.
pub(super) fn plugin(name: &str) -> Option<&'static [u8]> {
    PLUGINS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, bytes)| *bytes)
}

/// The names of all first-party plugins.
pub fn plugin_names() -> Vec<&'static str> {
    PLUGINS.iter().map(|(name, _)| *name).collect()
}
