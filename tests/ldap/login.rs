//! Logins through the whole server, with the plugin `ldap` as the backend.

use std::time::Duration;

use bulkhead_harness::{
    Bulkhead, Policy, Slapd, SlapdSetup,
    http::{Request, Response},
    wait,
};
use serde_json::{Value, json};

use crate::support::{ADMIN, crowd, slapd, slapd_with};

const PATIENCE: Duration = Duration::from_secs(30);

fn configuration(uri: &str) -> String {
    format!(
        r#"
server: {{listen: "{{listen}}", request_timeout: 5s}}
store: {{kind: memory}}
ldap:
  pools:
    main: {{uris: ["{uri}"], {ADMIN}, search_timeout: 1s, bind_timeout: 1s, retries: 0,
           breaker_failures: 3, breaker_cool_down: 200ms, probe_interval: 100ms}}
pipeline:
  backends: [{{name: directory, component: "builtin:ldap"}}]
plugins:
  directory:
    grants: {{password: true, ldap: {{pools: [main]}}}}
    configuration:
      search:
        - pool: main
          base: ou=people,dc=example,dc=org
          filter: "(&(objectClass=inetOrgPerson)(|(uid=%L{{user}})(mail=%L{{user}})))"
          list_filter: "(objectClass=inetOrgPerson)"
          page_size: 100
          mapping: {{account: uid, display_name: displayName, unique_user_id: employeeNumber}}
          attributes: [mail]
          groups: {{base: "ou=groups,dc=example,dc=org", filter: "(member=%{{user_dn}})"}}
reload: {{watch: false}}
"#
    )
}

fn server(slapd: &Slapd) -> Bulkhead {
    let policy = Policy::new(&configuration(&slapd.uri()));
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

fn login(server: &Bulkhead, user: &str, password: &str) -> Response {
    let body = json!({
        "username": user, "password": password, "client_ip": "192.0.2.1", "protocol": "imap", "ssl": "on"
    });
    server.send(&Request::post_json("/api/v1/auth/json", &body))
}

fn status(server: &Bulkhead, user: &str, password: &str) -> u16 {
    login(server, user, password).status
}

fn health(server: &Bulkhead) -> (u16, Value) {
    let response = server.send(&Request::new("GET", "/healthz"));
    (response.status, response.json()["checks"]["ldap"].clone())
}

#[test]
fn users_log_in_with_the_password_that_the_directory_knows() {
    let slapd = slapd();
    let server = server(&slapd);
    let response = login(&server, "Alice", "secret of alice");
    assert_eq!(response.status, 200, "{response:?}\n{}", server.log());
    let body = response.json();
    assert_eq!(body["account_field"], "uid");
    assert_eq!(body["attributes"]["uid"], json!(["alice"]));
    assert_eq!(
        body["attributes"]["mail"],
        json!(["alice@example.org", "both@example.org"])
    );
    assert_eq!(response.header("Auth-User"), Some("alice"));
    for (user, password, expected) in [
        ("alice@example.org", "secret of alice", 200),
        ("bob", "secret of bob", 200),
        ("alice", "secret of bob", 403),
        ("alice", "", 403),
        ("mallory", "secret of alice", 403),
        ("*", "secret of alice", 403),
        // No name at all: nobody is asked.
        ("alice)(uid=*", "secret of alice", 400),
        // Two people have this address: nobody knows whose password it would have to be.
        ("both@example.org", "secret of bob", 500),
    ] {
        let got = status(&server, user, password);
        // An empty password may be refused before anybody is asked.
        assert!(
            got == expected || (password.is_empty() && got == 400),
            "{user}: {got}"
        );
    }
}

#[test]
fn a_look_up_asks_for_no_password_and_a_list_names_everybody() {
    let slapd = slapd_with(SlapdSetup {
        // Nobody may have more at once: it takes pages.
        global: "sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited".to_owned(),
        entries: crowd(1198),
        ..SlapdSetup::default()
    });
    let server = server(&slapd);
    for (user, expected) in [("alice", 200), ("mallory", 403)] {
        let body = json!({"username": user, "client_ip": "192.0.2.1", "protocol": "imap"});
        let request = Request::post_json("/api/v1/auth/json?mode=no-auth", &body);
        assert_eq!(server.send(&request).status, expected, "{user}");
    }
    assert!(!slapd.log().contains("BIND dn=\"uid="), "{}", slapd.log());
    let request = Request::new("GET", "/api/v1/auth/json?mode=list-accounts")
        .header("Accept", "application/json");
    let response = server.send(&request);
    assert_eq!(response.status, 200, "{response:?}\n{}", server.log());
    let accounts = response.json();
    let accounts = accounts.as_array().unwrap();
    assert_eq!(accounts.len(), 1200);
    assert!(accounts.contains(&json!("bob")) && accounts.contains(&json!("user1197")));
}

#[test]
fn a_user_whom_nobody_knows_costs_a_bind_where_there_is_a_decoy() {
    const DECOY: &str = "uid=bob,ou=people,dc=example,dc=org";
    let slapd = slapd();
    let decoy = format!("          decoy_dn: \"{DECOY}\"\n          page_size: 100\n");
    let with = configuration(&slapd.uri()).replace("          page_size: 100\n", &decoy);
    assert!(with.contains(DECOY));
    let with = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), Policy::new(&with));
    let without = server(&slapd);
    let binds = || {
        let log = slapd.log();
        log.matches(&format!("BIND dn=\"{DECOY}\" method=128"))
            .count()
    };
    assert_eq!(status(&without, "mallory", "guess"), 403);
    assert_eq!(binds(), 0, "{}", slapd.log());
    // The right password of the decoy is nobody's either.
    for (number, password) in ["guess", "secret of bob"].into_iter().enumerate() {
        assert_eq!(status(&with, "mallory", password), 403);
        assert_eq!(binds(), number + 1, "{}", slapd.log());
    }
    // A user who is known is not taken for anybody else.
    assert_eq!(status(&with, "alice", "secret of bob"), 403);
    assert_eq!(status(&with, "alice", "secret of alice"), 200);
    assert_eq!(binds(), 2, "{}", slapd.log());
}

