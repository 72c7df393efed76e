//! The sandbox: compiles, caches, freezes and runs components within their limits.
//!
//! Together with `capability` the only room that names wasmtime. Everything that a guest can do wrong
//! ends in a `LoadError` when it is loaded and in a `pipeline::Failure` when it runs, never in a panic
//! and never in an accept.

mod aot;
mod builtin;
mod classify;
mod error;
mod freeze;
mod functions;
mod image;
mod inputs;
mod inspect;
mod kind;
mod lane;
mod load;
mod plugin;
mod prune;
mod rights;
mod script;
mod script_name;
mod settings;
mod surface;
mod ticker;
mod waiting;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use zeroize::Zeroizing;

pub use builtin::plugin_names;
pub use error::{ConfigurationProblem, EngineError, LoadError};
pub use inputs::Reading;
pub use kind::PluginKind;
pub use plugin::LoadedPlugin;
pub use script::{ScriptError, ScriptRun};
pub use surface::Surface;

use crate::{
    capability::{self, CallState, Services},
    config::{PluginConfig, PluginSource, ServerLimits},
};

/// What an engine needs to know.
pub struct EngineSettings<'a> {
    /// Where compiled components are kept; none: they are compiled at each start.
    pub cache_directory: Option<PathBuf>,
    /// `limits`
    pub limits: &'a ServerLimits,
}

/// Loads and runs plugins. Cheap to clone; one per server, or per test run.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What all plugins of an engine share.
struct Shared {
    engine: wasmtime::Engine,
    linker: Linker<CallState>,
    /// With WASI; for other people's components.
    wasi_linker: Linker<CallState>,
    ticker: ticker::Ticker,
    lane: lane::Lane,
    /// `limits.instances`
    places: Arc<Semaphore>,
    cache: Option<aot::Cache>,
    functions: Arc<functions::Functions>,
    /// Those that a reload may change: `load_timeout`, `component_bytes`, `context_bytes` and
    /// `store_value_bytes`. Each load takes them as they are then.
    limits: ArcSwap<ServerLimits>,
    /// The Lua runtime, instrumented and compiled; every script starts from it.
    runtime: OnceLock<Result<load::Runtime, String>>,
}

/// What to load.
pub struct PluginSpec {
    /// As configured; also its namespace in the store.
    pub name: String,
    /// The stage that it is configured for.
    pub kind: PluginKind,
    /// Where its code is.
    pub source: PluginSource,
    /// `plugins.NAME`
    pub config: PluginConfig,
    /// All that are configured; the plugin gets those that its grant names.
    pub secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// The outside.
    pub services: Arc<Services>,
}

/// Where a plugin that was asked for came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the one that runs already: nothing that it is made of has changed.
    Running,
    /// It was made now, from its code or from the cache.
    Made,
}

/// Who a plugin says that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its own name, which need not be the configured one.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub summary: String,
}

/// What `bulkhead plugin inspect` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Who it is.
    pub description: Description,
    /// What it imports and exports.
    pub surface: Surface,
    /// What it can be used as.
    pub kinds: Vec<PluginKind>,
    /// Keys of the grants that it needs.
    pub grants: Vec<&'static str>,
}

impl Engine {
    /// Sets up the sandbox and starts its threads.
    pub fn new(settings: EngineSettings<'_>) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup(format!("{error:#}"));
        let functions = Arc::new(functions::Functions::new());
        let (engine, _pooled) =
            settings::make(settings.limits, functions.clone()).map_err(setup)?;
        let mut linker = Linker::new(&engine);
        capability::link(&mut linker, false).map_err(setup)?;
        let mut wasi_linker = Linker::new(&engine);
        capability::link(&mut wasi_linker, true).map_err(setup)?;
        let cache = settings.cache_directory.and_then(|folder| {
            let folder = folder.join("components");
            aot::Cache::open(&folder)
                .inspect_err(|error| {
                    tracing::warn!(
                        "compiled components are not kept in {}: {error}",
                        folder.display()
                    );
                })
                .ok()
        });
        let places = usize::try_from(settings.limits.instances).unwrap_or(usize::MAX);
        Ok(Self {
            shared: Arc::new(Shared {
                ticker: ticker::Ticker::start(&engine)?,
                lane: lane::Lane::start()?,
                engine,
                linker,
                wasi_linker,
                places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
                cache,
                functions,
                limits: ArcSwap::from_pointee(settings.limits.clone()),
                runtime: OnceLock::new(),
            }),
        })
    }

    /// Loads a component or script: checks its grants, sets it up, freezes and compiles it.
    ///
    /// Needs a tokio runtime. Computing happens on its blocking threads.
    pub async fn load(&self, spec: PluginSpec) -> Result<Arc<LoadedPlugin>, LoadError> {
        let reading = Arc::new(Reading::new());
        let (plugin, _) = self.load_next(spec, None, &reading).await?;
        Ok(plugin)
    }

    /// The same for a plugin that may run already: it is used on, with its instances, if nothing that
    /// it is made of has changed. Plugins of one generation share a `reading`.
    pub async fn load_next(
        &self,
        spec: PluginSpec,
        running: Option<Arc<LoadedPlugin>>,
        reading: &Arc<Reading>,
    ) -> Result<(Arc<LoadedPlugin>, Origin), LoadError> {
        load::load(&self.shared, spec, running, reading).await
    }

    /// Takes over those limits that need no new engine; the others
    /// stay. Plugins that are loaded keep theirs.
    pub fn set_limits(&self, limits: &ServerLimits) {
        self.shared.limits.store(Arc::new(limits.clone()));
    }

    /// Removes compiled code that nobody has used for `unused`. Blocks on the disk.
    pub fn prune_cache(&self, unused: Duration) {
        if let Some(cache) = &self.shared.cache {
            match cache.prune(unused) {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "Old compiled code was removed"),
                Err(error) => tracing::warn!(%error, "Old compiled code cannot be removed"),
            }
        }
    }

    /// Runs a plain Lua program to its end and returns its exit code.
    pub async fn run_script(&self, run: ScriptRun) -> Result<u8, ScriptError> {
        script::run(&self.shared, run).await
    }

    /// Compiles a plain Lua program and the modules that it names, and runs nothing of it.
    pub async fn compile_script(&self, run: ScriptRun) -> Result<(), ScriptError> {
        script::compile(&self.shared, run).await
    }

    /// Says what a component is, without using it.
    pub async fn inspect(&self, bytes: Vec<u8>) -> Result<Inspection, LoadError> {
        inspect::inspect(&self.shared, bytes).await
    }
}

/// [`Engine::inspect`] with an engine of its own.
pub async fn inspect(bytes: Vec<u8>) -> Result<Inspection, LoadError> {
    let limits = inspect::inspection_limits();
    let engine = Engine::new(EngineSettings {
        cache_directory: None,
        limits: &limits,
    })
    .map_err(|error| LoadError::Runtime(error.to_string()))?;
    engine.inspect(bytes).await
}
