//! What is in force (`bulkhead config show`): every value, the defaults too, and where it comes from.
//!
//! Follows the table of keys, so that a new key is shown without a word here. Secrets are masked;
//! paths are absolute, because the values may come from files in several folders.

use serde_json::{Map, Value};

use super::{
    keys::{self, DefaultValue, Key, Keys, Kind},
    load::Loaded,
    schema::{Config, Server},
    secrets::MASK,
    show_free as free,
    source_map::SourceMap,
    yaml::{self, Content, Node},
};

/// A value in force, or several.
pub(super) enum Item {
    /// As one would write it in one line of YAML, and where it comes from.
    Value(String, String),
    /// A list whose items stand on lines of their own.
    List(Vec<Self>),
    /// Keys and values.
    Section(Entries),
}

/// Keys and values in order.
pub(super) type Entries = Vec<(String, Item)>;

/// The configuration in force.
pub struct Effective {
    entries: Entries,
    files: Vec<String>,
}

/// Everything that holds, with its sources.
pub fn effective(loaded: &Loaded) -> Effective {
    let shower = Shower {
        config: &loaded.config,
        sources: loaded.places.sources(),
    };
    let files = &loaded.config.files;
    Effective {
        entries: shower.section(&keys::TOP, Some(loaded.places.root())),
        files: files
            .iter()
            .map(|file| file.display().to_string())
            .collect(),
    }
}

impl Effective {
    /// As YAML that loads back to the same configuration, except for masked secrets. The comment
    /// behind each value says where it comes from: `FILE:LINE`, or `default`.
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            text += &format!("# {}\n", one_line(file));
        }
        write_section(&mut text, &self.entries, "", "");
        text
    }

    /// As JSON: `files`, `configuration`, and `sources` by the full paths of keys.
    pub fn to_json(&self) -> Value {
        let mut sources = Map::new();
        let configuration = section_json(&self.entries, "", &mut sources);
        serde_json::json!({
            "files": self.files,
            "configuration": configuration,
            "sources": sources,
        })
    }
}

struct Shower<'a> {
    config: &'a Config,
    sources: &'a SourceMap,
}

