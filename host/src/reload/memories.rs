//! Who remembers something of users in one generation: the login cache, and plugins in their own keys.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    capability,
    config::Config,
    login_cache::Cache,
    pipeline::{Forget, Forgot, Stages, Subject},
    store::{Key, Store},
};

/// Puts into the stages whoever remembers. Must be called within a tokio runtime.
pub(super) fn remember(stages: &mut Stages, config: &Config, store: &Arc<dyn Store>) {
    if let Some(settings) = &config.cache {
        let cache = Arc::new(Cache::new(settings, Arc::clone(store)));
        stages.cache = Some(cache.clone());
        stages.memories.push(cache);
    }
    let granted = config
        .plugins
        .iter()
        .filter(|(_, plugin)| plugin.grants.store);
    stages.memories.push(Arc::new(PluginKeys {
        store: Arc::clone(store),
        granted: granted.map(|(name, _)| name.clone()).collect(),
    }));
}

/// The keys that cache-flush plugins name, each in the plugin's own namespace.
struct PluginKeys {
    store: Arc<dyn Store>,
    /// Plugins with the grant `store`.
    granted: BTreeSet<String>,
}

impl Forget for PluginKeys {
    fn forget<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>> {
        Box::pin(async move {
            let mut forgot = Forgot::default();
            for (plugin, name) in &subject.plugin_keys {
                if !self.granted.contains(plugin) {
                    return Err(format!(
                        "{plugin}: it names keys, but has no keys: add `grants: {{store: true}}`"
                    ));
                }
                let key = Key::new(capability::store_namespace(plugin), name.as_bytes());
                match self.store.delete(key).await {
                    Ok(true) => forgot.keys.push(format!("plugin:{plugin}:{name}")),
                    Ok(false) => {}
                    Err(error) => return Err(format!("{plugin}: {error}")),
                }
            }
            Ok(forgot)
        })
    }
}
