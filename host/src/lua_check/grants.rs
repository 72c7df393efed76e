//! Which grants a script needs, as far as its text tells.
//!
//! Only what is written out counts: names and addresses that a script makes up while it runs are left
//! for its author to add, and the result says where that is so.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Script, forbidden,
    modules::Module,
    names::{DOVECOT_REQUEST, NAUTHILUS_REQUEST},
};

/// Modules through which HTTP requests go.
const HTTP_MODULES: [&str; 6] = [
    "glua_http",
    "http",
    "http_client",
    "socket.http",
    "ssl.https",
    "telegram",
];

/// What to write under `plugins.NAME.grants`.
#[derive(Default)]
pub struct Grants {
    /// `password: true`
    pub password: bool,
    /// `http`, with its hosts.
    pub http: Option<BTreeSet<String>>,
    /// `http.private: true`: one of the hosts is the computer itself.
    pub private: bool,
    /// `environment`: each name once, in the order of the script.
    pub environment: Vec<String>,
    /// `files`: each name once, in the order of the script, which stays the same wherever the script lies.
    pub files: Vec<String>,
    /// Keys to which names must be added that the text does not tell.
    pub incomplete: BTreeSet<&'static str>,
}

/// Of a script and the modules that it loads.
pub(super) fn grants(scripts: &[&Script], modules: &[Module]) -> Grants {
    let mut grants = Grants::default();
    let uses = |script: &Script| {
        let mut calls = script.facts.calls.iter();
        calls.any(|call| call.path.starts_with("dovecot.http.client"))
    };
    let by_module = |module: &Module| HTTP_MODULES.contains(&module.name.as_str());
    if modules.iter().any(by_module) || scripts.iter().any(|script| uses(script)) {
        grants.http = Some(BTreeSet::new());
    }
    for script in scripts {
        password(&mut grants, script);
        named(&mut grants, script);
        hosts(&mut grants, script);
    }
    if grants.http.as_ref().is_some_and(BTreeSet::is_empty) {
        grants.incomplete.insert("http");
    }
    grants
}

fn password(grants: &mut Grants, script: &Script) {
    let facts = &script.facts;
    let fields = ["password", "password_verify"];
    grants.password |= facts.fields_read.iter().any(|used| {
        [NAUTHILUS_REQUEST, DOVECOT_REQUEST].contains(&used.table.as_str())
            && fields.contains(&used.field.text.as_str())
    });
    grants.password |= facts
        .calls
        .iter()
        .any(|call| ["@nauthilus_password.compare_passwords"].contains(&call.path.as_str()));
    let mut functions = facts.functions.iter();
    grants.password |= functions.any(|function| function.text == "auth_password_verify");
}

fn named(grants: &mut Grants, script: &Script) {
    for call in &script.facts.calls {
        let (key, names) = match call.path.as_str() {
            "os.getenv" | "@nauthilus_util.getenv" => ("environment", &mut grants.environment),
            "io.open" if forbidden::writes(call) => continue,
            "io.open" | "io.lines" | "io.input" => ("files", &mut grants.files),
            _ => continue,
        };
        match call.arguments.first() {
            Some(Some(name)) if names.contains(name) => {}
            Some(Some(name)) => names.push(name.clone()),
            Some(None) => _ = grants.incomplete.insert(key),
            None => {}
        }
    }
}

fn hosts(grants: &mut Grants, script: &Script) {
    let Some(hosts) = &mut grants.http else {
        return;
    };
    for text in &script.facts.texts {
        let text = text.text.as_str();
        if !text.starts_with("http://") && !text.starts_with("https://") {
            continue;
        }
        // `%` and `{` are of formats and templates; a host that is not closed may go on elsewhere.
        let end = text.find("://").map_or(0, |at| at + 3);
        let authority = text.get(end..).unwrap_or("").split(['/', '?', '#']).next();
        let made_up =
            authority.is_none_or(|host| host.is_empty() || host.contains(['%', '{', '$']));
        let parsed = (!made_up).then(|| url::Url::parse(text).ok()).flatten();
        let Some((url, host)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
            grants.incomplete.insert("http");
            continue;
        };
        grants.private |= host == "localhost" || host.ends_with(".localhost");
        hosts.insert(match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
    }
}

impl Grants {
    /// True if nothing needs to be granted.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty() && self.incomplete.is_empty()
    }

    /// The entries in YAML, one a line, with a comment where something must be added.
    pub fn yaml(&self) -> Vec<String> {
        let mut entries = self.entries();
        for key in &self.incomplete {
            if !entries.contains_key(*key) {
                let empty = match *key {
                    "http" => json!({ "hosts": [] }),
                    _ => json!([]),
                };
                entries.insert((*key).to_owned(), empty);
            }
        }
        entries
            .iter()
            .map(|(key, value)| {
                let more = match self.incomplete.contains(key.as_str()) {
                    true => "  # add what the script makes up while it runs",
                    false => "",
                };
                // JSON is YAML; this is how the manual's examples look.
                let value = value
                    .to_string()
                    .replace("\":", "\": ")
                    .replace("\",\"", "\", \"");
                let value = value
                    .replace("{\"hosts\"", "{hosts")
                    .replace(",\"private\"", ", private");
                format!("{key}: {value}{more}")
            })
            .collect()
    }

    /// As JSON: the entries, and under `incomplete` the keys to which something must be added.
    pub fn to_json(&self) -> Value {
        let mut entries = self.entries();
        if !self.incomplete.is_empty() {
            entries.insert("incomplete".to_owned(), json!(self.incomplete));
        }
        Value::Object(entries)
    }

    fn entries(&self) -> Map<String, Value> {
        let mut entries = Map::new();
        if self.password {
            entries.insert("password".to_owned(), json!(true));
        }
        if let Some(hosts) = self.http.as_ref().filter(|hosts| !hosts.is_empty()) {
            let mut http = Map::new();
            http.insert("hosts".to_owned(), json!(hosts));
            if self.private {
                http.insert("private".to_owned(), json!(true));
            }
            entries.insert("http".to_owned(), Value::Object(http));
        }
        if !self.environment.is_empty() {
            entries.insert("environment".to_owned(), json!(self.environment));
        }
        if !self.files.is_empty() {
            entries.insert("files".to_owned(), json!(self.files));
        }
        entries
    }
}
