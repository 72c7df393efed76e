//! The section `store`: where shared state is.

use std::path::PathBuf;

use super::{
    keys,
    keys::Keys,
    reader::Reader,
    schema::{
        OnOutage, RedisAddress, RedisConfig, RedisServers, RedisTls, StoreConfig, StorePassword,
    },
    secrets::{secret_value, warn_if_public},
    section::Section,
};

#[derive(Clone, Copy, PartialEq)]
enum Which {
    Redb,
    Memory,
    Redis,
}

/// Reads the section. `default_path` is the database file if none is named.
pub(super) fn store(
    reader: &mut Reader,
    top: &Section<'_>,
    default_path: impl FnOnce() -> PathBuf,
) -> StoreConfig {
    let section = top.section(reader, "store", &keys::STORE);
    let words = [
        ("redb", Which::Redb),
        ("memory", Which::Memory),
        ("redis", Which::Redis),
    ];
    let which = section.choice(reader, "kind", &words, Which::Redb);
    let idle: &[&str] = match which {
        Which::Redb => &["redis"],
        Which::Memory => &["path", "redis"],
        Which::Redis => &["path"],
    };
    warn_of_idle_keys(reader, &section, which, idle);
    match which {
        Which::Memory => StoreConfig::Memory,
        Which::Redb => StoreConfig::Redb {
            path: section.path(reader, "path").unwrap_or_else(default_path),
        },
        Which::Redis => {
            if section.value("redis").is_none() {
                section.missing(
                    reader,
                    "redis",
                    "write `redis: {primary: {address: \"localhost:6379\"}}`",
                );
                return StoreConfig::Memory; // never used: there is an error
            }
            let inner = section.section(reader, "redis", &keys::REDIS);
            match redis(reader, &inner) {
                Some(config) => StoreConfig::Redis(Box::new(config)),
                None => StoreConfig::Memory, // as above
            }
        }
    }
}

fn warn_of_idle_keys(reader: &mut Reader, section: &Section<'_>, which: Which, keys: &[&str]) {
    let kind = match which {
        Which::Redb => "redb",
        Which::Memory => "memory",
        Which::Redis => "redis",
    };
    for key in keys {
        if let Some(entry) = section.entry(key) {
            let message = format!("`store.{key}` has no use with `kind: {kind}`");
            let other = if *key == "path" { "redb" } else { "redis" };
            let help = format!("remove it, or write `kind: {other}`");
            reader.warning(&entry.key_span, message, "", &help);
        }
    }
}

fn redis(reader: &mut Reader, section: &Section<'_>) -> Option<RedisConfig> {
    let servers = servers(reader, section);
    let default = RedisConfig::new(RedisServers::Cluster { nodes: Vec::new() });
    let number = |reader: &mut Reader, key, default| section.integer(reader, key, default);
    let time = |reader: &mut Reader, key, default| section.duration(reader, key, default);
    let (username, password) = credentials(reader, section);
    let config = RedisConfig {
        username,
        password,
        tls: section.entry("tls").map(|_| tls(reader, section)),
        database_number: number(reader, "database_number", default.database_number),
        prefix: prefix(reader, section).unwrap_or(default.prefix),
        read_from_replicas: section.boolean(
            reader,
            "read_from_replicas",
            default.read_from_replicas,
        ),
        min_replicas: number(reader, "min_replicas", default.min_replicas),
        pool_size: number(reader, "pool_size", default.pool_size),
        concurrency: number(reader, "concurrency", default.concurrency),
        pool_timeout: time(reader, "pool_timeout", default.pool_timeout),
        dial_timeout: time(reader, "dial_timeout", default.dial_timeout),
        read_timeout: time(reader, "read_timeout", default.read_timeout),
        write_timeout: time(reader, "write_timeout", default.write_timeout),
        operation_timeout: time(reader, "operation_timeout", default.operation_timeout),
        max_retries: number(reader, "max_retries", default.max_retries),
        on_outage: section.choice(
            reader,
            "on_outage",
            &[
                ("tempfail", OnOutage::TemporaryFailure),
                ("local", OnOutage::Local),
            ],
            default.on_outage,
        ),
        servers: servers?,
    };
    check_together(reader, section, &config);
    Some(config)
}

