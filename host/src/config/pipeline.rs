//! The section `pipeline`: which plugins there are, and when each is asked.

use std::{
    collections::BTreeMap,
    path::{MAIN_SEPARATOR, Path},
};

use super::{
    builtin::{BUILTIN, Builtin},
    cache::master_users,
    hooks,
    keys::{self, Keys, list, nearest},
    reader::Reader,
    schema::{ActionEntry, Dialect, EventName, PipelineConfig, PluginEntry, PluginSource},
    section::Section,
    source::Span,
    yaml::Node,
};

/// The part of the pipeline that a plugin stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Feature,
    Control,
    Backend,
    Filter,
    Action,
    Hook,
    Init,
    CacheFlush,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            // A control is a feature that is asked later.
            Self::Feature | Self::Control => "feature",
            Self::Backend => "backend",
            Self::Filter => "filter",
            Self::Action => "action",
            Self::Hook => "hook",
            Self::Init => "init plugin",
            Self::CacheFlush => "cache flush",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Feature => "features",
            Self::Control => "controls",
            Self::Backend => "backends",
            Self::Filter => "filters",
            Self::Action => "actions",
            Self::Hook => "hooks",
            Self::Init => "init",
            Self::CacheFlush => "cache_flush",
        }
    }

    fn keys(self) -> &'static Keys {
        match self {
            Self::Feature => &keys::FEATURE,
            Self::Control => &keys::CONTROL,
            Self::Backend => &keys::BACKEND,
            Self::Filter => &keys::FILTER,
            Self::Action => &keys::ACTION,
            Self::Hook => &keys::HOOK,
            Self::Init => &keys::INIT,
            Self::CacheFlush => &keys::CACHE_FLUSH,
        }
    }
}

/// What other sections need to know of a plugin in the pipeline.
pub(super) struct Listed {
    /// Where its name is written.
    pub(super) name: Span,
    /// Where its code is named, or the name.
    pub(super) source: Span,
    pub(super) part: Part,
    pub(super) is_script: bool,
    /// Its configuration may name a secret, under the key `secret`.
    pub(super) may_name_secret: bool,
}

/// The events by name.
const EVENTS: [(&str, EventName); 6] = [
    ("lua", EventName::Lua),
    ("tls_encryption", EventName::TlsEncryption),
    ("relay_domains", EventName::RelayDomains),
    ("rbl", EventName::Rbl),
    ("brute_force", EventName::BruteForce),
    ("post", EventName::Post),
];

/// The whole section, and where each plugin stands, by name.
pub(super) fn pipeline(
    reader: &mut Reader,
    top: &Section<'_>,
) -> (PipelineConfig, BTreeMap<String, Listed>) {
    let mut listed = BTreeMap::new();
    let section = top.section(reader, "pipeline", &keys::PIPELINE);
    if top.entry("pipeline").is_none() {
        if top.malformed {
            return (PipelineConfig::default(), listed);
        }
        reader.error(
            &(0..0),
            "`pipeline` is missing".to_owned(),
            "",
            "name at least one backend: `pipeline: {backends: [{name: users, script: backend.lua}]}`",
        );
        return (PipelineConfig::default(), listed);
    }
    let sequential = section.boolean(reader, "sequential", false);
    let mut part = |reader: &mut Reader, part: Part| -> Vec<Placed<'_>> {
        let Some(node) = section.value(part.key()) else {
            return Vec::new();
        };
        let path = section.path_of(part.key());
        reader
            .items(node, &path)
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                plugin(reader, item, part, &format!("{path}[{index}]"), &mut listed)
            })
            .collect()
    };
    let init = part(reader, Part::Init);
    let features = part(reader, Part::Feature);
    let controls = part(reader, Part::Control);
    let backends = part(reader, Part::Backend);
    let filters = part(reader, Part::Filter);
    let actions = part(reader, Part::Action);
    let hooks = part(reader, Part::Hook);
    let cache_flush = part(reader, Part::CacheFlush);
    let before = ["features", "controls"];
    if section.value("backends").is_none() && before.iter().all(|key| section.value(key).is_none())
    {
        reader.warning(
            &section.span,
            "the pipeline has no backend: no login can be accepted".to_owned(),
            "",
            "add one: `backends: [{name: users, script: backend.lua}]`",
        );
    }
    let entries = |placed: Vec<Placed<'_>>| placed.into_iter().map(|one| one.entry).collect();
    let actions = actions
        .into_iter()
        .filter_map(|placed| action(reader, placed))
        .collect();
    let hooks = hooks::hooks(reader, hooks);
    let config = PipelineConfig {
        sequential,
        init: entries(init),
        features: entries(features),
        controls: entries(controls),
        backends: entries(backends),
        filters: entries(filters),
        actions,
        hooks,
        cache_flush: entries(cache_flush),
        master_users: master_users(reader, &section),
    };
    (config, listed)
}

