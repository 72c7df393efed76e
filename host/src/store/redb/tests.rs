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

use ::redb::{
    Database, StorageBackend,
    backends::{FileBackend, InMemoryBackend},
};
use proptest::prelude::*;

use super::{
    tables::{EXPIRIES, FACTS},
    *,
};
use crate::store::{
    Remaining, SortedCommand,
    clock::ManualClock,
    conformance::{self, Subject, Time},
};

fn key(name: &str) -> Key {
    Key::new("test", name)
}

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(path).unwrap())
}

fn without_file(path: &Path) -> Result<Database, OpenError> {
    let failed = |error: String| OpenError::Other(path.to_owned(), error);
    let database = Database::builder()
        .create_with_backend(InMemoryBackend::new())
        .map_err(|error| failed(error.to_string()))?;
    migrate::prepare(&database).map_err(|error| failed(error.to_string()))?;
    Ok(database)
}

/// In a file, or without one: then nothing waits for a disk.
fn subject(path: Option<&Path>, limits: Limits) -> Subject {
    let clock = Arc::new(ManualClock::default());
    let turned = clock.clone();
    let (path, opener): (&Path, Opener) = match path {
        Some(path) => (path, Box::new(open::open)),
        None => (Path::new("nowhere"), Box::new(without_file)),
    };
    Subject {
        store: Arc::new(RedbStore::open_with(path, clock, limits, opener).unwrap()),
        time: Time::Turned(Box::new(move |time| turned.advance(time))),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::run_all_in_process(|| {
        number += 1;
        let path = folder.path().join(format!("{number}.redb"));
        async move { subject(Some(&path), Limits::default()) }
    })
    .await;
}

/// Looks, and changes nothing.
static LOOK: crate::store::Procedure = crate::store::Procedure {
    name: "look",
    lua: "return redis.call('EXISTS', KEYS[1])",
    native: |data, keys, _| {
        let key = keys.first().cloned().unwrap_or_else(|| key("none"));
        data.run(Command::Exists(key))
    },
};

#[tokio::test]
async fn a_procedure_that_only_looks_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = open(&path);
    store.set(key("a"), b"1".to_vec(), None).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    for (name, there) in [("a", 1), ("b", 0)] {
        let reply = store.call(&LOOK, vec![key(name)], Vec::new()).await;
        assert_eq!(reply, Ok(Reply::Integer(there)));
    }
    assert!(std::fs::read(&path).unwrap() == before);
    store.set(key("a"), b"2".to_vec(), None).await.unwrap();
    assert!(std::fs::read(&path).unwrap() != before);
}

#[tokio::test]
async fn limits_hold() {
    let limits = conformance::low_limits();
    conformance::limits(&subject(None, limits), &limits).await;
}

proptest! {
    #[test]
    fn random_histories_agree_with_the_model(history in conformance::histories(true)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(conformance::agrees_with_the_model(
            &subject(None, Limits::default()),
            &history,
        ));
    }
}

#[tokio::test]
async fn values_and_expiries_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/store.redb");
    let clock = Arc::new(ManualClock::default());
    let (plain, counter) = (key("plain"), key("counter"));
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
        store.set(key(&number.to_string()), vec![1], ttl)
    });
    futures_util::future::join_all(writes).await;
    clock.advance(Duration::from_secs(2));
    for number in 0..2_u32 {
        let key = key(&format!("new {number}"));
        store.set(key, vec![], None).await.unwrap();
    }
    use ::redb::ReadableTableMetadata;
    let read = file.database.get().unwrap().begin_read().unwrap();
    assert_eq!(read.open_table(KEYS).unwrap().len().unwrap(), 2);
    assert_eq!(read.open_table(EXPIRIES).unwrap().len().unwrap(), 0);
}

/// How many rows a table has.
fn rows(store: &RedbStore, table: impl Fn(&::redb::ReadTransaction) -> u64) -> u64 {
    table(&store.database.get().unwrap().begin_read().unwrap())
}

