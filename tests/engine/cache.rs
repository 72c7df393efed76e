//! Compiled components on disk: used when untouched, ignored when anything is odd.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use bulkhead::engine::{Engine, EngineSettings};

use crate::support::{ask_filter, counter, filter_answer, server_limits};

/// Loads the counter with the cache in that folder, and proves that it works.
async fn start(folder: &Path) {
    let limits = server_limits();
    let engine = Engine::new(EngineSettings {
        cache_directory: Some(folder.to_path_buf()),
        limits: &limits,
    })
    .unwrap();
    let plugin = engine.load(counter("cached")).await.unwrap();
    filter_answer(ask_filter(&plugin, "alice").await);
}

/// The one compiled image.
fn entry(folder: &Path) -> PathBuf {
    let mut entries: Vec<_> = fs::read_dir(folder.join("components"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "cwasm")
        })
        .collect();
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untouched_entry_is_used_and_an_odd_one_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).await;
    let path = entry(folder.path());
    let good = fs::read(&path).unwrap();
    let written = fs::metadata(&path).unwrap().ino();

    start(folder.path()).await;
    assert_eq!(
        fs::metadata(&path).unwrap().ino(),
        written,
        "it was compiled again"
    );

    let elsewhere = folder.path().join("elsewhere");
    let odd: [(&str, &dyn Fn()); 8] = [
        ("one bit of code differs", &|| {
            let mut bytes = good.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).unwrap();
        }),
        ("one bit of the hash differs", &|| {
            let mut bytes = good.clone();
            bytes[10] ^= 1;
            fs::write(&path, bytes).unwrap();
        }),
        ("another format", &|| {
            let mut bytes = good.clone();
            bytes[7] = b'9';
            fs::write(&path, bytes).unwrap();
        }),
        ("cut short", &|| {
            fs::write(&path, &good[..good.len() - 1]).unwrap()
        }),
        ("empty", &|| fs::write(&path, b"").unwrap()),
        ("readable by others", &|| {
            fs::write(&path, &good).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("a symbolic link", &|| {
            fs::write(&elsewhere, &good).unwrap();
            fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
            fs::remove_file(&path).unwrap();
            symlink(&elsewhere, &path).unwrap();
        }),
        ("another key", &|| {
            fs::write(&path, &good).unwrap();
            fs::write(folder.path().join("components/key"), [7; 32]).unwrap();
        }),
    ];
    for (what, tamper) in odd {
        let before = entry(folder.path());
        tamper();
        let marked = fs::symlink_metadata(&before).unwrap().ino();
        start(folder.path()).await;
        let after = fs::symlink_metadata(&path).unwrap();
        assert!(after.is_file(), "{what}");
        assert_ne!(after.ino(), marked, "{what}: it was not replaced");
        assert_eq!(after.mode() & 0o777, 0o600, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_of_another_user_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).await;
    let path = entry(folder.path());
    // Only root can give files away; elsewhere there is nothing to test.
    if std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).is_err() {
        return;
    }
    let given_away = fs::metadata(&path).unwrap().ino();
    start(folder.path()).await;
    assert_ne!(fs::metadata(&path).unwrap().ino(), given_away);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_others_can_enter_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let components = folder.path().join("components");
    fs::create_dir(&components).unwrap();
    fs::set_permissions(&components, fs::Permissions::from_mode(0o755)).unwrap();
    start(folder.path()).await;
    assert_eq!(fs::read_dir(&components).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_moved_to_another_name_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).await;
    let counter = entry(folder.path());
    let other = folder
        .path()
        .join("components")
        .join(format!("{}.cwasm", "0".repeat(64)));
    fs::rename(&counter, &other).unwrap();
    start(folder.path()).await;
    assert!(counter.exists(), "it was compiled again under its own name");
}
