//! The grants in use, over all generations: for `/healthz` and metrics.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use super::{GrantError, HttpEgress, destinations::Destinations};
use crate::config::HttpGrant;

/// Hears that a destination of the plugin of that name is left alone from now on.
pub type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// All grants in use.
#[derive(Clone)]
pub struct Registry {
    open: Arc<Mutex<Vec<Weak<Destinations>>>>,
    listener: Listener,
}

/// How the destinations of a plugin are that asked some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The plugin's name.
    pub plugin: String,
    /// Those that are left alone (scheme, host and port), and why.
    pub left_alone: BTreeMap<String, String>,
}

impl Registry {
    /// Without grants.
    pub fn new(listener: Listener) -> Self {
        Self {
            open: Arc::default(),
            listener,
        }
    }

    /// Reads the grant of a plugin.
    ///
    /// # Errors
    /// [`GrantError`], which names the wrong entry.
    pub fn compile(&self, plugin: &str, grant: &HttpGrant) -> Result<HttpEgress, GrantError> {
        let listener = Some(Arc::clone(&self.listener));
        let egress = HttpEgress::compile_for(plugin, grant, listener)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|destinations| destinations.strong_count() > 0);
        open.push(Arc::downgrade(&egress.destinations));
        Ok(egress)
    }

    /// How the destinations are, by plugin. Only plugins that asked any are there.
    pub fn conditions(&self) -> Vec<Condition> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<_> = open.iter().filter_map(Weak::upgrade).collect();
        drop(open);
        let now = Instant::now();
        let mut conditions: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
        for destinations in &all {
            if let Some(left_alone) = destinations.left_alone(now) {
                let of_plugin = conditions.entry(&destinations.plugin).or_default();
                of_plugin.extend(left_alone);
            }
        }
        conditions
            .into_iter()
            .map(|(plugin, left_alone)| Condition {
                plugin: plugin.to_owned(),
                left_alone,
            })
            .collect()
    }
}
