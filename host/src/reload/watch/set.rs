//! Which files and folders to watch.
//!
//! A path is followed link by link: each link on the way may be pointed elsewhere, and each folder on the
//! way holds the next name. All names are those that the system reports: without links.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::config::{Config, PluginSource};

/// Links that one path may lead over; the kernel's own limit.
const LINKS: usize = 40;

/// What to watch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::reload) struct WatchSet {
    folders: BTreeSet<PathBuf>,
    /// Files, links and folders whose change matters.
    names: BTreeSet<PathBuf>,
    /// Folders in which every Lua file and every folder matters.
    modules: BTreeSet<PathBuf>,
    /// Folders in which every configuration file matters.
    includes: BTreeSet<PathBuf>,
    settle: Duration,
}

impl WatchSet {
    /// Everything that a generation is made of; nothing if the configuration says so. `modules` are
    /// the folders in which its scripts look for modules.
    pub(in crate::reload) fn of(config: &Config, modules: &[PathBuf]) -> Self {
        let mut set = Self {
            settle: config.reload.settle,
            ..Self::default()
        };
        if !config.reload.watch {
            return set;
        }
        for file in files(config) {
            set.file(file);
        }
        for folder in modules {
            set.module_folder(folder);
        }
        for folder in &config.include_folders {
            if let Some(real) = set.follow(folder) {
                set.folders.insert(real.clone());
                set.includes.insert(real);
            }
        }
        set
    }

    /// Both. The settings are those of `other`, if it watches anything.
    pub(in crate::reload) fn and(mut self, other: Self) -> Self {
        if !other.folders.is_empty() {
            self.settle = other.settle;
        }
        self.folders.extend(other.folders);
        self.names.extend(other.names);
        self.modules.extend(other.modules);
        self.includes.extend(other.includes);
        self
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(PathBuf::as_path)
    }

    pub(super) fn settle(&self) -> Duration {
        self.settle
    }

    /// Whether a change at that path matters.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        if self.names.contains(path) {
            return true;
        }
        let is_in = |folders: &BTreeSet<PathBuf>| {
            let folder = path.parent();
            folder.is_some_and(|folder| folders.contains(folder))
        };
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let matters_there = (is_in(&self.modules) && (is_lua(path) || path.is_dir()))
            || (is_in(&self.includes) && is_yaml(path));
        matters_there && !hidden
    }

    /// Whether one of the named files changed after that time, as far as the disk knows.
    pub(super) fn changed_since(&self, time: SystemTime) -> bool {
        let Ok(since) = time.duration_since(UNIX_EPOCH) else {
            return false;
        };
        let since = (since.as_secs(), since.subsec_nanos());
        self.names.iter().any(|path| {
            fs::symlink_metadata(path).is_ok_and(|facts| {
                let seconds = u64::try_from(facts.ctime()).unwrap_or_default();
                let nanoseconds = u32::try_from(facts.ctime_nsec()).unwrap_or_default();
                // The time of a folder is that of anything in it.
                !facts.is_dir() && (seconds, nanoseconds) > since
            })
        })
    }

    fn module_folder(&mut self, folder: &Path) {
        let Some(real) = self.follow(folder) else {
            return;
        };
        self.folders.insert(real.clone());
        for entry in fs::read_dir(&real).into_iter().flatten().flatten() {
            let path = entry.path();
            if is_lua(&path) {
                self.file(&path);
            }
        }
        self.modules.insert(real);
    }

    /// Watches for changes of a file, and of the folder that holds it.
    fn file(&mut self, path: &Path) {
        let Some(real) = self.follow(path) else {
            return;
        };
        if let Some(folder) = real.parent() {
            self.name(folder.to_path_buf());
        }
    }

    /// The path without links, where it leads now. Each link on the way is watched for, and so is the
    /// last name; the first that does not exist ends the way.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut rest: VecDeque<OsString> = VecDeque::new();
        let mut real = PathBuf::new();
        let mut links = 0;
        prepend(&mut rest, path);
        while let Some(part) = rest.pop_front() {
            match Path::new(&part).components().next() {
                None | Some(Component::CurDir) => continue,
                Some(Component::ParentDir) => {
                    real.pop();
                    continue;
                }
                Some(Component::RootDir | Component::Prefix(_)) => {
                    real = PathBuf::from("/");
                    continue;
                }
                Some(Component::Normal(_)) => {}
            }
            let next = real.join(&part);
            let Ok(facts) = fs::symlink_metadata(&next) else {
                self.name(next);
                return None;
            };
            if facts.is_symlink() {
                links += 1;
                self.name(next.clone());
                if links > LINKS {
                    return None;
                }
                prepend(&mut rest, &fs::read_link(&next).ok()?);
            } else {
                real = next;
            }
        }
        self.name(real.clone());
        Some(real)
    }

    /// Watches for changes of what has that name in its folder.
    fn name(&mut self, path: PathBuf) {
        if let Some(folder) = path.parent() {
            self.folders.insert(folder.to_path_buf());
        }
        self.names.insert(path);
    }
}

fn prepend(rest: &mut VecDeque<OsString>, path: &Path) {
    for part in path.components().rev() {
        rest.push_front(part.as_os_str().to_owned());
    }
}

