//! The first-party plugins as components: each imports what its code calls, and nothing else.
//!
//! Builds `plugins/` for WebAssembly with a nested cargo and encodes the modules as `host/build.rs`
//! does.

use std::{
    collections::BTreeSet,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

use wit_component::{ComponentEncoder, DecodedWasm};

type Tested = Result<(), Box<dyn Error>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A cargo that knows nothing of the one that runs this test.
fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(name);
    }
    command.current_dir(workspace);
    command
}

/// Names of the imports and exports of a component.
fn world(component: &[u8]) -> Result<(BTreeSet<String>, BTreeSet<String>), Box<dyn Error>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        return Err("not a component".into());
    };
    let world = resolve.worlds.get(world).ok_or("no world")?;
    let names = |items: &mut dyn Iterator<Item = String>| items.collect::<BTreeSet<_>>();
    Ok((
        names(&mut world.imports.keys().map(|key| resolve.name_world_key(key))),
        names(&mut world.exports.keys().map(|key| resolve.name_world_key(key))),
    ))
}

#[test]
fn first_party_plugins_import_what_they_use_and_nothing_else() -> Tested {
    let workspace = root().join("plugins");
    let built = cargo(&workspace)
        .args([
            "build",
            "--release",
            "--quiet",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .status()?;
    assert!(built.success(), "the plugins do not build");

    let cases: [(&str, &str, &[&str]); 8] = [
        ("tls_required", "feature", &[]),
        ("users_file", "backend", &["password"]),
        ("ldap", "backend", &["ldap"]),
        ("sql", "backend", &["password", "sql"]),
        ("http_backend", "backend", &["http", "password", "secret"]),
        ("test", "backend", &["random", "store"]),
        ("allow_nets", "filter", &[]),
        ("webhook", "action", &["clock", "http", "random", "secret"]),
    ];
    for (file, kind, uses) in cases {
        let module = workspace
            .join("target/wasm32-unknown-unknown/release")
            .join(format!("{file}.wasm"));
        let component = ComponentEncoder::default()
            .module(&std::fs::read(module)?)?
            .validate(true)
            .encode()?;
        let (imports, exports) = world(&component)?;
        let interface = |name: &&str| format!("bulkhead:policy/{name}@0.1.0");
        // `log` carries panics, `types` the records.
        let wanted: BTreeSet<_> = uses
            .iter()
            .chain(&["log", "types"])
            .map(interface)
            .collect();
        assert_eq!(imports, wanted, "imports of {file}");
        let wanted: BTreeSet<_> = [kind, "lifecycle"].iter().map(interface).collect();
        assert_eq!(exports, wanted, "exports of {file}");
    }
    Ok(())
}
