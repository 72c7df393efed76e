//! Logins in header fields: what nginx sends, and what becomes of it.

use std::sync::Arc;

use bulkhead::{
    auth::{Mechanism, Request},
    config::HeaderNames,
};

use crate::{
    client::{exchange, get, header, masked, status},
    server::{Running, Setup},
};

const NGINX: &str = "/api/v1/auth/nginx";

/// The answer, and the request as the backend saw it.
async fn asked(server: &Running, path: &str, fields: &str) -> (String, Option<Arc<Request>>) {
    server.seen.requests.lock().unwrap().clear();
    let response = exchange(server.address, get(path, fields)).await;
    let seen = server.seen.requests.lock().unwrap().first().cloned();
    (response, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_nginx_finds_its_place() {
    let server = Setup::new().start().await;
    let fields = "Auth-Method: plain\r\nAuth-User: alice\r\nAuth-Pass: p\r\nAuth-Protocol: smtp\r\n\
        Auth-Login-Attempt: 3\r\nClient-IP: 192.0.2.42\r\nClient-Host: client.example.org\r\n\
        Auth-SMTP-Helo: helo.example.org\r\nAuth-SMTP-From: MAIL FROM: <>\r\n\
        Auth-SMTP-To: RCPT TO: <bob@example.com>\r\nAuth-SSL: on\r\nAuth-SSL-Protocol: TLSv1.3\r\n\
        Auth-SSL-Cipher: TLS_AES_256_GCM_SHA384\r\nAuth-SSL-Verify: SUCCESS\r\n\
        Auth-SSL-Subject: /CN=alice\r\nAuth-SSL-Issuer: /CN=ca\r\nAuth-SSL-Serial: C07AD56B\r\n\
        Auth-SSL-Fingerprint: 29d6a80a\r\nAuth-SSL-Cert: -----BEGIN%20\r\n\
        X-SSL-Protocol: forged\r\nX-SSL-Client-CN: alice\r\nX-Client-Port: 4711\r\n\
        X-Client-ID: iPhone\r\nX-Local-IP: 192.0.2.1\r\nX-Auth-Port: 587\r\nX-OIDC-CID: oidc\r\n\
        X-External-Session-ID: ext\r\n";
    let (_, seen) = asked(&server, NGINX, fields).await;
    let seen = seen.unwrap();
    let client = &seen.client;
    let tls = seen.tls.as_ref().unwrap();
    let texts = [
        (seen.service.as_str(), "nginx"),
        (&seen.method, "plain"),
        (&seen.username, "alice"),
        (&seen.protocol, "smtp"),
        (&seen.external_session, "ext"),
        (&client.address, "192.0.2.42"),
        (&client.hostname, "client.example.org"),
        (&client.port, "4711"),
        (&client.id, "iPhone"),
        (&seen.local.address, "192.0.2.1"),
        (&seen.local.port, "587"),
        (&seen.identity.as_ref().unwrap().client_id, "oidc"),
        (&tls.secured, "on"),
        (&tls.protocol, "TLSv1.3"),
        (&tls.cipher, "TLS_AES_256_GCM_SHA384"),
        (&tls.client_verify, "SUCCESS"),
        (&tls.client_dn, "/CN=alice"),
        (&tls.client_cn, "alice"),
        (&tls.issuer, "/CN=ca"),
        (&tls.serial, "C07AD56B"),
        (&tls.fingerprint, "29d6a80a"),
    ];
    for (found, expected) in texts {
        assert_eq!(found, expected);
    }
    assert_eq!(seen.password.as_ref().unwrap().expose(), b"p");
    assert_eq!(seen.login_attempt, 3);
    let names: Vec<_> = seen
        .http
        .headers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    for visible in [
        "auth-smtp-helo",
        "auth-smtp-from",
        "auth-smtp-to",
        "auth-ssl-cert",
    ] {
        assert!(names.contains(&visible), "{visible}");
    }
    // Plugins get the password as the password, or not at all.
    assert!(!names.contains(&"auth-pass"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn user_and_password_are_decoded_once() {
    let server = Setup::new().start().await;
    let rows: [(&str, &str, &[u8]); 6] = [
        ("alice", "p%20w", b"p w"),
        ("alice", "100%", b"100%"),
        ("alice", "%2541", b"%41"),
        ("al%69ce", "%zz+%4", b"%zz+%4"),
        ("alice", "%00%FF%0d%0A", b"\0\xff\r\n"),
        ("alice", "\u{fc}", "\u{fc}".as_bytes()),
    ];
    for (user, password, expected) in rows {
        let fields = format!("Auth-User: {user}\r\nAuth-Pass: {password}\r\n");
        let (_, seen) = asked(&server, NGINX, &fields).await;
        let seen = seen.unwrap();
        assert_eq!(seen.username, "alice");
        assert_eq!(seen.password.as_ref().unwrap().expose(), expected);
    }
    let fields = "Auth-User: j\u{fc}rgen%C3%A4\r\nAuth-Pass: p\r\n";
    let (_, seen) = asked(&server, NGINX, fields).await;
    assert_eq!(seen.unwrap().username, "j\u{fc}rgen\u{e4}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_may_be_url_safe_base64_with_or_without_its_padding() {
    let server = Setup::new().start().await;
    let encoded = |password: &str, flag: &str| {
        format!("Auth-User: alice\r\nAuth-Pass: {password}\r\nX-Auth-Password-Encoded: {flag}\r\n")
    };
    let rows: [(&str, &str, &[u8]); 5] = [
        ("cC_DvHc=", "1", "p/\u{fc}w".as_bytes()),
        ("cC_DvHc", "1", "p/\u{fc}w".as_bytes()),
        ("cC_DvHc%3D", "1", "p/\u{fc}w".as_bytes()),
        ("__79", "1", b"\xff\xfe\xfd"),
        ("cHc=", "0", b"cHc="),
    ];
    for (password, flag, expected) in rows {
        let (_, seen) = asked(&server, NGINX, &encoded(password, flag)).await;
        assert_eq!(seen.unwrap().password.as_ref().unwrap().expose(), expected);
    }
    let (response, seen) = asked(&server, NGINX, &encoded("c*", "1")).await;
    assert!(seen.is_none());
    assert_eq!(status(&response), 200);
    assert_eq!(
        header(&response, "Auth-Status"),
        Some("Temporary server problem, try again later")
    );
    assert_eq!(header(&response, "Auth-Error-Code"), Some("451 4.3.0"));
    let (response, _) = asked(&server, "/api/v1/auth/header", &encoded("c*", "1")).await;
    assert_eq!(status(&response), 400);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_s_address_is_believed_from_trusted_peers_only() {
    let fields = "Auth-User: alice\r\nAuth-Pass: p\r\nClient-IP: 192.0.2.42\r\n\
                  X-Forwarded-For: 192.0.2.99\r\n";
    let server = Setup::new().start().await;
    let (_, seen) = asked(&server, NGINX, fields).await;
    assert_eq!(seen.unwrap().client.address, "192.0.2.42");
    server.stop().await;

    let mut setup = Setup::new();
    setup.server.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let server = setup.start().await;
    let (_, seen) = asked(&server, NGINX, fields).await;
    assert_eq!(seen.unwrap().client.address, "127.0.0.1");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_name_that_nginx_could_not_resolve_is_none() {
    let server = Setup::new().start().await;
    for name in ["[UNAVAILABLE]", "[TEMPUNAVAIL]"] {
        let fields = format!("Auth-User: alice\r\nAuth-Pass: p\r\nClient-Host: {name}\r\n");
        let (_, seen) = asked(&server, NGINX, &fields).await;
        assert_eq!(seen.unwrap().client.hostname, "");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn header_names_are_those_of_the_configuration() {
    let mut setup = Setup::new();
    let HeaderNames(names) = &mut setup.server.headers;
    for (key, name) in [
        ("username", "x-who"),
        ("password", "x-key"),
        ("client_ip", "x-from"),
        ("client_host", "x-host"),
        ("ssl", "x-tls"),
    ] {
        names.insert(key, axum::http::HeaderName::from_static(name));
    }
    let server = setup.start().await;
    let fields = "X-Who: alice\r\nX-Key: p\r\nX-From: 192.0.2.42\r\nX-Host: h\r\nX-TLS: yes\r\n\
                  Auth-User: mallory\r\nClient-IP: 192.0.2.66\r\n";
    let (_, seen) = asked(&server, "/api/v1/auth/header", fields).await;
    let seen = seen.unwrap();
    assert_eq!(seen.username, "alice");
    assert_eq!(seen.password.as_ref().unwrap().expose(), b"p");
    assert_eq!(seen.client.address, "192.0.2.42");
    assert_eq!(seen.client.hostname, "h");
    assert_eq!(seen.tls.as_ref().unwrap().secured, "yes");
    // However it is called, no plugin finds the password among the headers.
    assert!(seen.http.headers.iter().all(|one| one.name != "x-key"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_there_twice_are_no_credentials() {
    let server = Setup::new().start().await;
    for twice in ["Auth-User: mallory\r\n", "Auth-Pass: q\r\n"] {
        let fields = format!("Auth-User: alice\r\nAuth-Pass: p\r\n{twice}");
        let (response, seen) = asked(&server, "/api/v1/auth/header", &fields).await;
        assert_eq!(status(&response), 400);
        assert!(seen.is_none());
        let (response, seen) = asked(&server, NGINX, &fields).await;
        assert_ne!(header(&response, "Auth-Status"), Some("OK"));
        assert!(seen.is_none());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_with_a_body_is_as_good_and_its_body_is_read() {
    let server = Setup::new().start().await;
    let request = format!(
        "POST {NGINX} HTTP/1.1\r\nHost: t\r\nAuth-User: down\r\nAuth-Pass: p\r\n\
         Content-Length: 5\r\n\r\nhello"
    );
    let mut wire = crate::client::Wire::connect(server.address).await;
    for _ in 0..2 {
        wire.send(&request).await;
        assert_eq!(status(&wire.response().await), 200);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_challenge_lets_nginx_log_in_with_the_password() {
    // RFC 2195 for CRAM-MD5; MD5 of `<1@t>tanstaaftanstaaf` for APOP.
    let cram = "Auth-Method: cram-md5\r\n\
                Auth-Salt: <1896.697170952@postoffice.reston.mci.net>\r\n\
                Auth-Pass: b913a602c7eda7a495b4e6e7334d3890\r\n";
    let wrong = "Auth-Method: apop\r\nAuth-Salt: <1@t>\r\n\
                 Auth-Pass: b913a602c7eda7a495b4e6e7334d3890\r\n";
    let server = Setup::new().start().await;
    let rows = [
        ("right", NGINX, "carol", cram),
        ("wrong", NGINX, "carol", wrong),
        ("unknown user", NGINX, "mallory", cram),
        ("backend without the password", NGINX, "alice", cram),
        (
            "right, on the header route",
            "/api/v1/auth/header",
            "carol",
            cram,
        ),
    ];
    let mut text = String::new();
    for (name, path, user, fields) in rows {
        let fields = format!("Auth-User: {user}\r\nAuth-Protocol: imap\r\n{fields}");
        let (response, seen) = asked(&server, path, &fields).await;
        text += &format!("=== {name}\n{}\n\n", masked(&response));
        let seen = seen.unwrap();
        assert!(seen.password.is_none() && seen.challenge.is_none());
    }
    insta::assert_snapshot!(text);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_fits_no_header_is_a_temporary_failure() {
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<md5::Md5>::new_from_slice(b"two\nlines").unwrap();
    mac.update(b"<1@t>");
    let response = hex::encode(mac.finalize().into_bytes());
    assert!(Mechanism::named("cram-md5").is_some());
    let fields = format!(
        "Auth-User: lines\r\nAuth-Protocol: imap\r\nAuth-Method: cram-md5\r\nAuth-Salt: <1@t>\r\n\
         Auth-Pass: {response}\r\n"
    );
    let server = Setup::new().start().await;
    let (answer, _) = asked(&server, NGINX, &fields).await;
    assert_eq!(
        header(&answer, "Auth-Status"),
        Some("Temporary server problem, try again later")
    );
    for forbidden in ["Auth-Server", "Auth-Port", "Auth-Pass", "Auth-User"] {
        assert_eq!(header(&answer, forbidden), None);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_smtp_has_no_password_to_check() {
    let server = Setup::new().start().await;
    let fields = "Auth-Method: none\r\nAuth-User: \r\nAuth-Pass: \r\nAuth-Protocol: smtp\r\n\
                  Auth-SMTP-Helo: h\r\n";
    let (response, seen) = asked(&server, NGINX, fields).await;
    assert_eq!(header(&response, "Auth-Status"), Some("No username given"));
    assert!(seen.is_none());
    let named = fields.replace("Auth-User: ", "Auth-User: alice");
    let (response, _) = asked(&server, NGINX, &named).await;
    assert_eq!(
        header(&response, "Auth-Status"),
        Some("Invalid login or password")
    );
    let (response, _) = asked(&server, &format!("{NGINX}?mode=no-auth"), &named).await;
    assert_eq!(header(&response, "Auth-Status"), Some("OK"));
    server.stop().await;
}
