//! Everything that a plugin is made of, read from disk once, and how to tell whether it has changed.
//!
//! A reload reads each plugin's inputs anew and compares them with those of the plugin that runs: what
//! is equal is used on, with its instances. The other Lua files of a script's folder stand apart: a
//! script is compiled from those that it asked for at load, and only looks others up while it runs.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{LoadError, PluginSpec, builtin, load};
use crate::{
    capability::Sources,
    config::{PluginSource, ServerLimits},
};

/// The disk as one generation sees it. Folders that several scripts share are read once.
#[derive(Default)]
pub struct Reading {
    /// By the script's folder and module path.
    sources: Mutex<BTreeMap<(PathBuf, String), Sources>>,
}

/// A hash over all inputs of a plugin but the other Lua files of a script's folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

/// What a plugin is to be made of.
pub(super) struct Inputs {
    /// A component's bytes, or a script's source.
    pub(super) bytes: Cow<'static, [u8]>,
    /// Empty for components.
    pub(super) sources: Sources,
    pub(super) fingerprint: Fingerprint,
}

impl Reading {
    /// An empty one, for one generation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folders that were searched for Lua files so far.
    pub fn folders(&self) -> Vec<PathBuf> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let mut folders: Vec<_> = sources
            .values()
            .flat_map(Sources::folders)
            .map(Path::to_path_buf)
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    fn sources(&self, script: &Path, package_path: &str) -> Result<Sources, LoadError> {
        let folder = script.parent().unwrap_or(Path::new("")).to_path_buf();
        let key = (folder, package_path.to_owned());
        let known = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sources) = known.get(&key) {
            return Ok(sources.clone());
        }
        // Not under the lock: folders may be many and large.
        drop(known);
        let sources = load::collect_sources(script, package_path)?;
        let mut known = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.entry(key).or_insert(sources).clone())
    }
}

impl Inputs {
    pub(super) fn read(
        spec: &PluginSpec,
        limits: &ServerLimits,
        reading: &Reading,
    ) -> Result<Self, LoadError> {
        let (bytes, sources) = match &spec.source {
            PluginSource::Script {
                path, package_path, ..
            } => {
                let source = load::read(path, limits.component_bytes)?;
                (Cow::Owned(source), reading.sources(path, package_path)?)
            }
            PluginSource::Component(path) => {
                let bytes = load::read(path, limits.component_bytes)?;
                (Cow::Owned(bytes), Sources::default())
            }
            PluginSource::Builtin(name) => {
                let bytes = builtin::plugin(name).ok_or_else(|| LoadError::NoSuchBuiltin {
                    name: name.clone(),
                    known: builtin::plugin_names(),
                })?;
                (Cow::Borrowed(bytes), Sources::default())
            }
        };
        Ok(Self {
            fingerprint: fingerprint(spec, limits, &bytes),
            bytes,
            sources,
        })
    }
}

fn fingerprint(spec: &PluginSpec, limits: &ServerLimits, bytes: &[u8]) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(bytes);
    };
    part(spec.name.as_bytes());
    // Debug output names every field, so that a new one cannot be forgotten here.
    part(format!("{:?} {:?} {:?}", spec.kind, spec.source, spec.config).as_bytes());
    part(&limits.context_bytes.to_le_bytes());
    part(&limits.store_value_bytes.to_le_bytes());
    part(bytes);
    let grants = &spec.config.grants;
    for name in &grants.secret {
        part(spec.secrets.get(name).map_or(b"", |value| value.as_slice()));
    }
    for name in &grants.environment {
        let value = std::env::var_os(name).unwrap_or_default();
        part(value.as_encoded_bytes());
    }
    if let Some(file) = grants.http.as_ref().and_then(|http| http.ca_file.as_ref()) {
        // One that cannot be read is reported when the grant is compiled.
        part(&std::fs::read(file).unwrap_or_default());
    }
    let databases = grants.sql.iter().flat_map(|sql| sql.databases.values());
    for database in databases {
        // What the debug output leaves out, or only names.
        let password = database.password.as_ref();
        part(password.map_or(b"", |password| password.0.expose()));
        let certificate = database.certificate.iter();
        let certificate = certificate.flat_map(|(chain, key)| [chain, key]);
        for file in database.ca_file.iter().chain(certificate) {
            // One that cannot be read is reported when a connection is made.
            part(&std::fs::read(file).unwrap_or_default());
        }
    }
    Fingerprint(hash.finalize().into())
}
