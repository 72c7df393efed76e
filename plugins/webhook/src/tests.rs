//! The action against a server that is not there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use bulkhead_sdk::testing::{TestHost, configure, request, run_action};
use serde_json::{Value, json};

use super::*;

const PLAIN: &str = r#"{"url": "https://hooks.example.org/logins"}"#;

fn run(configuration: &str, host: &TestHost, request: Request) -> Result<(), Failure> {
    let plugin = configure::<Webhook>(configuration).unwrap();
    run_action(&plugin, host, request, Event::Post)
}

fn header(sent: &http::OutgoingRequest, name: &str) -> Option<String> {
    let mut headers = sent.headers.iter();
    let header = headers.find(|header| header.name == name)?;
    Some(String::from_utf8(header.value.clone()).unwrap())
}

fn document(sent: &http::OutgoingRequest) -> Value {
    serde_json::from_slice(sent.body.as_deref().unwrap()).unwrap()
}

#[test]
fn a_login_is_posted_once_as_json() {
    let host = TestHost::new().with_status(204, "");
    let mut login = request().authenticated("alice@example.org").build();
    login.progress.http_status = 200;
    assert_eq!(run(PLAIN, &host, login), Ok(()));
    let sent = host.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].method, "POST");
    assert_eq!(sent[0].url, "https://hooks.example.org/logins");
    assert_eq!(sent[0].timeout_ms, Some(2000));
    assert_eq!(
        header(&sent[0], "Content-Type").unwrap(),
        "application/json"
    );
    let document = document(&sent[0]);
    assert_eq!(document["username"], json!("alice"));
    assert_eq!(document["account"], json!("alice@example.org"));
    assert_eq!(document["verdict"], json!("accept"));
    assert_eq!(document["event"], json!("post"));
    assert_eq!(document["client_address"], json!("192.0.2.1"));
    assert_eq!(document["time_ms"], json!(1_767_225_600_000_u64));
}

#[test]
fn verdicts_are_told_apart() {
    let cases = [
        (true, false, 200, "accept"),
        (false, false, 403, "reject"),
        (false, false, 500, "temporary-failure"),
        (true, false, 500, "temporary-failure"),
        (false, true, 200, "accept"),
    ];
    for (authenticated, no_auth, status, wanted) in cases {
        let host = TestHost::new().with_status(200, "");
        let mut login = request().build();
        login.no_auth = no_auth;
        login.progress.authenticated = authenticated;
        login.progress.user_found = no_auth;
        login.progress.http_status = status;
        run(PLAIN, &host, login).unwrap();
        assert_eq!(document(&host.sent()[0])["verdict"], json!(wanted));
    }
}

#[test]
fn no_password_and_no_attribute_leaves_the_house() {
    let host = TestHost::new().with_status(200, "");
    let login = request()
        .password("hunter2-canary")
        .attribute("totp_secret", "totp-canary")
        .build();
    run(PLAIN, &host, login).unwrap();
    let sent = format!("{:?}", host.sent());
    let body = document(&host.sent()[0]).to_string();
    assert!(
        !body.contains("canary") && !sent.contains("canary"),
        "{body}"
    );
}

#[test]
fn a_secret_signs_the_body() {
    let configuration = r#"{"url": "https://h.example/", "secret": "key"}"#;
    let host = TestHost::new()
        .with_secret("key", "s3cret")
        .with_status(200, "");
    run(configuration, &host, request().build()).unwrap();
    let sent = host.sent();
    let wanted = signature(b"s3cret", sent[0].body.as_deref().unwrap()).unwrap();
    let shown = header(&sent[0], "X-Bulkhead-Signature").unwrap();
    assert_eq!(shown.as_bytes(), wanted);
    assert!(header(&sent[0], "Authorization").is_none());
}

#[test]
fn the_signature_is_that_of_rfc_4231() {
    let wanted = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let made = signature(b"Jefe", b"what do ya want for nothing?").unwrap();
    assert_eq!(String::from_utf8(made).unwrap(), wanted);
}

#[test]
fn a_secret_can_be_a_bearer_token() {
    let configuration =
        r#"{"url": "https://h.example/", "secret": "key", "authentication": "bearer"}"#;
    let host = TestHost::new()
        .with_secret("key", "s3cret")
        .with_status(200, "");
    run(configuration, &host, request().build()).unwrap();
    let sent = host.sent();
    assert_eq!(header(&sent[0], "Authorization").unwrap(), "Bearer s3cret");
    assert!(header(&sent[0], "X-Bulkhead-Signature").is_none());
}

#[test]
fn a_missing_secret_is_a_failure_and_nothing_is_sent() {
    let configuration = r#"{"url": "https://h.example/", "secret": "key"}"#;
    let host = TestHost::new().with_status(200, "");
    let failure = run(configuration, &host, request().build()).unwrap_err();
    assert!(failure.message.contains("secret: [key]"), "{failure}");
    assert!(host.sent().is_empty());
}

#[test]
fn an_outage_is_tried_once_more_with_a_fresh_key() {
    let host = TestHost::new()
        .with_reply(Err(http::Error::TimedOut))
        .with_status(200, "");
    assert_eq!(run(PLAIN, &host, request().build()), Ok(()));
    let sent = host.sent();
    assert_eq!(sent.len(), 2);
    let keys: Vec<_> = sent
        .iter()
        .map(|each| header(each, "Idempotency-Key").unwrap())
        .collect();
    assert_ne!(keys[0], keys[1]);
    assert_eq!(sent[0].body, sent[1].body);
}

#[test]
fn failures_are_reported_after_as_many_tries_as_they_deserve() {
    let cases = [
        (Ok(500), 2, "status 500"),
        (Ok(429), 2, "status 429"),
        (Ok(404), 1, "status 404"),
        (Ok(302), 1, "status 302"),
        (
            Err(http::Error::Connect("refused".into())),
            2,
            "cannot connect: refused",
        ),
        (
            Err(http::Error::Denied("grant it".into())),
            1,
            "not granted: grant it",
        ),
    ];
    for (reply, tries, message) in cases {
        let host = TestHost::new().with_http(move |_| {
            reply.clone().map(|status| http::Response {
                status,
                headers: Vec::new(),
                body: Vec::new(),
                url: String::new(),
            })
        });
        let failure = run(PLAIN, &host, request().build()).unwrap_err();
        assert!(failure.message.ends_with(message), "{failure}");
        assert_eq!(host.sent().len(), tries, "{message}");
    }
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let cases = [
        ("null", ""),
        (r#"{"url": "hooks.example.org"}"#, "url"),
        (r#"{"url": "https://"}"#, "url"),
        (r#"{"url": "ftp://hooks.example.org/"}"#, "url"),
        (r#"{"url": "http://h/", "secret": ""}"#, "secret"),
        (r#"{"url": "http://h/", "timeout_ms": 0}"#, "timeout_ms"),
        (r#"{"url": "http://h/", "timeout_ms": 30001}"#, "timeout_ms"),
        (
            r#"{"url": "http://h/", "authentication": "basic"}"#,
            "authentication",
        ),
        (r#"{"url": "http://h/", "timeout": 5}"#, "timeout"),
    ];
    for (configuration, path) in cases {
        let problems = configure::<Webhook>(configuration).unwrap_err();
        assert_eq!(problems.first().unwrap().path, path, "{configuration}");
    }
}

#[test]
fn timeouts_at_their_limits_are_fine() {
    for timeout in [1, 30_000] {
        let configuration = json!({"url": "http://h/", "timeout_ms": timeout}).to_string();
        assert!(configure::<Webhook>(&configuration).is_ok());
    }
}
