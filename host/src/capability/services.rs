//! What stands behind the capabilities: thin traits, so that each can be faked in a test.
//!
//! The real ones live elsewhere (`store`, `backend_io`, `observe`, the password pool); this room knows
//! only what a guest may ask of them.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

pub use crate::backend_io::sql::{
    Piece as SqlPiece, SqlError, Table as SqlTable, Value as SqlValue,
};
use crate::{
    auth::{Header, Password},
    backend_io::{
        dns::{Answer, DnsError, Question},
        geoip::{Facts, GeoipError},
        ldap::{Found, LdapError, Modify, Search},
    },
    config::{HttpGrant, SqlGrant},
    store::{Command, Key, MemoryStore, Procedure, Reply, Store, StoreError, Subscription},
};

/// Everything outside that plugins can reach. One per server; shared by all plugins.
pub struct Services {
    /// Behind `store`.
    pub store: Arc<dyn Store>,
    /// Behind `http`.
    pub http: Arc<dyn HttpSend>,
    /// Behind `ldap`.
    pub ldap: Arc<dyn LdapAsk>,
    /// Behind `password`.
    pub passwords: Arc<dyn PasswordVerify>,
    /// Behind `metrics`.
    pub metrics: Arc<dyn PluginMetrics>,
    /// Behind `dns`.
    pub names: Arc<dyn NameLookup>,
    /// Behind `geoip`.
    pub addresses: Arc<dyn AddressLookup>,
    /// Behind `sql`.
    pub sql: Arc<dyn SqlOpen>,
}

/// Asks the domain name system.
pub trait NameLookup: Send + Sync {
    /// Answers all questions, in their order, by the deadline.
    fn lookup(&self, questions: Vec<Question>, deadline: Instant) -> BoxFuture<'_, Vec<Answer>>;
}

/// Knows where addresses are.
pub trait AddressLookup: Send + Sync {
    /// What the database of that name knows of an address; nothing if it does not hold it.
    fn lookup(&self, database: &str, address: IpAddr) -> Result<Option<Facts>, GeoipError>;
}

/// Turns a grant into something that can send requests.
pub trait HttpSend: Send + Sync {
    /// Checks and compiles the grant of the plugin of that name; the text says what is wrong with it.
    fn bind(&self, plugin: &str, grant: &HttpGrant) -> Result<Arc<dyn HttpEgress>, String>;
}

/// Sends requests within one plugin's grant.
pub trait HttpEgress: Send + Sync {
    /// Never goes where the grant does not reach; returns by the deadline.
    fn send(
        &self,
        request: OutgoingRequest,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<IncomingResponse, HttpError>>;
}

/// A request to the outside (`wit/http.wit`).
pub struct OutgoingRequest {
    /// Any token.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// As the plugin gave them.
    pub headers: Vec<Header>,
    /// Absent and empty differ.
    pub body: Option<Vec<u8>>,
    /// For the whole exchange.
    pub timeout_ms: Option<u32>,
    /// How many to follow.
    pub redirects: u8,
}

/// The response (`wit/http.wit`).
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingResponse {
    /// 100 to 599.
    pub status: u16,
    /// In order.
    pub headers: Vec<Header>,
    /// As it came, decompressed.
    pub body: Vec<u8>,
    /// Where it came from, after redirects.
    pub url: String,
}

/// Why there is no response (`wit/http.wit`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum HttpError {
    Denied(String),
    Invalid(String),
    NameLookup(String),
    Connect(String),
    Tls(String),
    TimedOut,
    TooLarge(String),
    TooManyRedirects,
    Protocol(String),
}

/// Asks directories (`wit/ldap.wit`). Whoever calls it has checked the grant. Returns by the deadline.
pub trait LdapAsk: Send + Sync {
    /// Searches.
    fn search<'a>(
        &'a self,
        search: &'a Search,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Found, LdapError>>;

    /// True if the password is the entry's; false only if the directory says that it is wrong.
    fn check_password<'a>(
        &'a self,
        pool: &'a str,
        dn: &'a str,
        password: &'a Password,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<bool, LdapError>>;

    /// Changes an entry.
    fn modify<'a>(
        &'a self,
        modify: &'a Modify,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), LdapError>>;
}

/// Checks passwords against stored hashes.
pub trait PasswordVerify: Send + Sync {
    /// True if it matches. Waits for a free thread at most until the deadline.
    fn verify(
        &self,
        verification: Verification,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<bool, PasswordError>>;
}

/// What to check (`wit/password.wit`).
pub struct Verification {
    /// As Dovecot stores it.
    pub stored: Vec<u8>,
    /// As the user typed it.
    pub password: Password,
    /// For DIGEST-MD5.
    pub username: String,
    /// For a value without a prefix; empty means PLAIN.
    pub default_scheme: String,
}

/// Why nobody can say (`wit/password.wit`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum PasswordError {
    UnknownScheme(String),
    Malformed(String),
    TooExpensive(String),
    Overloaded,
}

/// Turns a grant into something that can ask databases.
pub trait SqlOpen: Send + Sync {
    /// Connects with nobody yet; the text says what is wrong with the grant.
    fn bind(&self, grant: &SqlGrant) -> Result<Arc<dyn SqlAccess>, String>;
}

