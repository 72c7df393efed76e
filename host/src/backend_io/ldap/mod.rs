//! Directories (LDAP, RFC 4511 to 4516) on behalf of plugins that were granted a pool.
//!
//! A pool is one directory on one or several servers. What a user typed reaches a directory as a value that
//! was escaped here (`template`), or as the password of a bind; a password is wrong only if the
//! directory says so to the user's own bind, and everything that smells of an outage is an error. A
//! server that fails is left alone for a while (`breaker`) and tried out in the background (`probe`).
//!
//! The wire is read and written here (`ber`, `message`, `connection`): the connection of the crate `ldap3`
//! panics on malformed answers, keeps as much of them as a server sends, logs entries that nobody waits for
//! any more, and takes only UTF-8 for passwords. Its grammar of filters is used.
//!
//! Knows nothing of WebAssembly; `wit/ldap.wit` documents the records.

mod ber;
mod breaker;
mod connection;
mod message;
mod pool;
mod probe;
mod records;
mod server;
mod template;
mod tls;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

pub use self::{
    breaker::BreakerState,
    records::{Attribute, Change, ChangeKind, Entry, Found, LdapError, Modify, Scope, Search},
    server::ServerStatus,
    template::{DEEPEST, LONGEST, Template},
};
use crate::{auth::Password, config::Ldap};

/// What was asked of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A search, all pages.
    Search,
    /// A user's bind.
    Bind,
    /// A change.
    Modify,
}

impl Operation {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Bind => "bind",
            Self::Modify => "modify",
        }
    }
}

/// Hears of every operation. Must not wait.
pub trait Watch: Send + Sync {
    /// `outcome` is `ok`, `refused` (the directory said no), `unavailable` or `timed_out`; the time
    /// includes retries.
    fn operation(&self, pool: &str, operation: Operation, outcome: &'static str, took: Duration);
}

/// Hears nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn operation(&self, _: &str, _: Operation, _: &'static str, _: Duration) {}
}

/// All configured pools. One per server.
pub struct LdapClient {
    pools: BTreeMap<String, Arc<pool::Pool>>,
}

impl LdapClient {
    /// Reads certificates; connects to nothing.
    ///
    /// # Errors
    /// Which file of which pool is wrong.
    pub fn new(config: &Ldap, watch: &Arc<dyn Watch>) -> Result<Self, String> {
        let mut pools = BTreeMap::new();
        for (name, settings) in &config.pools {
            let pool = pool::Pool::new(name, settings, Arc::clone(watch))
                .map_err(|why| format!("ldap.pools.{name}: {why}"))?;
            pools.insert(name.clone(), Arc::new(pool));
        }
        Ok(Self { pools })
    }

    /// Begins to try the servers out, until this client is gone. Must be called within a tokio runtime.
    pub fn start_probes(&self) {
        self.pools.values().for_each(probe::start);
    }

    /// Whether there is a pool of that name.
    pub fn has_pool(&self, name: &str) -> bool {
        self.pools.contains_key(name)
    }

    /// How every server stands, in the order of pools and of their servers.
    pub fn status(&self) -> Vec<ServerStatus> {
        self.pools.values().flat_map(|pool| pool.status()).collect()
    }

    fn pool(&self, name: &str) -> Result<&pool::Pool, LdapError> {
        let pool = self.pools.get(name);
        pool.map(Arc::as_ref)
            .ok_or_else(|| LdapError::NoSuchPool(name.to_owned()))
    }

    /// Searches, by the deadline.
    ///
    /// # Errors
    /// [`LdapError`]. That nothing was found is no error.
    pub async fn search(&self, search: &Search, deadline: Instant) -> Result<Found, LdapError> {
        self.pool(&search.pool)?.search(search, deadline).await
    }

    /// Whether the password is the entry's. False only if the directory answered `invalidCredentials`.
    ///
    /// # Errors
    /// [`LdapError`]; an empty name or password is [`LdapError::Invalid`].
    pub async fn check_password(
        &self,
        pool: &str,
        dn: &str,
        password: &Password,
        deadline: Instant,
    ) -> Result<bool, LdapError> {
        self.pool(pool)?.check_password(dn, password, deadline).await
    }

    /// Changes an entry. It is not tried twice once it was sent: after [`LdapError::Unavailable`] and
    /// [`LdapError::TimedOut`] it may or may not have happened.
    ///
    /// # Errors
    /// [`LdapError`]
    pub async fn modify(&self, modify: &Modify, deadline: Instant) -> Result<(), LdapError> {
        self.pool(&modify.pool)?.modify(modify, deadline).await
    }
}
