//! Compiled components on disk, so that a restart does not compile again.
//!
//! Compiled code is machine code that runs outside of any sandbox, so this room trusts nothing that it
//! did not write itself: the folder and its files must belong to this user and be closed to all
//! others, are opened without following symbolic links, and carry a keyed hash over name and content.
//! Anything else is ignored, and compiled anew. The only room of the project with `unsafe` code.
#![allow(unsafe_code)]

use std::{
    fs::File,
    hash::{Hash, Hasher},
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::Path,
    time::Duration,
};

use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, renameat, unlinkat};
use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use super::prune;

/// First bytes of every file. The number changes when the format does.
const MAGIC: &[u8; 8] = b"bulkaot1";
/// Bytes of the keyed hash.
const MAC: usize = 32;
/// Largest file that is looked at.
const LARGEST: u64 = 512 << 20;
/// The file that holds the key of the hashes.
const KEY_FILE: &str = "key";
/// Ending of files with compiled code.
pub(super) const CODE: &str = "cwasm";
/// Ending of files with notes.
pub(super) const NOTE: &str = "note";

/// The folder. Whatever goes wrong with it costs time, never correctness.
pub(super) struct Cache {
    folder: OwnedFd,
    key: [u8; 32],
}

/// What a file holds.
pub(super) struct Entry {
    /// Ready to be instantiated.
    pub component: Component,
    /// Whatever the writer put beside it.
    pub note: Vec<u8>,
}

impl Cache {
    /// Opens the folder, or makes it for this user alone.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match rustix::fs::mkdirat(CWD, folder, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(CWD, folder, flags, Mode::empty())?;
        if !is_private(&fstat(&opened)?, FileType::Directory) {
            return Err(io::Error::other(format!(
                "{} must belong to the user that the server runs as, with mode 0700",
                folder.display()
            )));
        }
        let mut cache = Self {
            folder: opened,
            key: [0; 32],
        };
        cache.key = cache.load_key()?;
        Ok(cache)
    }

    /// The entry of that name, if there is one that this server wrote for this engine.
    pub(super) fn get(&self, engine: &Engine, name: &Name) -> Option<Entry> {
        let bytes = self.read(&name.file()).ok()?;
        let (note, code) = self.verify(name, &bytes)?;
        // SAFETY: `deserialize` needs bytes that `serialize` made. `verify` has just found in these
        // very bytes, which nobody else can change any more, a keyed hash that only a process with
        // our key can make; the key is in a file that only this user can read. The name, covered by
        // the hash, holds the engine's compatibility hash, and wasmtime checks version and settings
        // again.
        let component = unsafe { Component::deserialize(engine, code) }.ok()?;
        Some(Entry {
            component,
            note: note.to_vec(),
        })
    }

    /// What [`Self::put_note`] wrote under that name.
    pub(super) fn note(&self, name: &Name) -> Option<Vec<u8>> {
        let bytes = self.read(&name.note_file()).ok()?;
        Some(self.verify(name, &bytes)?.0.to_vec())
    }

    /// Writes a note that belongs to no component.
    pub(super) fn put_note(&self, name: &Name, note: &[u8]) -> io::Result<()> {
        self.store(name, &name.note_file(), note, &[])
    }

    /// Removes entries that nobody has used for that long, and what interrupted writes left behind.
    /// Says how many.
    pub(super) fn prune(&self, unused: Duration) -> io::Result<usize> {
        prune::prune(&self.folder, unused)
    }

    /// Writes an entry. Others see it wholly or not at all.
    pub(super) fn put(&self, name: &Name, component: &Component, note: &[u8]) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        self.store(name, &name.file(), note, &code)
    }

    fn store(&self, name: &Name, file: &str, note: &[u8], code: &[u8]) -> io::Result<()> {
        let length = u32::try_from(note.len()).map_err(io::Error::other)?;
        let mut content = Vec::with_capacity(code.len() + note.len() + 64);
        content.extend_from_slice(&length.to_le_bytes());
        content.extend_from_slice(note);
        content.extend_from_slice(code);
        let mut bytes = Vec::with_capacity(content.len() + 64);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.mac(name, &content).finalize().into_bytes());
        bytes.extend_from_slice(&content);
        self.write(file, &bytes)
    }

    fn mac(&self, name: &Name, content: &[u8]) -> Hmac<Sha256> {
        // Never fails: HMAC takes keys of any length; the empty key of the fallback would only make
        // every entry invalid.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key)
            .unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(MAGIC);
        mac.update(&name.0);
        mac.update(content);
        mac
    }

    /// Note and code, if the hash is right.
    fn verify<'a>(&self, name: &Name, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (hash, content) = rest.split_at_checked(MAC)?;
        self.mac(name, content).verify_slice(hash).ok()?;
        let (length, content) = content.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        content.split_at_checked(usize::try_from(length).ok()?)
    }

    fn load_key(&self) -> io::Result<[u8; 32]> {
        if let Ok(bytes) = self.read(KEY_FILE)
            && let Ok(key) = <[u8; 32]>::try_from(bytes)
        {
            return Ok(key);
        }
        let mut key = [0; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut key)
            .map_err(io::Error::other)?;
        self.write(KEY_FILE, &key)?;
        Ok(key)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        // NONBLOCK: opening a pipe in a file's place must not wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = openat(&self.folder, name, flags, Mode::empty())?;
        let facts = fstat(&file)?;
        let size = u64::try_from(facts.st_size).unwrap_or(u64::MAX);
        if !is_private(&facts, FileType::RegularFile) || size > LARGEST {
            return Err(io::Error::other("not a file of this server"));
        }
        prune::mark_used(&file, &facts);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        File::from(file).take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut random = [0; 8];
        rand::rngs::OsRng
            .try_fill_bytes(&mut random)
            .map_err(io::Error::other)?;
        let temporary = format!(".{name}.{}", hex::encode(random));
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.folder, &temporary, flags, Mode::RUSR | Mode::WUSR)?;
        let done = File::from(file)
            .write_all(bytes)
            .and_then(|()| Ok(renameat(&self.folder, &temporary, &self.folder, name)?));
        if done.is_err() {
            let _ = unlinkat(&self.folder, &temporary, AtFlags::empty());
        }
        done
    }
}

/// Of the right kind, ours, and closed to everybody else.
fn is_private(facts: &Stat, kind: FileType) -> bool {
    let mode = Mode::from_raw_mode(facts.st_mode);
    FileType::from_raw_mode(facts.st_mode) == kind
        && facts.st_uid == rustix::process::geteuid().as_raw()
        && !mode.intersects(Mode::RWXG | Mode::RWXO)
}

/// The name of an entry: a hash over everything that its content depends on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name([u8; 32]);

impl Name {
    /// Parts are told apart by their lengths, so that no two lists of parts meet.
    pub(super) fn new<'a>(engine: &Engine, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        let mut compatibility = HashBytes(Sha256::new());
        engine
            .precompile_compatibility_hash()
            .hash(&mut compatibility);
        hash.update(compatibility.0.finalize());
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hash.update(length.to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// To be a part of another name.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn file(&self) -> String {
        format!("{}.{CODE}", hex::encode(self.0))
    }

    fn note_file(&self) -> String {
        format!("{}.{NOTE}", hex::encode(self.0))
    }
}

/// Feeds what would be hashed into SHA-256.
struct HashBytes(Sha256);

impl Hasher for HashBytes {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
