//! Our glue in front of a server that misbehaves: always a temporary failure, never a verdict, and
//! never a long wait.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bulkhead_harness::{Answer, Exchange, Login, WebServer, port};
use serde_json::json;

use crate::clients::{self, Credentials, SHORT};

/// Longest time from question to answer, `doveadm`'s start included: the glue's total timeout of
/// 2.5 s and the patience that a busy machine needs.
const BOUND: Duration = Duration::from_secs(8);

fn accept() -> Answer {
    Answer::new(200)
        .header("Auth-Status", "OK")
        .json(&json!({"ok": true, "attributes": {}}))
}

type Fault = fn(&mut Exchange<'_>) -> io::Result<()>;

/// What the server does, and what Dovecot must make of it.
const FAULTS: &[(&str, Login, Fault)] = &[
    ("accepts", Login::Accepted, |e| e.reply(&accept())),
    ("rejects", Login::Rejected, |e| {
        e.reply(&Answer::new(403).body("null"))
    }),
    ("rejects early, unread", Login::Rejected, |e| {
        e.reply_early(&Answer::new(403).body("null"))?;
        e.close();
        Ok(())
    }),
    (
        "refuses the credentials early",
        Login::TemporaryFailure,
        |e| {
            e.reply_early(&Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\""))?;
            e.close();
            Ok(())
        },
    ),
    ("wants no Expect", Login::Accepted, |e| {
        if e.request.header("Expect").is_some() {
            return e.reply_early(&Answer::new(417));
        }
        e.reply(&accept())
    }),
    ("reports an error", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(500))
    }),
    ("is overloaded", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(503).header("Retry-After", "1"))
    }),
    ("redirects", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(302).header("Location", "/elsewhere"))
    }),
    ("accepts without a body", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(200))
    }),
    ("accepts with null", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(200).json(&json!(null)))
    }),
    (
        "accepts with half a document",
        Login::TemporaryFailure,
        |e| e.reply(&Answer::new(200).body("{\"ok\":true,\"attributes\":{")),
    ),
    ("accepts with a page", Login::TemporaryFailure, |e| {
        e.reply(&Answer::new(200).body("<html>Welcome</html>"))
    }),
    ("says no HTTP", Login::TemporaryFailure, |e| {
        e.read_body()?;
        e.write(b"* OK this is IMAP\r\n\0\xff\r\n\r\n")?;
        e.close();
        Ok(())
    }),
    ("hangs up", Login::TemporaryFailure, |e| {
        e.read_body()?;
        e.close();
        Ok(())
    }),
    (
        "hangs up in the middle of the body",
        Login::TemporaryFailure,
        |e| {
            e.read_body()?;
            e.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ok\":true")?;
            e.close();
            Ok(())
        },
    ),
    ("stalls before the answer", Login::TemporaryFailure, |e| {
        e.read_body()?;
        e.stall(Duration::from_secs(60))
    }),
    (
        "stalls before 100 and after it",
        Login::TemporaryFailure,
        |e| e.stall(Duration::from_secs(60)),
    ),
    ("drips the answer", Login::TemporaryFailure, |e| {
        e.read_body()?;
        e.drip(&accept().to_bytes(), Duration::from_millis(400))
    }),
    (
        "answers with 100 and the end in one piece",
        Login::TemporaryFailure,
        |e| {
            let mut bytes = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
            bytes.extend(accept().to_bytes());
            e.write(&bytes)?;
            e.stall(Duration::from_secs(60))
        },
    ),
];

#[test]
fn a_server_that_misbehaves_is_a_temporary_failure_in_bounded_time() {
    let current: Arc<Mutex<Fault>> = Arc::new(Mutex::new(FAULTS[0].2));
    let shared = Arc::clone(&current);
    let server = WebServer::start(move |exchange| {
        let fault = *shared.lock().unwrap();
        fault(exchange)
    });
    let url = server.url("/api/v1/auth/json");
    let dovecot = clients::glue(&url, Credentials::Right, SHORT);
    let mut wrong = Vec::new();
    for (name, expected, fault) in FAULTS {
        *current.lock().unwrap() = *fault;
        let answer = dovecot.auth_test("alice", "secret");
        if answer.login != *expected || answer.took > BOUND {
            wrong.push(format!(
                "a server that {name}: wanted {expected:?}, saw {answer:?}"
            ));
        }
        println!("{name}: {:?} after {:?}", answer.login, answer.took);
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), dovecot.log());
}

