//! Servers that stall, drip, lie and break off: each is a failure of the right kind, in time.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use crate::{
    certificate::Certificate,
    fake::{drips, floods, listen, says, talk, talks},
    targets::{at, check, words},
};

const PROTOCOLS: [&str; 6] = ["smtp", "lmtp", "imap", "pop3", "sieve", "http"];
/// Times of a check that has to end soon.
const SOON: &str = ", connect_timeout: 300ms, deep_timeout: 300ms";
/// When a check with [`SOON`] must be over, on a busy computer.
const OVER: Duration = Duration::from_secs(3);

#[tokio::test]
async fn who_does_not_greet_is_dead_in_time() {
    let nobody = bulkhead_harness::port::free();
    let silent = says("").await;
    let gone = listen(|_| async {}).await;
    let nonsense = says("hello, friend\r\n").await;
    let binary = says([0, 255, 254, 10, 13, 10].as_slice()).await;
    let endless = floods("", "x").await;
    let slow = drips(
        "this takes for ever and says nothing",
        Duration::from_millis(50),
    )
    .await;
    for protocol in PROTOCOLS {
        for (name, address, expected) in [
            ("nobody", nobody, "connect connect"),
            ("silent", silent, "connect timed-out"),
            ("gone", gone, "connect protocol"),
            ("nonsense", nonsense, "connect protocol"),
            ("binary", binary, "connect protocol"),
            ("endless", endless, "connect too-long"),
            ("slow", slow, "connect timed-out"),
        ] {
            let began = Instant::now();
            let result = check(&at(protocol, address, SOON)).await;
            assert_eq!(words(&result), expected, "{protocol}, {name}: {result:?}");
            assert!(began.elapsed() < OVER, "{protocol}, {name}");
        }
    }
}

#[tokio::test]
async fn who_says_no_is_dead() {
    for (protocol, greeting) in [
        ("smtp", "421 4.3.2 busy\r\n"),
        ("smtp", "554 no\r\n"),
        ("lmtp", "421 busy\r\n"),
        ("imap", "* BYE busy\r\n"),
        ("pop3", "-ERR [SYS/TEMP] busy\r\n"),
        ("sieve", "BYE \"busy\"\r\n"),
        ("http", "HTTP/1.1 503 Busy\r\n\r\n"),
    ] {
        let address = says(greeting).await;
        let result = check(&at(protocol, address, SOON)).await;
        assert_eq!(words(&result), "connect refused", "{protocol}: {result:?}");
        let text = result.unwrap_err().text;
        assert!(!text.contains(['\r', '\n']), "{text:?}");
    }
}

#[tokio::test]
async fn who_never_stops_listing_is_dead() {
    for (protocol, first, again, expected) in [
        ("smtp", "", "220-hello\r\n", "connect too-long"),
        ("imap", "* OK hi\r\n", "* STATUS\r\n", "login too-long"),
        ("pop3", "+OK\r\n+OK\r\n", "X\r\n", "login too-long"),
        ("sieve", "", "\"X\" \"y\"\r\n", "connect too-long"),
        ("http", "HTTP/1.1 200 OK\r\n", "a: b\r\n", "login too-long"),
    ] {
        let address = floods(first, again).await;
        let login = ", deep_check: true, test_username: a, test_password: b";
        let result = check(&at(protocol, address, login)).await;
        assert_eq!(words(&result), expected, "{protocol}: {result:?}");
    }
}

#[tokio::test]
async fn a_login_has_its_own_time() {
    for (protocol, greeting) in [
        ("imap", "* OK hi\r\n"),
        ("pop3", "+OK hi\r\n"),
        ("sieve", "OK\r\n"),
        ("http", ""),
    ] {
        let address = says(greeting).await;
        let login = format!("{SOON}, deep_check: true, test_username: a, test_password: b");
        let began = Instant::now();
        let result = check(&at(protocol, address, &login)).await;
        assert_eq!(words(&result), "login timed-out", "{protocol}: {result:?}");
        assert!(began.elapsed() < OVER, "{protocol}");
    }
}

#[tokio::test]
async fn a_farewell_is_not_waited_for() {
    let address = says("* OK hi\r\n").await;
    let began = Instant::now();
    let result = check(&at("imap", address, ", connect_timeout: 60s")).await;
    assert_eq!(words(&result), "ok", "{result:?}");
    assert!(began.elapsed() < OVER);
}

