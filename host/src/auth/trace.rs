//! The trace of one login: which stages ran, which plugins were asked, what they said and used.
//!
//! A trace is for operators. It holds user names and addresses, never passwords.

use std::time::Duration;

use serde::Serialize;

/// A step of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Plugins before the password check.
    Features,
    /// Plugins that check the password or find the account.
    Backends,
    /// Plugins after it.
    Filters,
    /// Plugins that react to an event, before the answer.
    Actions,
    /// Plugins that run after the answer.
    PostActions,
}

/// What one plugin call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// From being asked to having answered, waiting included.
    #[serde(rename = "elapsed_us", serialize_with = "microseconds")]
    pub elapsed: Duration,
    /// Waiting for a free slot of the plugin.
    #[serde(rename = "queued_us", serialize_with = "microseconds")]
    pub queued: Duration,
    /// Time in which the plugin's code or a host function ran.
    #[serde(rename = "cpu_us", serialize_with = "microseconds")]
    pub cpu: Duration,
    /// Linear memory at the end of the call, in bytes.
    pub memory_bytes: u64,
    /// Calls of imported functions.
    pub host_calls: u32,
}

/// What one plugin did in one login.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginTrace {
    /// The plugin's configured name.
    pub plugin: String,
    /// Its answer in one word: `pass`, `accept`, `unknown-user` …
    pub verdict: String,
    /// Why it failed, if it did; then `verdict` is what `on_error` made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it used.
    #[serde(flatten)]
    pub usage: Usage,
}

/// What one stage did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTrace {
    /// Which stage.
    pub stage: Stage,
    /// Its duration.
    #[serde(rename = "elapsed_us", serialize_with = "microseconds")]
    pub elapsed: Duration,
    /// In configuration order.
    pub plugins: Vec<PluginTrace>,
}

/// The whole way of one login.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// In the order in which they ran.
    pub stages: Vec<StageTrace>,
}

/// Durations appear in traces as whole microseconds.
fn microseconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