/// What is right for itself and wrong together.
fn check_together(reader: &mut Reader, section: &Section<'_>, config: &RedisConfig) {
    if let (RedisServers::Cluster { .. }, Some(entry)) =
        (&config.servers, section.entry("database_number"))
        && config.database_number != 0
    {
        reader.error(
            &entry.key_span,
            "a cluster has only database 0".to_owned(),
            "",
            "remove `database_number`, and tell servers apart by `prefix`",
        );
    }
    let shared = section.value("replica").is_some();
    if let (true, false, Some(entry)) =
        (shared, config.read_from_replicas, section.entry("replica"))
    {
        reader.warning(
            &entry.key_span,
            "the replicas are never asked".to_owned(),
            "",
            "write `read_from_replicas: true`, or remove `replica`",
        );
    }
    for (key, value) in [
        ("read_timeout", config.read_timeout),
        ("write_timeout", config.write_timeout),
    ] {
        if value > config.operation_timeout {
            let span = section
                .entry(key)
                .or_else(|| section.entry("operation_timeout"))
                .map_or(section.span.clone(), |entry| entry.key_span.clone());
            reader.error(
                &span,
                format!("`store.redis.{key}` is longer than `operation_timeout`"),
                "one try would take longer than all tries may",
                "lower it, or raise `operation_timeout`",
            );
        }
    }
}

fn servers(reader: &mut Reader, section: &Section<'_>) -> Option<RedisServers> {
    let kinds = ["primary", "sentinels", "cluster"];
    let mut written = kinds.iter().filter_map(|key| section.entry(key));
    let Some(first) = written.next() else {
        if !section.malformed {
            section.missing(
                reader,
                "primary",
                "write `primary: {address: \"localhost:6379\"}`, `sentinels` or `cluster`",
            );
        }
        return None;
    };
    if let Some(second) = written.next() {
        reader.error(
            &second.key_span,
            "`store.redis` names two kinds of servers".to_owned(),
            "this",
            "keep one of `primary`, `sentinels` and `cluster`",
        );
        reader.and_there(&first.key_span, "and this");
        return None;
    }
    if let (Some(entry), false) = (section.entry("replica"), first.key == "primary") {
        reader.error(
            &entry.key_span,
            format!(
                "`replica` goes with `primary` only: `{}` know the replicas",
                first.key
            ),
            "",
            "remove `replica`; `read_from_replicas: true` is enough",
        );
    }
    match first.key.as_str() {
        "primary" => {
            let inner = section.section(reader, "primary", &keys::REDIS_PRIMARY);
            let primary = address(reader, &inner);
            let replicas = match section.entry("replica") {
                Some(_) => addresses(reader, section, "replica", &keys::REDIS_REPLICA),
                None => Some(Vec::new()),
            };
            Some(RedisServers::Standalone {
                primary: primary?,
                replicas: replicas?,
            })
        }
        "sentinels" => {
            let sentinels = addresses(reader, section, "sentinels", &keys::REDIS_SENTINELS);
            let inner = section.section(reader, "sentinels", &keys::REDIS_SENTINELS);
            if !inner.malformed && inner.value("master").is_none() {
                inner.missing(reader, "master", "write `master: mymaster`");
            }
            let master = inner.text(reader, "master");
            let (username, password) = credentials(reader, &inner);
            Some(RedisServers::Sentinel {
                master: master?.to_owned(),
                sentinels: sentinels?,
                username,
                password,
            })
        }
        _ => Some(RedisServers::Cluster {
            nodes: addresses(reader, section, "cluster", &keys::REDIS_CLUSTER)?,
        }),
    }
}

fn address(reader: &mut Reader, section: &Section<'_>) -> Option<RedisAddress> {
    let Some(node) = section.value("address") else {
        if !section.malformed {
            section.missing(reader, "address", "write `address: \"localhost:6379\"`");
        }
        return None;
    };
    let path = section.path_of("address");
    let text = reader.text(node, &path)?;
    parse(reader, text, &node.span)
}

