//! Checks of real servers, in every way that they can be reached.

use bulkhead_harness::{DovecotSetup, NginxSetup, PostfixSetup, http, port};

use crate::{
    certificate::Certificate,
    mail_server::{MailServer, PASSWORD, USER},
    targets::{at, check, words},
};

/// Keys of a login with that password.
fn login(password: &str) -> String {
    let password = password.replace('\\', "\\\\").replace('"', "\\\"");
    format!(", deep_check: true, test_username: {USER}, test_password: \"{password}\"")
}

/// The listeners of the mail server, and how each is reached.
const WAYS: [(&str, &str, &str); 13] = [
    ("imap", "imap", ""),
    ("imap", "imap", ", tls: starttls"),
    ("imap", "imaps", ", tls: implicit"),
    ("imap", "imap_proxied", ", proxy_protocol: true"),
    (
        "imap",
        "imaps_proxied",
        ", tls: implicit, proxy_protocol: true",
    ),
    ("pop3", "pop3", ""),
    ("pop3", "pop3", ", tls: starttls"),
    ("pop3", "pop3s", ", tls: implicit"),
    ("smtp", "smtp", ""),
    ("smtp", "smtp", ", tls: starttls"),
    ("smtp", "submissions", ", tls: implicit"),
    ("sieve", "sieve", ""),
    ("sieve", "sieve", ", tls: starttls"),
];

#[tokio::test]
async fn dovecot_is_alive_by_its_greeting_and_by_a_login() {
    let certificate = Certificate::new();
    let server = MailServer::start(&certificate);
    for (protocol, listener, keys) in WAYS {
        let believed = match keys.contains("tls") {
            true => certificate.believed(),
            false => String::new(),
        };
        let address = server.address(listener);
        for (rest, expected) in [
            (String::new(), "ok"),
            (login(PASSWORD), "ok"),
            (login("wrong"), "login refused"),
        ] {
            let keys = format!("{keys}{believed}{rest}");
            let result = check(&at(protocol, address, &keys)).await;
            let log = server.dovecot.log();
            assert_eq!(
                words(&result),
                expected,
                "{listener}{keys}: {result:?}\n{log}"
            );
        }
    }
}

#[tokio::test]
async fn dovecot_lets_a_check_in_by_every_mechanism() {
    let certificate = Certificate::new();
    let server = MailServer::start(&certificate);
    for (protocol, mechanisms) in [
        ("imap", &["auto", "PLAIN", "LOGIN", "USERPASS"][..]),
        ("pop3", &["auto", "PLAIN", "LOGIN", "USERPASS"]),
        ("smtp", &["auto", "PLAIN", "LOGIN"]),
        ("sieve", &["auto", "PLAIN", "LOGIN"]),
    ] {
        for mechanism in mechanisms {
            for (password, expected) in [(PASSWORD, "ok"), ("wrong", "login refused")] {
                let keys = format!(", auth_mechanism: {mechanism}{}", login(password));
                let result = check(&at(protocol, server.address(protocol), &keys)).await;
                let log = server.dovecot.log();
                assert_eq!(
                    words(&result),
                    expected,
                    "{protocol} {mechanism}: {result:?}\n{log}"
                );
            }
        }
    }
}