#[test]
fn a_server_that_is_down_is_a_temporary_failure_in_bounded_time() {
    let url = format!("http://{}/api/v1/auth/json", port::free());
    let dovecot = clients::glue(&url, Credentials::Right, SHORT);
    let answer = dovecot.auth_test("alice", "secret");
    assert_eq!(answer.login, Login::TemporaryFailure, "{answer:?}");
    assert!(answer.took < BOUND, "{answer:?}");
    let user = dovecot.user("alice");
    assert_ne!(user.code, Some(0), "{user:?}");
    assert!(user.took < BOUND, "{user:?}");
    // The listing must fail rather than be empty.
    let list = dovecot.user_list();
    assert!(list.is_err(), "{list:?}");
}

#[test]
fn the_glue_reuses_its_connection_for_many_logins() {
    let server = WebServer::start(|exchange| exchange.reply(&accept()));
    let url = server.url("/api/v1/auth/json");
    let dovecot = clients::glue(&url, Credentials::Right, SHORT);
    for turn in 0..20 {
        let answer = dovecot.auth_test("alice", &format!("secret{turn}"));
        assert_eq!(answer.login, Login::Accepted, "{answer:?}");
        assert!(answer.took < Duration::from_secs(2), "{answer:?}");
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 20);
    let connections = seen.iter().map(|request| request.connection).max();
    assert_eq!(connections, Some(1), "a worker did not keep its connection");
}

#[test]
fn the_glue_survives_a_connection_that_was_closed_while_idle() {
    let server = WebServer::start(|exchange| {
        exchange.reply(&accept())?;
        // Promised to stay open by silence, closed all the same.
        exchange.close();
        Ok(())
    });
    let url = server.url("/api/v1/auth/json");
    let dovecot = clients::glue(&url, Credentials::Right, SHORT);
    for _ in 0..5 {
        let answer = dovecot.auth_test("alice", "secret");
        assert_eq!(
            answer.login,
            Login::Accepted,
            "{answer:?}\n{}",
            dovecot.log()
        );
    }
}

/// A lookup that answered "nopassword" would accept any response to the challenge.
#[test]
fn a_mechanism_that_needs_the_stored_password_lets_nobody_in() {
    let server = WebServer::start(|exchange| exchange.reply(&accept()));
    let url = server.url("/api/v1/auth/json");
    let dovecot = clients::configured_glue(&url, "auth_mechanisms = plain login cram-md5\n");
    let response = format!("alice {}", "0".repeat(32));
    let answer = dovecot.imap().authenticate("CRAM-MD5", &response).unwrap();
    assert!(answer.0.starts_with("a NO"), "{answer:?}");
    let log = dovecot.log();
    assert!(log.contains("only PLAIN and LOGIN work"), "{log}");
    let (answer, _) = dovecot.imap_login("alice", "secret");
    assert!(answer.is_ok(), "{answer:?}");
}

/// Dovecot's auth_user differs from user then, as it does for master users: a glue that takes the one
/// for the other lets everybody in who spells a name in capitals.
#[test]
fn a_name_that_dovecot_normalises_still_has_its_password_checked() {
    let server = WebServer::start(|exchange| {
        if exchange.request.target.contains("mode=no-auth") {
            return exchange.reply(&accept());
        }
        exchange.reply(&Answer::new(403).body("null"))
    });
    let url = server.url("/api/v1/auth/json");
    let dovecot = clients::configured_glue(&url, "auth_username_format = %Ln\n");
    for name in ["Alice@Example.org", "alice@example.org", "ALICE", "alice"] {
        let answer = dovecot.auth_test(name, "wrong");
        assert_eq!(answer.login, Login::Rejected, "{name}: {answer:?}");
    }
    assert_eq!(server.seen()[0].json()["username"], "alice");
}
