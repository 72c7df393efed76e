//! The open database, and how it comes back after a failing disk.
//!
//! Once a write has failed (a full disk, say), redb refuses everything until the file is opened
//! again. The writer does that, so that the store works again as soon as the disk does, without a
//! restart of the server.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ::redb::Database;

use super::{super::StoreError, OpenError};

/// How a database is opened.
pub(super) type Opener = Box<dyn Fn(&Path) -> Result<Database, OpenError> + Send + Sync>;

/// Nothing while it is closed.
pub(super) struct Slot {
    path: PathBuf,
    opener: Opener,
    current: RwLock<Option<Arc<Database>>>,
}

impl Slot {
    pub(super) fn open(path: &Path, opener: Opener) -> Result<Self, OpenError> {
        let database = opener(path)?;
        Ok(Self {
            path: path.to_owned(),
            opener,
            current: RwLock::new(Some(Arc::new(database))),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The database. Hold it for one transaction only.
    pub(super) fn get(&self) -> Result<Arc<Database>, StoreError> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current
            .clone()
            .ok_or_else(|| StoreError::Unavailable("the disk failed".to_owned()))
    }

    /// As [`Slot::get`], but opens it if it is closed. For the writer only.
    pub(super) fn get_or_open(&self) -> Result<Arc<Database>, StoreError> {
        if let Ok(database) = self.get() {
            return Ok(database);
        }
        let database = (self.opener)(&self.path)
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        tracing::info!(path = %self.path.display(), "the store works again");
        let database = Arc::new(database);
        self.put(Some(database.clone()));
        Ok(database)
    }

    /// Closes it after a failure, as soon as the last reader has gone. For the writer only.
    pub(super) fn close(&self) {
        let Some(mut database) = self.put(None) else {
            return;
        };
        // Reads take microseconds; while one still runs, the file's lock is held.
        for _ in 0..100 {
            match Arc::try_unwrap(database) {
                Ok(_last) => return,
                Err(shared) => database = shared,
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.put(Some(database));
    }

    fn put(&self, database: Option<Arc<Database>>) -> Option<Arc<Database>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, database)
    }
}
