//! The server's page: read by a strict parser, compared with its documentation.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use super::*;
use crate::{
    auth::{Mode, PluginTrace, StageTrace, Trace, Usage, Verdict},
    backend_io::{
        BreakerState, http,
        ldap::ServerStatus,
        sql::{Condition, Listener},
    },
    observe::{LoginRecord, metrics::plain},
};

/// A family as a page shows it.
#[derive(Debug, Default, PartialEq)]
struct Family {
    kind: String,
    /// Sample name and labels to value.
    samples: BTreeMap<(String, Vec<(String, String)>), f64>,
}

/// Reads a page in the format 0.0.4, and panics over everything that Prometheus would refuse or wonder
/// at: samples without a family, doubled ones, values that are no numbers, histograms that do not add up.
fn parsed(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut helped = String::new();
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split(' ').next().unwrap().to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(helped, name, "the type of a family without help");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            let family = Family {
                kind: kind.to_owned(),
                ..Family::default()
            };
            let doubled = families.insert(name.to_owned(), family);
            assert!(doubled.is_none(), "the family {name} comes twice");
            current = name.to_owned();
        } else {
            let (name, labels, value) = sample(line);
            let family = families.get_mut(&current).unwrap();
            let suffix = name
                .strip_prefix(&current)
                .unwrap_or_else(|| panic!("{line}"));
            let fits = match family.kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].contains(&suffix),
                _ => suffix.is_empty(),
            };
            assert!(fits, "{line} is no sample of {current}");
            let doubled = family.samples.insert((name, labels), value);
            assert!(doubled.is_none(), "doubled: {line}");
        }
    }
    for (name, family) in &families {
        if family.kind == "counter" {
            assert!(name.ends_with("_total"), "{name}");
            assert!(!name.ends_with("_total_total"), "{name}");
        }
        check_histograms(name, family);
    }
    families
}

fn sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
    let Some((name, labels)) = series.split_once('{') else {
        return (series.to_owned(), Vec::new(), value);
    };
    let mut rest = labels.strip_suffix('}').unwrap();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"").unwrap();
        assert!(
            label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{line}"
        );
        let end = after.find('"').unwrap();
        pairs.push((label.to_owned(), after[..end].to_owned()));
        rest = after[end + 1..].trim_start_matches(',');
    }
    pairs.sort();
    (name.to_owned(), pairs, value)
}

fn check_histograms(name: &str, family: &Family) {
    for ((sample, labels), count) in &family.samples {
        if *sample != format!("{name}_count") {
            continue;
        }
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for ((other, with), value) in &family.samples {
            let le = with.iter().find(|(label, _)| label == "le");
            let rest: Vec<_> = with.iter().filter(|(label, _)| label != "le").collect();
            if let (true, Some((_, bound))) = (rest.iter().copied().eq(labels.iter()), le) {
                assert_eq!(*other, format!("{name}_bucket"));
                let bound = bound.replace("+Inf", "inf").parse().unwrap();
                buckets.push((bound, *value));
            }
        }
        buckets.sort_by(|one, two| one.0.total_cmp(&two.0));
        assert!(
            buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1),
            "{name}"
        );
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
    }
}

/// A login in which everything happens.
fn eventful(protocol: &str, verdict: Verdict) -> LoginRecord {
    let usage = Usage {
        elapsed: Duration::from_millis(3),
        queued: Duration::from_millis(500),
        cpu: Duration::from_millis(250),
        ..Usage::default()
    };
    let plugins = vec![
        PluginTrace {
            plugin: "users".to_owned(),
            verdict: "temporary-failure".to_owned(),
            kind: Some("trap"),
            usage,
            ..PluginTrace::default()
        },
        PluginTrace::skipped("spare", Duration::ZERO),
    ];
    LoginRecord {
        protocol: protocol.to_owned(),
        verdict,
        trace: Trace {
            stages: vec![StageTrace {
                stage: crate::auth::Stage::Backends,
                started: Duration::ZERO,
                elapsed: Duration::from_millis(4),
                plugins,
            }],
            ..Trace::default()
        },
        ..LoginRecord::example()
    }
}

/// A login that has led to a ban.
fn banned() -> LoginRecord {
    LoginRecord {
        brute_force_bucket: "hosts".to_owned(),
        is_new_ban: true,
        trace: Trace {
            stages: vec![StageTrace {
                stage: crate::auth::Stage::BruteForce,
                started: Duration::ZERO,
                elapsed: Duration::from_millis(1),
                plugins: Vec::new(),
            }],
            ..Trace::default()
        },
        ..LoginRecord::example()
    }
}

