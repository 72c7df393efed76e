//! Who is never counted, or may fail more often.

use bulkhead_harness::http::Request;
use serde_json::json;

use super::policy::{HOSTS, fail, is_banned, log_in, log_in_over, server, with_files};

#[test]
fn allowed_networks_are_networks_not_text() {
    let server = server(
        "  buckets:
    - {name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 5}
    - {name: sites, ipv6: true, cidr: 64, period: 1h, failed_requests: 5}
  ip_allowlist: [\"::ffff:192.0.2.0/120\", \"2001:DB8:0:0::1\"]
",
    );
    fail(&server, "192.0.2.1", 6);
    assert!(!is_banned(&server, "192.0.2.1"));
    fail(&server, "2001:db8::0001", 6);
    assert!(!is_banned(&server, "2001:0db8::1"));
    // Others in the same network are counted, and its bans do not hold for who is allowed.
    fail(&server, "2001:db8::2", 5);
    assert!(is_banned(&server, "2001:db8::2"));
    assert!(!is_banned(&server, "2001:db8::1"));
}

#[test]
fn a_user_is_allowed_from_the_networks_that_are_named_for_him() {
    let server = server(&format!(
        "{HOSTS}  rwp_allowed_unique_hashes: 0
  allowlist: [{{username: alice, networks: [192.0.2.0/24]}}]
"
    ));
    for _ in 0..6 {
        log_in(&server, "alice", "wrong", "192.0.2.1");
    }
    assert_eq!(log_in(&server, "bob", "right", "192.0.2.1").status, 200);
    for _ in 0..6 {
        log_in(&server, "bob", "wrong", "192.0.2.1");
        log_in(&server, "alice", "wrong", "198.51.100.1");
    }
    assert_eq!(log_in(&server, "bob", "right", "192.0.2.1").status, 403);
    assert_eq!(log_in(&server, "alice", "right", "192.0.2.1").status, 200);
    assert!(is_banned(&server, "198.51.100.1"));
}

#[test]
fn only_the_named_protocols_are_looked_at_and_lookups_never() {
    let server = server(&format!("{HOSTS}  protocols: [imap]\n"));
    for number in 0..6 {
        log_in_over(
            &server,
            "smtp",
            &format!("nobody{number}"),
            "guess",
            "192.0.2.1",
        );
    }
    assert!(!is_banned(&server, "192.0.2.1"));
    fail(&server, "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    let smtp = log_in_over(&server, "smtp", "alice", "right", "192.0.2.1");
    assert_eq!(smtp.status, 200);
    let lookup = json!({"username": "alice", "client_ip": "192.0.2.1", "protocol": "imap"});
    let lookup = Request::post_json("/api/v1/auth/json?mode=no-auth", &lookup);
    assert_eq!(server.send(&lookup).status, 200);
}

#[test]
fn an_address_with_many_users_may_have_a_few_who_fail() {
    let server = server(&format!(
        "{HOSTS}  tolerate_ttl: 1h\n  tolerate_percent: 50\n  rwp_allowed_unique_hashes: 0\n"
    ));
    // Two succeed, so one may fail, however often.
    for user in ["alice", "bob"] {
        assert_eq!(log_in(&server, user, "right", "192.0.2.1").status, 200);
    }
    for _ in 0..20 {
        log_in(&server, "alice", "wrong", "192.0.2.1");
    }
    assert!(!is_banned(&server, "192.0.2.1"));
    // A second one is one too many.
    log_in(&server, "nobody", "wrong", "192.0.2.1");
    assert!(is_banned(&server, "192.0.2.1"));
}

#[test]
fn rejects_of_features_count_where_they_are_learned_from() {
    let reject = "  features: [{name: relay, script: feature.lua}]";
    let feature = "
function nauthilus_call_feature(request)
    if request.username == 'spammer' then
        return nauthilus_builtin.FEATURE_TRIGGER_YES, nauthilus_builtin.FEATURES_ABORT_NO, nauthilus_builtin.FEATURE_RESULT_OK
    end
    return nauthilus_builtin.FEATURE_TRIGGER_NO, nauthilus_builtin.FEATURES_ABORT_NO, nauthilus_builtin.FEATURE_RESULT_OK
end
";
    for (learning, banned) in [("[relay]", true), ("[lua]", true), ("[rbl]", false)] {
        let server = with_files(
            &format!("{HOSTS}  learning: {learning}\n"),
            reject,
            "",
            &[("feature.lua", feature)],
        );
        for _ in 0..5 {
            assert_eq!(log_in(&server, "spammer", "x", "192.0.2.1").status, 403);
        }
        assert_eq!(is_banned(&server, "192.0.2.1"), banned, "{learning}");
    }
}
