//! Builds the Lua runtime and the first-party plugins, and embeds them as components.
//!
//! Writes `guests.rs` into the output folder: `LUA_RUNTIME: &[u8]` and
//! `PLUGINS: &[(&str, &[u8])]`, by plugin name. A failure here is a build error with a remedy.

#[path = "build/guests.rs"]
mod guests;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The first-party plugins: each is a crate in `plugins/` with the same name.
const PLUGINS: [&str; 12] = [
    "allow-nets",
    "geoip",
    "geoip-attributes",
    "http-backend",
    "ldap",
    "rbl",
    "relay-domains",
    "sql",
    "test",
    "tls-required",
    "users-file",
    "webhook",
];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.replace('\n', " — "));
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let host = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|error| error.to_string())?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?);
    let root = host.parent().ok_or("the crate has no parent folder")?;
    // OUT_DIR is target/PROFILE/build/bulkhead-HASH/out: all profiles share one folder for guests.
    let target = out
        .ancestors()
        .nth(4)
        .ok_or("OUT_DIR is not inside a target folder")?
        .join("guests");

    watch(root);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");

    let lua = guests::build(&guests::Workspace {
        manifest: &root.join("lua-compat/Cargo.toml"),
        package: "bulkhead-lua",
        target_directory: &target,
    })?;
    let mut table = embed(&out, "bulkhead-lua", &lua).map(|path| {
        format!("/// The Lua runtime component.\npub(super) const LUA_RUNTIME: &[u8] = include_bytes!({path:?});\n")
    })?;

    table.push_str(
        "/// The first-party plugins, by name.\npub(super) const PLUGINS: &[(&str, &[u8])] = &[\n",
    );
    for name in PLUGINS {
        let component = guests::build(&guests::Workspace {
            manifest: &root.join("plugins/Cargo.toml"),
            package: name,
            target_directory: &target,
        })?;
        let path = embed(&out, name, &component)?;
        table.push_str(&format!("    ({name:?}, include_bytes!({path:?})),\n"));
    }
    table.push_str("];\n");
    fs::write(out.join("guests.rs"), table)
        .map_err(|error| format!("cannot write guests.rs: {error}"))
}

/// Writes a component beside the table and returns its path.
fn embed(out: &Path, name: &str, component: &[u8]) -> Result<PathBuf, String> {
    let path = out.join(format!("{name}.wasm"));
    fs::write(&path, component)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(path)
}

/// Everything that a guest is made of. Target folders inside the workspaces must not be watched.
fn watch(root: &Path) {
    let watched = ["wit", "guest-sdk/src", "guest-sdk/Cargo.toml"].map(|path| root.join(path));
    let members = ["lua-compat", "plugins"].iter().flat_map(|workspace| {
        fs::read_dir(root.join(workspace))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| !path.ends_with("target") && !path.ends_with("tests"))
    });
    for path in watched.into_iter().chain(members) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
