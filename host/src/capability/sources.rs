//! The import `sources`, for scripts: the other Lua files of the script's folder and of the module
//! path, as they were at load.
//!
//! All files are read once, when the plugin loads; a call never touches the file system, so no path
//! trick in a script can reach one. Which of them a load asked for can be recorded: a compiled script
//! depends on those and on no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{bindings::bulkhead::policy::sources, state::CallState};

/// Most files of one script.
pub(super) const FILES: usize = 2000;
/// Most bytes of all files of one script.
pub(super) const BYTES: u64 = 16 << 20;
/// How deep folders are searched below the script's folder and those of the module path.
const DEPTH: usize = 6;
/// How many directory entries are looked at.
const ENTRIES: usize = 50_000;

/// The files, by absolute path without `.` and `..`.
#[derive(Clone, Default)]
pub struct Sources {
    folder: PathBuf,
    found: Arc<Found>,
    /// The caps were reached; what was left out is unknown.
    pub truncated: bool,
    asked: Option<Asked>,
}

/// Paths that were asked for, whether or not there is such a file.
type Asked = Arc<Mutex<BTreeSet<PathBuf>>>;

#[derive(Default)]
struct Found {
    files: BTreeMap<PathBuf, Arc<[u8]>>,
    folders: BTreeSet<PathBuf>,
    digest: [u8; 32],
}

impl sources::Host for CallState {
    fn read(&mut self, path: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.charge(path.len())?;
        Ok(self.rights.sources.read(&path).map(<[u8]>::to_vec))
    }
}

impl Sources {
    /// Reads all `*.lua` files of the script's folder and of the folders in the module path.
    ///
    /// Symbolic links are followed only to files inside those folders.
    pub fn collect(script: &Path, package_path: &str) -> io::Result<Self> {
        let folder = absolute(script)
            .parent()
            .map_or_else(PathBuf::new, Path::to_path_buf);
        let mut roots = vec![folder.clone()];
        for template in package_path.split(';').filter(|text| !text.is_empty()) {
            let fixed = template.split('?').next().unwrap_or_default();
            let path = lexical(&folder.join(fixed));
            // `dir/?.lua` and `dir/x_?.lua` both search `dir`.
            let root = if fixed.is_empty() || fixed.ends_with('/') {
                path
            } else {
                path.parent().map_or(path.clone(), Path::to_path_buf)
            };
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        let mut reader = Reader {
            canonical: roots
                .iter()
                .filter_map(|root| fs::canonicalize(root).ok())
                .collect(),
            entries: 0,
            bytes: 0,
            truncated: false,
            found: Found::default(),
        };
        for root in &roots {
            reader.folder(root, 0);
        }
        let mut found = reader.found;
        found.digest = digest(&found.files);
        Ok(Self {
            folder,
            found: Arc::new(found),
            truncated: reader.truncated,
            asked: None,
        })
    }

    /// The absolute path, without `.` and `..`, of one that is absolute or relative to the script's
    /// folder.
    pub fn locate(&self, path: &str) -> PathBuf {
        lexical(&self.folder.join(path))
    }

    /// The bytes under a path that is absolute or relative to the script's folder.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        let path = self.locate(path);
        let bytes = self.at(&path);
        if let Some(asked) = &self.asked {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(path);
        }
        bytes
    }

    /// The bytes under an absolute path without `.` and `..`.
    pub fn at(&self, path: &Path) -> Option<&[u8]> {
        self.found.files.get(path).map(|bytes| &**bytes)
    }

    /// The folders that were searched, the script's own included.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.found.folders.iter().map(PathBuf::as_path)
    }

    /// The same files, and a record of what [`Self::read`] is asked for from now on.
    pub fn recording(&self) -> Self {
        Self {
            asked: Some(Asked::default()),
            ..self.clone()
        }
    }

    /// What was recorded.
    pub fn asked(&self) -> Vec<PathBuf> {
        self.asked.as_ref().map_or_else(Vec::new, |asked| {
            let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.iter().cloned().collect()
        })
    }

    /// Whether both hold the same files with the same content.
    pub fn same(&self, other: &Self) -> bool {
        self.found.digest == other.found.digest && self.truncated == other.truncated
    }

    /// Whether those files are the same in both, or absent from both.
    pub fn same_at<'a>(&self, other: &Self, paths: impl IntoIterator<Item = &'a PathBuf>) -> bool {
        paths
            .into_iter()
            .all(|path| self.at(path) == other.at(path))
    }
}