fn is_lua(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lua")
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// All files that a configuration names, itself included.
fn files(config: &Config) -> Vec<&Path> {
    let read = config.files.iter().chain(&config.secret_files);
    let mut files: Vec<&Path> = read.map(PathBuf::as_path).collect();
    let pipeline = &config.pipeline;
    let stages = [
        &pipeline.init,
        &pipeline.features,
        &pipeline.controls,
        &pipeline.backends,
        &pipeline.filters,
    ];
    let entries = stages
        .into_iter()
        .flatten()
        .chain(pipeline.actions.iter().map(|action| &action.plugin))
        .chain(pipeline.hooks.iter().map(|hook| &hook.plugin));
    for entry in entries {
        match &entry.source {
            PluginSource::Script { path, .. } | PluginSource::Component(path) => files.push(path),
            PluginSource::Builtin(_) => {}
        }
    }
    let grants = config
        .plugins
        .values()
        .filter_map(|plugin| plugin.grants.http.as_ref());
    files.extend(grants.filter_map(|http| http.ca_file.as_deref()));
    files.extend(config.geoip.values().map(|one| one.file.as_path()));
    for pool in config.ldap.pools.values() {
        files.extend(pool.ca_file.as_deref());
        if let Some((certificate, key)) = &pool.identity {
            files.extend([certificate.as_path(), key]);
        }
    }
    for database in config.sql.values() {
        files.extend(database.ca_file.as_deref());
        let certificate = database.certificate.iter();
        files.extend(certificate.flat_map(|(chain, key)| [chain.as_path(), key]));
    }
    for tls in config
        .server
        .listeners
        .iter()
        .filter_map(|one| one.tls.as_ref())
    {
        files.extend([tls.certificate.as_path(), &tls.key]);
        files.extend(tls.client_ca.as_deref());
    }
    for target in &config.health_checks.targets {
        files.extend(target.authorities.as_ref().map(|ca| ca.file.as_path()));
    }
    files
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config;

    /// A folder without links in its own path.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().canonicalize().unwrap();
        (place, path)
    }

    fn set(file: &Path, text: &str, modules: &[PathBuf]) -> WatchSet {
        let pipeline = "pipeline: {backends: [{name: b, component: \"builtin:users-file\"}]}";
        let text = format!("{text}\n{pipeline}\n");
        let loaded = config::parse(file, &text)
            .unwrap_or_else(|all| panic!("{}", config::render(&all, false)));
        WatchSet::of(&loaded.config, modules)
    }

    #[test]
    fn files_and_the_lua_files_of_module_folders_matter_and_their_neighbours_do_not() {
        let (_guard, root) = place();
        fs::create_dir_all(root.join("lua/sub")).unwrap();
        fs::write(root.join("lua/backend.lua"), "").unwrap();
        fs::write(root.join("bulkhead.yaml"), "").unwrap();
        fs::write(root.join("token"), "").unwrap();
        let modules = [root.join("lua"), root.join("lua/sub")];
        let text = "secrets: {token: {file: token}}";
        let mut set = set(&root.join("bulkhead.yaml"), text, &modules);
        set.file(&root.join("no/such/file"));
        for (path, matters) in [
            ("bulkhead.yaml", true),
            ("token", true),
            ("bulkhead.yaml~", false),
            ("bulkhead.log", false),
            ("lua/backend.lua", true),
            ("lua/new.lua", true),
            ("lua/sub", true),
            ("lua/sub/new.lua", true),
            ("lua/notes.txt", false),
            ("lua/.backend.lua.swp", false),
            ("lua", true),
            // What is not there yet: the first name that is missing.
            ("no", true),
        ] {
            assert_eq!(set.concerns(&root.join(path)), matters, "{path}");
        }
        let parent = root.parent().unwrap();
        let watched: Vec<_> = set.folders().collect();
        assert_eq!(
            watched,
            [parent, &root, &root.join("lua"), &root.join("lua/sub")]
        );
    }

    #[test]
    fn every_link_on_the_way_matters() {
        let (_guard, root) = place();
        fs::create_dir_all(root.join("mount/..2024")).unwrap();
        fs::create_dir(root.join("etc")).unwrap();
        fs::write(root.join("mount/..2024/bulkhead.yaml"), "").unwrap();
        symlink("..2024", root.join("mount/..data")).unwrap();
        symlink("..data/bulkhead.yaml", root.join("mount/bulkhead.yaml")).unwrap();
        symlink("../mount", root.join("etc/bulkhead")).unwrap();
        let set = set(&root.join("etc/bulkhead/bulkhead.yaml"), "", &[]);
        for path in [
            "etc/bulkhead",
            "mount/bulkhead.yaml",
            "mount/..data",
            "mount/..2024/bulkhead.yaml",
            "mount/..2024",
        ] {
            assert!(set.concerns(&root.join(path)), "{path}: {set:?}");
        }
        assert!(!set.concerns(&root.join("etc")));
    }

    #[test]
    fn links_in_a_circle_end() {
        let (_guard, root) = place();
        symlink("b.yaml", root.join("a.yaml")).unwrap();
        symlink("a.yaml", root.join("b.yaml")).unwrap();
        let set = set(&root.join("a.yaml"), "", &[]);
        assert!(set.concerns(&root.join("b.yaml")));
    }

    #[test]
    fn nothing_is_watched_when_the_configuration_says_so() {
        let (_guard, root) = place();
        fs::write(root.join("bulkhead.yaml"), "").unwrap();
        let set = set(&root.join("bulkhead.yaml"), "reload: {watch: false}", &[]);
        assert_eq!(set.folders().count(), 0);
    }

    #[test]
    fn a_file_that_changed_while_it_was_read_is_noticed() {
        let (_guard, root) = place();
        let file = root.join("bulkhead.yaml");
        fs::write(&file, "").unwrap();
        let set = set(&file, "", &[]);
        let facts = fs::metadata(&file).unwrap();
        let changed = facts.modified().unwrap();
        assert!(set.changed_since(changed - Duration::from_millis(1)));
        assert!(!set.changed_since(changed));
    }
}
