//! Lets the engine load what a generation wants, tries out what was made anew, and puts errors into the
//! configuration's words.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::{LoadPlugin, LoadProblem, Wanted};
use crate::{
    capability::Services,
    config::Config,
    engine::{Engine, LoadError, LoadedPlugin, Origin, PluginSpec, Reading},
    pipeline::Plugin,
};

/// Plugins by their names.
pub(super) type Plugins = BTreeMap<String, Arc<LoadedPlugin>>;

/// The engine, and what it needs to load plugins of one configuration.
pub(super) struct EngineLoader {
    pub(super) engine: Engine,
    pub(super) services: Arc<Services>,
    secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Deadline of a probe, and of an init plugin.
    patience: Duration,
    /// What serves now, and may be used on.
    running: Plugins,
    reading: Arc<Reading>,
    done: Mutex<Done>,
}

/// What was loaded so far.
#[derive(Default)]
struct Done {
    plugins: Plugins,
    made: BTreeSet<String>,
}

impl EngineLoader {
    /// Reads the secrets: they stay as they are for the whole generation.
    pub(super) fn new(
        engine: Engine,
        services: Arc<Services>,
        config: &Config,
        running: Plugins,
    ) -> Result<Self, Vec<LoadProblem>> {
        let mut secrets = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, source) in &config.secrets {
            match source.read() {
                Ok(value) => {
                    secrets.insert(name.clone(), value);
                }
                Err(why) => {
                    let message = format!("the secret `{name}` cannot be read: {why}");
                    problems.push(LoadProblem::server(message));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        engine.set_limits(&config.limits);
        Ok(Self {
            engine,
            services,
            secrets,
            patience: config.limits.load_timeout,
            running,
            reading: Arc::default(),
            done: Mutex::default(),
        })
    }

    /// Makes an instance of each plugin that was not taken over, and then runs those among the init
    /// plugins, in configuration order.
    pub(super) async fn try_out(&self, config: &Config) -> Vec<LoadProblem> {
        let made: Plugins = {
            let done = self.done();
            let made = |(name, _): &(&String, &Arc<LoadedPlugin>)| done.made.contains(*name);
            let plugins = done.plugins.iter().filter(made);
            plugins
                .map(|(name, plugin)| (name.clone(), Arc::clone(plugin)))
                .collect()
        };
        let mut problems = Vec::new();
        for (name, plugin) in &made {
            if let Err(failure) = plugin.probe(Instant::now() + self.patience).await {
                let message = format!("it cannot be started: {failure}");
                problems.push(LoadProblem::code(name, message));
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        for entry in &config.pipeline.init {
            let Some(plugin) = made.get(&entry.name) else {
                continue;
            };
            let ran = plugin.run_init(Instant::now() + self.patience).await;
            if let Err(failure) = ran.answer {
                let message = format!("its init failed: {failure}");
                problems.push(LoadProblem::code(&entry.name, message));
            }
        }
        problems
    }

    /// Everything that is loaded, and the names of what was made anew.
    pub(super) fn finish(self) -> (Plugins, Vec<String>) {
        let done = self.done.into_inner();
        let done = done.unwrap_or_else(PoisonError::into_inner);
        (done.plugins, done.made.into_iter().collect())
    }

    /// The folders in which scripts found, or might have found, their modules.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.reading.folders()
    }

    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LoadPlugin for EngineLoader {
    fn load(&self, wanted: Wanted) -> BoxFuture<'_, Result<Arc<dyn Plugin>, Vec<LoadProblem>>> {
        Box::pin(async move {
            let name = wanted.name.clone();
            let running = self.running.get(&name).cloned();
            let spec = PluginSpec {
                name: wanted.name,
                kind: wanted.kind,
                source: wanted.source,
                config: wanted.config,
                secrets: self.secrets.clone(),
                services: Arc::clone(&self.services),
            };
            let loaded = self.engine.load_next(spec, running, &self.reading).await;
            let (plugin, origin) = loaded.map_err(|error| problems(&name, error))?;
            let mut done = self.done();
            if origin == Origin::Made {
                done.made.insert(name.clone());
            }
            done.plugins.insert(name, Arc::clone(&plugin));
            drop(done);
            Ok(plugin as Arc<dyn Plugin>)
        })
    }
}

/// One problem for each thing that is wrong.
fn problems(plugin: &str, error: LoadError) -> Vec<LoadProblem> {
    match error {
        LoadError::Configuration(found) => found
            .into_iter()
            .map(|one| LoadProblem::configuration(plugin, &one.path, one.message))
            .collect(),
        LoadError::Imports(found) => found
            .into_iter()
            .map(|one| LoadProblem::code(plugin, one))
            .collect(),
        LoadError::Script {
            message, traceback, ..
        } => {
            let problem = LoadProblem::code(plugin, message);
            vec![if traceback.is_empty() {
                problem
            } else {
                problem.with_help(traceback)
            }]
        }
        other => vec![LoadProblem::code(plugin, other.to_string())],
    }
}
