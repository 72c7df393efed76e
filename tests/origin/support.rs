//! A server with one user, and logins from anywhere.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bulkhead_harness::{
    Bulkhead, Policy,
    http::{Connection, Request, Response},
};
use serde_json::{Value, json};

/// How long something may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Knows everybody whose password is `right`.
const BACKEND: &str = r#"
function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == "right")
    result:account_field("account")
    result:attributes({ account = request.username })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

/// What came of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Accepted,
    Rejected,
    TemporaryFailure,
}

/// A login with the right password over an encrypted connection.
pub(crate) struct Login {
    pub(crate) user: &'static str,
    pub(crate) from: String,
    pub(crate) encrypted: bool,
}

impl Login {
    pub(crate) fn from(address: &str) -> Self {
        Self {
            user: "alice",
            from: address.to_owned(),
            encrypted: true,
        }
    }

    fn request(&self) -> Request {
        let mut body = json!({
            "username": self.user, "password": "right", "client_ip": self.from, "protocol": "imap"
        });
        if self.encrypted {
            body["ssl"] = json!("on");
        }
        Request::post_json("/api/v1/auth/json", &body)
    }
}

/// A policy with the backend `users` and whatever else the text holds, which begins below `pipeline:`.
pub(crate) fn policy(names: Option<SocketAddr>, more: &str) -> Policy {
    let settings = "timeout: 500ms, attempts: 1, breaker_failures: 3, breaker_cool_down: 200ms";
    let dns = names.map_or_else(String::new, |address| {
        format!("dns: {{servers: [\"{address}\"], {settings}}}\n")
    });
    with_dns(&dns, more)
}

/// The same; questions are waited for longer than any login lasts.
pub(crate) fn patient_policy(names: SocketAddr, more: &str) -> Policy {
    with_dns(
        &format!("dns: {{servers: [\"{names}\"], timeout: 30s}}\n"),
        more,
    )
}

fn with_dns(dns: &str, more: &str) -> Policy {
    let configuration = format!(
        "server: {{listen: \"{{listen}}\", request_timeout: 10s}}\nstore: {{kind: memory}}\n{dns}{more}"
    );
    Policy::new(&configuration).file("backend.lua", BACKEND)
}

pub(crate) fn start(policy: Policy) -> Bulkhead {
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

pub(crate) fn response(server: &Bulkhead, login: &Login) -> Response {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.set_limit(PATIENCE).unwrap();
    connection.send(&login.request()).unwrap()
}

pub(crate) fn log_in(server: &Bulkhead, login: &Login) -> Came {
    let response = response(server, login);
    match response.status {
        200 => Came::Accepted,
        403 => Came::Rejected,
        500 => Came::TemporaryFailure,
        _ => panic!("{response:?}; the log:\n{}", server.log()),
    }
}

pub(crate) fn log_in_from(server: &Bulkhead, address: &str) -> Came {
    log_in(server, &Login::from(address))
}

/// One check of `/healthz`; null if there is none.
pub(crate) fn health(server: &Bulkhead, check: &str) -> Value {
    let response = server.send(&Request::new("GET", "/healthz"));
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["checks"][check].clone()
}

/// The lines of `/metrics` that begin with the text.
pub(crate) fn metrics(server: &Bulkhead, beginning: &str) -> Vec<String> {
    let page = server.send(&Request::new("GET", "/metrics")).text();
    let lines = page.lines().filter(|line| line.starts_with(beginning));
    lines.map(str::to_owned).collect()
}

/// A database of this folder.
pub(crate) fn database(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../tests/origin/databases").join(name)
}
