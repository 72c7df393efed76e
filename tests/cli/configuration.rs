//! Configuration files: every file in `broken/` gives the complaints of its snapshot, every file in
//! `good/` loads. To add a case, add a file, run the test, and review the snapshot.

use std::path::{Path, PathBuf};

use bulkhead::config::{self, Diagnostic, Listener};

pub(crate) fn folder(name: &str) -> PathBuf {
    // Relative, so that messages show the same path on every machine.
    Path::new("../tests/cli").join(name)
}

/// Every `NAME.yaml` of a folder, and the `main.yaml` of every folder in it that has one.
pub(crate) fn files(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| match path.join("main.yaml") {
            main if main.exists() => main,
            _ => path,
        })
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no files in {name}");
    files
}

/// The case's name, and the text of its files.
fn case(path: &Path) -> (String, String) {
    if !path.ends_with("main.yaml") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        return (name.to_owned(), std::fs::read_to_string(path).unwrap());
    }
    let folder = path.parent().unwrap();
    let mut text = String::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        let mut inside: Vec<_> = std::fs::read_dir(next)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        inside.sort();
        for file in inside {
            if file.is_dir() {
                pending.push(file);
            } else {
                let name = file.strip_prefix(folder).unwrap().display();
                text += &format!("{name}:\n{}\n", std::fs::read_to_string(&file).unwrap());
            }
        }
    }
    let name = folder.file_name().unwrap().to_str().unwrap();
    (name.to_owned(), text)
}

fn show(diagnostics: &[Diagnostic]) -> String {
    let root = std::path::absolute(folder("")).unwrap();
    config::render(diagnostics, false)
        .replace(root.to_str().unwrap(), "[FOLDER]/")
        .replace("[FOLDER]//", "[FOLDER]/")
}

fn snapshot(path: &Path, text: &str) {
    let (name, files) = case(path);
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => files,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn every_broken_file_is_refused_with_a_helpful_message() {
    for path in files("broken") {
        let Err(diagnostics) = config::load(&path) else {
            panic!("{} was accepted", path.display());
        };
        assert!(diagnostics.iter().any(Diagnostic::is_error));
        snapshot(&path, &show(&diagnostics));
    }
}

#[test]
fn every_good_file_loads_and_only_warnings_warn() {
    for path in files("good") {
        let loaded = config::load(&path).unwrap_or_else(|all| panic!("{}", show(&all)));
        let expected = path.to_str().unwrap().contains("warning-");
        let warnings: Vec<_> = loaded
            .warnings
            .into_iter()
            .filter(|one| !one.message.contains("every user of this machine"))
            .collect();
        assert_eq!(!warnings.is_empty(), expected, "{}", path.display());
        if expected {
            snapshot(&path, &show(&warnings));
        }
    }
}

#[test]
fn no_message_quotes_a_password() {
    for path in files("broken").into_iter().chain(files("good")) {
        let diagnostics = match config::load(&path) {
            Ok(loaded) => loaded.warnings,
            Err(diagnostics) => diagnostics,
        };
        let text = show(&diagnostics) + &config::to_json(&diagnostics).to_string();
        for secret in ["hunter2", "long-enough-for-everybody"] {
            assert!(!text.contains(secret), "{}: {text}", path.display());
        }
    }
}

#[test]
fn a_minimal_file_gets_the_documented_defaults() {
    let config = config::load(&folder("good/minimal.yaml")).unwrap().config;
    assert_eq!(
        config.server.listeners,
        [Listener::plain("127.0.0.1:9080".parse().unwrap())]
    );
    assert_eq!(config.server.request_timeout.as_secs(), 10);
    assert_eq!(config.server.wait_delay_seconds, 10);
    assert_eq!(config.server.max_login_attempts, 15);
    assert!(config.server.basic_auth.is_none() && !config.server.open);
    assert_eq!(config.limits, config::ServerLimits::default());
    assert_eq!(config.plugins["users"], config::PluginConfig::default());
    assert_eq!(config.observe.log_level, "info");
    assert!(config.observe.decision_log.is_none() && !config.observe.log_json);
    assert!(config.file.is_absolute());
}

#[test]
fn every_key_reaches_the_configuration() {
    let config = config::load(&folder("good/everything.yaml"))
        .unwrap()
        .config;
    let here = std::path::absolute(folder("good")).unwrap();
    let server = &config.server;
    assert_eq!(
        server.listeners,
        [Listener::plain("[::1]:9081".parse().unwrap())]
    );
    assert_eq!(server.basic_auth.as_ref().unwrap().username, "dovecot");
    assert_eq!(
        server.basic_auth.as_ref().unwrap().password.expose(),
        b"long-enough-for-everybody"
    );
    assert_eq!(server.trusted_proxies.len(), 2);
    let config::StoreConfig::Redb { path } = &config.store else {
        panic!("not redb");
    };
    assert_eq!(*path, here.join("bulkhead.redb"));
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        let here = here.to_str().unwrap();
        let text = format!(
            "{:#?}\n{:#?}\n{:#?}\n{:#?}",
            config.pipeline, config.plugins, config.limits, config.observe
        );
        insta::assert_snapshot!("everything", text.replace(here, "[FOLDER]"));
    });
}

