//! What only the store on disk promises.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::redb::{Database, StorageBackend, backends::FileBackend};

use super::{
    tables::{EXPIRIES, FACTS},
    *,
};
use crate::store::{Remaining, clock::ManualClock, conformance};

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(path).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::run_all(|clock| {
        number += 1;
        let path = folder.path().join(format!("{number}.redb"));
        Arc::new(RedbStore::open_with_clock(&path, clock).unwrap())
    })
    .await;
}

#[tokio::test]
async fn values_and_expiries_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/store.redb");
    let clock = Arc::new(ManualClock::default());
    let (plain, counter) = (conformance::key("plain"), conformance::key("counter"));
    let store: Arc<dyn Store> = Arc::new(RedbStore::open_with_clock(&path, clock.clone()).unwrap());
    store.set(plain.clone(), b"v".to_vec(), None).await.unwrap();
    let ttl = Some(Duration::from_secs(60));
    store.increment(counter.clone(), 41, ttl).await.unwrap();
    drop(store);

    clock.advance(Duration::from_secs(20));
    let store: Arc<dyn Store> = Arc::new(RedbStore::open_with_clock(&path, clock.clone()).unwrap());
    assert_eq!(store.get(plain).await.unwrap().as_deref(), Some(&b"v"[..]));
    assert_eq!(store.increment(counter.clone(), 1, None).await.unwrap(), 42);
    let left = Remaining::For(Duration::from_secs(40));
    assert_eq!(store.time_to_live(counter).await.unwrap(), left);
}

#[tokio::test]
async fn expired_entries_leave_the_file_as_others_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let path = folder.path().join("store.redb");
    let file = Arc::new(RedbStore::open_with_clock(&path, clock.clone()).unwrap());
    let store: Arc<dyn Store> = file.clone();
    let writes = (0..300).map(|number: u32| {
        let ttl = Some(Duration::from_secs(1));
        store.set(conformance::key(&number.to_string()), vec![1], ttl)
    });
    futures_util::future::join_all(writes).await;
    clock.advance(Duration::from_secs(2));
    for number in 0..2_u32 {
        let key = conformance::key(&format!("new {number}"));
        store.set(key, vec![], None).await.unwrap();
    }
    use ::redb::ReadableTableMetadata;
    let read = file.database.get().unwrap().begin_read().unwrap();
    assert_eq!(read.open_table(KEYS).unwrap().len().unwrap(), 2);
    assert_eq!(read.open_table(EXPIRIES).unwrap().len().unwrap(), 0);
}

#[test]
fn the_file_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/store.redb");
    let _store = open(&path);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn a_second_opener_is_told_that_the_store_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let _store = open(&path);
    let error = RedbStore::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    assert!(error.to_string().contains("stop that process"));
}

#[test]
fn garbage_and_truncated_files_are_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(open(&path));
    let good = std::fs::read(&path).unwrap();
    let half = good.get(..good.len() / 2).unwrap().to_vec();
    let mut broken = good.clone();
    broken
        .iter_mut()
        .skip(64)
        .step_by(7)
        .for_each(|byte| *byte ^= 0x5a);
    for content in [b"not a store, but some text".repeat(500), half, broken] {
        std::fs::write(&path, content).unwrap();
        let error = RedbStore::open(&path).err().unwrap();
        assert!(matches!(error, OpenError::Corrupt(..)), "{error}");
        assert!(error.to_string().contains("move the file away"));
    }
}

#[test]
fn a_file_of_another_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(open(&path));
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(FACTS)
        .unwrap()
        .insert("format", 3)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(
        RedbStore::open(&path).err().unwrap(),
        OpenError::Format(_, 3)
    ));
}

#[test]
fn a_folder_in_the_files_place_is_an_error_that_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let error = RedbStore::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("store.path"), "{error}");
}

/// A disk that is full when told so.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> Result<(), std::io::Error> {
        if self.full.load(Ordering::SeqCst) {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.check()?;
        self.file.set_len(len)
    }
    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.check()?;
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.check()?;
        self.file.write(offset, data)
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_the_store_works_again_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(open(&path));
    let full = Arc::new(AtomicBool::new(false));
    let disk = full.clone();
    let opener = Box::new(move |path: &Path| {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let file = FileBackend::new(file).unwrap();
        let full = disk.clone();
        Database::builder()
            .create_with_backend(Disk { file, full })
            .map_err(|error| OpenError::Other(path.to_owned(), error.to_string()))
    });
    let limits = Limits::default();
    let store = RedbStore::open_with(&path, Arc::new(WallClock), limits, opener).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let key = conformance::key("count");
    assert_eq!(store.increment(key.clone(), 1, None).await, Ok(1));

    full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let result = store.increment(key.clone(), 1, None).await;
        assert!(
            matches!(result, Err(StoreError::Unavailable(_))),
            "{result:?}"
        );
        let read = store.get(key.clone()).await;
        assert_ne!(
            read,
            Ok(None),
            "a failing store never says that a key is absent"
        );
    }
    full.store(false, Ordering::SeqCst);
    let sum = store.increment(key.clone(), 1, None).await.unwrap();
    assert_eq!(sum, 2, "no refused change was stored");
    let value = Ok(Some(sum.to_string().into_bytes()));
    assert_eq!(store.get(key).await, value);
}