impl Shower<'_> {
    /// The keys of a section, of which the files may hold some.
    fn section(&self, keys: &Keys, node: Option<&Node>) -> Entries {
        let written = |name: &str| {
            node.and_then(|node| node.get(name))
                .map(|entry| &entry.value)
        };
        keys.keys
            .iter()
            .filter(|key| key.with.is_none_or(|other| written(other).is_some()))
            .filter_map(|key| {
                let item = self.key(key, written(key.name))?;
                Some((key.name.to_owned(), item))
            })
            .collect()
    }

    fn key(&self, key: &Key, node: Option<&Node>) -> Option<Item> {
        match (&key.kind, node) {
            // All files are shown as one.
            (Kind::Includes, _) => None,
            (Kind::Section(keys), Some(node)) => {
                Some(Item::Section(self.section(keys, Some(node))))
            }
            (Kind::Section(keys), None) => matches!(key.default, DefaultValue::Below)
                .then(|| Item::Section(self.section(keys, None))),
            (Kind::Named(keys), node) => self.named(keys, node),
            (Kind::Sections(keys) | Kind::Listen(keys), Some(node)) => match &node.content {
                Content::Sequence(items) if !items.is_empty() => {
                    let items = items.iter().map(|item| self.item(keys, item)).collect();
                    Some(Item::List(items))
                }
                Content::Mapping(_) => Some(Item::List(vec![self.item(keys, node)])),
                _ if node.is_null() => None,
                _ => Some(self.value(key, node)),
            },
            (Kind::Anything, Some(node)) => Some(self.free("", node)),
            (Kind::Password, Some(node)) => Some(match &node.content {
                Content::Mapping(_) => Item::Section(self.section(&keys::SECRET, Some(node))),
                _ => Item::Value(format!("\"{MASK}\""), self.source(node)),
            }),
            (_, Some(node)) => Some(self.value(key, node)),
            (_, None) => match &key.default {
                DefaultValue::Written(text) => Some(default(text)),
                DefaultValue::Computed(_, compute) => Some(default(&compute(self.config)?)),
                DefaultValue::Required | DefaultValue::Absent(_) | DefaultValue::Below => None,
            },
        }
    }

    /// One item of a list of sections; a listener may be an address.
    fn item(&self, keys: &Keys, node: &Node) -> Item {
        match &node.content {
            Content::Scalar { .. } => {
                Item::Value(self.scalar(&Kind::Address, node), self.source(node))
            }
            _ => Item::Section(self.section(keys, Some(node))),
        }
    }

    fn named(&self, keys: &Keys, node: Option<&Node>) -> Option<Item> {
        let find = |name: &str| {
            node.and_then(|node| node.get(name))
                .map(|entry| &entry.value)
        };
        let entries: Entries = if keys.section == keys::UPSTREAM.section {
            self.upstreams(node)
        } else if keys.section == keys::PLUGIN.section {
            let names = self.config.plugins.keys();
            names
                .map(|name| (name.clone(), Item::Section(self.section(keys, find(name)))))
                .collect()
        } else if keys.section == keys::GEOIP_DATABASE.section {
            let names = self.config.geoip.keys();
            names
                .map(|name| (name.clone(), Item::Section(self.section(keys, find(name)))))
                .collect()
        } else if keys.section == keys::LDAP_POOL.section {
            let names = self.config.ldap.pools.keys();
            names
                .map(|name| (name.clone(), Item::Section(self.section(keys, find(name)))))
                .collect()
        } else if keys.section == keys::SQL.section {
            let names = self.config.sql.keys();
            names
                .map(|name| (name.clone(), Item::Section(self.section(keys, find(name)))))
                .collect()
        } else {
            let names = self.config.secrets.keys();
            names
                .map(|name| (name.clone(), Item::Section(self.section(keys, find(name)))))
                .collect()
        };
        (!entries.is_empty()).then_some(Item::Section(entries))
    }

    /// The only section whose defaults depend on its name.
    fn upstreams(&self, node: Option<&Node>) -> Entries {
        let find = |protocol: &str, key: &str| {
            let entry = &node?.get(protocol)?.value;
            Some(&entry.get(key)?.value)
        };
        let source = |protocol: &str, key: &str| {
            find(protocol, key).map_or_else(|| DEFAULT.to_owned(), |node| self.source(node))
        };
        let standing = &self.config.server.upstreams;
        let mut entries: Entries = standing
            .iter()
            .map(|(protocol, address)| {
                let values = [
                    ("address", yaml::written(&address.ip().to_string())),
                    ("port", address.port().to_string()),
                ];
                let values = values
                    .into_iter()
                    .map(|(key, text)| (key.to_owned(), Item::Value(text, source(protocol, key))))
                    .collect();
                (protocol.clone(), Item::Section(values))
            })
            .collect();
        for protocol in Server::default().upstreams.into_keys() {
            if let (false, Some(entry)) = (
                standing.contains_key(&protocol),
                node.and_then(|node| node.get(&protocol)),
            ) {
                let source = self.sources.line(&entry.key_span);
                entries.push((protocol, Item::Value("null".to_owned(), source)));
            }
        }
        entries
    }

    /// What stands in a file.
    fn value(&self, key: &Key, node: &Node) -> Item {
        let text = match &node.content {
            Content::Sequence(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.scalar(&key.kind, item))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            _ if node.is_null() => match key.kind {
                Kind::Header => "\"\"".to_owned(),
                _ => "[]".to_owned(),
            },
            _ => self.scalar(&key.kind, node),
        };
        Item::Value(text, self.source(node))
    }

    fn scalar(&self, kind: &Kind, node: &Node) -> String {
        let Content::Scalar { text, plain } = &node.content else {
            return String::new();
        };
        let folder = self.sources.folder(&node.span);
        match kind {
            Kind::Path | Kind::Paths if !text.starts_with("builtin:") => {
                yaml::written(&folder.join(text).display().to_string())
            }
            Kind::Templates => {
                let templates: Vec<_> = text
                    .split(';')
                    .map(str::trim)
                    .filter(|template| !template.is_empty())
                    .map(|template| folder.join(template).display().to_string())
                    .collect();
                yaml::written(&templates.join(";"))
            }
            _ => free::scalar(text, *plain),
        }
    }

    /// A plugin's own configuration.
    fn free(&self, key: &str, node: &Node) -> Item {
        match &node.content {
            Content::Mapping(entries) => Item::Section(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), self.free(&entry.key, &entry.value)))
                    .collect(),
            ),
            Content::Sequence(items) if !items.is_empty() => {
                Item::List(items.iter().map(|item| self.free(key, item)).collect())
            }
            Content::Sequence(_) => Item::Value("[]".to_owned(), self.source(node)),
            Content::Scalar { text, plain } => {
                let is_name = self.config.secrets.contains_key(text);
                let text = match free::is_secret(key, node) && !is_name {
                    true => format!("\"{MASK}\""),
                    false => free::scalar(text, *plain),
                };
                Item::Value(text, self.source(node))
            }
        }
    }

    fn source(&self, node: &Node) -> String {
        self.sources.line(&node.span)
    }
}

