//! The filter under the native test double.

use bulkhead_sdk::filter::Verdict;
use bulkhead_sdk::testing::{TestHost, configure, request, run_filter};

use super::*;

#[test]
fn other_protocols_are_rejected() {
    let plugin: OnlyProtocols = configure(r#"{"allowed": ["imap"]}"#).unwrap();
    for (protocol, verdict) in [("imap", Verdict::Keep), ("pop3", Verdict::Reject)] {
        let request = request().authenticated("alice").protocol(protocol).build();
        let answer = run_filter(&plugin, &TestHost::new(), request).unwrap();
        assert_eq!(answer.verdict, verdict, "{protocol}");
    }
}

#[test]
fn a_misspelt_key_is_named() {
    let problems = configure::<OnlyProtocols>(r#"{"alowed": []}"#)
        .err()
        .unwrap();
    assert_eq!(problems[0].path, "alowed");
}