#[test]
fn every_key_of_redis_reaches_the_configuration() {
    for name in ["store-redis-cluster", "store-redis-sentinels"] {
        let file = folder("good").join(name).with_extension("yaml");
        let config = config::load(&file).unwrap().config;
        insta::with_settings!({
            snapshot_path => "snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, format!("{:#?}", config.store));
        });
    }
}

#[test]
fn every_key_of_the_service_reaches_the_configuration() {
    let config = config::load(&folder("good/service.yaml")).unwrap().config;
    let here = std::path::absolute(folder("good")).unwrap();
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        let server = &config.server;
        let text = format!(
            "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
            server.listeners,
            server.basic_networks,
            server.headers.get("username"),
            server.disabled_endpoints,
            server.upstreams,
            (server.rate_limit, server.lockout, server.compression),
            config.limits,
            config.observe,
            config.pipeline.hooks,
        );
        insta::assert_snapshot!("service", text.replace(here.to_str().unwrap(), "[FOLDER]"));
    });
    assert!(server_is_as_written(&config), "a text of its own");
    let reload = &config.reload;
    assert!(!reload.watch && reload.settle.as_millis() == 500);
    let login = &reload.logins[0];
    assert_eq!(
        (
            login.username.as_str(),
            login.protocol.as_str(),
            login.client_ip.as_str(),
            login.tls
        ),
        ("alice", "pop3", "192.0.2.1", false)
    );
    assert_eq!(login.expect, bulkhead::auth::Verdict::Reject);
    assert!(matches!(
        login.password,
        Some(config::ExamplePassword::Source(config::SecretSource::File(
            _
        )))
    ));
}

fn server_is_as_written(config: &config::Config) -> bool {
    let metrics = config.server.metrics_auth.as_ref();
    config.server.password_attribute.as_deref() == Some("plain")
        && metrics.is_some_and(|auth| auth.username == "prometheus")
}

#[test]
fn included_files_are_merged_and_the_including_file_wins() {
    let loaded = config::load(&folder("good/included/main.yaml")).unwrap();
    let config = loaded.config;
    let here = std::path::absolute(folder("good/included")).unwrap();
    let names: Vec<_> = config
        .files
        .iter()
        .map(|file| file.strip_prefix(&here).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "main.yaml",
            "conf.d/10-server.yaml",
            "conf.d/20-tenant.yaml",
            "conf.d/20-tenant/tenant.yaml"
        ]
    );
    assert_eq!(config.include_folders, [here.join("conf.d")]);
    // The main file wins over an included one, key by key.
    let server = &config.server;
    assert_eq!(server.request_timeout.as_secs(), 4);
    assert_eq!(server.wait_delay_seconds, 7);
    assert_eq!(config.limits.instances, 30);
    assert_eq!(config.limits.body_bytes, 16 << 10);
    // Lists of the pipeline are joined, included files first.
    let filters: Vec<_> = config
        .pipeline
        .filters
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(filters, ["tenant", "networks"]);
    // Paths start at the folder of the file that names them.
    let config::PluginSource::Script { path, .. } = &config.pipeline.filters[0].source else {
        panic!("no script");
    };
    assert_eq!(*path, here.join("conf.d/20-tenant/tenant.lua"));
}

