//! What makes a reload: the signal, and every way in which a file changes.

use std::{fs, os::unix::fs::symlink, time::Duration};

use bulkhead_harness::{Bulkhead, http::Request, port, wait};

use crate::support::{self, CONFIGURATION, await_log, await_serving, marker, serving, write};

/// Watches, and does not wait for long.
fn watching() -> String {
    CONFIGURATION.replace("reload: {watch: false}", "reload: {settle: 50ms}")
}

fn rename_over(server: &Bulkhead, name: &str, content: &str) {
    let new = server.folder().join(format!("{name}.new"));
    fs::write(&new, content).unwrap();
    fs::rename(new, server.folder().join(name)).unwrap();
}

#[test]
fn sighup_reloads() {
    let server = support::server(|text| text);
    write(&server, "lua/marker.lua", &marker("b"));
    server.hang_up();
    await_serving(&server, "b");
    await_log(&server, "Generation 2 serves cause=signal");
}

#[test]
fn a_file_that_is_written_or_replaced_reloads() {
    let server = support::start(support::policy(&watching()));
    write(&server, "lua/marker.lua", &marker("b"));
    await_serving(&server, "b");
    rename_over(&server, "lua/marker.lua", &marker("c"));
    await_serving(&server, "c");
    // The same name, another file: it is still watched.
    rename_over(&server, "lua/marker.lua", &marker("d"));
    await_serving(&server, "d");
    let yaml = fs::read_to_string(server.folder().join("bulkhead.yaml")).unwrap();
    let other = yaml.replace("script: lua/backend.lua", "script: lua2/backend.lua");
    fs::create_dir(server.folder().join("lua2")).unwrap();
    write(&server, "lua2/backend.lua", support::BACKEND);
    write(&server, "lua2/marker.lua", &marker("e"));
    write(&server, "lua/marker.lua", &marker("e"));
    rename_over(&server, "bulkhead.yaml", &other);
    await_serving(&server, "e");
    assert!(server.log().contains("cause=files"));
    assert!(!server.log().contains("cause=signal"));
}

#[test]
fn files_that_nothing_was_made_of_do_not_reload() {
    let server = support::start(support::policy(&watching()));
    write(&server, "notes.txt", "x");
    write(&server, "bulkhead.yaml~", "x");
    write(&server, "lua/.marker.lua.swp", "x");
    // What comes later is seen, so what came before was, too.
    write(&server, "lua/marker.lua", &marker("b"));
    await_serving(&server, "b");
    assert_eq!(
        server.log().matches("serves cause=").count(),
        1,
        "{}",
        server.log()
    );
}

#[test]
fn a_link_to_a_folder_that_is_pointed_elsewhere_reloads() {
    let configuration = watching().replace("lua/", "current/lua/");
    let policy = support::policy(&configuration);
    let folder = policy.path().to_owned();
    for (release, value) in [("1", "a"), ("2", "b"), ("3", "c")] {
        let lua = folder.join("releases").join(release).join("lua");
        fs::create_dir_all(&lua).unwrap();
        fs::write(lua.join("backend.lua"), support::BACKEND).unwrap();
        fs::write(lua.join("filter.lua"), support::FILTER).unwrap();
        fs::write(lua.join("marker.lua"), marker(value)).unwrap();
    }
    symlink("releases/1", folder.join("current")).unwrap();
    let server = support::start(policy);
    assert_eq!(serving(&server), "a");
    for (release, value) in [("2", "b"), ("3", "c")] {
        symlink(format!("releases/{release}"), folder.join("next")).unwrap();
        fs::rename(folder.join("next"), folder.join("current")).unwrap();
        await_serving(&server, value);
    }
    // What is there now is watched, too.
    fs::write(folder.join("releases/3/lua/marker.lua"), marker("d")).unwrap();
    await_serving(&server, "d");
}

