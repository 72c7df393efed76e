//! The one line per login.

use bulkhead_harness::http::Request;

use crate::policy::{self, login};

/// The line without what differs from run to run.
fn masked(line: &str) -> String {
    let (_, line) = line.split_once(' ').unwrap();
    let words = line.split(' ').map(|word| match word.split_once('=') {
        Some((key @ "session", value)) => {
            assert_eq!(value.len(), 27);
            format!("{key}=[id]")
        }
        Some((key, value)) if key.ends_with("latency") => {
            let time = value.strip_suffix("ms").unwrap();
            assert!(time.parse::<f64>().unwrap() > 0.0, "{value}");
            format!("{key}=[time]")
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_login_leaves_one_line_with_the_reference_s_keys() {
    let site = policy::start("", "");
    let accepted = login("alice", "alice-password", "imap")
        .header("X-Request-Id", "request-1")
        .header("X-Dovecot-Session", "dovecot-1")
        .header("User-Agent", "Dovecot/2.4");
    let look_up = Request {
        target: "/api/v1/auth/json?mode=no-auth".to_owned(),
        ..login("alice", "", "imap")
    };
    for request in [
        accepted,
        login("alice", "wrong", "imap"),
        login("dora", "dora-password", "imap"),
        login("nobody", "alice-password", "imap"),
        login("broken", "alice-password", "imap"),
        look_up,
    ] {
        site.send(&request);
    }
    let log = site.bulkhead.log();
    let lines: Vec<String> = log
        .lines()
        .filter(|line| line.contains(" authenticated="))
        .map(masked)
        .collect();
    assert!(!log.contains("alice-password"));
    insta::assert_snapshot!(lines.join("\n"));
}
