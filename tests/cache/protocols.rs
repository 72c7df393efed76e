//! Backends by protocol, what they share, and lists of all of them.

use bulkhead_harness::http::Request;
use serde_json::json;

use crate::support::{CACHED, Site, login};

fn site(first: &str, second: &str) -> Site {
    let configuration = format!(
        "{CACHED}\npipeline:\n  backends:\n    - {{name: first, script: lua/first.lua{first}}}\n    \
         - {{name: second, script: lua/second.lua{second}}}\n"
    );
    Site::start(&configuration, &["first", "second"])
}

fn status(site: &Site, protocol: &str) -> u16 {
    let login = login("alice", "right", json!({ "protocol": protocol }));
    site.server.send(&login).status
}

fn asked(site: &Site, backend: &str) -> usize {
    let seen = site.web.seen();
    let of = format!("/{backend}/verify/");
    seen.iter()
        .filter(|seen| seen.target.starts_with(&of))
        .count()
}

#[test]
fn a_backend_is_asked_about_its_own_protocols() {
    let site = site(", protocols: [imap, pop3]", ", protocols: [smtp]");
    for protocol in ["imap", "pop3", "IMAP", "smtp"] {
        assert_eq!(status(&site, protocol), 200, "{protocol}");
    }
    // Each under a protocol of its own.
    assert_eq!((asked(&site, "first"), asked(&site, "second")), (3, 1));
    // Nobody's protocol: an error of the configuration, not of the user.
    assert_eq!(status(&site, "sieve"), 500);
    let log = site.server.log();
    assert!(log.contains("No backend serves this protocol"), "{log}");
}

#[test]
fn protocols_with_one_cache_name_share_what_the_store_keeps() {
    for (name, asks) in [(", cache_name: mail", 0), ("", 1)] {
        let first = format!(", protocols: [imap, smtp]{name}");
        let site = site(&first, ", protocols: [other]");
        site.await_kept("alice", "right");
        let before = asked(&site, "first");
        assert_eq!(status(&site, "smtp"), 200);
        assert_eq!(asked(&site, "first"), before + asks, "{name}");
    }
}

#[test]
fn a_list_is_of_all_backends_or_of_those_of_the_protocol_and_never_partial() {
    let site = site(", protocols: [imap]", ", protocols: [smtp]");
    let list = |query: &str| {
        let target = format!("/api/v1/auth/json?mode=list-accounts{query}");
        site.server
            .send(&Request::new("GET", &target).header("Accept", "application/json"))
    };
    assert_eq!(list("").json(), json!(["first-account", "second-account"]));
    site.users.answer_all(Some(503));
    assert_eq!(list("").status, 500);
}