/// Metrics to which everything has happened once.
fn everything() -> (ServerMetrics, Snapshot) {
    let metrics = ServerMetrics::default();
    for verdict in [Verdict::Accept, Verdict::Reject, Verdict::TemporaryFailure] {
        metrics.login(&eventful("imap", verdict));
    }
    drop(metrics.request("/ping"));
    metrics.refused("malformed");
    metrics.store_asked("get", Duration::from_millis(2), true);
    metrics.post_actions_dropped(2, DropReason::Full);
    metrics.upstream_checked("imap-a", "imap", "ok");
    metrics.upstream_chosen(Some("imap-a"), "imap");
    metrics.upstream_chosen(None, "imap");
    metrics.name_lookups()(dns::Kind::A, "ok", Duration::from_millis(2));
    metrics.address_lookups()("countries", "found");
    metrics.ldap_operation("main", "search", "ok", Duration::from_millis(3));
    metrics.asked("mail", "ok", Duration::from_millis(2));
    metrics.left_alone("mail");
    metrics.destinations_left_alone()("hook");
    let now = Snapshot {
        running: vec![("users".to_owned(), 2)],
        upstreams: vec![
            ("imap-a".to_owned(), "imap", true),
            ("imap-b".to_owned(), "imap", false),
        ],
        databases: vec![Condition {
            database: "mail".to_owned(),
            problem: None,
            used: 2,
            open: 5,
            left_alone: 1,
        }],
        destinations: vec![http::Condition {
            plugin: "hook".to_owned(),
            left_alone: [("https://h.example".to_owned(), "silence".to_owned())].into(),
        }],
        post_actions_pending: 3,
        directories: vec![ServerStatus {
            pool: "main".to_owned(),
            server: "ldap://a.example".to_owned(),
            breaker: BreakerState::HalfOpen,
            probe: Some(Ok(Duration::from_millis(1))),
            searches: (3, 1),
            binds: (2, 2),
        }],
        generation: 4,
        loaded_at: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)),
        store: Some(crate::store::Usage {
            keys: 5,
            bytes: 600,
        }),
    };
    (metrics, now)
}

fn value(page: &str, series: &str) -> f64 {
    let found = page.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then_some(value)
    });
    let found = found.unwrap_or_else(|| panic!("{series} is not in\n{page}"));
    found.parse().unwrap()
}

#[test]
fn the_table_in_observe_md_is_the_page() {
    let (metrics, now) = everything();
    metrics.login(&banned());
    let families = parsed(&plain(&metrics.page(&now)));
    let page: BTreeSet<_> = families
        .into_iter()
        .map(|(name, family)| {
            let labels: BTreeSet<String> = family
                .samples
                .keys()
                .flat_map(|(_, labels)| labels.iter().map(|(label, _)| label.clone()))
                .filter(|label| label != "le")
                .collect();
            (name, family.kind, labels)
        })
        .collect();
    let table: BTreeSet<_> = include_str!("../../../../OBSERVE.md")
        .lines()
        .skip_while(|line| !line.starts_with("| Metric |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let labels = cells[3]
                .split(',')
                .map(|label| label.trim().replace('`', ""));
            let labels = labels.filter(|label| !label.is_empty()).collect();
            (cells[1].replace('`', ""), cells[2].to_owned(), labels)
        })
        .collect();
    let only_on_page: Vec<_> = page.difference(&table).collect();
    let only_in_table: Vec<_> = table.difference(&page).collect();
    assert!(
        only_on_page.is_empty() && only_in_table.is_empty(),
        "only on the page: {only_on_page:#?}\nonly in the table: {only_in_table:#?}"
    );
}

#[test]
fn no_name_is_one_that_a_plugin_could_invent() {
    let (metrics, now) = everything();
    for name in parsed(&plain(&metrics.page(&now))).keys() {
        assert!(!name.starts_with("bulkhead_plugin_"), "{name}");
    }
}

#[test]
fn numbers_of_plugins_are_on_the_same_page() {
    let plugins = PluginMetrics::new(10);
    let metrics = ServerMetrics::new(&plugins);
    plugins.counter_add("users", "hits", &[], 2.0).unwrap();
    let page = plain(&metrics.page(&Snapshot::default()));
    assert_eq!(parsed(&page)["bulkhead_plugin_hits_total"].kind, "counter");
}

