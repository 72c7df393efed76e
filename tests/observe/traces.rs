//! Traces as a collector gets them, and what a bad collector costs.

use std::time::{Duration, Instant};

use bulkhead_harness::{Answer, Exchange, WebServer};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};

use crate::{
    collector::{Collector, attributes},
    policy::{self, Site, login},
};

/// Spans of one login of this policy, post actions included.
const SPANS: usize = 9;

fn spans_after(site: &Site, collector: &Collector, count: usize) -> Vec<Span> {
    site.wait_for("the spans", || collector.spans().len() >= count);
    let spans = collector.spans();
    assert_eq!(spans.len(), count, "{spans:#?}");
    spans
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("no span {name}"));
    assert!(found.next().is_none(), "several spans {name}");
    span
}

/// Name and parent's name of every span, with the kind.
fn tree(spans: &[Span]) -> String {
    let mut lines: Vec<String> = spans
        .iter()
        .map(|span| {
            let parent = spans.iter().find(|one| one.span_id == span.parent_span_id);
            let parent = parent.map_or("-", |parent| parent.name.as_str());
            let kind = SpanKind::try_from(span.kind).unwrap();
            format!("{parent} > {} ({})", span.name, kind.as_str_name())
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn a_login_is_a_span_with_its_stages_and_their_plugins() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    let response = site.accept();
    assert_eq!(response.header("traceparent"), None);
    let spans = spans_after(&site, &collector, SPANS);
    insta::assert_snapshot!(tree(&spans), @r"
    - > login (SPAN_KIND_SERVER)
    backends > users (SPAN_KIND_INTERNAL)
    features > gate (SPAN_KIND_INTERNAL)
    filters > enabled (SPAN_KIND_INTERNAL)
    login > backends (SPAN_KIND_INTERNAL)
    login > features (SPAN_KIND_INTERNAL)
    login > filters (SPAN_KIND_INTERNAL)
    login > post-actions (SPAN_KIND_INTERNAL)
    post-actions > report (SPAN_KIND_INTERNAL)
    ");
    let root = named(&spans, "login");
    assert!(spans.iter().all(|span| span.trace_id == root.trace_id));
    assert!(root.parent_span_id.is_empty());
}

#[test]
fn times_are_true_and_nested() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    site.accept();
    let spans = spans_after(&site, &collector, SPANS);
    for span in &spans {
        assert!(
            span.start_time_unix_nano < span.end_time_unix_nano,
            "{span:?}"
        );
        let Some(parent) = spans.iter().find(|one| one.span_id == span.parent_span_id) else {
            continue;
        };
        if span.name == "post-actions" {
            // They begin when the answer is out.
            assert!(span.start_time_unix_nano >= parent.end_time_unix_nano);
            continue;
        }
        assert!(
            span.start_time_unix_nano >= parent.start_time_unix_nano,
            "{span:?}"
        );
        assert!(
            span.end_time_unix_nano <= parent.end_time_unix_nano,
            "{span:?}"
        );
    }
    let in_order =
        ["features", "backends", "filters", "post-actions"].map(|name| named(&spans, name));
    for pair in in_order.windows(2) {
        assert!(pair[0].end_time_unix_nano <= pair[1].start_time_unix_nano);
    }
}

#[test]
fn spans_say_what_was_decided_and_used() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    let response =
        site.send(&login("alice", "alice-password", "imap").header("X-Request-Id", "r1"));
    let spans = spans_after(&site, &collector, SPANS);
    let mut said = attributes(&named(&spans, "login").attributes);
    let session = said.remove("bulkhead.session");
    assert_eq!(session.as_deref(), response.header("X-Nauthilus-Session"));
    insta::assert_debug_snapshot!("attributes_of_a_login", said);
    let mut said = attributes(&named(&spans, "users").attributes);
    for figure in ["cpu_us", "queued_us", "memory_bytes", "host_calls"] {
        let value = said.remove(&format!("bulkhead.{figure}")).unwrap();
        let at_least = u64::from(["cpu_us", "memory_bytes"].contains(&figure));
        assert!(
            value.parse::<u64>().unwrap() >= at_least,
            "{figure}={value}"
        );
    }
    insta::assert_debug_snapshot!("attributes_of_a_plugin", said);
    let resource = collector.exports()[0].resource_spans[0].resource.clone();
    let resource = attributes(&resource.unwrap().attributes);
    assert_eq!(resource["service.name"], "mail-auth");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_name_that_nobody_knows_and_no_password_leaves_the_server() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    site.send(&login("my-secret-typed-too-early", "the-password", "imap"));
    let spans = spans_after(&site, &collector, SPANS);
    let all = format!("{spans:?}");
    assert!(
        !all.contains("typed-too-early") && !all.contains("the-password"),
        "{all}"
    );
    let said = attributes(&named(&spans, "login").attributes);
    assert_eq!(said["bulkhead.verdict"], "reject");
}

#[test]
fn a_failure_is_an_error_and_a_reject_is_none() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    site.send(&login("alice", "wrong", "imap"));
    let spans = spans_after(&site, &collector, SPANS);
    for span in &spans {
        assert_eq!(span.status.as_ref().map_or(0, |status| status.code), 0);
    }
    site.send(&login("broken", "x", "imap"));
    // No filters: the backends failed.
    let both = spans_after(&site, &collector, 2 * SPANS - 2);
    let failed: Vec<&Span> = both
        .iter()
        .filter(|span| {
            let status = span.status.as_ref();
            status.is_some_and(|status| status.code == StatusCode::Error as i32)
        })
        .collect();
    let names: Vec<_> = failed.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["login", "users"]);
    assert_eq!(attributes(&failed[1].attributes)["error.type"], "plugin");
    assert!(!format!("{both:?}").contains("the backend is broken"));
}

