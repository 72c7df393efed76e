//! Under which names a script's image is kept.
//!
//! Which modules a script asks for is known only after it was compiled, so there are two names: the first
//! leads to the list of files that it asked for then, the second is made of those files as they are now.

use std::{
    collections::BTreeSet, ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf, sync::LazyLock,
};

use sha2::{Digest, Sha256};

use super::{Shared, aot::Name, builtin, freeze::Bundle};
use crate::capability::Sources;

/// Everything that a script's image depends on, but the other files that it asks for.
pub(super) fn script_name(shared: &Shared, bundle: &Bundle, configuration: &str) -> Name {
    // The runtime is larger than all the rest, and the same for all scripts.
    static RUNTIME: LazyLock<[u8; 32]> =
        LazyLock::new(|| Sha256::digest(builtin::LUA_RUNTIME).into());
    let facts = format!("{:?} {:?}", bundle.dialect, bundle.kind);
    let parts: [&[u8]; 7] = [
        b"script",
        &*RUNTIME,
        configuration.as_bytes(),
        facts.as_bytes(),
        bundle.chunk_name.as_bytes(),
        bundle.package_path.as_bytes(),
        &bundle.source,
    ];
    Name::new(&shared.engine, parts)
}

/// The same with those files as they are now.
pub(super) fn image_name(
    shared: &Shared,
    base: &Name,
    files: &BTreeSet<PathBuf>,
    now: &Sources,
) -> Name {
    let parts = files.iter().flat_map(|path| {
        let (mark, bytes): (&[u8], &[u8]) = match now.at(path) {
            Some(bytes) => (b"file", bytes),
            None => (b"absent", b""),
        };
        [path.as_os_str().as_encoded_bytes(), mark, bytes]
    });
    Name::new(&shared.engine, std::iter::once(base.bytes()).chain(parts))
}

/// The files that the script of that name asked for when it was compiled.
pub(super) fn remembered_files(shared: &Shared, base: &Name) -> BTreeSet<PathBuf> {
    let note = shared.cache.as_ref().and_then(|cache| cache.note(base));
    note.unwrap_or_default()
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
        .collect()
}

pub(super) fn remember_files(shared: &Shared, base: &Name, files: &BTreeSet<PathBuf>) {
    // No path holds a zero byte.
    let paths: Vec<&[u8]> = files
        .iter()
        .map(|path| path.as_os_str().as_bytes())
        .collect();
    if let Some(cache) = &shared.cache
        && let Err(error) = cache.put_note(base, &paths.join(&0))
    {
        tracing::warn!("the list of a script's modules cannot be kept: {error}");
    }
}
