//! `Expect: 100-continue`, byte by byte. Dovecot 2.3 deadlocks when "100 Continue" and the final
//! answer arrive together, and waits for a minute when "100 Continue" never comes on a connection
//! that has sent it before. So Bulkhead either reads a body to its end, or answers without asking for it.

use std::{io, time::Duration};

use bulkhead_harness::{
    Bulkhead,
    http::{Connection, Request, Response},
};
use serde_json::json;

use crate::{
    clients::{API_PASSWORD, API_USER},
    policy,
};

fn login(password: &str) -> Request {
    let body = json!({"username": "alice", "password": password, "protocol": "imap"});
    Request::post_json("/api/v1/auth/json", &body)
        .header("Expect", "100-continue")
        .basic_auth(API_USER, API_PASSWORD)
}

/// Sends the head alone and reads what the server says to it.
fn send_head(connection: &mut Connection, request: &Request) -> io::Result<Response> {
    connection.write(request.head().as_bytes())?;
    connection.read(false)
}

fn open(bulkhead: &Bulkhead) -> Connection {
    let connection = Connection::open(bulkhead.address()).unwrap();
    connection.set_limit(Duration::from_secs(5)).unwrap();
    connection
}

#[test]
fn a_body_is_asked_for_and_read_on_every_turn_of_a_connection() {
    let bulkhead = policy::users();
    let mut connection = open(&bulkhead);
    for turn in 0..20 {
        let (password, status) = if turn % 2 == 0 {
            ("alice-password", 200)
        } else {
            ("wrong", 403)
        };
        let request = login(password);
        let interim = send_head(&mut connection, &request).unwrap();
        assert_eq!(interim.status, 100, "turn {turn}");
        connection.write(&request.body).unwrap();
        let answer = connection.read(false).unwrap();
        assert_eq!(answer.status, status, "turn {turn}: {answer:?}");
    }
}

/// What is refused before its body is wanted.
#[test]
fn a_request_that_is_refused_early_never_hears_100() {
    let bulkhead = policy::users();
    let body = "x".repeat(5000);
    let cases = [
        (
            "wrong credentials",
            login("x").basic_auth_replaced("wrong"),
            401,
        ),
        ("a body past the limit", login("x").body(body), 413),
        (
            "an unknown path",
            Request {
                target: "/nowhere".to_owned(),
                ..login("x")
            },
            404,
        ),
    ];
    for (name, request, status) in cases {
        let mut connection = open(&bulkhead);
        let answer = send_head(&mut connection, &request);
        let answer = answer.unwrap_or_else(|error| panic!("{name}: no answer: {error}"));
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
}

trait ReplaceCredentials {
    fn basic_auth_replaced(self, password: &str) -> Self;
}

impl ReplaceCredentials for Request {
    fn basic_auth_replaced(mut self, password: &str) -> Self {
        self.headers.retain(|(name, _)| name != "Authorization");
        self.basic_auth(API_USER, password)
    }
}
