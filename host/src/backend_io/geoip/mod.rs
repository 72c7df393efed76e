//! Database files that know where an address is and whose it is (MaxMind DB 2.0: GeoLite2, GeoIP2 and
//! what others publish with the same keys).
//!
//! Files are read into memory as a whole, once per change. A new set of databases is first prepared
//! beside the one in force and then put in force in one step; a file that is unchanged is used on. What
//! is wrong with a file is said when it is opened, or by the look-up that meets it; never a panic.
//!
//! Knows nothing of WebAssembly and of grants; `wit/geoip.wit` documents the record that [`Facts`]
//! mirrors.

mod lenient;
mod record;

use std::{
    collections::BTreeMap, fs, io::Read, net::IpAddr, os::unix::fs::MetadataExt, path::PathBuf,
    sync::Arc,
};

use arc_swap::ArcSwap;
use maxminddb::{MaxMindDbError, Reader};

pub use self::record::Facts;
use self::record::Record;
use crate::config::GeoipDatabase;

/// Databases by their names in the configuration.
type Opened = BTreeMap<String, Arc<Database>>;

/// Hears of every look-up: the database's name, and what came of it in one word: `found`, `unknown` or
/// `failed`.
pub type Listener = Box<dyn Fn(&str, &'static str) + Send + Sync>;

/// Why nobody can say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeoipError {
    /// There is no database of that name.
    #[error("there is no database `{0}` in the section `geoip`")]
    NoSuchDatabase(String),
    /// The file is damaged, or holds something else.
    #[error("{0}")]
    Unusable(String),
}

/// The databases in force.
pub struct Databases {
    opened: ArcSwap<Opened>,
    listener: Listener,
}

/// Databases that were opened and are not in force yet.
pub struct Prepared {
    databases: Arc<Databases>,
    opened: Opened,
}

/// One file.
struct Database {
    file: PathBuf,
    stamp: Stamp,
    reader: Reader<Vec<u8>>,
}

/// By what a changed file is recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Databases {
    /// None yet.
    pub fn new(listener: Listener) -> Arc<Self> {
        Arc::new(Self {
            opened: ArcSwap::default(),
            listener,
        })
    }

    /// Opens what the configuration names, or takes over what has not changed since. Reads whole files.
    ///
    /// # Errors
    /// Everything that is wrong with the files, in words for an administrator.
    pub fn prepare(
        self: &Arc<Self>,
        config: &BTreeMap<String, GeoipDatabase>,
    ) -> Result<Prepared, Vec<String>> {
        let running = self.opened.load();
        let mut opened = Opened::new();
        let mut problems = Vec::new();
        for (name, wanted) in config {
            let former = running.get(name).cloned();
            match open(wanted, former) {
                Ok(database) => {
                    opened.insert(name.clone(), database);
                }
                Err(why) => problems.push(format!(
                    "the database `{name}` of `geoip` cannot be used: {}: {why}",
                    wanted.file.display()
                )),
            }
        }
        match problems.is_empty() {
            true => Ok(Prepared {
                databases: Arc::clone(self),
                opened,
            }),
            false => Err(problems),
        }
    }

    /// What a database knows of an address. IPv4-mapped IPv6 is IPv4; a database of the other family
    /// knows nothing.
    ///
    /// # Errors
    /// [`GeoipError`]
    pub fn lookup(&self, database: &str, address: IpAddr) -> Result<Option<Facts>, GeoipError> {
        let opened = self.opened.load();
        let found = opened
            .get(database)
            .ok_or_else(|| GeoipError::NoSuchDatabase(database.to_owned()))?;
        let facts = found
            .lookup(address.to_canonical())
            .map_err(|error| GeoipError::Unusable(error.to_string()));
        let outcome = match &facts {
            Ok(Some(_)) => "found",
            Ok(None) => "unknown",
            Err(_) => "failed",
        };
        (self.listener)(database, outcome);
        facts
    }
}

impl Prepared {
    /// Puts them in force: each look-up that comes after this sees them.
    pub fn commit(self) {
        self.databases.opened.store(Arc::new(self.opened));
    }
}

impl Database {
    fn lookup(&self, address: IpAddr) -> Result<Option<Facts>, MaxMindDbError> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let found = self.reader.lookup(address)?;
        let Some(record) = found.decode::<Record>()? else {
            return Ok(None);
        };
        Ok(Some(record.into_facts(found.network()?.to_string())))
    }
}

fn open(wanted: &GeoipDatabase, former: Option<Arc<Database>>) -> Result<Arc<Database>, String> {
    let file = fs::File::open(&wanted.file).map_err(|error| error.to_string())?;
    let stamp = stamp(&file)?;
    if let Some(former) = former
        && former.stamp == stamp
        && former.file == wanted.file
    {
        return Ok(former);
    }
    if stamp.size > wanted.max_bytes {
        return Err(format!(
            "it has {} bytes, more than `max_bytes` ({})",
            stamp.size, wanted.max_bytes
        ));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read; the next look at it finds another size.
    file.take(stamp.size)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    let reader = Reader::from_source(bytes).map_err(|error| error.to_string())?;
    tracing::debug!(
        file = %wanted.file.display(),
        kind = reader.metadata().database_type,
        nodes = reader.metadata().node_count,
        "A database of addresses was opened"
    );
    Ok(Arc::new(Database {
        file: wanted.file.clone(),
        stamp,
        reader,
    }))
}

fn stamp(file: &fs::File) -> Result<Stamp, String> {
    let facts = file.metadata().map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err("it is no file".to_owned());
    }
    Ok(Stamp {
        device: facts.dev(),
        inode: facts.ino(),
        size: facts.len(),
        changed: (facts.ctime(), facts.ctime_nsec()),
    })
}
