//! The section `sql`, and the grant that names its databases.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    path::PathBuf,
    sync::Arc,
};

use super::{
    keys::{self, list, nearest},
    reader::Reader,
    schema::{SqlDatabase, SqlDatabases, SqlGrant, SqlHost, SqlKind, SqlPassword, SqlTls},
    secrets::{secret_value, warn_if_public},
    section::Section,
    source::Span,
    yaml::{Content, Entry},
};
use crate::auth::Password;

pub(super) fn databases(reader: &mut Reader, top: &Section<'_>) -> SqlDatabases {
    let mut databases = BTreeMap::new();
    let Some(node) = top.value("sql") else {
        return databases;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write one key per database: `mail: {kind: postgresql, …}`";
            reader.wrong_type(node, "sql", "a section with one key per database", help);
        }
        return databases;
    };
    for entry in entries {
        databases.insert(entry.key.clone(), Arc::new(database(reader, entry)));
    }
    databases
}

fn database(reader: &mut Reader, entry: &Entry) -> SqlDatabase {
    let path = format!("sql.{}", entry.key);
    let section = Section::open(reader, &entry.value, &entry.key_span, &path, &keys::SQL);
    let default = SqlDatabase::default();
    let kinds = [
        ("postgresql", SqlKind::Postgresql),
        ("mysql", SqlKind::Mysql),
        ("sqlite", SqlKind::Sqlite),
    ];
    if section.value("kind").is_none() && !section.malformed {
        section.missing(
            reader,
            "kind",
            "write `kind: postgresql`, `mysql` or `sqlite`",
        );
    }
    let kind = section.choice(reader, "kind", &kinds, SqlKind::Postgresql);
    let place = match kind {
        SqlKind::Sqlite => file(reader, &section),
        SqlKind::Postgresql | SqlKind::Mysql => server(reader, &section, kind),
    };
    SqlDatabase {
        name: entry.key.clone(),
        kind,
        connections: section.integer(reader, "connections", default.connections),
        connect_timeout: section.duration(reader, "connect_timeout", default.connect_timeout),
        wait_timeout: section.duration(reader, "wait_timeout", default.wait_timeout),
        query_timeout: section.duration(reader, "query_timeout", default.query_timeout),
        idle_timeout: section.duration(reader, "idle_timeout", default.idle_timeout),
        rows: section.integer(reader, "rows", default.rows),
        result_bytes: section.size(reader, "result_bytes", default.result_bytes),
        failures: section.integer(reader, "failures", default.failures),
        cool_down: section.duration(reader, "cool_down", default.cool_down),
        probe_interval: section.duration(reader, "probe_interval", default.probe_interval),
        ..place
    }
}

/// What only SQLite has.
fn file(reader: &mut Reader, section: &Section<'_>) -> SqlDatabase {
    let needless = [
        "hosts",
        "replicas",
        "database",
        "username",
        "password",
        "tls",
        "ca_file",
        "certificate",
        "key",
    ];
    for key in needless {
        if let Some(entry) = section.entry(key) {
            let message = format!("`{}` has no use with `kind: sqlite`", section.path_of(key));
            reader.error(&entry.key_span, message, "", "remove it");
        }
    }
    let path = match section.value("path") {
        Some(node) => reader.existing_file(node, &section.path_of("path")),
        None => {
            section.missing(reader, "path", "write `path: FILE`");
            None
        }
    };
    SqlDatabase {
        path: path.unwrap_or_default(),
        ..SqlDatabase::default()
    }
}

