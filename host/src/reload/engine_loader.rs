//! Lets the engine load what a generation wants, runs init plugins, and puts errors into the
//! configuration's words.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::{LoadPlugin, LoadProblem, Wanted};
use crate::{
    capability::Services,
    config::Config,
    engine::{Engine, LoadError, PluginKind, PluginSpec},
    pipeline::Plugin,
};

/// The engine, and what it needs to load plugins of one configuration.
pub(super) struct EngineLoader {
    engine: Engine,
    services: Arc<Services>,
    secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Deadline of an init plugin.
    init_timeout: Duration,
}

impl EngineLoader {
    /// Reads the secrets: they stay as they are for the whole generation.
    pub(super) fn new(
        engine: Engine,
        services: Arc<Services>,
        config: &Config,
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
        if problems.is_empty() {
            Ok(Self {
                engine,
                services,
                secrets,
                init_timeout: config.limits.load_timeout,
            })
        } else {
            Err(problems)
        }
    }
}

impl LoadPlugin for EngineLoader {
    fn load(&self, wanted: Wanted) -> BoxFuture<'_, Result<Arc<dyn Plugin>, Vec<LoadProblem>>> {
        Box::pin(async move {
            let name = wanted.name.clone();
            let spec = PluginSpec {
                name: wanted.name,
                kind: wanted.kind,
                source: wanted.source,
                config: wanted.config,
                secrets: self.secrets.clone(),
                services: Arc::clone(&self.services),
            };
            let is_init = spec.kind == PluginKind::Init;
            let plugin = self
                .engine
                .load(spec)
                .await
                .map_err(|error| problems(&name, error))?;
            if is_init {
                let ran = plugin.run_init(Instant::now() + self.init_timeout).await;
                if let Err(failure) = ran.answer {
                    let message = format!("its init failed: {failure}");
                    return Err(vec![LoadProblem::code(&name, message)]);
                }
            }
            Ok(plugin as Arc<dyn Plugin>)
        })
    }
}

/// One problem for each thing that is wrong.
pub(super) fn problems(plugin: &str, error: LoadError) -> Vec<LoadProblem> {
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
