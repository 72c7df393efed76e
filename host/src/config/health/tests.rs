//! What the section takes, refuses and warns of.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use super::*;
use crate::config;

fn parsed(section: &str) -> Result<config::Loaded, Vec<config::Diagnostic>> {
    let pipeline = "pipeline: {backends: [{name: b, component: \"builtin:users-file\"}]}";
    let text = format!("backend_health_checks:\n{section}\n{pipeline}\n");
    config::parse(Path::new("/etc/bulkhead.yaml"), &text)
}

fn checks(section: &str) -> HealthChecks {
    parsed(section)
        .unwrap_or_else(|all| panic!("{}", config::render(&all, false)))
        .config
        .health_checks
}

/// The first complaint, or warning.
fn complaint(section: &str) -> String {
    let found = match parsed(section) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    found.first().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_target_takes_from_the_section_what_it_does_not_say() {
    let checks = checks(
        "  connect_interval: 3s\n  failure_threshold: 4\n  targets:\n    \
         - {protocol: imap, host: 10.0.0.5, port: 143}\n    \
         - {protocol: imap, host: MX.example.org, port: 143, failure_threshold: 2, weight: 7}",
    );
    let [first, second] = checks.targets.as_slice() else {
        panic!("{checks:?}");
    };
    assert_eq!(first.name, "imap-10.0.0.5-143");
    assert_eq!(first.connect_interval, Duration::from_secs(3));
    assert_eq!(first.deep_interval, Duration::from_secs(10));
    assert_eq!((first.failure_threshold, first.weight), (4, 1));
    assert_eq!(second.name, "imap-mx.example.org-143");
    assert_eq!((second.failure_threshold, second.weight), (2, 7));
    assert_eq!(checks.selection, Selection::RoundRobin);
}

#[test]
fn what_cannot_work_is_refused_and_what_is_unwise_gives_a_warning() {
    let imap =
        |rest: &str| format!("  targets: [{{protocol: imap, host: 10.0.0.5, port: 143{rest}}}]");
    for (section, expected) in [
        (
            "  targets: [{host: 10.0.0.5, port: 143}]".to_owned(),
            "`backend_health_checks.targets[0].protocol` is missing",
        ),
        (
            "  targets: [{protocol: http, host: a, port: 1, tls: starttls}]".to_owned(),
            "HTTP has no STARTTLS",
        ),
        (
            "  targets: [{protocol: imap, host: \"a b\", port: 1}]".to_owned(),
            "`backend_health_checks.targets[0].host` is neither an IP address nor a name",
        ),
        (
            imap(", deep_check: true, test_username: x"),
            "`backend_health_checks.targets[0].test_password` is missing",
        ),
        (
            imap(", deep_check: true, test_username: x, test_password: y"),
            "the test password goes over the network unencrypted",
        ),
        (
            imap(
                ", tls: implicit, deep_check: true, test_username: x, test_password: y, auth_mechanism: BASIC",
            ),
            "imap has no `BASIC`",
        ),
        (
            imap(", tls: implicit, deep_check: true, test_username: \"a\\nb\", test_password: y"),
            "`backend_health_checks.targets[0].test_username` cannot be sent",
        ),
        (
            imap(", tls: implicit, tls_skip_verify: true"),
            "the check believes every certificate",
        ),
        (
            imap(", tls_server_name: a.example"),
            "`backend_health_checks.targets[0].tls_server_name` has no use without TLS",
        ),
        (
            imap(", request_uri: /x"),
            "`backend_health_checks.targets[0].request_uri` is for HTTP only",
        ),
        (
            "  targets: [{protocol: imap, host: a, port: 1}, {protocol: imap, host: A, port: 1}]"
                .to_owned(),
            "two servers have the name `imap-a-1`",
        ),
    ] {
        assert_eq!(complaint(&section), expected, "{section}");
    }
}

#[test]
fn there_is_a_most_of_targets() {
    let many = |count: usize| {
        let list: String = (0..count)
            .map(|number| format!("    - {{protocol: imap, host: h{number}, port: 1}}\n"))
            .collect();
        format!("  targets:\n{list}")
    };
    let most = HealthChecks::MOST_TARGETS;
    assert_eq!(checks(&many(most)).targets.len(), most);
    assert_eq!(
        complaint(&many(most + 1)),
        "`backend_health_checks.targets` has 1025 servers"
    );
}