#[test]
fn a_pattern_that_no_file_matches_is_a_warning() {
    let text = "include: nowhere.d/*.yaml\npipeline: {backends: [{name: users, component: \"builtin:users-file\"}]}\n";
    let loaded = config::parse(Path::new("main.yaml"), text).unwrap();
    let shown = show(&loaded.warnings);
    assert!(
        shown.contains("no file matches `nowhere.d/*.yaml`"),
        "{shown}"
    );
    assert!(shown.contains("main.yaml:1:10"), "{shown}");
}

/// A chain of files, each of which includes the next.
fn chain(length: usize) -> Result<config::Loaded, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..length {
        let file = folder.path().join(format!("{number}.yaml"));
        let text = match number + 1 {
            last if last == length => "pipeline: {}\n".to_owned(),
            next => format!("include: {next}.yaml\n"),
        };
        std::fs::write(file, text).unwrap();
    }
    config::load(&folder.path().join("0.yaml"))
}

#[test]
fn sixteen_files_may_include_each_other_in_a_chain_and_seventeen_may_not() {
    assert!(chain(16).is_ok());
    let complaints = show(&chain(17).err().unwrap());
    assert!(complaints.contains("more than 16 files"), "{complaints}");
}

#[test]
fn a_complaint_about_two_files_names_both_for_tools() {
    let file = folder("broken/include-of-one-value-in-two-files/main.yaml");
    let json = config::to_json(&config::load(&file).err().unwrap());
    let name = |value: &serde_json::Value| {
        value
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(name(&json[0]["file"]), "20-more-limits.yaml");
    assert_eq!(
        (&json[0]["line"], &json[0]["column"]),
        (&4.into(), &3.into())
    );
    let other = &json[0]["also"][0];
    assert_eq!(name(&other["file"]), "10-limits.yaml");
    assert_eq!((&other["line"], &other["column"]), (&3.into(), &3.into()));
}

#[test]
fn complaints_for_tools_carry_their_place() {
    let diagnostics = config::load(&folder("broken/several-problems-at-once.yaml"))
        .err()
        .unwrap();
    let json = config::to_json(&diagnostics);
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["line"], 2);
    assert_eq!(json[0]["column"], 11);
    assert!(json.as_array().unwrap().len() >= 6, "{json:#}");
}

#[test]
fn a_later_complaint_finds_its_place_in_the_file() {
    let loaded = config::load(&folder("good/everything.yaml")).unwrap();
    for (path, line) in [
        ("networks[0]", 76),
        ("networks[9]", 76),
        ("strict", 76),
        ("missing", 76),
        ("", 76),
    ] {
        let complaint = loaded
            .places
            .configuration_error("networks", path, "no".to_owned());
        assert_eq!(complaint.position().unwrap().0, line, "{path}");
    }
    let complaint = loaded.places.plugin_error("users", "no".to_owned(), None);
    assert_eq!(complaint.position(), Some((62, 29)));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let diagnostics = config::load(&folder("nowhere.yaml")).err().unwrap();
    let text = show(&diagnostics);
    assert!(text.contains("nowhere.yaml"), "{text}");
    assert!(text.contains("cannot be read"), "{text}");
}

#[test]
fn aliases_cannot_blow_up_the_memory() {
    let mut text = "x-0: &a0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        let items = [before.as_str(); 10].join(", ");
        text.push_str(&format!("x-{level}: &a{level} [{items}]\n"));
    }
    let diagnostics = config::parse(Path::new("bomb.yaml"), &text).err().unwrap();
    assert!(show(&diagnostics).contains("too large"));
}
