//! Places, from a login over HTTP to the database and back; and databases that are replaced.

use std::fs;

use bulkhead_harness::{Bulkhead, wait};

use crate::support::{
    self, Came, Login, PATIENCE, database, health, log_in_from, metrics, response,
};

const POLICY: &str = r#"
geoip:
  city: {file: city.mmdb}
  asn: {file: asn.mmdb}
pipeline:
  controls: [{name: geoip, component: "builtin:geoip"}]
  backends: [{name: users, script: backend.lua}]
  filters: [{name: places, component: "builtin:geoip-attributes"}]
plugins:
  users: {grants: {password: true}}
  geoip:
    grants: {geoip: [city, asn]}
    configuration:
      databases: [city, asn]
      allow: {countries: [DE], asns: [4200000001]}
      ip_allowlist: [198.51.100.7]
  places:
    configuration: {attributes: {country: country, city: city, asn: asn, account: country}}
reload: {settle: 50ms}
"#;

fn bytes(name: &str) -> Vec<u8> {
    fs::read(database(name)).unwrap()
}

fn start() -> Bulkhead {
    let policy = support::policy(None, POLICY)
        .file("city.mmdb", bytes("city.mmdb"))
        .file("asn.mmdb", bytes("asn.mmdb"));
    support::start(policy)
}

/// As those do who bring new databases: whole, under the same name.
fn replace(server: &Bulkhead, name: &str, content: &[u8]) {
    let new = server.folder().join("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, server.folder().join(name)).unwrap();
}

#[test]
fn logins_come_from_where_they_may_and_attributes_say_from_where() {
    let server = start();
    let rows = [
        ("192.0.2.1", Came::Accepted),
        ("::ffff:192.0.2.1", Came::Accepted),
        ("2001:db8:1::1", Came::Accepted),
        ("198.51.100.1", Came::Rejected),
        ("198.51.100.7", Came::Accepted),
        // No country, but a network operator that is allowed.
        ("203.0.113.1", Came::Accepted),
        // Nobody knows it.
        ("203.0.114.1", Came::Rejected),
        ("10.0.0.1", Came::Accepted),
    ];
    for (address, came) in rows {
        assert_eq!(
            log_in_from(&server, address),
            came,
            "{address}: {}",
            server.log()
        );
    }
    let answer = response(&server, &Login::from("192.0.2.1")).json();
    let attributes = &answer["attributes"];
    assert_eq!(attributes["country"][0], "DE");
    assert_eq!(attributes["city"][0], "Berlin");
    assert_eq!(attributes["asn"][0], "64496");
    // What the backend said stands.
    assert_eq!(attributes["account"][0], "alice");
    let log = server.log();
    assert!(
        log.contains("geoip_country=DE") && log.contains("geoip_asn=64496"),
        "{log}"
    );
    let found = metrics(&server, "bulkhead_geoip_lookups_total");
    assert!(
        found
            .iter()
            .any(|line| line.contains("\"city\"") && line.contains("\"found\"")),
        "{found:?}"
    );
}

#[test]
fn a_new_file_is_read_and_a_broken_one_refused() {
    let server = start();
    let came = || log_in_from(&server, "192.0.2.200");
    assert_eq!(came(), Came::Accepted);
    replace(&server, "city.mmdb", &bytes("city-moved.mmdb"));
    assert!(
        wait::until(PATIENCE, || came() == Came::Rejected),
        "{}",
        server.log()
    );
    // Nothing is taken from it, and the former one goes on.
    replace(&server, "city.mmdb", b"no database");
    let refused = wait::until(PATIENCE, || {
        health(&server, "generation")["status"] == "degraded"
    });
    assert!(refused, "{}", server.log());
    assert!(
        server
            .log()
            .contains("the database `city` of `geoip` cannot be used")
    );
    assert_eq!(came(), Came::Rejected);
    replace(&server, "city.mmdb", &bytes("city.mmdb"));
    assert!(
        wait::until(PATIENCE, || came() == Came::Accepted),
        "{}",
        server.log()
    );
    assert_eq!(health(&server, "generation")["status"], "ok");
}

#[test]
fn a_database_that_cannot_be_read_is_a_temporary_failure() {
    let policy = support::policy(None, POLICY)
        .file("city.mmdb", bytes("strange.mmdb"))
        .file("asn.mmdb", bytes("asn.mmdb"));
    let server = support::start(policy);
    assert_eq!(log_in_from(&server, "192.0.2.1"), Came::TemporaryFailure);
    // What the strange one does not hold, the other may.
    assert_eq!(log_in_from(&server, "203.0.113.1"), Came::Accepted);
}
