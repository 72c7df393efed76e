//! The databases that are in use. Plugins of several generations share one as long as its configuration
//! is the same; it is closed when the last of them is gone.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use super::{Database, Listener};
use crate::config::SqlDatabase;

/// All databases in use.
#[derive(Clone)]
pub struct Registry {
    open: Arc<Mutex<Vec<Weak<Database>>>>,
    listener: Arc<dyn Listener>,
}

/// How a database is, as far as is known without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its name in the configuration.
    pub database: String,
    /// Why it cannot be asked; may name hosts and accounts.
    pub problem: Option<String>,
    /// Connections in use.
    pub used: usize,
    /// Connections that are open.
    pub open: usize,
    /// Hosts that are left alone after failures.
    pub left_alone: usize,
}

impl Registry {
    /// Without databases.
    pub fn new(listener: Arc<dyn Listener>) -> Self {
        Self {
            open: Arc::default(),
            listener,
        }
    }

    /// The database of that configuration. Must be called within a tokio runtime, which looks after it.
    ///
    /// # Errors
    /// What of the configuration cannot be used.
    pub fn open(&self, config: &Arc<SqlDatabase>) -> Result<Arc<Database>, String> {
        let mut open = self.all();
        open.retain(|database| database.strong_count() > 0);
        let known = open
            .iter()
            .filter_map(Weak::upgrade)
            .find(|database| database.config() == config);
        if let Some(database) = known {
            return Ok(database);
        }
        let database = Database::new(Arc::clone(config), Arc::clone(&self.listener))?;
        let database = Arc::new(database);
        open.push(Arc::downgrade(&database));
        drop(open);
        let looking = look_after(Arc::downgrade(&database), config.probe_interval);
        tokio::spawn(looking);
        Ok(database)
    }

    /// How they all are, by name.
    pub fn conditions(&self) -> Vec<Condition> {
        let databases: Vec<_> = self.all().iter().filter_map(Weak::upgrade).collect();
        let mut conditions: Vec<_> = databases
            .iter()
            .map(|database| {
                let (used, open) = database.connections();
                Condition {
                    database: database.config().name.clone(),
                    problem: database.problem(),
                    used,
                    open,
                    left_alone: database.left_alone(),
                }
            })
            .collect();
        conditions.sort_by(|one, other| one.database.cmp(&other.database));
        conditions
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Database>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Probes until nobody uses the database any more.
async fn look_after(database: Weak<Database>, interval: Duration) {
    while let Some(database) = database.upgrade() {
        database.probe().await;
        drop(database);
        tokio::time::sleep(interval).await;
    }
}
