//! When a generation has ended: the last request, hook call and post action that began in it.
//!
//! A [`Lease`] travels with the pipeline and everything that it starts. When the last copy goes, so has
//! all that the generation loaded and no later one uses.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use crate::observe::metrics::PluginMetrics;

/// What all generations of a server share.
pub(super) struct Register {
    metrics: PluginMetrics,
    /// Names of the plugins in force.
    serving: Mutex<BTreeSet<String>>,
}

/// One generation is in use.
pub(super) struct Lease {
    number: u64,
    plugins: BTreeSet<String>,
    retired: OnceLock<Instant>,
    register: Arc<Register>,
}

impl Register {
    pub(super) fn new(metrics: PluginMetrics) -> Arc<Self> {
        Arc::new(Self {
            metrics,
            serving: Mutex::default(),
        })
    }

    fn serving(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(super) fn new(
        register: &Arc<Register>,
        number: u64,
        plugins: impl IntoIterator<Item = String>,
    ) -> Arc<Self> {
        Arc::new(Self {
            number,
            plugins: plugins.into_iter().collect(),
            retired: OnceLock::new(),
            register: Arc::clone(register),
        })
    }

    /// From now on requests begin in this generation.
    pub(super) fn begin(&self) {
        self.register.serving().clone_from(&self.plugins);
    }

    /// From now on no request begins in it.
    pub(super) fn retire(&self) {
        let _ = self.retired.set(Instant::now());
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The one that serves when the server stops does not end in favour of another.
        let Some(retired) = self.retired.get() else {
            return;
        };
        let serving = self.register.serving();
        // Not before: its last post action may still have counted something.
        for gone in self.plugins.difference(&serving) {
            self.register.metrics.forget(gone);
        }
        drop(serving);
        let drained_ms = u64::try_from(retired.elapsed().as_millis()).unwrap_or(u64::MAX);
        let number = self.number;
        tracing::info!(drained_ms, "Generation {number} has ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_a_plugin_counted_is_forgotten_when_the_last_generation_that_has_it_ends() {
        let metrics = PluginMetrics::new(10);
        let register = Register::new(metrics.clone());
        let first = Lease::new(&register, 1, names(&["stays", "goes"]));
        first.begin();
        for plugin in ["stays", "goes"] {
            assert!(metrics.counter_add(plugin, "calls", &[], 1.0).is_ok());
        }
        let in_flight = Arc::clone(&first);
        let second = Lease::new(&register, 2, names(&["stays"]));
        second.begin();
        first.retire();
        drop(first);
        assert!(metrics.encode().contains("goes"));
        drop(in_flight);
        assert!(!metrics.encode().contains("goes"));
        assert!(metrics.encode().contains("stays"));
        drop(second);
        assert!(metrics.encode().contains("stays"));
    }
}