/// A plugin and its section, for the keys that only one kind has.
pub(super) struct Placed<'a> {
    pub(super) entry: PluginEntry,
    pub(super) section: Section<'a>,
}

fn plugin<'a>(
    reader: &mut Reader,
    node: &'a Node,
    part: Part,
    path: &str,
    listed: &mut BTreeMap<String, Listed>,
) -> Option<Placed<'a>> {
    let section = Section::open(reader, node, &node.span, path, part.keys());
    let name = name(reader, &section);
    let source = source(reader, &section, part);
    let when_no_auth = match part {
        Part::Feature | Part::Control | Part::Filter => {
            section.boolean(reader, "when_no_auth", false)
        }
        Part::Backend | Part::Action | Part::Hook | Part::Init | Part::CacheFlush => true,
    };
    let when_authenticated = section.boolean(reader, "when_authenticated", true);
    let when_unauthenticated = section.boolean(reader, "when_unauthenticated", true);
    if !when_authenticated && !when_unauthenticated {
        reader.warning(
            &section.span,
            "this filter is never asked".to_owned(),
            "neither after an accepted nor after a rejected password",
            "remove `when_authenticated: false` or `when_unauthenticated: false`",
        );
    }
    let (protocols, cached, cache_name) = match part {
        Part::Backend => (
            protocols(reader, &section),
            section.boolean(reader, "cache", true),
            section.text(reader, "cache_name").map(str::to_owned),
        ),
        _ => (Vec::new(), true, None),
    };
    let (name, span) = name?;
    let place = Listed {
        name: span.clone(),
        source: section
            .value("script")
            .or(section.value("component"))
            .map_or(span.clone(), |node| node.span.clone()),
        part,
        is_script: section.value("script").is_some(),
        may_name_secret: match &source {
            Some(PluginSource::Builtin(name)) => {
                Builtin::find(name).is_some_and(Builtin::may_name_secret)
            }
            _ => false,
        },
    };
    if let Some(first) = listed.get(name) {
        let message = format!("two plugins have the name `{name}`");
        let help = "names are unique over the whole pipeline: `plugins`, logs and traces use them";
        reader.error(span, message, "this one", help);
        reader.and_there(&first.name, "and this one");
        return None;
    }
    listed.insert(name.to_owned(), place);
    Some(Placed {
        entry: PluginEntry {
            name: name.to_owned(),
            source: source?,
            when_no_auth,
            when_authenticated,
            when_unauthenticated,
            protocols,
            cached,
            cache_name,
        },
        section,
    })
}

/// The protocols of a backend.
fn protocols(reader: &mut Reader, section: &Section<'_>) -> Vec<String> {
    let path = section.path_of("protocols");
    let Some(node) = section.value("protocols") else {
        return Vec::new();
    };
    let texts = reader.texts(node, &path);
    if texts.is_empty() {
        let message = format!("`{path}` names no protocol");
        let help = "name some, as in `[imap, pop3]`, or remove it: then the backend serves all";
        reader.error(&node.span, message, "", help);
    }
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn name<'a>(reader: &mut Reader, section: &Section<'a>) -> Option<(&'a str, &'a Span)> {
    let Some(node) = section.value("name") else {
        section.missing(reader, "name", "write `name: ` and a word of your choice");
        return None;
    };
    let name = reader.text(node, &section.path_of("name"))?;
    let fits = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|symbol| symbol.is_ascii_alphanumeric() || "-_.".contains(symbol));
    if !fits {
        reader.error(
            &node.span,
            format!("`{name}` cannot be the name of a plugin"),
            "",
            "use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
        );
        return None;
    }
    Some((name, &node.span))
}

fn source(reader: &mut Reader, section: &Section<'_>, part: Part) -> Option<PluginSource> {
    match (section.entry("component"), section.entry("script")) {
        (Some(component), None) => {
            for key in ["dialect", "package_path"] {
                if let Some(entry) = section.entry(key) {
                    let message = format!("`{}` is for scripts only", section.path_of(key));
                    let help = "remove it, or write `script` instead of `component`";
                    reader.error(&entry.key_span, message, "", help);
                }
            }
            component_source(reader, section, &component.value, part)
        }
        (None, Some(script)) => script_source(reader, section, &script.value),
        (Some(component), Some(script)) => {
            let message = format!("`{}` has two sources", section.path);
            let help = "keep `component` or `script`";
            reader.error(&script.key_span, message, "this one", help);
            reader.and_there(&component.key_span, "and this one");
            None
        }
        (None, None) => {
            let help = "write `script: FILE.lua`, `component: FILE.wasm` or \
                        `component: \"builtin:NAME\"`";
            let message = format!("`{}` does not say which code to run", section.path);
            reader.error(&section.span, message, "", help);
            None
        }
    }
}

