//! Encrypted connections: certificates are checked, and a wrong one is an outage.

use std::fs;

use bulkhead_harness::Scratch;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

use crate::{
    databases::{self, Database},
    support::{self, ACCEPTED, TEMPORARY, expect},
};

/// An authority, and a certificate of it for that address; all in PEM.
fn certificate(address: &str) -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![address.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (authority, certificate.pem(), key.serialize_pem())
}

fn encrypt(database: &mut Database, certificate: &str, key: &str) {
    match database {
        Database::Postgres(postgres) => {
            let certificate = postgres.private_file("server.pem", certificate);
            let key = postgres.private_file("server.key", key);
            postgres.set(&[
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", certificate.display()),
                format!("ssl_key_file={}", key.display()),
            ]);
        }
        Database::Mariadb(mariadb) => {
            let certificate = mariadb.private_file("server.pem", certificate);
            let key = mariadb.private_file("server.key", key);
            mariadb.set(&[
                format!("--ssl-cert={}", certificate.display()),
                format!("--ssl-key={}", key.display()),
            ]);
        }
        Database::Sqlite(_) => {}
    }
    database.restart();
}

fn encrypted(mut database: Database, cipher: &str) {
    let scratch = Scratch::new("authority");
    let (authority, chain, key) = certificate("127.0.0.1");
    let (stranger, _, _) = certificate("127.0.0.1");
    let authority = scratch.write("authority.pem", authority);
    let stranger = scratch.write("stranger.pem", stranger);
    encrypt(&mut database, &chain, &key);
    let user =
        format!("SELECT account, password, {cipher} AS cipher FROM users WHERE name = :username");
    let configuration = json!({"search": [{"user": user}]});
    let file = |path: &std::path::Path| format!("ca_file: \"{}\"", path.display());
    for (tls, ca, status, is_encrypted) in [
        ("verify-full", file(&authority), ACCEPTED, true),
        ("verify-ca", file(&authority), ACCEPTED, true),
        ("require", String::new(), ACCEPTED, true),
        ("off", String::new(), ACCEPTED, false),
        ("verify-full", file(&stranger), TEMPORARY, false),
        ("verify-ca", file(&stranger), TEMPORARY, false),
        // The system's authorities do not know it.
        ("verify-full", String::new(), TEMPORARY, false),
    ] {
        let comma = if ca.is_empty() { "" } else { ", " };
        let section = format!("{}, tls: {tls}{comma}{ca}", database.section());
        let server = support::start(&support::policy(&section, &configuration));
        let answer = expect(&server, "alice", "secret", status);
        if status == ACCEPTED {
            let cipher = answer.json()["attributes"]["cipher"][0].clone();
            let found = cipher.as_str().is_some_and(|text| !text.is_empty());
            assert_eq!(found, is_encrypted, "{tls}: {cipher}");
        }
    }
    let _ = fs::remove_file(stranger);
}

#[test]
fn postgresql_over_tls() {
    let cipher = "(SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
    encrypted(databases::postgres(&[]), cipher);
}

#[test]
fn mariadb_over_tls() {
    let cipher = "(SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS \
                  WHERE VARIABLE_NAME = 'SSL_CIPHER')";
    encrypted(databases::mariadb(&[]), cipher);
}

/// A certificate for somebody else is enough for `verify-ca` only.
#[test]
fn the_host_that_was_meant_answers_or_nobody() {
    let mut database = databases::postgres(&[]);
    let scratch = Scratch::new("authority");
    let (authority, chain, key) = certificate("db.example.org");
    let authority = scratch.write("authority.pem", authority);
    encrypt(&mut database, &chain, &key);
    for (tls, status) in [("verify-full", TEMPORARY), ("verify-ca", ACCEPTED)] {
        let ca = authority.display();
        let section = format!("{}, tls: {tls}, ca_file: \"{ca}\"", database.section());
        let server = support::start(&support::policy(&section, &support::usual()));
        expect(&server, "alice", "secret", status);
    }
}
