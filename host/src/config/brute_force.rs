//! The section `brute_force`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;

use super::{
    keys,
    reader::Reader,
    schema::{BruteForce, Bucket, CustomToleration, ListFormat, Tolerate},
    secrets::secret_value,
    section::Section,
    server::{network, networks},
    source::Span,
    yaml::Node,
};
use crate::auth::Password;

/// Most buckets: each login looks at all of them.
const MOST_BUCKETS: usize = 32;
/// Longest name of a bucket, in bytes.
const LONGEST_NAME: usize = 64;
/// Shortest `digest_key`, in bytes (Nauthilus asks the same of its nonce).
const SHORTEST_KEY: usize = 16;

/// Default of `cold_start_grace_ttl`.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// The section, if it is there and can be read.
pub(super) fn brute_force(reader: &mut Reader, top: &Section<'_>) -> Option<BruteForce> {
    let node = top.value("brute_force")?;
    if node.is_null() {
        return None;
    }
    let section = top.section(reader, "brute_force", &keys::BRUTE_FORCE);
    if section.malformed {
        return None;
    }
    let default = BruteForce::default();
    let history = section.section(reader, "password_history", &keys::PASSWORD_HISTORY);
    let scoping = section.section(reader, "ip_scoping", &keys::IP_SCOPING);
    let tolerate_ttl = section.duration(reader, "tolerate_ttl", default.tolerate_ttl);
    Some(BruteForce {
        buckets: buckets(reader, &section),
        protocols: words(reader, &section, "protocols"),
        ip_allowlist: networks(reader, &section, "ip_allowlist").unwrap_or_default(),
        allowlist: allowlist(reader, &section),
        learning: words(reader, &section, "learning"),
        tolerate: tolerate(reader, &section),
        custom_tolerations: custom_tolerations(reader, &section, tolerate_ttl),
        tolerate_ttl,
        tolerate_users: section.integer(reader, "tolerate_users", default.tolerate_users),
        repeated_ipv6_prefix: prefix(reader, &scoping, "rwp_ipv6_cidr"),
        tolerations_ipv6_prefix: prefix(reader, &scoping, "tolerations_ipv6_cidr"),
        repeated_allowed: section.integer(
            reader,
            "rwp_allowed_unique_hashes",
            default.repeated_allowed,
        ),
        repeated_window: section.duration(reader, "rwp_window", default.repeated_window),
        cold_start_grace: cold_start_grace(reader, &section),
        history_entries: history.integer(reader, "max_entries", default.history_entries),
        history_ttl: history.duration(reader, "ttl", default.history_ttl),
        history_for_known_accounts: section.boolean(reader, "pw_history_for_known_accounts", false),
        account_addresses: section.integer(reader, "account_addresses", default.account_addresses),
        decision_cache: section.duration(reader, "decision_cache", default.decision_cache),
        decision_cache_entries: section.integer(
            reader,
            "decision_cache_entries",
            default.decision_cache_entries,
        ),
        digest_key: digest_key(reader, &section),
        list_format: section.choice(
            reader,
            "list_format",
            &[("v3", ListFormat::V3), ("v1", ListFormat::V1)],
            default.list_format,
        ),
    })
}

fn cold_start_grace(reader: &mut Reader, section: &Section<'_>) -> Duration {
    let ttl = section.duration(reader, "cold_start_grace_ttl", GRACE);
    match section.boolean(reader, "cold_start_grace_enabled", false) {
        true => ttl,
        false => Duration::ZERO,
    }
}

/// The sections of a list, with their paths.
fn items<'a>(
    reader: &mut Reader,
    section: &Section<'a>,
    key: &str,
    keys: &'static keys::Keys,
) -> Vec<Section<'a>> {
    let path = section.path_of(key);
    let Some(node) = section.value(key) else {
        return Vec::new();
    };
    let nodes: &'a [Node] = reader.items(node, &path);
    nodes
        .iter()
        .enumerate()
        .map(|(index, item)| {
            Section::open(reader, item, &item.span, &format!("{path}[{index}]"), keys)
        })
        .filter(|section| !section.malformed)
        .collect()
}

