//! Puts the real services behind the capabilities: store, HTTP client, directories, SQL databases, password
//! pool, metrics, resolver, databases of addresses.
//!
//! `capability` names what guests may ask for as traits; `backend_io` and the pool know nothing of
//! guests. This is the one place where the two meet.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use crate::{
    auth::Password,
    backend_io::{
        dns::{Answer, Question, Resolver},
        geoip::{Databases, Facts, GeoipError},
        http,
        ldap::{Found, LdapClient, LdapError, Modify, Operation, Search, Watch},
        sql,
    },
    capability::{self, LdapAsk, MetricChange, Services, password_pool},
    config::{Config, HttpGrant, ListenAt, Listener, SqlGrant},
    observe::metrics::{self, PluginMetrics, ServerMetrics},
    store::Store,
};

/// What was set up before, and is shown elsewhere as well.
pub(super) struct Clients {
    pub(super) ldap: Arc<dyn LdapAsk>,
    pub(super) names: Arc<dyn capability::NameLookup>,
    pub(super) databases: Arc<Databases>,
    pub(super) sql: sql::Registry,
    pub(super) http: http::Registry,
}

/// The services of one server. Must be called within a tokio runtime.
pub(super) fn services(
    config: &Config,
    store: Arc<dyn Store>,
    metrics: PluginMetrics,
    clients: Clients,
) -> Services {
    let pool = password_pool::PasswordPool::for_server(&config.limits);
    Services {
        store,
        http: Arc::new(Http {
            client: Arc::new(http::HttpClient::new(own_addresses(config))),
            registry: clients.http,
        }),
        ldap: clients.ldap,
        passwords: Arc::new(Passwords(pool)),
        metrics: Arc::new(Metrics(metrics)),
        names: clients.names,
        addresses: clients.databases,
        sql: Arc::new(Sql(clients.sql)),
    }
}

/// Where Bulkhead itself listens: plugins never reach that.
fn own_addresses(config: &Config) -> Vec<SocketAddr> {
    let address = |listener: &Listener| match listener.at {
        ListenAt::Address(address) => Some(address),
        ListenAt::Unix { .. } | ListenAt::Systemd(_) => None,
    };
    config.server.listeners.iter().filter_map(address).collect()
}

impl capability::NameLookup for Resolver {
    fn lookup(&self, questions: Vec<Question>, deadline: Instant) -> BoxFuture<'_, Vec<Answer>> {
        Box::pin(Resolver::lookup(self, questions, deadline))
    }
}

impl capability::AddressLookup for Databases {
    fn lookup(&self, database: &str, address: IpAddr) -> Result<Option<Facts>, GeoipError> {
        Databases::lookup(self, database, address)
    }
}

struct Http {
    client: Arc<http::HttpClient>,
    registry: http::Registry,
}

impl capability::HttpSend for Http {
    fn bind(
        &self,
        plugin: &str,
        grant: &HttpGrant,
    ) -> Result<Arc<dyn capability::HttpEgress>, String> {
        let egress = self.registry.compile(plugin, grant);
        let egress = egress.map_err(|error| error.to_string())?;
        Ok(Arc::new(Egress {
            client: Arc::clone(&self.client),
            egress,
        }))
    }
}

/// What one plugin may reach.
struct Egress {
    client: Arc<http::HttpClient>,
    egress: http::HttpEgress,
}

impl capability::HttpEgress for Egress {
    fn send(
        &self,
        request: capability::OutgoingRequest,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<capability::IncomingResponse, capability::HttpError>> {
        let request = http::OutgoingRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: request
                .timeout_ms
                .map(|milliseconds| Duration::from_millis(milliseconds.into())),
            redirects: request.redirects,
        };
        Box::pin(async move {
            match self.client.send(&self.egress, request, deadline).await {
                Ok(response) => Ok(capability::IncomingResponse {
                    status: response.status,
                    headers: response.headers,
                    body: response.body,
                    url: response.url,
                }),
                Err(error) => Err(http_error(error)),
            }
        })
    }
}

fn http_error(error: http::HttpError) -> capability::HttpError {
    use capability::HttpError as To;
    use http::HttpError as From;
    match error {
        From::Denied(text) => To::Denied(text),
        From::Invalid(text) => To::Invalid(text),
        From::NameLookup(text) => To::NameLookup(text),
        From::Connect(text) => To::Connect(text),
        From::Tls(text) => To::Tls(text),
        From::TimedOut => To::TimedOut,
        From::TooLarge(text) => To::TooLarge(text),
        From::TooManyRedirects => To::TooManyRedirects,
        From::Protocol(text) => To::Protocol(text),
    }
}