/// What only servers have.
fn server(reader: &mut Reader, section: &Section<'_>, kind: SqlKind) -> SqlDatabase {
    if let Some(entry) = section.entry("path") {
        let message = format!("`{}` is for `kind: sqlite` only", section.path_of("path"));
        let help = "name the server in `hosts`; a path there is a socket";
        reader.error(&entry.key_span, message, "", help);
    }
    let listed = hosts(reader, section, "hosts", kind);
    if listed.is_empty() && section.value("hosts").is_none() && !section.malformed {
        section.missing(reader, "hosts", "write `hosts: [db.example.org]`");
    }
    let replicas = hosts(reader, section, "replicas", kind);
    let needed = |reader: &mut Reader, key: &str, help: &str| {
        if section.value(key).is_none() && !section.malformed {
            section.missing(reader, key, help);
        }
        section.text(reader, key).unwrap_or_default().to_owned()
    };
    let database = needed(
        reader,
        "database",
        "write the name that the database has there",
    );
    let username = needed(
        reader,
        "username",
        "write the account that Bulkhead uses there",
    );
    let password = section.entry("password").and_then(|entry| {
        let path = section.path_of("password");
        secret_value(reader, &entry.value, &entry.key_span, &path)
    });
    let far = listed.iter().chain(&replicas).any(|host| !is_near(host));
    let modes = [
        ("off", SqlTls::Off),
        ("require", SqlTls::Require),
        ("verify-ca", SqlTls::VerifyCa),
        ("verify-full", SqlTls::VerifyFull),
    ];
    let usual = if far { SqlTls::VerifyFull } else { SqlTls::Off };
    let tls = section.choice(reader, "tls", &modes, usual);
    if let (true, SqlTls::Off, Some(node)) = (far, tls, section.value("tls")) {
        reader.warning(
            &node.span,
            format!("`{}` sends password hashes in the clear", section.path),
            "who listens on the way can read them",
            "write `tls: verify-full`, and `ca_file` if the authority is your own",
        );
    }
    let existing = |reader: &mut Reader, key: &str| {
        let node = section.value(key)?;
        reader.existing_file(node, &section.path_of(key))
    };
    SqlDatabase {
        hosts: listed,
        replicas,
        database,
        username,
        password: password.map(|bytes| SqlPassword(Arc::new(Password::new(bytes.to_vec())))),
        tls,
        ca_file: existing(reader, "ca_file"),
        certificate: certificate(reader, section),
        ..SqlDatabase::default()
    }
}

fn certificate(reader: &mut Reader, section: &Section<'_>) -> Option<(PathBuf, PathBuf)> {
    let existing = |reader: &mut Reader, key: &str| {
        let node = section.value(key)?;
        let file = reader.existing_file(node, &section.path_of(key))?;
        Some((file, node.span.clone()))
    };
    let certificate = existing(reader, "certificate");
    let key = existing(reader, "key");
    if let Some((file, span)) = &key {
        warn_if_public(reader, file, span);
    }
    match (section.value("certificate"), section.value("key")) {
        (Some(_), None) => section.missing(reader, "key", "write `key: FILE`"),
        (None, Some(_)) => section.missing(reader, "certificate", "write `certificate: FILE`"),
        _ => {}
    }
    Some((certificate?.0, key?.0))
}

/// Nobody can listen on the way.
fn is_near(host: &SqlHost) -> bool {
    match host {
        SqlHost::Unix { .. } => true,
        SqlHost::Tcp { host, .. } => {
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

fn hosts(reader: &mut Reader, section: &Section<'_>, key: &str, kind: SqlKind) -> Vec<SqlHost> {
    let Some(node) = section.value(key) else {
        return Vec::new();
    };
    let path = section.path_of(key);
    let mut hosts = Vec::new();
    let texts = reader.texts(node, &path);
    if texts.is_empty() && key == "hosts" && matches!(node.content, Content::Sequence(_)) {
        let help = "write `hosts: [db.example.org]`";
        reader.error(&node.span, format!("`{path}` is empty"), "", help);
    }
    for (text, span) in texts {
        match host(text, kind) {
            Some(host) => hosts.push(host),
            None => reader.error(
                span,
                format!("`{text}` is not a host"),
                "",
                "write `name`, `name:port`, an IP address, `\"[v6]:port\"`, or the absolute path of a socket",
            ),
        }
    }
    hosts
}

fn host(text: &str, kind: SqlKind) -> Option<SqlHost> {
    let port = match kind {
        SqlKind::Postgresql => 5432,
        SqlKind::Mysql | SqlKind::Sqlite => 3306,
    };
    if text.starts_with('/') {
        return Some(socket(text, kind, port));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let host = address.to_string();
        return Some(SqlHost::Tcp { host, port });
    }
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once("]:")?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port.parse().ok().filter(|port| *port > 0)?)
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, port.parse().ok().filter(|port| *port > 0)?),
            None => (text, port),
        },
    };
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_.:".contains(symbol);
    let is_name = !name.is_empty() && name.chars().all(fits);
    is_name.then(|| SqlHost::Tcp {
        host: name.to_owned(),
        port,
    })
}

