//! From a file to a [`Config`], or to everything that is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    brute_force::brute_force,
    cache::cache,
    diagnostic::Diagnostic,
    general, health, include, keys,
    ldap::ldap,
    lookups,
    observe::observe,
    pipeline::pipeline,
    place::Places,
    plugins::{Known, plugins},
    reader::Reader,
    reload::reload,
    schema::Config,
    secrets::secrets,
    section::Section,
    server::server,
    source::{Source, Span},
    source_map::SourceMap,
    sql,
    store::store,
    yaml::{self, Content, Node},
};

/// A configuration that can be used.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Where things stand in the file, for complaints that come up later.
    pub places: Places,
}

/// Reads a configuration file and those that it includes. Relative paths start at the folder of the
/// file that names them.
///
/// # Errors
///
/// Everything that is wrong with it, with places, and the warnings too; at least one of them is an
/// error.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    match include::read(path, include::MOST_BYTES) {
        Ok(text) => parse(path, &text),
        Err(why) => Err(vec![Diagnostic::about_file(
            Source::new(path, ""),
            format!("the configuration cannot be read: {why}"),
            "give the path of a configuration file; `bulkhead serve --help` shows an example",
        )]),
    }
}

/// The same for a main file that is already in memory; `path` names it in messages, and its folder is
/// where relative paths start.
///
/// # Errors
///
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let mut reader = Reader {
        sources: SourceMap::new(path, text),
        complaints: Vec::new(),
        secret_files: Vec::new(),
    };
    let read = include::assemble(&mut reader, path, text).map(|assembled| {
        let root = Arc::new(assembled.root);
        let (mut config, plugins) = config(&mut reader, &root);
        config.include_folders = assembled.folders;
        (config, root, plugins)
    });
    let mut complaints = reader.complaints;
    complaints.sort_by_key(|one| one.labels.first().map_or(0, |(span, _)| span.start));
    let sources = Arc::new(reader.sources);
    let secret_files = reader.secret_files;
    let diagnostics: Vec<_> = complaints
        .into_iter()
        .map(|complaint| sources.diagnostic(complaint))
        .collect();
    match read {
        Some((mut config, root, plugins)) if !diagnostics.iter().any(Diagnostic::is_error) => {
            config.files = sources.paths();
            config.secret_files = secret_files;
            Ok(Loaded {
                config,
                warnings: diagnostics,
                places: Places::new(sources, root, plugins),
            })
        }
        _ => Err(diagnostics),
    }
}

/// The text as JSON, aliases and merge keys resolved, as the readers see it; nothing if it is no YAML.
pub fn yaml_to_json(text: &str) -> Option<serde_json::Value> {
    yaml::parse(text, 0, &mut 0).0.map(|node| node.to_json())
}

/// The configuration, and where the pipeline names each plugin's code.
fn config(reader: &mut Reader, root: &Node) -> (Config, BTreeMap<String, Span>) {
    let top = Section::open(reader, root, &root.span, "", &keys::TOP);
    let server = server(reader, &top);
    let store = store(reader, &top, general::default_store);
    let secrets = secrets(reader, &top);
    let secret_names: BTreeSet<&str> = match top.value("secrets").map(|node| &node.content) {
        Some(Content::Mapping(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => BTreeSet::new(),
    };
    let geoip = lookups::geoip(reader, &top);
    let database_names: BTreeSet<&str> = match top.value("geoip").map(|node| &node.content) {
        Some(Content::Mapping(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => BTreeSet::new(),
    };
    let ldap = ldap(reader, &top);
    let sql_databases = sql::databases(reader, &top);
    let (pipeline, listed) = pipeline(reader, &top);
    let known = Known {
        secrets: &secrets,
        secret_names: &secret_names,
        databases: &database_names,
        ldap_pools: ldap.pools.keys().map(String::as_str).collect(),
        sql_databases: &sql_databases,
    };
    let plugins = plugins(reader, &top, &listed, &known);
    let config = Config {
        file: reader.sources.main().to_owned(),
        files: Vec::new(),
        include_folders: Vec::new(),
        secret_files: Vec::new(),
        server,
        health_checks: health::health_checks(reader, &top),
        store,
        cache: cache(reader, &top),
        ldap,
        sql: sql_databases,
        limits: general::limits(reader, &top),
        dns: lookups::dns(reader, &top),
        geoip,
        pipeline,
        plugins,
        secrets,
        brute_force: brute_force(reader, &top).map(Arc::new),
        observe: observe(reader, &top),
        reload: reload(reader, &top),
        cache_directory: general::cache_directory(reader, &top),
    };
    let places = listed
        .into_iter()
        .map(|(name, place)| (name, place.source))
        .collect();
    (config, places)
}
