//! The order of controls: encryption, domains, lists; the first that objects ends it, and a feature that
//! aborts skips them all.

use bulkhead_harness::{FalseDns, false_dns::NO_SUCH_NAME};

use crate::support::{self, Came, Login, log_in, response};

const POLICY: &str = r#"
pipeline:
  features: [{name: friends, script: friends.lua}]
  controls:
    - {name: tls, component: "builtin:tls-required"}
    - {name: domains, component: "builtin:relay-domains"}
    - {name: rbl, component: "builtin:rbl"}
  backends: [{name: users, script: backend.lua}]
plugins:
  users: {grants: {password: true}}
  tls: {configuration: {allow_cleartext_networks: [198.51.100.0/24]}}
  domains: {configuration: {static: [example.org, "bücher.example"]}}
  rbl:
    grants: {dns: true, metrics: true}
    configuration:
      threshold: 1
      lists: [{name: zen, zone: zen.example, return_code: 127.0.0.2, weight: 1}]
"#;

/// Aborts for one user.
const FRIENDS: &str = r#"
function nauthilus_call_feature(request)
    if request.username == "friend@elsewhere.example" then
        return nauthilus_builtin.FEATURE_TRIGGER_NO, nauthilus_builtin.FEATURES_ABORT_YES,
            nauthilus_builtin.FEATURE_RESULT_OK
    end
    return nauthilus_builtin.FEATURE_TRIGGER_NO, nauthilus_builtin.FEATURES_ABORT_NO,
        nauthilus_builtin.FEATURE_RESULT_OK
end
"#;

#[test]
fn the_first_control_that_objects_answers_and_the_rest_is_not_asked() {
    // Whatever ends in 66 is listed.
    let names = FalseDns::start(|asked| match asked.name.starts_with("66.") {
        true => vec![asked.addresses(&[[127, 0, 0, 2]])],
        false => vec![asked.code(NO_SUCH_NAME)],
    });
    let policy = support::policy(Some(names.address()), POLICY).file("friends.lua", FRIENDS);
    let server = support::start(policy);
    let rows = [
        // user, from, encrypted, what comes of it, whether a list is asked
        ("alice@example.org", "192.0.2.1", true, Came::Accepted, true),
        (
            "alice@BÜCHER.example",
            "192.0.2.2",
            true,
            Came::Accepted,
            true,
        ),
        ("alice", "192.0.2.3", true, Came::Accepted, true),
        (
            "alice@example.org",
            "192.0.2.66",
            true,
            Came::Rejected,
            true,
        ),
        (
            "alice@elsewhere.example",
            "203.0.113.66",
            true,
            Came::Rejected,
            false,
        ),
        (
            "alice@elsewhere.example",
            "203.0.113.66",
            false,
            Came::TemporaryFailure,
            false,
        ),
        (
            "alice@example.org",
            "203.0.113.1",
            false,
            Came::TemporaryFailure,
            false,
        ),
        (
            "alice@example.org",
            "198.51.100.1",
            false,
            Came::Accepted,
            true,
        ),
        (
            "friend@elsewhere.example",
            "203.0.113.66",
            false,
            Came::Accepted,
            false,
        ),
    ];
    for (user, from, encrypted, came, is_asked) in rows {
        let login = Login {
            user,
            from: from.to_owned(),
            encrypted,
        };
        let before = names.asked().len();
        assert_eq!(
            log_in(&server, &login),
            came,
            "{user} {from}: {}",
            server.log()
        );
        assert_eq!(names.asked().len() > before, is_asked, "{user} {from}");
    }
    let cleartext = Login {
        encrypted: false,
        ..Login::from("203.0.113.1")
    };
    let answer = response(&server, &cleartext);
    assert!(
        answer.text().contains("TLS transport encryption required"),
        "{answer:?}"
    );
}