/// PostgreSQL's libraries take the folder and a port; its socket's own path is understood too.
fn socket(text: &str, kind: SqlKind, port: u16) -> SqlHost {
    let named = text
        .rsplit_once("/.s.PGSQL.")
        .filter(|_| kind == SqlKind::Postgresql)
        .and_then(|(folder, port)| Some((folder, port.parse().ok()?)));
    let (path, port) = named.unwrap_or((text, port));
    SqlHost::Unix {
        path: PathBuf::from(path),
        port,
    }
}

/// `plugins.NAME.grants.sql`
pub(super) fn grant(
    reader: &mut Reader,
    grants: &Section<'_>,
    known: &SqlDatabases,
) -> Option<SqlGrant> {
    grants.entry("sql")?;
    let section = grants.section(reader, "sql", &keys::SQL_GRANT);
    let mut databases = BTreeMap::new();
    match section.value("databases") {
        None => section.missing(reader, "databases", "write `databases: [NAME]`"),
        Some(node) => {
            for (name, span) in reader.texts(node, &section.path_of("databases")) {
                match known.get(name) {
                    Some(database) => {
                        databases.insert(name.to_owned(), Arc::clone(database));
                    }
                    None => unknown(reader, span, name, known),
                }
            }
        }
    }
    Some(SqlGrant {
        databases,
        read_only: section.boolean(reader, "read_only", true),
    })
}

fn unknown(reader: &mut Reader, span: &Span, name: &str, known: &SqlDatabases) {
    let names = || known.keys().map(String::as_str);
    let label = nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
    let help = if known.is_empty() {
        format!("describe it at the top of the file: `sql: {{{name}: {{kind: postgresql, …}}}}`")
    } else {
        format!("the section `sql` has {}", list(names()))
    };
    let message = format!("there is no database `{name}` in the section `sql`");
    reader.error(span, message, &label.unwrap_or_default(), &help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_and_sockets() {
        let tcp = |host: &str, port| {
            let host = host.to_owned();
            Some(SqlHost::Tcp { host, port })
        };
        let unix = |path: &str, port| {
            let path = PathBuf::from(path);
            Some(SqlHost::Unix { path, port })
        };
        let (postgresql, mysql) = (SqlKind::Postgresql, SqlKind::Mysql);
        for (text, kind, wanted) in [
            ("db.example.org", postgresql, tcp("db.example.org", 5432)),
            ("db.example.org", mysql, tcp("db.example.org", 3306)),
            ("db:1", mysql, tcp("db", 1)),
            ("192.0.2.1", mysql, tcp("192.0.2.1", 3306)),
            ("::1", postgresql, tcp("::1", 5432)),
            ("[::1]:7", postgresql, tcp("::1", 7)),
            ("/run/postgresql", postgresql, unix("/run/postgresql", 5432)),
            (
                "/run/postgresql/.s.PGSQL.5433",
                postgresql,
                unix("/run/postgresql", 5433),
            ),
            (
                "/run/mysqld/mysqld.sock",
                mysql,
                unix("/run/mysqld/mysqld.sock", 3306),
            ),
            ("db:0", mysql, None),
            ("db:65536", mysql, None),
            ("[::1]", mysql, None),
            ("tcp://db", mysql, None),
            ("a b", mysql, None),
        ] {
            assert_eq!(host(text, kind), wanted, "{text}");
        }
    }
}