/// Asks databases within one plugin's grant.
pub trait SqlAccess: Send + Sync {
    /// Reads; returns by the deadline.
    fn query(
        &self,
        database: String,
        statement: Vec<SqlPiece>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<SqlTable, SqlError>>;

    /// Changes something, and says how many rows; returns by the deadline.
    fn execute(
        &self,
        database: String,
        statement: Vec<SqlPiece>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<u64, SqlError>>;
}

/// Takes numbers that plugins count and measure.
pub trait PluginMetrics: Send + Sync {
    /// One change of one series. `labels` are in the plugin's order.
    fn record(
        &self,
        plugin: &str,
        name: &str,
        labels: &[(String, String)],
        change: MetricChange,
    ) -> Result<(), MetricError>;
}

/// What happens to a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricChange {
    /// Not negative.
    CounterAdd(f64),
    /// Any number.
    GaugeSet(f64),
    /// Any number.
    GaugeAdd(f64),
    /// Any number.
    HistogramObserve(f64),
}

/// Why it was not taken (`wit/metrics.wit`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum MetricError {
    Invalid(String),
    TooManySeries,
}

impl Services {
    /// Nothing at all: every request is denied. For runs without grants, and for tests.
    pub fn none() -> Self {
        Self {
            store: Arc::new(Nothing),
            http: Arc::new(Nothing),
            ldap: Arc::new(Nothing),
            passwords: Arc::new(Nothing),
            metrics: Arc::new(Nothing),
            names: Arc::new(Nothing),
            addresses: Arc::new(Nothing),
            sql: Arc::new(Nothing),
        }
    }
}

/// Denies.
struct Nothing;

const NOTHING: &str = "there is none here";

impl NameLookup for Nothing {
    fn lookup(&self, questions: Vec<Question>, _: Instant) -> BoxFuture<'_, Vec<Answer>> {
        let denied = |_| Answer {
            records: Err(DnsError::Denied(NOTHING.to_owned())),
            elapsed: Duration::ZERO,
        };
        let answers = questions.into_iter().map(denied).collect();
        Box::pin(async move { answers })
    }
}

impl AddressLookup for Nothing {
    fn lookup(&self, database: &str, _: IpAddr) -> Result<Option<Facts>, GeoipError> {
        Err(GeoipError::NoSuchDatabase(database.to_owned()))
    }
}

impl HttpSend for Nothing {
    fn bind(&self, _: &str, _: &HttpGrant) -> Result<Arc<dyn HttpEgress>, String> {
        Ok(Arc::new(Self))
    }
}

impl HttpEgress for Nothing {
    fn send(
        &self,
        _: OutgoingRequest,
        _: Instant,
    ) -> BoxFuture<'_, Result<IncomingResponse, HttpError>> {
        Box::pin(async { Err(HttpError::Denied(NOTHING.to_owned())) })
    }
}

impl LdapAsk for Nothing {
    fn search<'a>(
        &'a self,
        search: &'a Search,
        _: Instant,
    ) -> BoxFuture<'a, Result<Found, LdapError>> {
        Box::pin(async { Err(LdapError::NoSuchPool(search.pool.clone())) })
    }

    fn check_password<'a>(
        &'a self,
        pool: &'a str,
        _: &'a str,
        _: &'a Password,
        _: Instant,
    ) -> BoxFuture<'a, Result<bool, LdapError>> {
        Box::pin(async { Err(LdapError::NoSuchPool(pool.to_owned())) })
    }

    fn modify<'a>(
        &'a self,
        modify: &'a Modify,
        _: Instant,
    ) -> BoxFuture<'a, Result<(), LdapError>> {
        Box::pin(async { Err(LdapError::NoSuchPool(modify.pool.clone())) })
    }
}

impl SqlOpen for Nothing {
    fn bind(&self, _: &SqlGrant) -> Result<Arc<dyn SqlAccess>, String> {
        Ok(Arc::new(Self))
    }
}

impl SqlAccess for Nothing {
    fn query(
        &self,
        _: String,
        _: Vec<SqlPiece>,
        _: Instant,
    ) -> BoxFuture<'_, Result<SqlTable, SqlError>> {
        Box::pin(async { Err(SqlError::Denied(NOTHING.to_owned())) })
    }

    fn execute(
        &self,
        _: String,
        _: Vec<SqlPiece>,
        _: Instant,
    ) -> BoxFuture<'_, Result<u64, SqlError>> {
        Box::pin(async { Err(SqlError::Denied(NOTHING.to_owned())) })
    }
}

impl PasswordVerify for Nothing {
    fn verify(&self, _: Verification, _: Instant) -> BoxFuture<'_, Result<bool, PasswordError>> {
        Box::pin(async { Err(PasswordError::Overloaded) })
    }
}

impl PluginMetrics for Nothing {
    fn record(
        &self,
        _: &str,
        _: &str,
        _: &[(String, String)],
        _: MetricChange,
    ) -> Result<(), MetricError> {
        Err(MetricError::Invalid(NOTHING.to_owned()))
    }
}

impl Store for Nothing {
    fn run(&self, _: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        unavailable()
    }

    fn call(
        &self,
        _: &'static Procedure,
        _: Vec<Key>,
        _: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        unavailable()
    }

    fn publish(&self, _: &str, _: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        unavailable()
    }

    /// Nobody publishes.
    fn subscribe(&self, _: &str) -> Subscription {
        MemoryStore::new().subscribe("")
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        unavailable()
    }
}

fn unavailable<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    Box::pin(async { Err(StoreError::Unavailable(NOTHING.to_owned())) })
}
