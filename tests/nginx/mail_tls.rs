//! What the policy learns about the client's TLS connection.

use bulkhead_harness::Template;

use crate::{mail::Setup, policy::Heard};

fn facts(heard: &Heard) -> [&str; 3] {
    ["ssl", "ssl_client_verify", "ssl_client_dn"].map(|name| heard.text(name))
}

fn ask_for_certificates(template: Template) -> Template {
    template
        .uncomment("ssl_client_certificate /etc/ssl/certs/client-ca.pem;")
        .uncomment("ssl_verify_client optional;")
}

#[test]
fn tls_facts_reach_the_policy_with_and_without_a_clients_certificate() {
    let front = Setup {
        nginx: ask_for_certificates,
        ..Setup::default()
    }
    .start();
    let answer = front.imap().login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let heard = front.policed.last("nginx");
    assert_eq!(facts(&heard), ["on", "NONE", ""]);
    assert_eq!(heard.text("ssl_protocol"), "TLSv1.3");
    assert!(heard.text("ssl_cipher").contains("AES"), "{heard:?}");

    let client = front.authority.client_with_certificate();
    let answer = front
        .imap_as(&client)
        .login("alice", "alice-password")
        .unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let heard = front.policed.last("nginx");
    assert_eq!(facts(&heard), ["on", "SUCCESS", "CN=alice's laptop"]);
    assert_eq!(heard.text("ssl_issuer"), "CN=Test Authority");
    assert_eq!(heard.text("ssl_serial"), "01020304");
    let fingerprint = heard.text("ssl_fingerprint");
    assert_eq!(hex::decode(fingerprint).unwrap().len(), 20, "{heard:?}");
}

#[test]
fn sessions_that_turn_to_tls_count_as_encrypted() {
    let front = Setup::default().start();
    let client = front.client();

    let mut imap = front.plain_imap();
    imap.start_tls(&|tcp| client.wrap(tcp)).unwrap();
    let answer = imap.login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let mut pop3 = front.plain_pop3();
    pop3.start_tls(&|tcp| client.wrap(tcp)).unwrap();
    pop3.login("alice", "alice-password").unwrap();
    let mut smtp = front.plain_smtp();
    smtp.start_tls(&|tcp| client.wrap(tcp)).unwrap();
    smtp.auth_plain(b"alice", b"alice-password").unwrap();

    let heard = front.policed.heard("nginx");
    let protocols: Vec<_> = heard.iter().map(|heard| heard.text("protocol")).collect();
    assert_eq!(protocols, ["imap", "pop3", "smtp"], "{}", front.logs());
    for heard in heard {
        assert_eq!(facts(&heard), ["on", "", ""]);
    }
}

/// With the file as it is, no password crosses the network in the clear.
#[test]
fn without_tls_nobody_is_asked() {
    let front = Setup::default().start();
    let imap = front.plain_imap().login("alice", "alice-password");
    assert!(!imap.unwrap().is_ok());
    let pop3 = front.plain_pop3().login("alice", "alice-password").unwrap();
    assert!(pop3.starts_with("-ERR"), "{pop3}");
    let smtp = front.plain_smtp().auth_plain(b"alice", b"alice-password");
    assert_eq!(smtp.unwrap().code, 500);
    assert!(front.policed.heard("nginx").is_empty());
}

#[test]
fn without_tls_the_policy_is_told_of_none() {
    let front = Setup {
        nginx: |template| template.set("starttls only;", "starttls on;"),
        ..Setup::default()
    }
    .start();
    let answer = front.plain_imap().login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    assert_eq!(facts(&front.policed.last("nginx")), ["", "", ""]);
}
