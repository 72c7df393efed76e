//! The trace of one login: which stages ran, which plugins were asked, what they said and used.
//!
//! A trace is for operators. It holds user names and addresses, never passwords.

use std::time::Duration;

use serde::Serialize;

use super::SpanId;

/// A step of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The host's own control of failed logins: asked first, told after the password check.
    BruteForce,
    /// Plugins before the password check.
    Features,
    /// Features that are asked one after the other, after the others.
    Controls,
    /// What an earlier login found out, before the backends are asked.
    Cache,
    /// Plugins that are asked what else to forget of a user; no part of a login.
    CacheFlush,
    /// Plugins that check the password or find the account.
    Backends,
    /// Plugins after it.
    Filters,
    /// Plugins that react to an event, before the answer.
    Actions,
    /// Plugins that run after the answer.
    PostActions,
}

impl Stage {
    /// The word for logs, traces and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BruteForce => "brute-force",
            Self::Features => "features",
            Self::Controls => "controls",
            Self::Cache => "cache",
            Self::CacheFlush => "cache-flush",
            Self::Backends => "backends",
            Self::Filters => "filters",
            Self::Actions => "actions",
            Self::PostActions => "post-actions",
        }
    }
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginTrace {
    /// The plugin's configured name.
    pub plugin: String,
    /// Its answer in one word: `pass`, `accept`, `unknown-user` …
    pub verdict: String,
    /// Why it failed, if it did; then `verdict` is what `on_error` made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The kind of that failure in one word (`pipeline::FailureKind`).
    #[serde(rename = "error_kind", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// When it was asked, counted as in [`StageTrace::started`].
    #[serde(rename = "started_us", serialize_with = "microseconds")]
    pub started: Duration,
    /// The call's span, if the login is traced.
    #[serde(skip)]
    pub span_id: Option<SpanId>,
    /// What it used.
    #[serde(flatten)]
    pub usage: Usage,
}

impl PluginTrace {
    /// A plugin that is configured and was not asked, and when it could have been.
    pub fn skipped(plugin: &str, started: Duration) -> Self {
        Self {
            plugin: plugin.to_owned(),
            verdict: "skipped".to_owned(),
            started,
            ..Self::default()
        }
    }

    /// False for a plugin that had no part in this login.
    pub fn was_asked(&self) -> bool {
        !self.usage.elapsed.is_zero()
    }
}

/// What one stage did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTrace {
    /// Which stage.
    pub stage: Stage,
    /// When it began: since the request arrived; in the post actions, since they began.
    #[serde(rename = "started_us", serialize_with = "microseconds")]
    pub started: Duration,
    /// Its duration.
    #[serde(rename = "elapsed_us", serialize_with = "microseconds")]
    pub elapsed: Duration,
    /// In configuration order.
    pub plugins: Vec<PluginTrace>,
}

impl StageTrace {
    /// False for a stage in which no plugin had a part.
    pub fn was_asked(&self) -> bool {
        self.plugins.iter().any(PluginTrace::was_asked)
    }
}

/// The whole way of one login.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// From the first question to the decision.
    #[serde(rename = "elapsed_us", serialize_with = "microseconds")]
    pub elapsed: Duration,
    /// In the order in which they ran.
    pub stages: Vec<StageTrace>,
}

impl Trace {
    /// Moves all beginnings: what was counted from the first question counts from an earlier time.
    pub fn shift(&mut self, by: Duration) {
        for stage in &mut self.stages {
            stage.started += by;
            for plugin in &mut stage.plugins {
                plugin.started += by;
            }
        }
    }
}

/// Durations appear in traces as whole microseconds.
fn microseconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