#[tokio::test]
async fn tls_that_never_comes_is_a_failure() {
    let silent = says("").await;
    let plain = says("* OK no TLS here\r\n").await;
    let torn = listen(|mut stream| async move {
        let _ = stream.write_all(&[22, 3, 3]).await;
    })
    .await;
    let refuses = talks("* OK hi\r\n", |_| "s NO not today\r\n".to_owned()).await;
    // The answer to STARTTLS may well be on its way with the greeting; then nothing more comes.
    let stalls = says("* OK hi\r\ns OK go on\r\n").await;
    // What stands before the handshake could come from anybody (CVE-2011-0411).
    let injects = talks("* OK hi\r\n", |_| {
        "s OK go on\r\nl OK logged in\r\n".to_owned()
    })
    .await;
    for (name, address, tls, expected) in [
        ("silent", silent, "implicit", "connect timed-out"),
        ("plain", plain, "implicit", "connect tls"),
        ("torn", torn, "implicit", "connect tls"),
        ("refuses", refuses, "starttls", "connect refused"),
        ("stalls", stalls, "starttls", "connect timed-out"),
        ("injects", injects, "starttls", "connect protocol"),
    ] {
        let keys = format!("{SOON}, tls: {tls}, tls_skip_verify: true");
        let result = check(&at("imap", address, &keys)).await;
        assert_eq!(words(&result), expected, "{name}: {result:?}");
    }
}

#[tokio::test]
async fn what_was_offered_before_tls_does_not_count() {
    let certificate = Certificate::new();
    let acceptor = certificate.acceptor();
    let address = listen(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            // Without TLS it pretends to know PLAIN; with TLS it does not.
            let greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n";
            stream.write_all(greeting.as_bytes()).await.unwrap();
            let mut heard = [0; 12];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut heard)
                .await
                .unwrap();
            stream.write_all(b"s OK go on\r\n").await.unwrap();
            let stream = acceptor.accept(stream).await.unwrap();
            talk(stream, "", &|line| match line {
                "c CAPABILITY" => {
                    "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nc OK done\r\n".to_owned()
                }
                other => panic!("{other}"),
            })
            .await;
        }
    })
    .await;
    let keys = format!(
        ", tls: starttls{}, deep_check: true, test_username: a, test_password: b",
        certificate.believed()
    );
    let result = check(&at("imap", address, &keys)).await;
    assert_eq!(words(&result), "login refused", "{result:?}");
}

#[tokio::test]
async fn a_server_that_repeats_what_it_heard_puts_no_password_into_a_reason() {
    let echo = |line: &str| match line {
        "c CAPABILITY" => "c OK\r\n".to_owned(),
        "CAPA" => "-ERR what?\r\n".to_owned(),
        "USER monitor" => "+OK\r\n".to_owned(),
        "l AUTHENTICATE PLAIN" | "AUTH PLAIN" => "+ \r\n".to_owned(),
        heard if heard.starts_with("l ") => format!("l NO I heard {heard}\r\n"),
        heard if heard.starts_with("PASS") => format!("-ERR I heard {heard}\r\n"),
        heard => format!("l NO I heard {heard}\r\n"),
    };
    for (protocol, greeting, mechanism) in [
        ("imap", "* OK hi\r\n", "USERPASS"),
        ("imap", "* OK hi\r\n", "PLAIN"),
        ("pop3", "+OK hi\r\n", "USERPASS"),
    ] {
        let address = talks(greeting, echo).await;
        let keys = format!(
            ", deep_check: true, test_username: monitor, test_password: 'se\"cret', \
             auth_mechanism: {mechanism}"
        );
        let result = check(&at(protocol, address, &keys)).await;
        assert_eq!(words(&result), "login refused", "{protocol}: {result:?}");
        let text = result.unwrap_err().text;
        assert!(
            text.contains("I heard") && text.contains("(masked)"),
            "{text}"
        );
        for secret in [
            "se\"cret",
            "se\\\"cret",
            "c2UiY3JldA",
            "AG1vbml0b3IAc2UiY3JldA",
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