#[test]
fn a_mounted_configuration_of_kubernetes_reloads() {
    // Each file is a link over `..data`, which is pointed to a new folder as a whole.
    let policy = support::policy(&watching());
    let folder = policy.path().to_owned();
    for (version, value) in [("..1", "a"), ("..2", "b")] {
        fs::create_dir(folder.join("lua").join(version)).unwrap();
        fs::write(
            folder.join("lua").join(version).join("marker.lua"),
            marker(value),
        )
        .unwrap();
    }
    symlink("..1", folder.join("lua/..data")).unwrap();
    fs::remove_file(folder.join("lua/marker.lua")).unwrap();
    symlink("..data/marker.lua", folder.join("lua/marker.lua")).unwrap();
    let server = support::start(policy);
    assert_eq!(serving(&server), "a");
    symlink("..2", folder.join("lua/..next")).unwrap();
    fs::rename(folder.join("lua/..next"), folder.join("lua/..data")).unwrap();
    await_serving(&server, "b");
}

#[test]
fn a_broken_file_is_looked_after_until_it_is_mended() {
    let server = support::start(support::policy(&watching()));
    write(&server, "lua/backend.lua", "function broken(\n");
    await_log(&server, "generation 1 goes on serving");
    assert_eq!(serving(&server), "a");
    write(&server, "lua/marker.lua", &marker("b"));
    write(&server, "lua/backend.lua", support::BACKEND);
    await_serving(&server, "b");
}

#[test]
fn a_new_included_file_and_a_new_secret_reload() {
    let text = format!("{}\ninclude: conf.d/*.yaml\n", watching());
    let policy = support::policy(&text)
        .file("conf.d/limits.yaml", "limits: {streams: 100}\n")
        .file("metrics.secret", "first-Secret-0123456789");
    let server = support::start(policy);
    let opens = |password: &str| {
        let request = Request::new("GET", "/metrics").basic_auth("prometheus", password);
        server.send(&request).status == 200
    };
    assert!(opens("anything"));
    let metrics =
        "server: {metrics_auth: {username: prometheus, password: {file: ../metrics.secret}}}\n";
    write(&server, "conf.d/metrics.yaml", metrics);
    let limit = Duration::from_secs(20);
    assert!(
        wait::until(limit, || !opens("anything")),
        "{}",
        server.log()
    );
    assert!(opens("first-Secret-0123456789"));
    rename_over(&server, "metrics.secret", "second-Secret-0123456789");
    assert!(
        wait::until(limit, || opens("second-Secret-0123456789")),
        "{}",
        server.log()
    );
}

/// A certificate for `localhost`, and its key.
fn certified() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn a_new_certificate_reloads() {
    let tls = "tls: {certificate: certificate.pem, key: key.secret}";
    let address = port::free();
    let text = watching().replace(
        "listen: \"{listen}\"",
        &format!("listen: [\"{{listen}}\", {{address: \"{address}\", {tls}}}]"),
    );
    assert!(text.contains(tls), "{text}");
    let (certificate, key) = certified();
    let policy = support::policy(&text)
        .file("certificate.pem", certificate)
        .file("key.secret", key);
    let server = support::start(policy);
    let (certificate, key) = certified();
    rename_over(&server, "key.secret", &key);
    rename_over(&server, "certificate.pem", &certificate);
    // Between the two files the old ones go on serving.
    await_log(&server, "serves cause=files");
}

#[test]
fn watching_can_be_turned_off() {
    let server = support::start(support::policy(&watching()));
    support::replace(
        &server,
        "bulkhead.yaml",
        "settle: 50ms",
        "settle: 50ms, watch: false",
    );
    await_log(&server, "Generation 2 serves cause=files");
    write(&server, "lua/marker.lua", &marker("b"));
    // Whoever asks gets it.
    assert_eq!(serving(&server), "a");
    server.hang_up();
    await_serving(&server, "b");
    await_log(&server, "Generation 3 serves cause=signal");
}