fn buckets(reader: &mut Reader, section: &Section<'_>) -> Vec<Bucket> {
    let example =
        "write `buckets: [{name: hosts, ipv4: true, cidr: 32, period: 10m, failed_requests: 10}]`";
    let Some(entry) = section.entry("buckets") else {
        section.missing(reader, "buckets", example);
        return Vec::new();
    };
    let all = items(reader, section, "buckets", &keys::BUCKET);
    if all.is_empty() {
        let message = "`brute_force.buckets` is empty: nothing would be counted".to_owned();
        reader.error(&entry.key_span, message, "", example);
    }
    if all.len() > MOST_BUCKETS {
        let message = format!("there are more than {MOST_BUCKETS} buckets");
        let help = "each login looks at all of them: remove some";
        reader.error(&entry.key_span, message, "", help);
    }
    let mut names = BTreeSet::new();
    all.iter()
        .filter_map(|section| bucket(reader, section, &mut names))
        .collect()
}

fn bucket(
    reader: &mut Reader,
    section: &Section<'_>,
    names: &mut BTreeSet<String>,
) -> Option<Bucket> {
    for (key, help) in [
        ("name", "write `name: hosts`"),
        ("period", "write `period: 10m`"),
        ("cidr", "write `cidr: 32`"),
        ("failed_requests", "write `failed_requests: 10`"),
    ] {
        if section.value(key).is_none() {
            section.missing(reader, key, help);
        }
    }
    let name = section.text(reader, "name");
    if let (Some(name), Some(node)) = (name, section.value("name")) {
        check_name(reader, name, &node.span, names);
    }
    let prefix = section.whole(reader, "cidr");
    let ipv4 = section.boolean(reader, "ipv4", false);
    let ipv6 = section.boolean(reader, "ipv6", false);
    let path = &section.path;
    if !ipv4 && !ipv6 {
        reader.error(
            &section.span,
            format!("`{path}` counts neither IPv4 nor IPv6"),
            "it would never match",
            "write `ipv4: true` or `ipv6: true`",
        );
    }
    if let (true, Some(33..), Some(entry)) = (ipv4, prefix, section.entry("cidr")) {
        reader.error(
            &entry.value.span,
            format!("`{path}` is for IPv4, whose prefixes end at 32"),
            "this prefix is longer than an IPv4 address",
            "write `cidr: 32` or less, or `ipv6: true` instead of `ipv4: true`",
        );
    } else if ipv4 && ipv6 {
        reader.warning(
            &section.span,
            format!("`{path}` counts IPv4 and IPv6 with the same prefix"),
            "one of the two is probably too wide or too narrow",
            "write a bucket for each family",
        );
    }
    Some(Bucket {
        name: name?.to_owned(),
        period: section.duration(reader, "period", Duration::from_secs(600)),
        ban_time: section.duration(reader, "ban_time", Duration::from_secs(8 * 60 * 60)),
        prefix: u8::try_from(prefix?).ok()?,
        ipv4,
        ipv6,
        failed_requests: section.integer(reader, "failed_requests", 10),
        protocols: words(reader, section, "filter_by_protocol"),
        oidc_clients: words(reader, section, "filter_by_oidc_cid"),
    })
}

fn check_name(reader: &mut Reader, name: &str, span: &Span, names: &mut BTreeSet<String>) {
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "_-.".contains(symbol);
    if !name.chars().all(fits) || name.len() > LONGEST_NAME {
        reader.error(
            span,
            format!("a bucket cannot be named `{name}`"),
            "",
            "write up to 64 letters, digits, `_`, `-` and `.`",
        );
    }
    if !names.insert(name.to_owned()) {
        let message = format!("there are two buckets named `{name}`");
        let help = "choose another name: bans and counters are kept by name";
        reader.error(span, message, "the second one", help);
    }
}

/// A list of words, each of visible characters.
fn words(reader: &mut Reader, section: &Section<'_>, key: &str) -> Vec<String> {
    let Some(node) = section.value(key) else {
        return Vec::new();
    };
    let path = section.path_of(key);
    let mut words = Vec::new();
    for (text, span) in reader.texts(node, &path) {
        if text
            .chars()
            .any(|symbol| symbol.is_control() || symbol == '|')
        {
            let message = format!("`{path}` holds a word with a character that cannot be there");
            reader.error(span, message, "", "leave out control characters and `|`");
        } else if !words.iter().any(|word| word == text) {
            words.push(text.to_owned());
        }
    }
    words
}

