//! What outlives generations, and the way from a configuration to a server that could answer.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use super::{
    Generation, LoadProblem,
    engine_loader::{EngineLoader, Plugins},
    lease::{Lease, Register},
    services,
};
use crate::{
    backend_io::{dns::Resolver, geoip::Databases, http, ldap::LdapClient, sql},
    capability::{NameLookup, Services},
    config::Config,
    control::brute_force,
    engine::{Engine, EngineSettings},
    observe::metrics::{PluginMetrics, ServerMetrics},
    store::{self, Limits, MemoryStore, OpenError, StartError, Store},
    upstream,
};

/// Which store to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreUse {
    /// The configured one.
    Configured,
    /// The configured one, or an empty one in memory if another process has it.
    ConfiguredIfFree,
    /// An empty one in memory: nothing on disk is touched.
    InMemory,
}

/// Everything below the listener.
pub struct Server {
    /// What is in force at the start.
    pub generation: Generation,
    /// Runs plugins; loads the next generation.
    pub engine: Engine,
    /// What plugins reach.
    pub services: Arc<Services>,
    /// The directories among them. Nobody tries them out yet.
    pub ldap: Arc<LdapClient>,
    /// What plugins count.
    pub metrics: PluginMetrics,
    /// What the server counts; its pages show both.
    pub server_metrics: ServerMetrics,
    /// Shared state.
    pub store: Arc<dyn Store>,
    /// The servers behind the proxies; nobody checks them yet.
    pub upstreams: Arc<upstream::Current>,
    /// Asks the domain name system.
    pub resolver: Arc<Resolver>,
    /// The SQL databases in use.
    pub sql: sql::Registry,
    /// Where plugins send requests.
    pub http: http::Registry,
    /// What the next generation may use on.
    pub running: Running,
}

/// What a generation leaves to the next one.
pub struct Running {
    pub(super) engine: Engine,
    pub(super) services: Arc<Services>,
    /// Know where addresses are; each generation brings its own.
    pub(super) databases: Arc<Databases>,
    pub(super) config: Arc<Config>,
    pub(super) plugins: Plugins,
    pub(super) lease: Arc<Lease>,
    pub(super) register: Arc<Register>,
    pub(super) failures: Arc<brute_force::Node>,
    /// Where scripts look for modules.
    pub(super) folders: Vec<PathBuf>,
    /// When its files began to be read.
    pub(super) read_at: SystemTime,
}

/// A generation that could serve, and what it leaves to the next one.
pub(super) struct Built {
    pub(super) generation: Generation,
    pub(super) running: Running,
    /// Names of the plugins that were not taken over.
    pub(super) made: Vec<String>,
}

/// Opens the store, starts the engine, loads the first generation and tries out its plugins. Example
/// logins are for the caller to run: [`super::self_test`].
///
/// # Errors
///
/// Everything that stands in the way.
pub async fn start(config: Config, store: StoreUse) -> Result<Server, Vec<LoadProblem>> {
    let metrics = PluginMetrics::new(config.limits.metric_series);
    let server_metrics = ServerMetrics::new(&metrics);
    let store = open_store(&config, store).map_err(|problem| vec![problem])?;
    tokio::spawn(say_if_away(store.clone()));
    let store = server_metrics.counting(store);
    let engine = Engine::new(EngineSettings {
        cache_directory: Some(config.cache_directory.clone()),
        limits: &config.limits,
    })
    .map_err(|error| vec![LoadProblem::server(error.to_string())])?;
    let resolver = Resolver::new(&config.dns, server_metrics.name_lookups()).map_err(|why| {
        vec![LoadProblem::server(format!(
            "names cannot be looked up: {why}"
        ))]
    })?;
    let resolver = Arc::new(resolver);
    let databases = Databases::new(server_metrics.address_lookups());
    databases
        .prepare(&config.geoip)
        .map_err(|problems| {
            problems
                .into_iter()
                .map(LoadProblem::server)
                .collect::<Vec<_>>()
        })?
        .commit();
    let names: Arc<dyn NameLookup> = Arc::clone(&resolver) as _;
    let watch = Arc::new(services::LdapWatch(server_metrics.clone()));
    let ldap = LdapClient::new(&config.ldap, watch).map_err(|wrong| {
        let problems = wrong.into_iter().map(LoadProblem::server);
        problems.collect::<Vec<_>>()
    })?;
    let ldap = Arc::new(ldap);
    let sql = sql::Registry::new(Arc::new(server_metrics.clone()));
    let http = http::Registry::new(server_metrics.destinations_left_alone());
    let clients = services::Clients {
        ldap: ldap.clone(),
        names,
        databases: Arc::clone(&databases),
        sql: sql.clone(),
        http: http.clone(),
    };
    let services = Arc::new(services::services(
        &config,
        Arc::clone(&store),
        metrics.clone(),
        clients,
    ));
    let read_at = SystemTime::now();
    let loader = EngineLoader::new(engine.clone(), services.clone(), &config, Plugins::new())?;
    let register = Register::new(metrics.clone());
    let failures = brute_force::Node::new(Arc::clone(&store));
    let config = Arc::new(config);
    let built = build(config, loader, databases, register, failures, 1, read_at).await?;
    built.running.lease.begin();
    Ok(Server {
        generation: built.generation,
        running: built.running,
        engine,
        services,
        ldap,
        metrics,
        server_metrics,
        store,
        upstreams: Arc::default(),
        resolver,
        sql,
        http,
    })
}

/// Loads everything and tries out what is new.
pub(super) async fn build(
    config: Arc<Config>,
    loader: EngineLoader,
    databases: Arc<Databases>,
    register: Arc<Register>,
    failures: Arc<brute_force::Node>,
    number: u64,
    read_at: SystemTime,
) -> Result<Built, Vec<LoadProblem>> {
    let mut generation =
        Generation::load(Arc::clone(&config), &loader, &loader.services.store).await?;
    let problems = loader.try_out(&config).await;
    if !problems.is_empty() {
        return Err(problems);
    }
    let folders = loader.folders();
    let (engine, services) = (loader.engine.clone(), Arc::clone(&loader.services));
    let (plugins, made) = loader.finish();
    let lease = Lease::new(&register, number, plugins.keys().cloned());
    generation.hold(lease.clone());
    generation.count_failures(&failures);
    Ok(Built {
        generation,
        made,
        running: Running {
            engine,
            services,
            databases,
            config,
            plugins,
            lease,
            register,
            failures,
            folders,
            read_at,
        },
    })
}

/// A server starts without its store; somebody should know.
async fn say_if_away(store: Arc<dyn Store>) {
    if let Err(error) = store.check().await {
        tracing::warn!(%error, "The store does not work yet");
    }
}

fn open_store(config: &Config, wanted: StoreUse) -> Result<Arc<dyn Store>, LoadProblem> {
    let limits = Limits::from(&config.limits);
    let in_memory = || Arc::new(MemoryStore::new().with_limits(limits));
    if wanted == StoreUse::InMemory {
        return Ok(in_memory());
    }
    match store::open(&config.store, limits) {
        Ok(store) => Ok(store),
        Err(StartError::File(OpenError::Locked(path))) if wanted == StoreUse::ConfiguredIfFree => {
            tracing::warn!(
                store = %path.display(),
                "Another process has the store: this login sees an empty one"
            );
            Ok(in_memory())
        }
        Err(error) => Err(LoadProblem::unavailable(error.to_string())),
    }
}
