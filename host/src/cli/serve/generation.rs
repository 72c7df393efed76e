//! A generation as the routes need it.

use crate::{api, reload::Generation};

/// Takes a loaded generation apart.
pub(super) fn for_api(generation: Generation) -> api::Generation {
    let backends = &generation.config.pipeline.backends;
    api::Generation {
        backend_numbers: backends
            .iter()
            .map(|entry| (entry.name.clone(), api::backend_number(&entry.source)))
            .collect(),
        hooks: generation
            .hooks
            .into_iter()
            .map(|hook| ((hook.method, hook.location), hook.plugin))
            .collect(),
        pipeline: generation.pipeline,
        server: generation.config.server.clone(),
        limits: generation.config.limits.clone(),
    }
}
