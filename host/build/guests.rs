//! Compiles one guest crate for `wasm32-unknown-unknown` and encodes it as a component.
//!
//! Used by the build script and by tests that build fixture guests. Knows nothing of what the guests
//! do. A guest built here imports no WASI: whatever it imports is in `wit/`.

use std::{fs, path::Path, process::Command};

use wit_component::ComponentEncoder;

/// Which crate to build, and where.
pub(crate) struct Workspace<'a> {
    /// The `Cargo.toml` of the guest workspace.
    pub(crate) manifest: &'a Path,
    /// The package in it.
    pub(crate) package: &'a str,
    /// Shared by all guests, so that common dependencies are built once.
    pub(crate) target_directory: &'a Path,
}

/// 64 KiB of shadow stack keep a guest's working set small: a fresh instance then costs one short
/// copy instead of a series of page faults. The second flag makes `getrandom` 0.3 ask the guest for
/// its source of randomness, which asks the host.
const RUSTFLAGS: [&str; 3] = [
    "-Clink-arg=-zstack-size=65536",
    "--cfg",
    "getrandom_backend=\"custom\"",
];

/// Variables that the outer cargo sets for its own build and that must not reach the inner one.
const OUTER_VARIABLES: [&str; 8] = [
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "CLIPPY_ARGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
];

/// Builds the package and returns the bytes of the component.
pub(crate) fn build(workspace: &Workspace<'_>) -> Result<Vec<u8>, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for variable in OUTER_VARIABLES {
        cargo.env_remove(variable);
    }
    let output = cargo
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS.join("\u{1f}"))
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .args(["--package", workspace.package])
        .arg("--manifest-path")
        .arg(workspace.manifest)
        .arg("--target-dir")
        .arg(workspace.target_directory)
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let remedy = if errors.contains("target may not be installed") {
            "\nThe target is missing: run `rustup target add wasm32-unknown-unknown`."
        } else {
            ""
        };
        return Err(format!(
            "building the guest `{}` failed:\n{errors}{remedy}",
            workspace.package
        ));
    }
    let module = workspace
        .target_directory
        .join("wasm32-unknown-unknown/release")
        .join(format!("{}.wasm", workspace.package.replace('-', "_")));
    let bytes =
        fs::read(&module).map_err(|error| format!("cannot read {}: {error}", module.display()))?;
    encode(&bytes)
        .map_err(|error| format!("encoding the guest `{}` failed: {error}", workspace.package))
}

/// Turns a core module with embedded type information into a component.
fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{error:#}"))
}
