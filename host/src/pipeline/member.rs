//! What a pipeline is made of: plugins, and when each is asked.
//!
//! Plain data. Says nothing about how a plugin was loaded or configured.

use std::sync::Arc;

use super::{BruteForce, Forget, LoginCache, MasterUsers, Plugin};
use crate::auth::{Event, Mode};

/// One plugin in the pipeline, and when it is asked.
#[derive(Clone)]
pub struct Member {
    /// The plugin.
    pub plugin: Arc<dyn Plugin>,
    /// Features and filters: also asked when no password is checked. Backends and actions always are.
    pub when_no_auth: bool,
    /// Filters: asked when a backend accepted the password.
    pub when_authenticated: bool,
    /// Filters: asked when none did.
    pub when_unauthenticated: bool,
    /// Backends: the protocols that it serves; all if empty.
    pub protocols: Vec<String>,
    /// Backends: what it says may be kept.
    pub cached: bool,
    /// Backends: where what it says is kept. `None`: under its own name, apart for each protocol.
    pub cache_name: Option<String>,
}

impl Member {
    /// A member with the flags that the configuration defaults to.
    pub fn new(plugin: Arc<dyn Plugin>) -> Self {
        Self {
            plugin,
            when_no_auth: false,
            when_authenticated: true,
            when_unauthenticated: true,
            protocols: Vec::new(),
            cached: true,
            cache_name: None,
        }
    }

    /// Whether this backend has a say in logins of that protocol.
    pub(super) fn serves(&self, protocol: &str) -> bool {
        let mut protocols = self.protocols.iter();
        self.protocols.is_empty() || protocols.any(|one| one.eq_ignore_ascii_case(protocol))
    }

    /// Whether this feature has a say in a request of that mode.
    pub(super) fn applies_as_feature(&self, mode: Mode) -> bool {
        mode == Mode::Verify || self.when_no_auth
    }

    /// Whether this filter has a say. Without a password there is no authentication state, so only
    /// `when_no_auth` counts then.
    pub(super) fn applies_as_filter(&self, mode: Mode, authenticated: bool) -> bool {
        match mode {
            Mode::Verify if authenticated => self.when_authenticated,
            Mode::Verify => self.when_unauthenticated,
            Mode::LookUp | Mode::ListAccounts => self.when_no_auth,
        }
    }
}

/// The plugins of every stage, each list in configuration order.
#[derive(Clone, Default)]
pub struct Stages {
    /// The attribute in which backends supply the password in plain text, for challenges. It stays
    /// inside: neither plugins nor clients get it. `None`: challenges cannot be checked.
    pub password_attribute: Option<String>,
    /// Counts failed logins.
    pub brute_force: Option<Arc<dyn BruteForce>>,
    /// Features one after the other, the first that does not pass ends the stage.
    pub sequential: bool,
    /// Before the password check.
    pub features: Vec<Member>,
    /// Features that are asked after the others, one after the other: the first that objects ends the
    /// stage.
    pub controls: Vec<Member>,
    /// Check the password; asked in order.
    pub backends: Vec<Member>,
    /// Asked before the backends, if there is one.
    pub cache: Option<Arc<dyn LoginCache>>,
    /// Who may log in as somebody else; nobody if absent.
    pub masters: Option<MasterUsers>,
    /// After the password check.
    pub filters: Vec<Member>,
    /// Asked what else to forget when a user is flushed.
    pub cache_flush: Vec<Arc<dyn Plugin>>,
    /// Whoever remembers something of users.
    pub memories: Vec<Arc<dyn Forget>>,
    /// React to an event. Those of [`Event::Post`] run after the answer.
    pub actions: Vec<(Event, Member)>,
}
