//! Lets the engine load what a generation wants.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{LoadPlugin, LoadProblem, Wanted};
use crate::{capability::Services, config::Config, engine::Engine, pipeline::Plugin};

/// The engine, and what it needs to load plugins of one configuration.
pub(super) struct EngineLoader {
    engine: Arc<Engine>,
    services: Arc<Services>,
}

impl EngineLoader {
    pub(super) fn new(
        engine: Arc<Engine>,
        services: Arc<Services>,
        _config: &Config,
    ) -> Result<Self, Vec<LoadProblem>> {
        Ok(Self { engine, services })
    }
}

impl LoadPlugin for EngineLoader {
    fn load(&self, wanted: Wanted) -> BoxFuture<'_, Result<Arc<dyn Plugin>, Vec<LoadProblem>>> {
        Box::pin(async move {
            let _ = (&self.engine, &self.services);
            Err(vec![LoadProblem::code(&wanted.name, "no engine yet")])
        })
    }
}