impl LdapAsk for LdapClient {
    fn search<'a>(
        &'a self,
        search: &'a Search,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Found, LdapError>> {
        Box::pin(self.search(search, deadline))
    }

    fn check_password<'a>(
        &'a self,
        pool: &'a str,
        dn: &'a str,
        password: &'a Password,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<bool, LdapError>> {
        Box::pin(self.check_password(pool, dn, password, deadline))
    }

    fn modify<'a>(
        &'a self,
        modify: &'a Modify,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), LdapError>> {
        Box::pin(self.modify(modify, deadline))
    }
}

/// Counts what directories are asked.
pub(super) struct LdapWatch(pub(super) ServerMetrics);

impl Watch for LdapWatch {
    fn operation(&self, pool: &str, operation: Operation, outcome: &'static str, took: Duration) {
        self.0
            .ldap_operation(pool, operation.as_str(), outcome, took);
    }
}

struct Sql(sql::Registry);

impl capability::SqlOpen for Sql {
    fn bind(&self, grant: &SqlGrant) -> Result<Arc<dyn capability::SqlAccess>, String> {
        let mut databases = BTreeMap::new();
        for (name, config) in &grant.databases {
            databases.insert(name.clone(), self.0.open(config)?);
        }
        Ok(Arc::new(GrantedDatabases {
            databases,
            read_only: grant.read_only,
        }))
    }
}

/// What one plugin may ask.
struct GrantedDatabases {
    databases: BTreeMap<String, Arc<sql::Database>>,
    read_only: bool,
}

impl GrantedDatabases {
    fn get(&self, name: &str) -> Result<&sql::Database, sql::SqlError> {
        let database = self.databases.get(name).map(Arc::as_ref);
        database.ok_or_else(|| {
            let text = format!("to ask `{name}`, add it to `databases` in the grant `sql`");
            sql::SqlError::Denied(text)
        })
    }
}

impl capability::SqlAccess for GrantedDatabases {
    fn query(
        &self,
        database: String,
        statement: Vec<sql::Piece>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<sql::Table, sql::SqlError>> {
        Box::pin(async move {
            let database = self.get(&database)?;
            database.query(self.read_only, statement, deadline).await
        })
    }

    fn execute(
        &self,
        database: String,
        statement: Vec<sql::Piece>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<u64, sql::SqlError>> {
        Box::pin(async move {
            let database = self.get(&database)?;
            if self.read_only {
                let text = "to change something, write `read_only: false` in the grant `sql`";
                return Err(sql::SqlError::Denied(text.to_owned()));
            }
            database.execute(statement, deadline).await
        })
    }
}

struct Passwords(password_pool::PasswordPool);

impl capability::PasswordVerify for Passwords {
    fn verify(
        &self,
        verification: capability::Verification,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<bool, capability::PasswordError>> {
        let verification = password_pool::Verification {
            stored: verification.stored,
            password: verification.password,
            username: verification.username,
            default_scheme: verification.default_scheme,
        };
        Box::pin(async move {
            use capability::PasswordError as To;
            use password_pool::PasswordError as From;
            let result = self.0.verify(verification, deadline).await;
            result.map_err(|error| match error {
                From::UnknownScheme(text) => To::UnknownScheme(text),
                From::Malformed(text) => To::Malformed(text),
                From::TooExpensive(text) => To::TooExpensive(text),
                // A guest's own deadline has passed by then: it will not see the answer.
                From::Overloaded | From::TimedOut => To::Overloaded,
            })
        })
    }
}

struct Metrics(PluginMetrics);

impl capability::PluginMetrics for Metrics {
    fn record(
        &self,
        plugin: &str,
        name: &str,
        labels: &[(String, String)],
        change: MetricChange,
    ) -> Result<(), capability::MetricError> {
        let recorded = match change {
            MetricChange::CounterAdd(by) => self.0.counter_add(plugin, name, labels, by),
            MetricChange::GaugeSet(to) => self.0.gauge_set(plugin, name, labels, to),
            MetricChange::GaugeAdd(by) => self.0.gauge_add(plugin, name, labels, by),
            MetricChange::HistogramObserve(observed) => {
                self.0.histogram_observe(plugin, name, labels, observed)
            }
        };
        recorded.map_err(|error| match error {
            metrics::MetricError::Invalid(text) => capability::MetricError::Invalid(text),
            metrics::MetricError::TooManySeries => capability::MetricError::TooManySeries,
        })
    }
}
