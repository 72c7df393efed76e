//! W3C Trace Context on its way in and out.

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::{
    collector::Collector,
    policy::{self, Site, login},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn span(collector: &Collector, name: &str) -> Option<Span> {
    collector.spans().into_iter().find(|span| span.name == name)
}

/// Logs in with these header fields, and returns `traceparent` and `tracestate` of the report.
fn reported(site: &Site, fields: &[(&str, &str)]) -> (String, Option<String>) {
    let before = site.reports.seen().len();
    let request = fields.iter().fold(
        login("alice", "alice-password", "imap"),
        |request, (name, value)| request.header(name, value),
    );
    assert_eq!(site.send(&request).status, 200);
    site.wait_for("the report", || site.reports.seen().len() > before);
    let seen = site.reports.seen();
    let report = seen.last().unwrap();
    let parent = report.header("traceparent").unwrap().to_owned();
    (parent, report.header("tracestate").map(str::to_owned))
}

#[test]
fn requests_of_plugins_name_the_plugin_s_span() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    let (parent, state) = reported(&site, &[]);
    site.wait_for("the span", || span(&collector, "report").is_some());
    let report = span(&collector, "report").unwrap();
    let expected = format!("00-{}-{}-01", hex(&report.trace_id), hex(&report.span_id));
    assert_eq!(parent, expected);
    assert_eq!(state, None);
}

#[test]
fn a_caller_s_span_is_the_parent_and_its_state_is_passed_on() {
    let collector = Collector::start();
    // Chance would trace nothing: the caller's flag decides.
    let site = policy::start("", &collector.observe("0"));
    let given = format!("00-{TRACE}-{CALLER}-01");
    let (parent, state) = reported(
        &site,
        &[("traceparent", &given), ("tracestate", "vendor=a, other=b")],
    );
    assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"));
    assert_eq!(state.as_deref(), Some("vendor=a,other=b"));
    site.wait_for("the span", || span(&collector, "login").is_some());
    let login = span(&collector, "login").unwrap();
    assert_eq!(hex(&login.trace_id), TRACE);
    assert_eq!(hex(&login.parent_span_id), CALLER);
    assert_eq!(login.trace_state, "vendor=a,other=b");
    assert!(site.bulkhead.log().contains(&format!(" trace_id={TRACE} ")));
}

#[test]
fn a_trace_that_is_not_recorded_is_passed_on_as_such() {
    let collector = Collector::start();
    let mut site = policy::start("", &collector.observe("1"));
    let (parent, _) = reported(
        &site,
        &[("traceparent", &format!("00-{TRACE}-{CALLER}-00"))],
    );
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent}");
    assert!(
        parent.ends_with("-00") && !parent.contains(CALLER),
        "{parent}"
    );
    site.bulkhead.stop();
    assert_eq!(collector.spans(), []);
    assert!(!site.bulkhead.log().contains("trace_id="));
}

#[test]
fn what_is_malformed_begins_a_new_trace() {
    let collector = Collector::start();
    let site = policy::start("", &collector.observe("1"));
    let good = format!("00-{TRACE}-{CALLER}-01");
    let upper = good.to_uppercase();
    let long = format!("{good}-x");
    let rows: [&[(&str, &str)]; 3] = [
        &[("traceparent", &upper)],
        &[("traceparent", &long)],
        &[("traceparent", &good), ("traceparent", &good)],
    ];
    for fields in rows {
        let (parent, _) = reported(&site, fields);
        assert!(!parent.contains(TRACE), "{fields:?}: {parent}");
    }
}
