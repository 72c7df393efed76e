//! The component itself: it must load nowhere but in Bulkhead, so it may import nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "compiles the component in release mode: cargo test --test component -- --ignored"]
fn the_component_imports_nothing_but_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new(env!("CARGO"))
        .current_dir(folder)
        .args(["build", "--release", "--lib"])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("CARGO_ENCODED_RUSTFLAGS", "-Clink-arg=-zstack-size=65536")
        .status()
        .unwrap();
    assert!(built.success());

    let module =
        std::fs::read(folder.join("target/wasm32-unknown-unknown/release/bulkhead_lua.wasm"))
            .unwrap();
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap();
    let decoded = wit_component::decode(&component).unwrap();
    let resolve = decoded.resolve();
    let world = &resolve.worlds[resolve.packages[decoded.package()].worlds[0]];
    let imports: Vec<String> = world
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    for import in &imports {
        assert!(import.starts_with("bulkhead:policy/"), "{import}");
    }
    let exports: Vec<String> = world
        .exports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    for kind in [
        "script",
        "backend",
        "feature",
        "filter",
        "action",
        "hook",
        "init",
        "cache-flush",
        "lifecycle",
    ] {
        assert!(
            exports
                .iter()
                .any(|name| name.starts_with(&format!("bulkhead:policy/{kind}@"))),
            "{kind} is missing in {exports:?}"
        );
    }
    println!("{} bytes, imports {imports:?}", component.len());
}
