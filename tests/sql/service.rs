//! The backend `http-backend` and a real web service.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bulkhead_harness::{Answer, Bulkhead, Exchange, Policy, WebServer, http::Request, wait};
use serde_json::json;

use crate::support::{
    self, ACCEPTED, PATIENCE, REJECTED, TEMPORARY, accounts, await_status, expect, look_up,
};

fn start(service: &WebServer) -> Bulkhead {
    start_with(service, "")
}

/// `limits` is added to the grant `http`.
fn start_with(service: &WebServer, limits: &str) -> Bulkhead {
    let policy = r#"
server: {listen: "{listen}"}
store: {kind: memory}
secrets: {key: {file: key.secret}}
pipeline:
  backends: [{name: service, component: "builtin:http-backend"}]
plugins:
  service:
    grants: {password: true, http: {hosts: ["{service}"]{limits}}, secret: [key]}
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
    let policy = policy
        .replace("{service}", &service.address().to_string())
        .replace("{limits}", limits);
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

/// A service that knows alice, and can be told to stall.
fn moody() -> (WebServer, Arc<AtomicBool>) {
    let stalls = Arc::new(AtomicBool::new(false));
    let of_service = Arc::clone(&stalls);
    let service =
        WebServer::start(
            move |exchange: &mut Exchange<'_>| match of_service.load(SeqCst) {
                true => exchange.stall(Duration::from_secs(20)),
                false => serve(exchange),
            },
        );
    (service, stalls)
}

#[test]
fn a_service_that_stalls_is_left_alone_and_holds_no_login_up() {
    let (service, stalls) = moody();
    let limits = ", breaker_failures: 3, breaker_cool_down: 1h";
    let server = start_with(&service, limits);
    expect(&server, "alice", "se\"cret", ACCEPTED);
    stalls.store(true, SeqCst);
    for _ in 0..3 {
        expect(&server, "alice", "se\"cret", TEMPORARY);
    }
    let seen = service.seen().len();
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        expect(&server, "alice", "se\"cret", TEMPORARY);
        expect(&server, "mallory", "guess", TEMPORARY);
    }
    // Each would wait for 700 ms.
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(700) * 20, "{took:?}");
    assert_eq!(service.seen().len(), seen);
    assert_eq!(look_up(&server, "alice"), TEMPORARY);
    assert_eq!(accounts(&server), Err(TEMPORARY));
    let log = server.log();
    for text in [
        "A web service is left alone for a while: timed out",
        "3 requests in a row had no answer; the last one: timed out; none is sent for",
    ] {
        assert!(log.contains(text), "{text}:\n{log}");
    }
    let health = server.send(&Request::new("GET", "/healthz"));
    assert_eq!(health.status, 200);
    let check = &health.json()["checks"]["http"];
    assert_eq!(check["status"], "degraded", "{check}");
    let origin = format!("http://{}", service.address());
    let why = "3 requests in a row had no answer; the last one: timed out";
    assert_eq!(
        check["meta"]["left_alone"]["service"][&origin], why,
        "{check}"
    );
    let page = server.send(&Request::new("GET", "/metrics")).text();
    for line in [
        r#"bulkhead_http_circuits_opened_total{plugin="service"} 1"#,
        r#"bulkhead_http_destinations_left_alone{plugin="service"} 1"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line}:\n{page}");
    }
}

#[test]
fn a_service_that_comes_and_goes_decides_whenever_it_is_there() {
    let (service, stalls) = moody();
    let limits = ", breaker_failures: 2, breaker_cool_down: 50ms";
    let server = start_with(&service, limits);
    for _ in 0..3 {
        await_status(&server, "alice", "se\"cret", ACCEPTED);
        // The circuit is closed: everybody is decided about, and right.
        for _ in 0..5 {
            expect(&server, "alice", "se\"cret", ACCEPTED);
            expect(&server, "alice", "guess", REJECTED);
            expect(&server, "mallory", "guess", REJECTED);
        }
        stalls.store(true, SeqCst);
        // Until one is not even sent, which takes no time.
        let opened = wait::until(PATIENCE, || {
            let right = support::login(&server, "alice", "se\"cret").status;
            let wrong = support::login(&server, "alice", "guess").status;
            assert_eq!((right, wrong), (TEMPORARY, TEMPORARY));
            let health = server.send(&Request::new("GET", "/healthz")).json();
            health["checks"]["http"]["status"] == "degraded"
        });
        assert!(opened, "the log:\n{}", server.log());
        stalls.store(false, SeqCst);
        // On the way back no wrong decision either.
        let closed = wait::until(PATIENCE, || {
            let wrong = support::login(&server, "alice", "guess").status;
            assert!([TEMPORARY, REJECTED].contains(&wrong), "{wrong}");
            wrong == REJECTED
        });
        assert!(closed, "the log:\n{}", server.log());
        let health = server.send(&Request::new("GET", "/healthz")).json();
        assert_eq!(health["checks"]["http"]["status"], "ok", "{health}");
    }
}

#[test]
fn without_a_secret_no_grant_of_one_is_needed() {
    let service = WebServer::start(|exchange: &mut Exchange<'_>| {
        let is_secretive = exchange.request.header("Authorization").is_none();
        let status = if is_secretive { 204 } else { 500 };
        exchange.reply(&Answer::new(status))
    });
    let policy = r#"
server: {listen: "{listen}"}
store: {kind: memory}
pipeline:
  backends: [{name: service, component: "builtin:http-backend"}]
  actions: [{name: hook, on: post, component: "builtin:webhook"}]
plugins:
  service:
    grants: {password: true, http: {hosts: ["{service}"]}}
    configuration:
      verify: {url: "http://{service}/"}
      reply: {authenticated: status}
  hook:
    grants: {http: {hosts: ["{service}"]}}
    configuration: {url: "http://{service}/hook"}
"#;
    let policy = policy.replace("{service}", &service.address().to_string());
    let server = support::start(&policy);
    expect(&server, "alice", "right", ACCEPTED);
    let reported = wait::until(PATIENCE, || {
        service.seen().iter().any(|seen| seen.target == "/hook")
    });
    assert!(reported, "the log:\n{}", server.log());
}