fn addresses(
    reader: &mut Reader,
    section: &Section<'_>,
    key: &str,
    keys: &'static Keys,
) -> Option<Vec<RedisAddress>> {
    let inner = section.section(reader, key, keys);
    let path = inner.path_of("addresses");
    let Some(node) = inner.value("addresses") else {
        if !inner.malformed {
            inner.missing(
                reader,
                "addresses",
                "write `addresses: [\"localhost:6379\"]`",
            );
        }
        return None;
    };
    let texts = reader.texts(node, &path);
    if texts.is_empty() {
        let help = "write at least one, such as `[\"localhost:6379\"]`";
        reader.error(&node.span, format!("`{path}` is empty"), "", help);
        return None;
    }
    let parsed: Vec<_> = texts
        .into_iter()
        .map(|(text, span)| parse(reader, text, span))
        .collect();
    parsed.into_iter().collect()
}

fn parse(reader: &mut Reader, text: &str, span: &super::source::Span) -> Option<RedisAddress> {
    let parsed = RedisAddress::parse(text);
    if parsed.is_none() {
        reader.error(
            span,
            format!("`{text}` is not an address with a port"),
            "",
            "write it like `redis.example.org:6379`, `10.0.0.5:6379` or `\"[2001:db8::5]:6379\"`; TLS is the section `tls`",
        );
    }
    parsed
}

fn credentials(
    reader: &mut Reader,
    section: &Section<'_>,
) -> (Option<String>, Option<StorePassword>) {
    let username = section.text(reader, "username").map(str::to_owned);
    let Some(entry) = section.entry("password") else {
        if let Some(name) = section.entry("username") {
            let message = format!("`{}` has no password", section.path_of("username"));
            reader.error(
                &name.key_span,
                message,
                "",
                "write `password: {file: NAME}` beside it",
            );
        }
        return (username, None);
    };
    let path = section.path_of("password");
    let password = secret_value(reader, &entry.value, &entry.key_span, &path).and_then(|value| {
        let text = String::from_utf8(value.to_vec()).ok();
        if text.is_none() {
            let help = "use another password: this one holds bytes that are no text (UTF-8)";
            reader.error(&entry.key_span, format!("`{path}` is not a text"), "", help);
        }
        text.map(StorePassword::new)
    });
    (username, password)
}

fn prefix(reader: &mut Reader, section: &Section<'_>) -> Option<String> {
    let node = section.value("prefix")?;
    let text = section.text(reader, "prefix")?;
    if text.contains(['{', '}']) {
        reader.error(
            &node.span,
            "`store.redis.prefix` holds `{` or `}`".to_owned(),
            "a cluster would put all keys into one slot",
            "choose a prefix without them, such as `bulkhead:`",
        );
        return None;
    }
    if text.len() > 64 {
        let message = "`store.redis.prefix` is longer than 64 bytes".to_owned();
        reader.error(
            &node.span,
            message,
            "",
            "every key would be that long: choose a shorter one",
        );
        return None;
    }
    Some(text.to_owned())
}

fn tls(reader: &mut Reader, section: &Section<'_>) -> RedisTls {
    let inner = section.section(reader, "tls", &keys::REDIS_TLS);
    let file = |reader: &mut Reader, key: &str| {
        let node = inner.value(key)?;
        reader.existing_file(node, &inner.path_of(key))
    };
    let ca_file = file(reader, "ca_file");
    let certificate = file(reader, "certificate");
    let key = file(reader, "key");
    if let (Some(key), Some(node)) = (&key, inner.value("key")) {
        warn_if_public(reader, key, &node.span);
    }
    for (one, other) in [("certificate", "key"), ("key", "certificate")] {
        if let (Some(entry), None) = (inner.entry(one), inner.entry(other)) {
            let message = format!("`{}` needs `{other}` beside it", inner.path_of(one));
            reader.error(
                &entry.key_span,
                message,
                "",
                &format!("write `{other}: FILE.pem`"),
            );
        }
    }
    RedisTls {
        ca_file,
        client: certificate.zip(key),
    }
}
