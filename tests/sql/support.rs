//! A server whose only users are in a database, and how it is asked.

use std::time::{Duration, Instant};

use bulkhead_harness::{
    Bulkhead, Policy,
    http::{Connection, Request, Response},
    wait,
};
use serde_json::{Value, json};

/// How long something may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a login comes to.
pub(crate) const ACCEPTED: u16 = 200;
pub(crate) const REJECTED: u16 = 403;
/// Nobody was asked: the API takes no such name.
pub(crate) const REFUSED: u16 = 400;
pub(crate) const TEMPORARY: u16 = 500;

/// Limits that make a test short.
pub(crate) const SHORT: &str = "connect_timeout: 500ms, wait_timeout: 300ms, query_timeout: 800ms, failures: 3, cool_down: 500ms, probe_interval: 200ms";

/// Finds a user in [`databases`](crate::databases)' table.
pub(crate) const USER: &str =
    "SELECT account, password, quota, active, ratio FROM users WHERE name = :username";

/// A policy with the database `mail` and the plugin `mailboxes`; `database` is the section of the first,
/// `configuration` the rest of the second's.
pub(crate) fn policy(database: &str, configuration: &Value) -> String {
    let mut whole = json!({"database": "mail"});
    let members = configuration.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(members);
    format!(
        r#"
server: {{listen: "{{listen}}"}}
store: {{kind: memory}}
sql:
  mail: {{{database}}}
pipeline:
  backends: [{{name: mailboxes, component: "builtin:sql"}}]
plugins:
  mailboxes:
    grants: {{password: true, sql: {{databases: [mail]}}}}
    configuration: {whole}
reload: {{watch: false}}
"#
    )
}

pub(crate) fn start(policy: &str) -> Bulkhead {
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), Policy::new(policy))
}

/// The usual search.
pub(crate) fn usual() -> Value {
    json!({
        "search": [{"user": USER}],
        "list_accounts": "SELECT account FROM users ORDER BY account",
    })
}

pub(crate) fn request(username: &str, password: &str) -> Request {
    let body = json!({
        "username": username, "password": password, "protocol": "imap", "client_ip": "192.0.2.1",
    });
    Request::post_json("/api/v1/auth/json", &body)
}

pub(crate) fn login(server: &Bulkhead, username: &str, password: &str) -> Response {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.set_limit(PATIENCE).unwrap();
    connection.send(&request(username, password)).unwrap()
}

/// The status of a login, and how long it took.
pub(crate) fn timed(server: &Bulkhead, username: &str, password: &str) -> (u16, Duration) {
    let start = Instant::now();
    let status = login(server, username, password).status;
    (status, start.elapsed())
}

/// Asserts how a login ends.
pub(crate) fn expect(server: &Bulkhead, username: &str, password: &str, status: u16) -> Response {
    let response = login(server, username, password);
    let (found, body) = (response.status, response.text());
    let log = server.log();
    assert_eq!(found, status, "{username}: {body}\n{log}");
    response
}

pub(crate) fn look_up(server: &Bulkhead, username: &str) -> u16 {
    let body = json!({"username": username, "protocol": "imap"});
    let request = Request::post_json("/api/v1/auth/json?mode=no-auth", &body);
    server.send(&request).status
}

/// The accounts, or the status.
pub(crate) fn accounts(server: &Bulkhead) -> Result<Value, u16> {
    let request = Request::new("GET", "/api/v1/auth/json?mode=list-accounts");
    let response = server.send(&request.header("Accept", "application/json"));
    match response.status {
        200 => Ok(response.json()),
        status => Err(status),
    }
}

/// Waits until a login ends like this.
pub(crate) fn await_status(server: &Bulkhead, username: &str, password: &str, status: u16) {
    let mut last = 0;
    let came = wait::until(PATIENCE, || {
        last = login(server, username, password).status;
        last == status
    });
    let log = server.log();
    assert!(came, "still {last} and not {status}; the log:\n{log}");
}

/// The status of the check `databases`, and all that it says.
pub(crate) fn health(server: &Bulkhead) -> (String, Value) {
    let response = server.send(&Request::new("GET", "/healthz"));
    assert_eq!(response.status, 200, "{}", response.text());
    let check = response.json()["checks"]["databases"].clone();
    let status = check["status"].as_str().unwrap_or("none").to_owned();
    (status, check)
}

pub(crate) fn await_health(server: &Bulkhead, wanted: &str) {
    let came = wait::until(PATIENCE, || health(server).0 == wanted);
    assert!(came, "{:?}\n{}", health(server), server.log());
}

/// The value of a series; 0 if it is not there.
pub(crate) fn metric(server: &Bulkhead, series: &str) -> f64 {
    let page = server.send(&Request::new("GET", "/metrics")).text();
    let found = page.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then(|| value.parse().unwrap())
    });
    found.unwrap_or(0.0)
}
