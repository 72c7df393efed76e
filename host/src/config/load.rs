//! From a file to a [`Config`], or to everything that is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    diagnostic::{Diagnostic, Severity},
    general, keys,
    observe::observe,
    pipeline::pipeline,
    place::Places,
    plugins::plugins,
    reader::Reader,
    reload::reload,
    schema::Config,
    secrets::secrets,
    section::Section,
    server::server,
    source::Source,
    yaml::{self, Content, Flaw, Node},
};

/// Largest configuration file, in bytes.
const MOST_BYTES: u64 = 4 << 20;

/// A configuration that can be used.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Where things stand in the file, for complaints that come up later.
    pub places: Places,
}

/// Reads a configuration file. Relative paths in it start at its folder.
///
/// # Errors
///
/// Everything that is wrong with it, with places, and the warnings too; at least one of them is an
/// error.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    match read(path) {
        Ok(text) => parse(path, &text),
        Err(why) => Err(vec![Diagnostic::about_file(
            Source::new(path, ""),
            format!("the configuration cannot be read: {why}"),
            "give the path of a configuration file; `bulkhead serve --help` shows an example",
        )]),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if metadata.len() > MOST_BYTES {
        return Err(format!("it is larger than {MOST_BYTES} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("it is not UTF-8 text (byte {at})")
    })
}

/// The same for text that is already in memory; `path` names it in messages, and its folder is where
/// relative paths start.
///
/// # Errors
///
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let source = Source::new(path, text);
    let file = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = file.parent().map_or_else(PathBuf::new, Path::to_owned);
    let (root, flaws) = yaml::parse(text);
    let mut reader = Reader {
        diagnostics: flaws
            .into_iter()
            .map(|flaw| from_flaw(&source, flaw))
            .collect(),
        source: Arc::clone(&source),
        folder,
    };
    let Some(root) = root else {
        return Err(reader.diagnostics);
    };
    let (config, places) = config(&mut reader, root, file);
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|one| one.labels.first().map_or(0, |(span, _)| span.start));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    Ok(Loaded {
        config,
        warnings: diagnostics,
        places,
    })
}

fn from_flaw(source: &Arc<Source>, flaw: Flaw) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        source: Arc::clone(source),
        message: flaw.message,
        labels: flaw.labels,
        help: (!flaw.help.is_empty()).then(|| flaw.help.to_owned()),
    }
}

fn config(reader: &mut Reader, root: Node, file: PathBuf) -> (Config, Places) {
    let top = Section::open(reader, &root, &root.span, "", &keys::TOP);
    let server = server(reader, &top);
    let store = general::store(reader, &top);
    let secrets = secrets(reader, &top);
    let secret_names: BTreeSet<&str> = match top.value("secrets").map(|node| &node.content) {
        Some(Content::Mapping(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => BTreeSet::new(),
    };
    let (pipeline, listed) = pipeline(reader, &top);
    let plugins = plugins(reader, &top, &listed, &secrets, &secret_names);
    let config = Config {
        file,
        server,
        store,
        limits: general::limits(reader, &top),
        pipeline,
        plugins,
        secrets,
        observe: observe(reader, &top),
        reload: reload(reader, &top),
        cache_directory: general::cache_directory(reader, &top),
    };
    let sources: BTreeMap<_, _> = listed
        .into_iter()
        .map(|(name, place)| (name, place.source))
        .collect();
    let places = Places::new(Arc::clone(&reader.source), root, sources);
    (config, places)
}
