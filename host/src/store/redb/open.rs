//! Opening the file: every way in which it can go wrong, with what to do about it.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use ::redb::{Database, backends::FileBackend};

use super::migrate::{FORMAT, prepare};

/// Pages that are kept in memory.
const CACHE_BYTES: usize = 32 << 20;

/// Why the store's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the lock.
    #[error(
        "the store `{0}` is in use by another process; stop that process, or give this one a `store.path` of its own"
    )]
    Locked(PathBuf),
    /// The file or folder may not be read or written.
    #[error(
        "no permission to open the store `{0}`; give the user that runs bulkhead read and write access to the file and its folder, or change `store.path`"
    )]
    Permission(PathBuf),
    /// The folder cannot be made, or the path names a folder.
    #[error("the store cannot be placed at `{0}` ({1}); change `store.path`")]
    Place(PathBuf, String),
    /// It is not a database, or a damaged one.
    #[error(
        "the store `{0}` is damaged or not a store ({1}); move the file away to start with an empty store, or restore it from a backup"
    )]
    Corrupt(PathBuf, String),
    /// Made by another version.
    #[error(
        "the store `{0}` has format {1}, this version reads formats up to {FORMAT}; use the version that made it, or move the file away"
    )]
    Format(PathBuf, u64),
    /// Anything else.
    #[error("the store `{0}` cannot be opened: {1}")]
    Other(PathBuf, String),
}

pub(super) fn open(path: &Path) -> Result<Database, OpenError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| from_io(path, &error))?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| from_io(path, &error))?;
    // A file that redb did not write may break what redb relies on: a panic is one more way to say
    // that it is damaged.
    let opened = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(FileBackend::new(file)?)?;
        let format = prepare(&database)?;
        Ok::<_, ::redb::Error>((database, format))
    }));
    match opened {
        Ok(Ok((database, FORMAT))) => Ok(database),
        Ok(Ok((_, other))) => Err(OpenError::Format(path.to_owned(), other)),
        Ok(Err(error)) => Err(from_redb(path, error)),
        Err(_) => Err(OpenError::Corrupt(
            path.to_owned(),
            "its structure is broken".to_owned(),
        )),
    }
}

fn from_io(path: &Path, error: &std::io::Error) -> OpenError {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            OpenError::Permission(path.to_owned())
        }
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            OpenError::Corrupt(path.to_owned(), error.to_string())
        }
        _ => OpenError::Place(path.to_owned(), error.to_string()),
    }
}

fn from_redb(path: &Path, error: ::redb::Error) -> OpenError {
    use ::redb::Error;
    match error {
        Error::DatabaseAlreadyOpen => OpenError::Locked(path.to_owned()),
        Error::Io(error) => from_io(path, &error),
        Error::Corrupted(why) => OpenError::Corrupt(path.to_owned(), why),
        Error::UpgradeRequired(version) => {
            OpenError::Corrupt(path.to_owned(), format!("old file format {version}"))
        }
        other => OpenError::Other(path.to_owned(), other.to_string()),
    }
}