fn digest(files: &BTreeMap<PathBuf, Arc<[u8]>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        for part in [path.as_os_str().as_encoded_bytes(), bytes] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

struct Reader {
    canonical: Vec<PathBuf>,
    entries: usize,
    bytes: u64,
    truncated: bool,
    found: Found,
}

impl Reader {
    /// Folders and files that cannot be read are left out: the script that needs one says so.
    fn folder(&mut self, folder: &Path, depth: usize) {
        let Ok(listing) = fs::read_dir(folder) else {
            return;
        };
        self.found.folders.insert(folder.to_path_buf());
        let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            self.entries += 1;
            if self.entries > ENTRIES {
                self.truncated = true;
                return;
            }
            let name = path.file_name().map(|name| name.to_string_lossy());
            if name.is_none_or(|name| name.starts_with('.')) {
                continue;
            }
            let Ok(kind) = fs::symlink_metadata(&path) else {
                continue;
            };
            if kind.is_dir() {
                if depth < DEPTH {
                    self.folder(&path, depth + 1);
                }
            } else if path.extension().is_some_and(|extension| extension == "lua") {
                self.file(path);
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        let Ok(target) = fs::canonicalize(&path) else {
            return;
        };
        let inside = self.canonical.iter().any(|root| target.starts_with(root));
        let Ok(facts) = fs::metadata(&target) else {
            return;
        };
        if !inside || !facts.is_file() {
            return;
        }
        if self.found.files.len() >= FILES || self.bytes.saturating_add(facts.len()) > BYTES {
            self.truncated = true;
            return;
        }
        let Ok(bytes) = fs::read(&target) else { return };
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.found.files.insert(lexical(&path), Arc::from(bytes));
    }
}

fn absolute(path: &Path) -> PathBuf {
    lexical(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// The path without `.`, and with each `..` taken for what it says.
pub(super) fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_lua_files_of_the_allowed_folders_can_be_read() {
        let place = tempfile::tempdir().unwrap();
        let scripts = place.path().join("scripts");
        let library = place.path().join("library");
        for folder in [&scripts, &scripts.join("sub"), &library] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(scripts.join("main.lua"), "main").unwrap();
        fs::write(scripts.join("sub/part.lua"), "part").unwrap();
        fs::write(scripts.join("notes.txt"), "notes").unwrap();
        fs::write(library.join("tool.lua"), "tool").unwrap();
        fs::write(place.path().join("outside.lua"), "outside").unwrap();
        std::os::unix::fs::symlink(place.path().join("outside.lua"), scripts.join("link.lua"))
            .unwrap();
        std::os::unix::fs::symlink(scripts.join("sub/part.lua"), scripts.join("inner.lua"))
            .unwrap();

        let templates = format!("{}/?.lua;?.lua", library.display());
        let sources = Sources::collect(&scripts.join("main.lua"), &templates).unwrap();

        let outside = place.path().join("outside.lua");
        let tool = library.join("tool.lua");
        let table: [(&str, Option<&[u8]>); 10] = [
            ("main.lua", Some(b"main")),
            ("./sub/part.lua", Some(b"part")),
            ("sub/../main.lua", Some(b"main")),
            ("inner.lua", Some(b"part")),
            (tool.to_str().unwrap(), Some(b"tool")),
            ("../library/tool.lua", Some(b"tool")),
            ("notes.txt", None),
            ("link.lua", None),
            ("../outside.lua", None),
            (outside.to_str().unwrap(), None),
        ];
        for (path, expected) in table {
            assert_eq!(sources.read(path), expected, "{path}");
        }
        assert!(!sources.truncated);
    }

    #[test]
    fn two_readings_differ_where_a_file_was_changed_added_or_removed() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str| place.path().join(name);
        let read = || Sources::collect(&file("main.lua"), "").unwrap();
        fs::write(file("main.lua"), "main").unwrap();
        fs::write(file("other.lua"), "other").unwrap();
        let before = read().recording();
        assert!(before.same(&read()));
        assert_eq!(before.read("main.lua"), Some(&b"main"[..]));
        assert_eq!(before.read("sub/./absent.lua"), None);
        assert_eq!(before.asked(), [file("main.lua"), file("sub/absent.lua")]);

        fs::write(file("other.lua"), "changed").unwrap();
        assert!(!before.same(&read()));
        assert!(before.same_at(&read(), &before.asked()));
        fs::create_dir(file("sub")).unwrap();
        fs::write(file("sub/absent.lua"), "here").unwrap();
        assert!(!before.same_at(&read(), &before.asked()));
    }
}
