//! What outlives generations, and the way from a configuration to a server that could answer.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use super::{
    Generation, LoadProblem,
    engine_loader::{EngineLoader, Plugins},
    lease::{Lease, Register},
    services,
};
use crate::{
    backend_io::sql,
    capability::Services,
    config::{Config, StoreConfig},
    engine::{Engine, EngineSettings},
    observe::metrics::{PluginMetrics, ServerMetrics},
    store::{self, MemoryStore, OpenError, Store},
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
    /// What plugins count.
    pub metrics: PluginMetrics,
    /// What the server counts; its pages show both.
    pub server_metrics: ServerMetrics,
    /// Shared state.
    pub store: Arc<dyn Store>,
    /// The SQL databases in use.
    pub databases: sql::Registry,
    /// What the next generation may use on.
    pub running: Running,
}

/// What a generation leaves to the next one.
pub struct Running {
    pub(super) engine: Engine,
    pub(super) services: Arc<Services>,
    pub(super) config: Arc<Config>,
    pub(super) plugins: Plugins,
    pub(super) lease: Arc<Lease>,
    pub(super) register: Arc<Register>,
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
    let store = open_store(&config.store, store).map_err(|problem| vec![problem])?;
    let store = server_metrics.counting(store);
    let engine = Engine::new(EngineSettings {
        cache_directory: Some(config.cache_directory.clone()),
        limits: &config.limits,
    })
    .map_err(|error| vec![LoadProblem::server(error.to_string())])?;
    let databases = sql::Registry::new(Arc::new(server_metrics.clone()));
    let services = Arc::new(services::services(
        &config,
        Arc::clone(&store),
        metrics.clone(),
        databases.clone(),
    ));
    let read_at = SystemTime::now();
    let loader = EngineLoader::new(engine.clone(), services.clone(), &config, Plugins::new())?;
    let register = Register::new(metrics.clone());
    let built = build(Arc::new(config), loader, register, 1, read_at).await?;
    built.running.lease.begin();
    Ok(Server {
        generation: built.generation,
        running: built.running,
        engine,
        services,
        metrics,
        server_metrics,
        store,
        databases,
    })
}

/// Loads everything and tries out what is new.
pub(super) async fn build(
    config: Arc<Config>,
    loader: EngineLoader,
    register: Arc<Register>,
    number: u64,
    read_at: SystemTime,
) -> Result<Built, Vec<LoadProblem>> {
    let mut generation = Generation::load(Arc::clone(&config), &loader).await?;
    let problems = loader.try_out(&config).await;
    if !problems.is_empty() {
        return Err(problems);
    }
    let folders = loader.folders();
    let (engine, services) = (loader.engine.clone(), Arc::clone(&loader.services));
    let (plugins, made) = loader.finish();
    let lease = Lease::new(&register, number, plugins.keys().cloned());
    generation.hold(lease.clone());
    Ok(Built {
        generation,
        made,
        running: Running {
            engine,
            services,
            config,
            plugins,
            lease,
            register,
            folders,
            read_at,
        },
    })
}

fn open_store(config: &StoreConfig, wanted: StoreUse) -> Result<Arc<dyn Store>, LoadProblem> {
    if wanted == StoreUse::InMemory {
        return Ok(Arc::new(MemoryStore::new()));
    }
    match store::open(config) {
        Ok(store) => Ok(store),
        Err(OpenError::Locked(path)) if wanted == StoreUse::ConfiguredIfFree => {
            tracing::warn!(
                store = %path.display(),
                "Another process has the store: this login sees an empty one"
            );
            Ok(Arc::new(MemoryStore::new()))
        }
        Err(error) => Err(LoadProblem::unavailable(error.to_string())),
    }
}
