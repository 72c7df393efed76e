//! A generation as the routes need it.

use http::HeaderValue;

use crate::{
    api, config,
    reload::{self, Generation},
};

/// Takes a loaded generation apart.
pub(super) fn for_api(generation: Generation) -> api::Generation {
    let backends = &generation.config.pipeline.backends;
    api::Generation {
        backend_numbers: backends
            .iter()
            .map(|entry| (entry.name.clone(), api::backend_number(&entry.source)))
            .collect(),
        hooks: hooks(generation.hooks, &generation.config.pipeline.hooks),
        pipeline: generation.pipeline,
        brute_force: generation.brute_force,
        server: generation.config.server.clone(),
        limits: generation.config.limits.clone(),
    }
}

/// Both lists are in configuration order.
fn hooks(loaded: Vec<reload::Hook>, entries: &[config::HookEntry]) -> api::HookTable {
    let mut table = api::HookTable::default();
    for (loaded, entry) in loaded.into_iter().zip(entries) {
        let hook = api::Hook {
            plugin: loaded.plugin,
            content_type: entry
                .content_type
                .as_deref()
                .and_then(|text| HeaderValue::from_str(text).ok()),
        };
        if let Some(alias) = &entry.alias {
            let key = (loaded.method.clone(), alias.clone());
            table.aliases.insert(key, hook.clone());
        }
        table
            .locations
            .insert((loaded.method, loaded.location), hook);
    }
    table
}
