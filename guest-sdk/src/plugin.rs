//! What all kinds of plugins have in common: a description and a typed configuration.

use serde::de::DeserializeOwned;

pub use crate::bindings::exports::bulkhead::policy::lifecycle::{Description, Problem};

/// A plugin of any kind: how it comes into being.
///
/// `new` runs once, when the server loads the plugin. The server then freezes the plugin's memory,
/// and every call starts from that image: what `new` parses and builds costs a login nothing.
/// Whatever a call changes in the plugin is gone after the call, unless the server's operator chose
/// `instances: pooled`. A plugin must not rely on either.
pub trait Plugin: Sized + 'static {
    /// The plugin's part of the server's configuration file (`plugins.NAME.configuration`).
    ///
    /// Derive `serde::Deserialize` for it, with `#[serde(deny_unknown_fields)]`: then a misspelt key
    /// is an error that names the key and the nearest known one, not a rule that silently does not
    /// apply. Use `()` for a plugin without configuration.
    type Configuration: DeserializeOwned;

    /// Builds the plugin.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, all at once. The server does not load the
    /// plugin then, and shows each problem at the line that it belongs to.
    fn new(configuration: Self::Configuration) -> Result<Self, Vec<Problem>>;
}

/// Who a plugin is. The registration macros implement it from the crate's `Cargo.toml`: `name`,
/// `version` and `description`.
pub trait Described {
    /// Must not depend on configuration, and must not call the host.
    fn description() -> Description;
}

impl Problem {
    /// A problem at a place.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Implements [`Described`] from the crate's `Cargo.toml`. The registration macros call it.
#[doc(hidden)]
#[macro_export]
macro_rules! describe {
    ($plugin:ty) => {
        impl $crate::Described for $plugin {
            fn description() -> $crate::Description {
                $crate::Description {
                    name: ::std::string::String::from(::core::env!("CARGO_PKG_NAME")),
                    version: ::std::string::String::from(::core::env!("CARGO_PKG_VERSION")),
                    summary: ::std::string::String::from(::core::env!("CARGO_PKG_DESCRIPTION")),
                }
            }
        }
    };
}
