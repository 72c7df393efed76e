//! A backend script that asks a web server with the user's own credentials: only 207 accepts, only
//! 401 rejects, and whatever else happens is nobody's wrong password.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bulkhead_harness::{Answer, Exchange, Login, WebServer, http, port};

use crate::{
    clients::{self, Credentials, DEFAULT, SHORT},
    policy::{self, Patience},
};

const BOUND: Duration = Duration::from_secs(6);

type Behaviour = fn(&mut Exchange<'_>) -> io::Result<()>;

const BEHAVIOURS: &[(&str, Login, Behaviour)] = &[
    ("207", Login::Accepted, |e| {
        e.reply(&Answer::new(207).body("<multistatus/>"))
    }),
    ("401", Login::Rejected, |e| {
        e.reply(&Answer::new(401).header("WWW-Authenticate", "Basic realm=\"dav\""))
    }),
    ("200", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(200))
    }),
    ("302", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(302).header("Location", "/login"))
    }),
    ("403", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(403))
    }),
    ("404", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(404))
    }),
    ("429", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(429))
    }),
    ("500", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(500))
    }),
    ("503", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(503).header("Retry-After", "1"))
    }),
    ("a stall", Login::TemporaryFailure, |e| {
        e.stall(Duration::from_secs(60))
    }),
    ("a drip", Login::TemporaryFailure, |e| {
        e.drip(&Answer::new(207).to_bytes(), Duration::from_millis(300))
    }),
    ("a closed connection", Login::TemporaryFailure, |e| {
        e.close();
        Ok(())
    }),
    ("garbage", Login::TemporaryFailure, |e| {
        e.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")?;
        e.close();
        Ok(())
    }),
    ("half a head", Login::TemporaryFailure, |e| {
        e.write(b"HTTP/1.1 207 Multi-Status\r\nContent-Le")?;
        e.close();
        Ok(())
    }),
    // The next login is right again.
    ("207 again", Login::Accepted, |e| {
        e.reply(&Answer::new(207).body("<multistatus/>"))
    }),
];

#[test]
fn only_207_accepts_and_only_401_rejects() {
    let current: Arc<Mutex<Behaviour>> = Arc::new(Mutex::new(BEHAVIOURS[0].2));
    let shared = Arc::clone(&current);
    let dav = WebServer::start(move |exchange| {
        let behaviour = *shared.lock().unwrap();
        behaviour(exchange)
    });
    let bulkhead = policy::web(
        &dav.address().to_string(),
        &dav.url("/remote.php/dav/"),
        Patience::Short,
    );
    let dovecot = clients::glue(
        &bulkhead.url("/api/v1/auth/json"),
        Credentials::Right,
        DEFAULT,
    );
    let mut wrong = Vec::new();
    for (name, expected, behaviour) in BEHAVIOURS {
        *current.lock().unwrap() = *behaviour;
        let answer = dovecot.auth_test_from("192.0.2.77", "alice", "app-password");
        if answer.login != *expected || answer.took > BOUND {
            wrong.push(format!("{name}: wanted {expected:?}, saw {answer:?}"));
        }
        println!("{name}: {:?} after {:?}", answer.login, answer.took);
    }
    let logs = || format!("{}\n{}", dovecot.log(), bulkhead.log());
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), logs());
}

#[test]
fn the_web_server_is_asked_with_the_users_own_credentials() {
    let dav = WebServer::start(|exchange| exchange.reply(&Answer::new(207)));
    let bulkhead = policy::web(
        &dav.address().to_string(),
        &dav.url("/remote.php/dav/"),
        Patience::Short,
    );
    let dovecot = clients::glue(
        &bulkhead.url("/api/v1/auth/json"),
        Credentials::Right,
        DEFAULT,
    );
    let password = "p\u{e4}ss:w\"ord \u{1f511}";
    let answer = dovecot.auth_test_from("192.0.2.77", "alice", password);
    assert_eq!(
        answer.login,
        Login::Accepted,
        "{answer:?}\n{}",
        bulkhead.log()
    );
    let seen = dav.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "PROPFIND");
    assert_eq!(seen[0].target, "/remote.php/dav/");
    let expected = http::basic("alice", password);
    assert_eq!(seen[0].header("Authorization"), Some(expected.as_str()));
    assert_eq!(seen[0].header("X-Forwarded-For"), Some("192.0.2.77"));
}

#[test]
fn a_web_server_that_is_down_is_a_temporary_failure() {
    let address = port::free();
    let bulkhead = policy::web(
        &address.to_string(),
        &format!("http://{address}/dav/"),
        Patience::Short,
    );
    let dovecot = clients::glue(
        &bulkhead.url("/api/v1/auth/json"),
        Credentials::Right,
        DEFAULT,
    );
    let answer = dovecot.auth_test("alice", "app-password");
    assert_eq!(
        answer.login,
        Login::TemporaryFailure,
        "{answer:?}\n{}",
        bulkhead.log()
    );
    assert!(answer.took < BOUND, "{answer:?}");
}

/// Dovecot's patience ends before Bulkhead's.
#[test]
fn a_backend_slower_than_dovecots_timeout_is_a_temporary_failure_in_bounded_time() {
    let slow = Arc::new(AtomicBool::new(true));
    let stalls = Arc::clone(&slow);
    let dav = WebServer::start(move |exchange| {
        if stalls.load(Ordering::Relaxed) {
            exchange.stall(Duration::from_secs(60))?;
        }
        exchange.reply(&Answer::new(207))
    });
    let url = dav.url("/remote.php/dav/");
    let bulkhead = policy::web(&dav.address().to_string(), &url, Patience::Long);
    let dovecot = clients::glue(
        &bulkhead.url("/api/v1/auth/json"),
        Credentials::Right,
        SHORT,
    );
    let answer = dovecot.auth_test("alice", "app-password");
    assert_eq!(
        answer.login,
        Login::TemporaryFailure,
        "{answer:?}\n{}",
        dovecot.log()
    );
    assert!(answer.took < BOUND, "{answer:?}");
    slow.store(false, Ordering::Relaxed);
    let answer = dovecot.auth_test("alice", "app-password");
    assert_eq!(
        answer.login,
        Login::Accepted,
        "{answer:?}\n{}",
        dovecot.log()
    );
}
