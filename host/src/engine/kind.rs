//! The kinds of plugin, and the interface that each exports.

/// What a plugin is configured as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PluginKind {
    /// Before the password check.
    Feature,
    /// Checks the password, finds the account.
    Backend,
    /// After it.
    Filter,
    /// Reacts to an event.
    Action,
    /// Answers HTTP requests.
    Hook,
    /// Runs once at load.
    Init,
    /// Asked when a user is flushed.
    CacheFlush,
}

impl PluginKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Feature,
        Self::Backend,
        Self::Filter,
        Self::Action,
        Self::Hook,
        Self::Init,
        Self::CacheFlush,
    ];

    /// The word for texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CacheFlush => "cache flush",
            other => other.interface(),
        }
    }

    /// The interface in `wit/`.
    pub fn interface(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Backend => "backend",
            Self::Filter => "filter",
            Self::Action => "action",
            Self::Hook => "hook",
            Self::Init => "init",
            Self::CacheFlush => "cache-flush",
        }
    }

    /// Whether its calls belong to a login, with context and incoming request.
    pub fn in_login(self) -> bool {
        matches!(
            self,
            Self::Feature | Self::Backend | Self::Filter | Self::Action
        )
    }
}