/// The source of what no file says.
const DEFAULT: &str = "default";

fn default(text: &str) -> Item {
    Item::Value(text.to_owned(), DEFAULT.to_owned())
}

/// Writes a section; `first` stands before its first line (`- ` in a list), `indent` before the others.
fn write_section(out: &mut String, entries: &Entries, first: &str, indent: &str) {
    let mut lead = first;
    for (key, item) in entries {
        let key = yaml::written(key);
        let inner = format!("{indent}  ");
        match item {
            Item::Value(text, source) => {
                *out += &format!("{lead}{key}: {text}  # {}\n", one_line(source));
            }
            Item::Section(entries) if entries.is_empty() => *out += &format!("{lead}{key}: {{}}\n"),
            Item::Section(entries) => {
                *out += &format!("{lead}{key}:\n");
                write_section(out, entries, &inner, &inner);
            }
            Item::List(items) => {
                *out += &format!("{lead}{key}:\n");
                write_list(out, items, &inner);
            }
        }
        lead = indent;
    }
}

fn write_list(out: &mut String, items: &[Item], indent: &str) {
    for item in items {
        let inner = format!("{indent}  ");
        match item {
            Item::Value(text, source) => {
                *out += &format!("{indent}- {text}  # {}\n", one_line(source));
            }
            Item::Section(entries) if entries.is_empty() => *out += &format!("{indent}- {{}}\n"),
            Item::Section(entries) => {
                write_section(out, entries, &format!("{indent}- "), &inner);
            }
            Item::List(items) => {
                *out += &format!("{indent}-\n");
                write_list(out, items, &inner);
            }
        }
    }
}

/// A comment ends with its line: a file's name must not.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn section_json(entries: &Entries, path: &str, sources: &mut Map<String, Value>) -> Value {
    let entries = entries.iter().map(|(key, item)| {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        (key.clone(), item_json(item, &path, sources))
    });
    Value::Object(entries.collect())
}

fn item_json(item: &Item, path: &str, sources: &mut Map<String, Value>) -> Value {
    match item {
        Item::Value(text, source) => {
            sources.insert(path.to_owned(), Value::from(source.as_str()));
            yaml::value(text)
        }
        Item::Section(entries) => section_json(entries, path, sources),
        Item::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| item_json(item, &format!("{path}[{index}]"), sources))
            .collect(),
    }
}
