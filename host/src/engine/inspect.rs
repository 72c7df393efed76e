//! What `bulkhead plugin inspect` tells of a component: it is described, but neither configured nor used.

use std::{path::PathBuf, sync::Arc};

use super::{
    Inspection, LoadError, PluginSpec, Shared, Surface,
    freeze::{self, Setup},
    load::compile,
    rights::rights,
};
use crate::{
    capability::{Services, Sources},
    config::{Grants, Limits, PluginConfig, PluginSource, ServerLimits},
};

pub(super) async fn inspect(shared: &Arc<Shared>, bytes: Vec<u8>) -> Result<Inspection, LoadError> {
    let handle = tokio::runtime::Handle::current();
    let shared = shared.clone();
    let task = tokio::task::spawn_blocking(move || handle.block_on(inspect_here(&shared, &bytes)));
    task.await.unwrap_or_else(|error| {
        Err(LoadError::Failed {
            step: "inspect",
            reason: error.to_string(),
        })
    })
}

async fn inspect_here(shared: &Shared, bytes: &[u8]) -> Result<Inspection, LoadError> {
    let surface = Surface::read(bytes)?;
    let kinds = surface.kinds();
    let Some(kind) = kinds.first() else {
        return Err(LoadError::MissingExport {
            kind: "plugin",
            missing: "bulkhead:policy/lifecycle@0.1.0 and the interface of a kind".to_owned(),
            exports: surface.exports,
        });
    };
    let spec = PluginSpec {
        name: "inspected".to_owned(),
        kind: *kind,
        source: PluginSource::Component(PathBuf::new()),
        config: PluginConfig {
            grants: Grants::default(),
            limits: Limits::default(),
            ..PluginConfig::default()
        },
        secrets: std::collections::BTreeMap::new(),
        services: Arc::new(Services::none()),
    };
    let rights = rights(&shared.limits.load(), &spec, Sources::default())?;
    let rights = Arc::new(rights);
    let component = compile(shared, bytes)?;
    let setup = Setup {
        configuration: None,
        bundle: None,
        timeout: shared.limits.load().load_timeout,
    };
    let _running = shared.ticker.run();
    let state = freeze::loading_state(rights, setup.timeout);
    let ready = freeze::set_up(&shared.wasi_linker, &component, state, &setup).await?;
    Ok(Inspection {
        description: ready.description,
        kinds,
        grants: surface.grants(),
        surface,
    })
}

/// The limits of an engine that only looks at one component.
pub(super) fn inspection_limits() -> ServerLimits {
    ServerLimits {
        instances: 10,
        ..ServerLimits::default()
    }
}