#[tokio::test]
async fn members_of_removed_collections_leave_the_file_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let file = Arc::new(RedbStore::open(&path).unwrap());
    let store: Arc<dyn Store> = file.clone();
    for (collection, members) in [("small", 3), ("large", 5000_u32)] {
        let members = (0..members).map(|member| (f64::from(member), member.to_be_bytes().to_vec()));
        let add = SortedCommand::Add(members.collect());
        let added = store.one(Command::OnSorted(key(collection), add)).await;
        assert!(matches!(added, Ok(Reply::Integer(_))), "{added:?}");
    }
    let left = || {
        let members = rows(&file, |read| {
            read.open_table(tables::MEMBERS).unwrap().len().unwrap()
        });
        let scores = rows(&file, |read| {
            read.open_table(tables::SCORES).unwrap().len().unwrap()
        });
        let gone = rows(&file, |read| {
            read.open_table(tables::GONE).unwrap().len().unwrap()
        });
        (members, scores, gone)
    };
    assert_eq!(left(), (5003, 5003, 0));
    store.delete(key("small")).await.unwrap();
    assert_eq!(left(), (5000, 5000, 0));
    store.delete(key("large")).await.unwrap();
    assert_eq!(
        store.time_to_live(key("large")).await,
        Ok(Remaining::Missing)
    );
    let swept = async {
        while left() != (0, 0, 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, swept).await.unwrap();
}

/// What a file of format 1 holds, byte for byte as its program wrote it.
fn format_1(path: &Path) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut facts = transaction.open_table(FACTS).unwrap();
        facts.insert("format", 1).unwrap();
        let mut entries = transaction.open_table(migrate::ENTRIES).unwrap();
        let mut expiries = transaction.open_table(EXPIRIES).unwrap();
        for (name, expires, value) in [
            (&b"\0\0\0\0\0\0\0\x04testplain"[..], u64::MAX, &b"v"[..]),
            (b"\0\0\0\0\0\0\0\x04testcounter", 60_000, b"41"),
            (b"\0\0\0\0\0\0\0\x04testold", 10, b"x"),
        ] {
            entries.insert(name, (expires, value)).unwrap();
            if expires != u64::MAX {
                expiries.insert((expires, name), ()).unwrap();
            }
        }
    }
    transaction.commit().unwrap();
}

#[tokio::test]
async fn a_file_of_format_1_is_taken_over_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    format_1(&path);
    let clock = Arc::new(ManualClock::default());
    clock.advance(Duration::from_secs(20));
    // The second time it is a file of this format.
    for sum in [42, 43] {
        let file = Arc::new(RedbStore::open_with_clock(&path, clock.clone()).unwrap());
        let store: Arc<dyn Store> = file.clone();
        assert_eq!(store.get(key("plain")).await, Ok(Some(b"v".to_vec())));
        assert_eq!(store.get(key("old")).await, Ok(None));
        assert_eq!(store.increment(key("counter"), 1, None).await, Ok(sum));
        let left = Remaining::For(Duration::from_secs(40));
        assert_eq!(store.time_to_live(key("counter")).await, Ok(left));
        let old = rows(&file, |read| read.list_tables().unwrap().count() as u64);
        assert_eq!(old, 6, "no table of the former format is left");
    }
}

static PANICS: Procedure = Procedure {
    name: "panics",
    lua: "",
    native: |data, keys, _| {
        let by = Command::Increment {
            key: keys.first().unwrap().clone(),
            by: 1,
            ttl: None,
        };
        data.run(by)?;
        panic!("a mistake in a procedure");
    },
};

#[tokio::test]
async fn a_procedure_that_panics_changes_nothing_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store.redb"));
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(1));
    let reply = store.call(&PANICS, vec![key("n")], Vec::new()).await;
    assert!(
        matches!(reply, Err(StoreError::Unavailable(_))),
        "{reply:?}"
    );
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(2));
    assert_eq!(store.get(key("n")).await, Ok(Some(b"2".to_vec())));
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
    let key = key("count");
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
