//! The backend `http-backend` and a real web service.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bulkhead_harness::{Answer, Bulkhead, Exchange, Policy, WebServer};
use serde_json::json;

use crate::support::{self, ACCEPTED, REJECTED, TEMPORARY, accounts, expect, look_up};

fn start(service: &WebServer) -> Bulkhead {
    let policy = r#"
server: {listen: "{listen}"}
store: {kind: memory}
secrets: {key: {file: key.secret}}
pipeline:
  backends: [{name: service, component: "builtin:http-backend"}]
plugins:
  service:
    grants: {password: true, http: {hosts: ["{service}"]}, secret: [key]}
    configuration:
      secret: key
      timeout_ms: 700
      verify:
        url: "http://{service}/check/{protocol}"
        json: {user: "{username}", password: "{password}", tls: "{encrypted}"}
      look_up: {method: GET, url: "http://{service}/user/{username}"}
      list_accounts: {method: GET, url: "http://{service}/users"}
      reply:
        authenticated: /ok
        account: /mail
        attributes: {quota: /quota}
        accounts: /users
reload: {watch: false}
"#;
    let policy = policy.replace("{service}", &service.address().to_string());
    let policy = Policy::new(&policy).file("key.secret", "s3cret-key\n");
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// Knows alice.
fn serve(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.read_body()?;
    let asked = &exchange.request;
    if asked.header("Authorization") != Some("Bearer s3cret-key") {
        return exchange.reply(&Answer::new(401));
    }
    let alice = |ok: bool| json!({"ok": ok, "mail": "alice@example.org", "quota": [5, 6]});
    let answer = match asked.target.as_str() {
        "/check/imap" => {
            let login = asked.json();
            match login["user"].as_str() {
                Some("alice") => Answer::new(200).json(&alice(login["password"] == "se\"cret")),
                _ => Answer::new(404),
            }
        }
        "/user/alice" => Answer::new(200).json(&alice(false)),
        "/users" => Answer::new(200).json(&json!({"users": ["alice@example.org", "bob"]})),
        _ => Answer::new(404),
    };
    exchange.reply(&answer)
}

#[test]
fn users_of_a_web_service_log_in() {
    let service = WebServer::start(serve);
    let server = start(&service);
    let answer = expect(&server, "alice", "se\"cret", ACCEPTED).json();
    assert_eq!(
        answer["attributes"]["account"],
        json!(["alice@example.org"])
    );
    assert_eq!(answer["attributes"]["quota"], json!([5, 6]));
    for (name, password) in [
        ("alice", "guess"),
        ("mallory", "se\"cret"),
        ("alice&password=se", "x"),
    ] {
        expect(&server, name, password, REJECTED);
    }
    for (name, status) in [
        ("alice", ACCEPTED),
        ("mallory", REJECTED),
        ("x/../alice", REJECTED),
        ("..", REJECTED),
    ] {
        assert_eq!(look_up(&server, name), status, "{name}");
    }
    assert_eq!(accounts(&server), Ok(json!(["alice@example.org", "bob"])));
    let paths = service.seen();
    let strange = paths.iter().find(|seen| seen.target.contains(".."));
    assert_eq!(
        strange.map(|seen| seen.target.as_str()),
        Some("/user/x%2F..%2Falice")
    );
    let log = server.log();
    assert!(
        !log.contains("s3cret-key") && !log.contains("se\"cret"),
        "{log}"
    );
}

/// Whatever a service does instead of answering.
#[test]
fn a_service_that_fails_is_a_temporary_failure() {
    type Behaviour = fn(&mut Exchange<'_>) -> io::Result<()>;
    let behaviours: [Behaviour; 11] = [
        |exchange| exchange.reply(&Answer::new(500)),
        |exchange| exchange.reply(&Answer::new(401)),
        |exchange| exchange.reply(&Answer::new(302).header("Location", "/ok")),
        |exchange| exchange.reply(&Answer::new(429)),
        |exchange| exchange.reply(&Answer::new(200)),
        |exchange| exchange.reply(&Answer::new(200).body("<html>Welcome</html>")),
        |exchange| exchange.reply(&Answer::new(200).json(&json!({"ok": "yes"}))),
        |exchange| exchange.reply(&Answer::new(200).json(&json!({"ok": true}))),
        |exchange| exchange.stall(Duration::from_secs(20)),
        |exchange| exchange.drip(&Answer::new(403).to_bytes(), Duration::from_millis(100)),
        |exchange| exchange.write(b"\xFF\xFE garbage\r\n\r\n"),
    ];
    let turn = Arc::new(AtomicUsize::new(0));
    let of_service = Arc::clone(&turn);
    let service = WebServer::start(move |exchange: &mut Exchange<'_>| {
        match behaviours.get(of_service.load(SeqCst)) {
            Some(behave) => behave(exchange),
            None => serve(exchange),
        }
    });
    let server = start(&service);
    for number in 0..behaviours.len() {
        turn.store(number, SeqCst);
        let (status, took) = support::timed(&server, "alice", "se\"cret");
        assert_eq!(status, TEMPORARY, "{number}\n{}", server.log());
        assert!(took < Duration::from_secs(3), "{number}: {took:?}");
    }
    turn.store(behaviours.len(), SeqCst);
    expect(&server, "alice", "se\"cret", ACCEPTED);
    turn.store(0, SeqCst);
    assert_eq!(accounts(&server), Err(TEMPORARY));
    assert_eq!(look_up(&server, "alice"), TEMPORARY);
}
