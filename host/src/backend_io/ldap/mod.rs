//! Directories (LDAP, RFC 4511 to 4516) on behalf of plugins that were granted a pool.
//!
//! A pool is one directory on one or several servers. What a user typed reaches a directory as a value that
//! was escaped here (`template`), or as the password of a bind; a password is wrong only if the
//! directory says so to the user's own bind, and everything that smells of an outage is an error. A
//! server that fails is left alone for a while and tried out in the background (`probe`).
//!
//! The wire is read and written here (`ber`, `message`, `connection`), because the crate `ldap3` 0.12 cannot
//! keep these promises: its connection and its results panic on malformed answers (`expect` throughout
//! `protocol` and `result`), it keeps as much of an answer as a server sends, in channels without a bound, it
//! logs entries that nobody waits for any more, it takes only UTF-8 for passwords and wipes none. Its BER
//! reader (`lber`) recurses as deep as a server nests. Its grammar of filters is used.
//!
//! Knows nothing of WebAssembly; `wit/ldap.wit` documents the records.

mod ber;
mod connection;
mod message;
mod pool;
mod probe;
mod records;
mod server;
mod template;
mod tls;
mod work;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

pub use self::{
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

/// The pools by name.
type Pools = BTreeMap<String, Arc<pool::Pool>>;

/// All configured pools. One per server; a reload changes the pools in it.
pub struct LdapClient {
    pools: ArcSwap<Pools>,
    watch: Arc<dyn Watch>,
    probes: AtomicBool,
}

impl LdapClient {
    /// Reads certificates; connects to nothing.
    ///
    /// # Errors
    /// Which files of which pools are wrong.
    pub fn new(config: &Ldap, watch: Arc<dyn Watch>) -> Result<Self, Vec<String>> {
        let client = Self {
            pools: ArcSwap::default(),
            watch,
            probes: AtomicBool::new(false),
        };
        client.pools.store(Arc::new(client.build(config)?));
        Ok(client)
    }

    /// Begins to try the servers out, those of later pools too, as long as they are there. Must be called
    /// within a tokio runtime.
    pub fn start_probes(&self) {
        self.probes.store(true, Relaxed);
        self.pools.load().values().for_each(probe::start);
    }

    /// Makes the pools of the next configuration, and those that have a new name known at once, so that what
    /// is loaded meanwhile finds them; nobody else can name them yet. Pools whose settings and files are the
    /// same stay as they are, with their connections. What comes back puts all of it in force.
    ///
    /// # Errors
    /// Which files of which pools are wrong; then nothing has changed.
    pub fn prepare(
        self: &Arc<Self>,
        config: &Ldap,
    ) -> Result<impl FnOnce() + Send + use<>, Vec<String>> {
        let next = Arc::new(self.build(config)?);
        let mut both = (*next).clone();
        for (name, pool) in self.pools.load().iter() {
            both.insert(name.clone(), Arc::clone(pool));
        }
        self.pools.store(Arc::new(both));
        let client = Arc::clone(self);
        Ok(move || client.pools.store(next))
    }

    fn build(&self, config: &Ldap) -> Result<Pools, Vec<String>> {
        let (running, mut pools, mut wrong) = (self.pools.load(), Pools::new(), Vec::new());
        for (name, settings) in &config.pools {
            match pool::Pool::new(name, settings, Arc::clone(&self.watch)) {
                Err(why) => wrong.push(format!("ldap.pools.{name}: {why}")),
                Ok(pool) => {
                    let same = running.get(name).filter(|running| running.is_like(&pool));
                    let pool = same.cloned().unwrap_or_else(|| {
                        let pool = Arc::new(pool);
                        if self.probes.load(Relaxed) {
                            probe::start(&pool);
                        }
                        pool
                    });
                    pools.insert(name.clone(), pool);
                }
            }
        }
        if wrong.is_empty() {
            Ok(pools)
        } else {
            Err(wrong)
        }
    }

    /// How every server stands, in the order of pools and of their servers.
    pub fn status(&self) -> Vec<ServerStatus> {
        let pools = self.pools.load();
        pools.values().flat_map(|pool| pool.status()).collect()
    }

    fn pool(&self, name: &str) -> Result<Arc<pool::Pool>, LdapError> {
        let pool = self.pools.load().get(name).cloned();
        pool.ok_or_else(|| LdapError::NoSuchPool(name.to_owned()))
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
        self.pool(pool)?
            .check_password(dn, password, deadline)
            .await
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

/// Longest text of a server or of an error in a log line, in characters.
const SHOWN: usize = 300;

/// What a server says, for logs: one line of a reasonable length.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}