fn component_source(
    reader: &mut Reader,
    section: &Section<'_>,
    node: &Node,
    part: Part,
) -> Option<PluginSource> {
    let path = section.path_of("component");
    let written = reader.text(node, &path)?;
    let Some(name) = written.strip_prefix("builtin:") else {
        if written.ends_with(".lua") {
            let message = format!("`{path}` names a script");
            reader.error(
                &node.span,
                message,
                "",
                "write `script:` instead of `component:`",
            );
            return None;
        }
        return reader
            .existing_file(node, &path)
            .map(PluginSource::Component);
    };
    let Some(builtin) = Builtin::find(name) else {
        let names = || BUILTIN.iter().map(|builtin| builtin.name);
        let label = nearest(name, names()).map(|near| format!("did you mean `builtin:{near}`?"));
        let message = format!("there is no built-in plugin `{name}`");
        let help = format!("there are {}", list(names()));
        reader.error(&node.span, message, &label.unwrap_or_default(), &help);
        return None;
    };
    if builtin.kind != part.word() {
        let message = format!(
            "`builtin:{name}` is a {}, not a {}",
            builtin.kind,
            part.word()
        );
        let help = format!("move it to `pipeline.{}s`", builtin.kind);
        reader.error(&node.span, message, "", &help);
        return None;
    }
    Some(PluginSource::Builtin(name.to_owned()))
}

fn script_source(reader: &mut Reader, section: &Section<'_>, node: &Node) -> Option<PluginSource> {
    let dialects = [("5.1", Dialect::Lua51), ("5.4", Dialect::Lua54)];
    let dialect = section.choice(reader, "dialect", &dialects, Dialect::Lua51);
    let package_path = section
        .value("package_path")
        .and_then(|node| package_path(reader, node, &section.path_of("package_path")))
        .unwrap_or_default();
    let key = section.path_of("script");
    let written = reader.text(node, &key)?;
    if written.ends_with(".wasm") {
        let message = format!("`{key}` names a component");
        reader.error(
            &node.span,
            message,
            "",
            "write `component:` instead of `script:`",
        );
        return None;
    }
    let path = reader.existing_file(node, &key)?;
    let package_path = with_folder(package_path, &path);
    Some(PluginSource::Script {
        path,
        dialect,
        package_path,
    })
}

/// The script's own folder is always searched, after what is configured.
fn with_folder(package_path: String, script: &Path) -> String {
    let Some(folder) = script.parent() else {
        return package_path;
    };
    let own = folder.join("?.lua").display().to_string();
    match package_path.as_str() {
        "" => own,
        configured => format!("{configured};{own}"),
    }
}

/// Lua's templates, made absolute.
fn package_path(reader: &mut Reader, node: &Node, path: &str) -> Option<String> {
    let written = reader.text(node, path)?;
    let mut templates = Vec::new();
    for template in written.split(';').map(str::trim) {
        if template.is_empty() {
            continue;
        }
        let Some((before, _)) = template.split_once('?') else {
            let message = format!("`{template}` in `{path}` has no `?`");
            let help = "the `?` stands for the module's name: `lib/?.lua;lib/?/init.lua`";
            reader.error(&node.span, message, "", help);
            return None;
        };
        let folder = before.rsplit_once(MAIN_SEPARATOR).map_or("", |pair| pair.0);
        let folder = reader.resolve(folder, &node.span);
        if !before.starts_with('/') && !folder.is_dir() {
            let message = format!("the folder of `{template}` in `{path}` does not exist");
            let help = format!("looked for {}", folder.display());
            reader.error(&node.span, message, "", &help);
        }
        templates.push(reader.resolve(template, &node.span).display().to_string());
    }
    Some(templates.join(";"))
}

fn action(reader: &mut Reader, placed: Placed<'_>) -> Option<ActionEntry> {
    let section = &placed.section;
    let Some(node) = section.value("on") else {
        let help = format!(
            "write `on: post`, or another of {}",
            list(EVENTS.iter().map(|(name, _)| *name))
        );
        section.missing(reader, "on", &help);
        return None;
    };
    let event = reader.choice(node, &section.path_of("on"), &EVENTS)?;
    Some(ActionEntry {
        event,
        plugin: placed.entry,
    })
}
