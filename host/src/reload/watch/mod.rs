//! Sees when a file changes that the running generation was made of.
//!
//! Watches folders, not files: an editor that writes a new file and renames it over the old one, and a
//! symbolic link that is pointed elsewhere, change a folder. A change counts once files have been left
//! alone for `reload.settle`.

mod set;

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher, event};
use tokio::sync::Notify;

use super::{Cause, Trigger};

pub(super) use set::WatchSet;

/// Files that are written all the time hold a reload up for so many times `settle`, not for ever.
const MOST_SETTLES: u32 = 20;
/// How long the waiting task outlives the watch at most.
const LOOK_UP: Duration = Duration::from_secs(60);

/// Watches until it is dropped.
pub struct Watch {
    shared: Arc<Shared>,
    watcher: RecommendedWatcher,
    /// Watched folders, and which file of the disk each was when it began.
    folders: BTreeMap<PathBuf, (u64, u64)>,
}

struct Shared {
    set: ArcSwap<WatchSet>,
    changed: Notify,
}

impl Watch {
    /// Starts watching nothing. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The system has no means to watch files, or no more of them.
    pub fn start(trigger: Trigger) -> Result<Self, String> {
        let shared = Arc::new(Shared {
            set: ArcSwap::default(),
            changed: Notify::new(),
        });
        let ear = Arc::clone(&shared);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if ear.concerns_us(&event) {
                ear.changed.notify_one();
            }
        })
        .map_err(|error| error.to_string())?;
        let waiting = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(shared) = waiting.upgrade() {
                // Looks up now and then whether the watch is gone.
                let changed = tokio::time::timeout(LOOK_UP, shared.changed.notified());
                if changed.await.is_ok() {
                    shared.settle().await;
                    trigger.pull(Cause::Files);
                }
            }
        });
        Ok(Self {
            shared,
            watcher,
            folders: BTreeMap::new(),
        })
    }

    /// Watches this from now on. What changed since `read_at` counts as a change.
    pub(super) fn update(&mut self, set: WatchSet, read_at: SystemTime) {
        let wanted: BTreeMap<_, _> = set
            .folders()
            .filter_map(|folder| Some((folder.to_path_buf(), identity(folder)?)))
            .collect();
        // A folder that was replaced by another one of the same name is not the one that is watched.
        self.folders.retain(|folder, known| {
            let stays = wanted.get(folder) == Some(known);
            if !stays {
                // Fails for folders that are gone.
                let _ = self.watcher.unwatch(folder);
            }
            stays
        });
        for (folder, identity) in wanted {
            if self.folders.contains_key(&folder) {
                continue;
            }
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder, identity);
                }
                Err(error) => tracing::warn!(
                    folder = %folder.display(),
                    %error,
                    "A folder cannot be watched: changes in it need a reload by hand"
                ),
            }
        }
        let missed = set.changed_since(read_at);
        self.shared.set.store(Arc::new(set));
        if missed {
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn concerns_us(&self, event: &notify::Result<notify::Event>) -> bool {
        match event {
            // Events were lost, or the watch is broken: better look once too often.
            Err(_) => true,
            Ok(event) if event.need_rescan() => true,
            Ok(event) => {
                let written = event::AccessKind::Close(event::AccessMode::Write);
                let is_change = match event.kind {
                    EventKind::Access(kind) => kind == written,
                    _ => true,
                };
                let set = self.set.load();
                is_change && event.paths.iter().any(|path| set.concerns(path))
            }
        }
    }

    /// Waits until nothing has changed for a while.
    async fn settle(&self) {
        let settle = self.set.load().settle();
        let quiet = async {
            while tokio::time::timeout(settle, self.changed.notified())
                .await
                .is_ok()
            {}
        };
        let _ = tokio::time::timeout(settle * MOST_SETTLES, quiet).await;
    }
}

fn identity(folder: &Path) -> Option<(u64, u64)> {
    let facts = std::fs::metadata(folder).ok()?;
    Some((facts.dev(), facts.ino()))
}