fn allowlist(reader: &mut Reader, section: &Section<'_>) -> BTreeMap<String, Vec<IpNet>> {
    let mut users: BTreeMap<String, Vec<IpNet>> = BTreeMap::new();
    for entry in items(reader, section, "allowlist", &keys::ALLOWED) {
        if entry.value("networks").is_none() {
            entry.missing(reader, "networks", "write `networks: [192.0.2.0/24]`");
        }
        let allowed = networks(reader, &entry, "networks").unwrap_or_default();
        match entry.text(reader, "username") {
            Some(name) => users.entry(name.to_owned()).or_default().extend(allowed),
            None if entry.value("username").is_none() => {
                entry.missing(reader, "username", "write `username: alice`");
            }
            None => {}
        }
    }
    users
}

fn percent(reader: &mut Reader, section: &Section<'_>, key: &str, default: u8) -> u8 {
    u8::try_from(section.integer(reader, key, u32::from(default))).unwrap_or(default)
}

fn tolerate(reader: &mut Reader, section: &Section<'_>) -> Tolerate {
    let fixed = percent(reader, section, "tolerate_percent", 10);
    let least = percent(reader, section, "min_tolerate_percent", 10);
    let most = percent(reader, section, "max_tolerate_percent", 50);
    let scale = section.decimal(reader, "scale_factor", 1.0);
    if !section.boolean(reader, "adaptive_toleration", false) {
        return Tolerate::Percent(fixed);
    }
    if least > most
        && let Some(entry) = section
            .entry("max_tolerate_percent")
            .or_else(|| section.entry("min_tolerate_percent"))
    {
        reader.error(
            &entry.value.span,
            "`brute_force.max_tolerate_percent` is below `min_tolerate_percent`".to_owned(),
            "",
            "the percentage grows from the one to the other",
        );
    }
    Tolerate::Adaptive { least, most, scale }
}

fn custom_tolerations(
    reader: &mut Reader,
    section: &Section<'_>,
    ttl: Duration,
) -> Vec<CustomToleration> {
    let entries = items(
        reader,
        section,
        "custom_tolerations",
        &keys::CUSTOM_TOLERATION,
    );
    entries
        .iter()
        .filter_map(|entry| {
            for (key, help) in [
                ("ip_address", "write `ip_address: 192.0.2.0/24`"),
                ("tolerate_percent", "write `tolerate_percent: 20`"),
            ] {
                if entry.value(key).is_none() {
                    entry.missing(reader, key, help);
                }
            }
            let percent = percent(reader, entry, "tolerate_percent", 0);
            let ttl = entry.duration(reader, "tolerate_ttl", ttl);
            let text = entry.text(reader, "ip_address")?;
            let Some(network) = network(text) else {
                let span = &entry.value("ip_address")?.span;
                let message = format!("`{text}` is neither an IP address nor a network");
                let help = "write it like `10.0.0.5`, `10.0.0.0/8` or `\"2001:db8::/32\"`";
                reader.error(span, message, "", help);
                return None;
            };
            Some(CustomToleration {
                network,
                percent,
                ttl,
            })
        })
        .collect()
}

/// The length of a prefix; 0 says none.
fn prefix(reader: &mut Reader, section: &Section<'_>, key: &str) -> Option<u8> {
    u8::try_from(section.integer(reader, key, 0))
        .ok()
        .filter(|prefix| *prefix > 0)
}

fn digest_key(reader: &mut Reader, section: &Section<'_>) -> Option<Arc<Password>> {
    let entry = section.entry("digest_key")?;
    let path = section.path_of("digest_key");
    let key = secret_value(reader, &entry.value, &entry.key_span, &path)?;
    if key.len() < SHORTEST_KEY {
        let message = format!("`{path}` is shorter than {SHORTEST_KEY} bytes");
        let help =
            "make one with `openssl rand -hex 32 > digest.key` and write `{file: digest.key}`";
        reader.error(&entry.key_span, message, "", help);
    }
    Some(Arc::new(Password::new(key.to_vec())))
}