#[test]
fn a_login_is_counted_where_it_belongs() {
    let (metrics, now) = everything();
    let page = plain(&metrics.page(&now));
    for (series, expected) in [
        (r#"logins_total{logins="success"}"#, 1.0),
        (r#"logins_total{logins="failure"}"#, 1.0),
        (r#"logins_total{logins="temporary_failure"}"#, 1.0),
        (r#"accepted_protocols_total{protocol="imap"}"#, 1.0),
        (r#"rejected_protocols_total{protocol="imap"}"#, 1.0),
        (
            r#"bulkhead_decisions_total{mode="auth",verdict="reject"}"#,
            1.0,
        ),
        (
            r#"bulkhead_calls_total{stage="backends",plugin="users",verdict="temporary-failure"}"#,
            3.0,
        ),
        (
            r#"bulkhead_call_failures_total{stage="backends",plugin="users",kind="trap"}"#,
            3.0,
        ),
        (
            r#"bulkhead_call_cpu_seconds_total{stage="backends",plugin="users"}"#,
            0.75,
        ),
        (
            r#"bulkhead_call_queue_seconds_total{stage="backends",plugin="users"}"#,
            1.5,
        ),
        (
            r#"bulkhead_call_seconds_bucket{le="0.005",stage="backends",plugin="users"}"#,
            3.0,
        ),
        (
            r#"bulkhead_call_seconds_bucket{le="0.0025",stage="backends",plugin="users"}"#,
            0.0,
        ),
        (r#"bulkhead_calls_in_flight{plugin="users"}"#, 2.0),
        (
            r#"bulkhead_sql_statements_total{database="mail",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"bulkhead_sql_seconds_bucket{le="0.0025",database="mail"}"#,
            1.0,
        ),
        (
            r#"bulkhead_sql_circuits_opened_total{database="mail"}"#,
            1.0,
        ),
        (
            r#"bulkhead_sql_connections{database="mail",state="used"}"#,
            2.0,
        ),
        (
            r#"bulkhead_sql_connections{database="mail",state="idle"}"#,
            3.0,
        ),
        (r#"bulkhead_sql_hosts_left_alone{database="mail"}"#, 1.0),
        (r#"bulkhead_http_circuits_opened_total{plugin="hook"}"#, 1.0),
        (
            r#"bulkhead_http_destinations_left_alone{plugin="hook"}"#,
            1.0,
        ),
        ("bulkhead_post_actions_pending", 3.0),
        (r#"bulkhead_post_actions_dropped_total{reason="full"}"#, 2.0),
        (
            r#"bulkhead_upstream_checks_total{server="imap-a",protocol="imap",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"bulkhead_upstream_alive{server="imap-a",protocol="imap"}"#,
            1.0,
        ),
        (
            r#"bulkhead_upstream_alive{server="imap-b",protocol="imap"}"#,
            0.0,
        ),
        (
            r#"bulkhead_upstream_logins_total{server="imap-a",protocol="imap"}"#,
            1.0,
        ),
        (
            r#"bulkhead_upstream_logins_total{server="none",protocol="imap"}"#,
            1.0,
        ),
        ("bulkhead_generation", 4.0),
        ("last_reload_timestamp", 1.5),
        ("server_concurrent_requests", 0.0),
    ] {
        assert_eq!(value(&page, series), expected, "{series}");
    }
    assert!(
        !page.contains("spare"),
        "a plugin that was not asked counts"
    );
}

#[test]
fn look_ups_and_lists_are_no_logins() {
    let metrics = ServerMetrics::default();
    for mode in [Mode::LookUp, Mode::ListAccounts] {
        metrics.login(&LoginRecord {
            mode,
            ..eventful("imap", Verdict::Accept)
        });
    }
    let page = plain(&metrics.page(&Snapshot::default()));
    assert_eq!(value(&page, r#"logins_total{logins="success"}"#), 0.0);
    assert!(!page.contains("accepted_protocols_total{"));
    let series = r#"bulkhead_decisions_total{mode="no-auth",verdict="accept"}"#;
    assert_eq!(value(&page, series), 1.0);
}

#[test]
fn clients_cannot_make_more_series_than_there_is_room_for() {
    let metrics = ServerMetrics::default();
    for number in 0..1000 {
        metrics.login(&LoginRecord {
            username: format!("user-{number}"),
            client: format!("192.0.2.{number}"),
            ..eventful(&format!("protocol-{number}"), Verdict::Reject)
        });
    }
    let page = plain(&metrics.page(&Snapshot::default()));
    let series = page.matches("rejected_protocols_total{").count();
    assert_eq!(series, PROTOCOLS + 1);
    let others = r#"rejected_protocols_total{protocol="other"}"#;
    assert_eq!(value(&page, others), (1000 - PROTOCOLS) as f64);
    assert!(!page.contains("user-") && !page.contains("192.0.2"));
}

#[test]
fn plugins_of_a_generation_that_is_gone_are_not_in_flight() {
    let (metrics, now) = everything();
    metrics.page(&now);
    let page = metrics.page(&Snapshot::default());
    assert!(!page.contains("bulkhead_calls_in_flight{"));
}

#[test]
fn what_is_open_counts_until_it_is_dropped() {
    let metrics = ServerMetrics::default();
    let now = Snapshot::default();
    let times = r#"http_response_time_seconds_count{path="/ping"}"#;
    let open = (metrics.connection(), metrics.request("/ping"));
    let page = plain(&metrics.page(&now));
    assert_eq!(value(&page, "bulkhead_connections_open"), 1.0);
    assert_eq!(value(&page, "server_concurrent_requests"), 1.0);
    assert!(!page.contains(times));
    drop(open);
    let page = plain(&metrics.page(&now));
    assert_eq!(value(&page, "bulkhead_connections_open"), 0.0);
    assert_eq!(value(&page, "server_concurrent_requests"), 0.0);
    assert_eq!(value(&page, times), 1.0);
}
