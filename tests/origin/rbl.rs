//! Block lists, from a login over HTTP to NSD and back.

use bulkhead_harness::{Answer, Bulkhead, Nsd, WebServer, wait};

use crate::support::{self, Came, Login, PATIENCE, health, log_in, log_in_from, metrics};

/// Three lists: two say bad things, one good ones and only of IPv4.
const POLICY: &str = r#"
secrets: {token: {file: token.secret}}
pipeline:
  controls: [{name: rbl, component: "builtin:rbl"}]
  backends: [{name: users, script: backend.lua}]
  actions: [{name: notify, on: rbl, component: "builtin:webhook"}]
plugins:
  users: {grants: {password: true}}
  notify:
    grants: {http: {hosts: ["{web}"], private: true}, secret: [token]}
    configuration: {url: "http://{web}/rejected", secret: token}
  rbl:
    grants: {dns: [zen.example, old.example, good.example], metrics: true}
    configuration:
      threshold: 10
      lists:
        - {name: zen, zone: zen.example, return_codes: [127.0.0.2, 127.0.0.4/30], weight: 10}
        - {name: old, zone: old.example, return_code: 127.0.0.2, weight: 6, allow_failure: true}
        - {name: good, zone: good.example, return_codes: [127.0.0.0/16], weight: -6, ipv6: false}
      ip_allowlist: [203.0.113.8]
      allowlist: {bob: [203.0.113.0/24]}
"#;

/// 2001:db8::1 and 2001:db8::2, reversed.
const NIBBLES: &str = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";

fn lists() -> Nsd {
    let zen = format!(
        "1.2.0.192 A 127.0.0.2\n2.2.0.192 A 127.0.0.6\n3.2.0.192 A 127.0.0.3\n\
         4.2.0.192 A 127.0.0.2\n5.2.0.192 TXT \"no address\"\n8.113.0.203 A 127.0.0.2\n\
         9.113.0.203 A 127.0.0.2\n1.0.0.127 A 127.0.0.2\n1.{NIBBLES} A 127.0.0.2\n"
    );
    let old = "4.2.0.192 A 127.0.0.2\n6.2.0.192 A 127.0.0.2\n";
    let good = "4.2.0.192 A 127.0.1.1\n1.2.0.192 CNAME known\nknown A 127.0.0.5\n";
    Nsd::start(&[
        ("zen.example", &zen),
        ("old.example", old),
        ("good.example", good),
    ])
}

fn start(nsd: &Nsd, more: &str) -> Bulkhead {
    let policy =
        support::policy(Some(nsd.address()), more).file("token.secret", "between servers\n");
    support::start(policy)
}

#[test]
fn weights_codes_families_and_exceptions_decide() {
    let nsd = lists();
    let web = WebServer::start(|exchange| exchange.reply(&Answer::new(204)));
    let more = POLICY.replace("{web}", &web.address().to_string());
    let server = start(&nsd, &more);
    let rows = [
        // 10 of zen, and 6 less for its good reputation (by way of an alias).
        ("alice", "192.0.2.1", Came::Accepted),
        ("alice", "192.0.2.2", Came::Rejected),
        ("alice", "::ffff:192.0.2.2", Came::Rejected),
        // An answer that is no return code.
        ("alice", "192.0.2.3", Came::Accepted),
        // 10 and 6, and 6 less: the threshold itself.
        ("alice", "192.0.2.4", Came::Rejected),
        // The name has no address, or does not exist.
        ("alice", "192.0.2.5", Came::Accepted),
        ("alice", "192.0.2.7", Came::Accepted),
        // Below the threshold.
        ("alice", "192.0.2.6", Came::Accepted),
        ("alice", "2001:db8::1", Came::Rejected),
        ("alice", "2001:db8::2", Came::Accepted),
        // Never asked about, though it is listed.
        ("alice", "203.0.113.8", Came::Accepted),
        ("alice", "127.0.0.1", Came::Accepted),
        ("bob", "203.0.113.9", Came::Accepted),
        ("alice", "203.0.113.9", Came::Rejected),
    ];
    let mut rejected = 0;
    for (user, address, came) in rows {
        let login = Login {
            user,
            ..Login::from(address)
        };
        assert_eq!(
            log_in(&server, &login),
            came,
            "{user} {address}\n{}",
            server.log()
        );
        rejected += usize::from(came == Came::Rejected);
    }
    // The event's action hears of each reject, and of nothing else.
    assert!(
        wait::until(PATIENCE, || web.seen().len() == rejected),
        "{:?}",
        web.seen()
    );
    let log = server.log();
    assert!(
        log.contains("rbl_score=16") || log.contains("rbl_score=10"),
        "{log}"
    );
    assert!(log.contains("rbl_lists=zen"), "{log}");
    assert_eq!(health(&server, "dns")["status"], "ok");
    let listed = metrics(&server, "bulkhead_plugin_rbl_answers_total");
    assert!(
        listed
            .iter()
            .any(|line| line.contains("rbl=\"zen\"") && line.contains("\"listed\"")),
        "{listed:?}"
    );
    let asked = metrics(&server, "bulkhead_dns_lookups_total");
    assert!(
        asked
            .iter()
            .any(|line| line.contains("outcome=\"no-such-name\"")),
        "{asked:?}"
    );
}

#[test]
fn a_name_server_that_is_away_or_stalls_is_a_temporary_failure_until_it_is_back() {
    let mut nsd = lists();
    let more = POLICY.replace("{web}", "127.0.0.1:1");
    let server = start(&nsd, &more);
    let both = |address: &str| log_in_from(&server, address);
    assert_eq!(both("192.0.2.2"), Came::Rejected);
    for turn in 0..2_u8 {
        match turn {
            0 => nsd.kill(),
            _ => nsd.stall(),
        }
        // Addresses of which nothing is kept yet: listed ones and others.
        for host in 0..6_u8 {
            let address = format!("198.51.100.{}", turn * 100 + host);
            assert_eq!(both(&address), Came::TemporaryFailure, "{address}");
            // Whom nobody asks about is not concerned.
            assert_eq!(both("203.0.113.8"), Came::Accepted);
        }
        assert_eq!(health(&server, "dns")["status"], "degraded");
        match turn {
            0 => nsd.restart(),
            _ => nsd.resume(),
        }
        let address = format!("198.51.100.{}", turn * 100 + 50);
        let back = wait::until(PATIENCE, || both(&address) == Came::Accepted);
        assert!(back, "turn {turn}: {}", server.log());
        assert_eq!(both("2001:db8::1"), Came::Rejected);
        assert_eq!(health(&server, "dns")["status"], "ok");
    }
}

#[test]
fn a_list_that_is_not_granted_is_never_asked() {
    let nsd = lists();
    let more = POLICY.replace("{web}", "127.0.0.1:1").replace(
        "dns: [zen.example, old.example, good.example]",
        "dns: [old.example, good.example]",
    );
    let server = start(&nsd, &more);
    assert_eq!(log_in_from(&server, "192.0.2.2"), Came::TemporaryFailure);
    let log = server.log();
    assert!(
        log.contains("2.2.0.192.zen.example"),
        "the grant to write: {log}"
    );
}