#[tokio::test]
async fn dovecot_takes_mail_for_the_test_user_only() {
    let certificate = Certificate::new();
    let server = MailServer::start(&certificate);
    let address = server.address("lmtp");
    for (keys, expected) in [
        ("", "ok"),
        (", deep_check: true, test_username: monitor", "ok"),
        (", deep_check: true, test_username: nobody", "login refused"),
    ] {
        let result = check(&at("lmtp", address, keys)).await;
        assert_eq!(words(&result), expected, "{keys}: {result:?}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_right_unless_nobody_looks() {
    let certificate = Certificate::new();
    let other = Certificate::new();
    let server = MailServer::start(&certificate);
    for (listener, tls) in [("imaps", "implicit"), ("imap", "starttls")] {
        for (keys, expected) in [
            (certificate.believed(), "ok"),
            (other.believed(), "connect tls"),
            (", tls_skip_verify: true".to_owned(), "ok"),
            // The system knows no such authority.
            (
                ", tls_server_name: mail.example.org".to_owned(),
                "connect tls",
            ),
            // Right authority, wrong name.
            (
                format!(", ca_file: \"{}\"", certificate.file.display()),
                "connect tls",
            ),
        ] {
            let keys = format!(", tls: {tls}{keys}");
            let result = check(&at("imap", server.address(listener), &keys)).await;
            assert_eq!(words(&result), expected, "{listener}{keys}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_expects_a_proxy_header_is_dead_without_one_and_the_other_way_round() {
    let certificate = Certificate::new();
    let server = MailServer::start(&certificate);
    for (listener, keys) in [
        ("imap_proxied", ", connect_timeout: 1s"),
        (
            "imap",
            ", connect_timeout: 1s, proxy_protocol: true, deep_check: true, \
                   test_username: monitor, test_password: x",
        ),
    ] {
        let result = check(&at("imap", server.address(listener), keys)).await;
        assert!(result.is_err(), "{listener}: {result:?}");
    }
}

#[tokio::test]
async fn postfix_is_alive_by_its_greeting_and_by_a_login() {
    let certificate = Certificate::new();
    let dovecot = DovecotSetup::new();
    let socket = dovecot.file_path("base/postfix-auth");
    let listener =
        format!("service auth {{\n  unix_listener {socket} {{\n    mode = 0666\n  }}\n}}\n");
    let script = "function auth_password_verify(request, password)\n\
         if request.user == \"monitor\" and password == \"right\" then\n\
         return dovecot.auth.PASSDB_RESULT_OK, \"\" end\n\
         return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, \"\" end\n\
         function auth_userdb_lookup(request)\n\
         return dovecot.auth.USERDB_RESULT_OK, \"\" end\n";
    let dovecot = dovecot
        .configuration(&listener)
        .file("users.lua", script)
        .start("users.lua");
    for (proxied, main) in [
        (false, ""),
        (true, "smtpd_upstream_proxy_protocol = haproxy\n"),
    ] {
        let setup = PostfixSetup::new()
            .file("server.pem", &certificate.pem)
            .file("server.key", &certificate.key);
        let main = format!(
            "{main}smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = {socket}\nsmtpd_tls_security_level = may\n\
             smtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n",
            setup.file_path("server.pem"),
            setup.file_path("server.key")
        );
        let postfix = setup.start(&main);
        let tls = format!(", tls: starttls{}", certificate.believed());
        for tls in ["", &tls] {
            for (rest, expected) in [
                (String::new(), "ok"),
                (login("right"), "ok"),
                (login("wrong"), "login refused"),
            ] {
                let keys = format!(", proxy_protocol: {proxied}{tls}{rest}");
                let result = check(&at("smtp", postfix.address(), &keys)).await;
                let logs = format!("{}\n{}", postfix.log(), dovecot.log());
                assert_eq!(words(&result), expected, "{keys}: {result:?}\n{logs}");
            }
        }
    }
}

const PAGES: &str = r#"
server {
  listen {plain};
  listen {encrypted} ssl;
  listen {proxied} proxy_protocol;
  ssl_certificate {folder-pem};
  ssl_certificate_key {folder-key};
  location = / { return 204; }
  location = /missing { return 404; }
  location = /moved { return 302 /; }
  location = /broken { return 503; }
  location /private {
    auth_basic "private";
    auth_basic_user_file {folder-users};
    try_files /none /private-page;
  }
  location = /private-page { internal; return 200 "welcome"; }
}
"#;

#[tokio::test]
async fn nginx_is_alive_by_its_answer() {
    let certificate = Certificate::new();
    let setup = NginxSetup::new();
    let [plain, encrypted, proxied] = [port::free(), port::free(), port::free()];
    let pages = PAGES
        .replace("{plain}", &plain.to_string())
        .replace("{encrypted}", &encrypted.to_string())
        .replace("{proxied}", &proxied.to_string())
        .replace("{folder-pem}", &setup.file_path("server.pem"))
        .replace("{folder-key}", &setup.file_path("server.key"))
        .replace("{folder-users}", &setup.file_path("users"));
    let nginx = setup
        .file("server.pem", &certificate.pem)
        .file("server.key", &certificate.key)
        .file("users", "monitor:{PLAIN}right\n")
        .http(&pages, &[plain, encrypted, proxied])
        .start();
    let tls = format!(", tls: implicit{}", certificate.believed());
    for (address, way) in [
        (plain, ""),
        (encrypted, tls.as_str()),
        (proxied, ", proxy_protocol: true"),
    ] {
        for (uri, password, expected) in [
            ("/", None, "ok"),
            ("/missing", None, "ok"),
            ("/moved", None, "ok"),
            ("/private", None, "ok"),
            ("/broken", None, "connect refused"),
            ("/private", Some("right"), "ok"),
            ("/private", Some("wrong"), "login refused"),
            ("/missing", Some("right"), "login refused"),
            ("/moved", Some("right"), "ok"),
        ] {
            let login = password.map(login).unwrap_or_default();
            let keys = format!("{way}, request_uri: {uri}{login}");
            let result = check(&at("http", address, &keys)).await;
            let log = nginx.log();
            assert_eq!(words(&result), expected, "{keys}: {result:?}\n{log}");
        }
    }
    // The fixture itself: nobody comes in without the password.
    let request = http::Request::new("GET", "/private");
    assert_eq!(http::send(plain, &request).status, 401);
}
