//! A folder of its own for every server.
//!
//! Promises: removed on drop; readable and traversable by every user, because servers that drop
//! their rights (Dovecot) read their files as somebody else. Set `BULKHEAD_KEEP_SCRATCH=1` to keep
//! the folders for a look after a failure.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// A temporary folder.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Creates an empty folder whose name starts with `purpose`.
    pub fn new(purpose: &str) -> Self {
        let prefix = format!("bulkhead-{purpose}-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        if std::env::var_os("BULKHEAD_KEEP_SCRATCH").is_some() {
            builder.disable_cleanup(true);
        }
        let folder = builder.tempdir().expect("cannot create a scratch folder");
        open_to_all(folder.path());
        Self { folder }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the file `name` (which may hold slashes) is or would be.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("cannot create a folder in the scratch folder");
        }
        fs::write(&path, content).expect("cannot write to the scratch folder");
        path
    }

    /// Creates a folder that everybody may enter.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        fs::create_dir_all(&path).expect("cannot create a folder in the scratch folder");
        open_to_all(&path);
        path
    }
}

/// Everybody may enter and read, only the owner may write.
fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("cannot change the mode");
}