#[test]
fn an_outage_is_a_temporary_failure_that_health_and_metrics_show_and_ends_by_itself() {
    let mut slapd = slapd();
    let server = server(&slapd);
    assert_eq!(status(&server, "alice", "secret of alice"), 200);
    let up = json!({"main": {"servers": 1, "up": 1}});
    assert!(
        wait::until(PATIENCE, || health(&server).1["meta"]["pools"] == up),
        "{:?}",
        health(&server)
    );
    assert_eq!(health(&server).1["status"], "ok");
    for stalls in [false, true] {
        if stalls {
            slapd.stall();
        } else {
            slapd.stop();
        }
        for (user, password) in [
            ("alice", "secret of alice"),
            ("alice", "guess"),
            ("mallory", "guess"),
        ] {
            assert_eq!(status(&server, user, password), 500, "{user} {password}");
        }
        assert!(
            wait::until(PATIENCE, || health(&server).0 == 503),
            "{:?}",
            health(&server)
        );
        let page = server.send(&Request::new("GET", "/metrics")).text();
        let up = format!(
            "bulkhead_ldap_up{{pool=\"main\",server=\"{}\"}} 0",
            slapd.uri()
        );
        assert!(page.contains(&up), "{page}");
        let list = Request::new("GET", "/api/v1/auth/json?mode=list-accounts");
        assert_eq!(server.send(&list).status, 500);
        if stalls {
            slapd.wake();
        } else {
            slapd.restart();
        }
        assert!(
            wait::until(PATIENCE, || health(&server).0 == 200),
            "{}",
            server.log()
        );
        assert_eq!(status(&server, "alice", "secret of alice"), 200);
        assert_eq!(status(&server, "alice", "guess"), 403);
    }
    let page = server.send(&Request::new("GET", "/metrics")).text();
    for series in [
        "bulkhead_ldap_seconds_count{pool=\"main\",operation=\"search\",outcome=\"ok\"}",
        "bulkhead_ldap_seconds_count{pool=\"main\",operation=\"bind\",outcome=\"ok\"}",
        "outcome=\"unavailable\"",
    ] {
        assert!(page.contains(series), "{series} is not in\n{page}");
    }
    // Nothing of it counted as a wrong password.
    assert!(!server.log().contains("secret of alice"));
}

#[test]
fn a_reload_moves_logins_to_another_directory() {
    let (old, new) = (slapd(), slapd());
    let server = server(&old);
    assert_eq!(status(&server, "alice", "secret of alice"), 200);
    let file = server.folder().join("bulkhead.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&old.uri(), &new.uri())).unwrap();
    server.hang_up();
    assert!(
        wait::until(PATIENCE, || server.log().contains("Generation 2 serves")),
        "{}",
        server.log()
    );
    drop(old);
    assert_eq!(status(&server, "alice", "secret of alice"), 200);
    assert!(new.log().contains("BIND dn=\"uid=alice"), "{}", new.log());
}

#[test]
fn without_the_grant_for_the_pool_nobody_is_asked() {
    let slapd = slapd();
    let uri = slapd.uri();
    let text = configuration(&uri)
        .replace(
            "    main: {",
            &format!("    other: {{uris: [\"{uri}\"]}}\n    main: {{"),
        )
        .replace("ldap: {pools: [main]}", "ldap: {pools: [other]}");
    let server = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), Policy::new(&text));
    assert_eq!(status(&server, "alice", "secret of alice"), 500);
    let log = server.log();
    assert!(log.contains("ldap: { pools: [ main ] }"), "{log}");
    assert!(!slapd.log().contains("uid=alice"), "{}", slapd.log());
}