#[test]
fn a_hook_is_a_span_with_its_plugin() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    assert_eq!(site.get("/api/v1/custom/status").status, 200);
    let spans = spans_after(&site, &collector, 2);
    insta::assert_snapshot!(tree(&spans), @r"
    - > hook (SPAN_KIND_SERVER)
    hook > status (SPAN_KIND_INTERNAL)
    ");
    let said = attributes(&named(&spans, "hook").attributes);
    assert_eq!(said["http.route"], "/api/v1/custom/status");
    assert_eq!(said["http.response.status_code"], "200");
}

#[test]
fn what_waits_is_sent_when_the_server_ends() {
    let collector = Collector::start();
    let mut site = policy::start("", &collector.observe("1"));
    site.accept();
    site.bulkhead.stop();
    assert_eq!(collector.spans().len(), SPANS);
}

#[test]
fn a_collector_that_is_down_costs_spans_and_nothing_else() {
    // A port on which nobody listens.
    let collector = Collector::start();
    let observe = collector.observe("1");
    drop(collector);
    let mut site = policy::start("", &observe);
    for _ in 0..20 {
        let began = Instant::now();
        site.accept();
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    let line = format!(
        r#"bulkhead_trace_spans_total{{outcome="dropped"}} {}"#,
        20 * SPANS
    );
    let page = site.page_with(&line);
    assert!(page.contains("bulkhead_trace_spans_total{outcome=\"sent\"} 0\n"));
    // The next batch is lost too, and the log hears of the first only.
    site.accept();
    site.bulkhead.stop();
    let log = site.bulkhead.log();
    assert_eq!(
        log.matches("Spans of traces were dropped").count(),
        1,
        "{log}"
    );
    assert!(log.contains("the collector failed"), "{log}");
}

#[test]
fn a_collector_that_stalls_or_lies_holds_up_neither_logins_nor_the_end() {
    let stall: fn(&mut Exchange<'_>) -> std::io::Result<()> =
        |exchange| exchange.stall(Duration::from_secs(60));
    let lie: fn(&mut Exchange<'_>) -> std::io::Result<()> = |exchange| {
        exchange.read_body()?;
        let huge = vec![b'x'; 1 << 20];
        exchange.write(&Answer::new(200).body(huge).to_bytes())
    };
    for behaviour in [stall, lie] {
        let collector = Collector::with(WebServer::start(behaviour));
        let mut site = policy::start("", &collector.observe("1"));
        site.accept();
        site.wait_for("an export", || collector.requests() > 0);
        for _ in 0..20 {
            let began = Instant::now();
            site.accept();
            assert!(began.elapsed() < Duration::from_secs(5));
        }
        let began = Instant::now();
        let ended = site.bulkhead.stop();
        assert_eq!(ended.and_then(|status| status.code()), Some(0));
        assert!(
            began.elapsed() < Duration::from_secs(9),
            "the end was held up"
        );
    }
}

#[test]
fn without_traces_nothing_of_them_is_there() {
    let site = policy::start("", "");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    site.send(&login("alice", "alice-password", "imap").header("traceparent", parent));
    site.wait_for("the report", || !site.reports.seen().is_empty());
    assert_eq!(site.reports.seen()[0].header("traceparent"), None);
    assert!(!site.bulkhead.log().contains("trace_id"));
}
