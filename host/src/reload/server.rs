//! What outlives generations, and the way from a configuration to a server that could answer.

use std::sync::Arc;

use super::{Generation, LoadProblem, engine_loader::EngineLoader, services};
use crate::{
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
}

/// Opens the store, starts the engine, and loads the first generation.
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
    let services = Arc::new(services::services(
        &config,
        Arc::clone(&store),
        metrics.clone(),
    ));
    let config = Arc::new(config);
    let loader = EngineLoader::new(engine.clone(), Arc::clone(&services), &config)?;
    let generation = Generation::load(config, &loader).await?;
    Ok(Server {
        generation,
        engine,
        services,
        metrics,
        server_metrics,
        store,
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
