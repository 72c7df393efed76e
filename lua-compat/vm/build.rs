//! Copies the source of ottavino out of Cargo's registry and applies `../patches` to the copy.
//!
//! The repository holds no source of the VM: Cargo fetches it and checks its checksum, this script
//! patches it and adds the files of `own`, `src/lib.rs` includes the result. A patch that does not
//! apply stops the build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest_folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?).join("vm");
    let patches = manifest_folder.join("../patches");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", patches.display());

    let source = registry_source(&manifest_folder)?;
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    copy(&source, &out)?;
    let own = manifest_folder.join("own");
    println!("cargo::rerun-if-changed={}", own.display());
    copy(&own, &out)?;

    let mut names: Vec<PathBuf> = fs::read_dir(&patches)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.retain(|name| name.extension().is_some_and(|end| end == "patch"));
    names.sort();
    for name in names {
        println!("cargo::rerun-if-changed={}", name.display());
        apply(&fs::read_to_string(&name)?, &out)
            .map_err(|error| format!("{}: {error}", name.display()))?;
    }
    Ok(())
}

/// The folder `src` of ottavino as Cargo unpacked it.
fn registry_source(manifest_folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest_folder.join("Cargo.toml"))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "ottavino")
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("Cargo does not know the package `ottavino`")?;
    Ok(Path::new(manifest)
        .parent()
        .ok_or("the manifest of `ottavino` has no folder")?
        .join("src"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            // Read and write, so that a read-only registry does not make the copy read-only.
            fs::write(&target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Applies a unified diff over several files, each part of which begins with a line `--- a/…`.
fn apply(patch: &str, root: &Path) -> Result<(), Box<dyn Error>> {
    let mut parts: Vec<String> = Vec::new();
    for line in patch.split_inclusive('\n') {
        if line.starts_with("--- a/") {
            parts.push(String::new());
        }
        // What stands before the first part says what the patch is for.
        if let Some(part) = parts.last_mut() {
            part.push_str(line);
        }
    }
    for part in parts {
        let diff = diffy::Patch::from_str(&part)?;
        let name = diff
            .modified()
            .and_then(|name| name.strip_prefix("b/"))
            .ok_or("a part without a line `+++ b/…`")?;
        let file = root.join(name);
        let before = if file.exists() {
            fs::read_to_string(&file)?
        } else {
            String::new()
        };
        let after = diffy::apply(&before, &diff).map_err(|error| format!("{name}: {error}"))?;
        fs::write(&file, after)?;
    }
    Ok(())
}
