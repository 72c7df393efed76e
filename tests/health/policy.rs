//! Bulkhead with servers behind it, and the questions of nginx.

use bulkhead_harness::{
    Bulkhead, Policy,
    http::{Request, Response},
    wait,
};
use serde_json::Value;
use std::time::Duration;

/// How long something may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The password of everybody is the name followed by `-password`.
const BACKEND: &str = r#"
function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == request.username .. "-password")
    result:account_field("account")
    result:attributes({ account = request.username })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

const CONFIGURATION: &str = r#"
server:
  listen: "{listen}"
  upstreams: { pop3: { address: 127.0.0.1, port: 1110 }, imap: { address: 127.0.0.1, port: 1143 } }
{server}
store: { kind: memory }
backend_health_checks: {{checks}}
pipeline:
  backends: [{ name: users, script: backend.lua, dialect: "5.1" }]
plugins:
  users: { grants: { password: true } }
reload: { watch: false }
"#;

/// The keys of the section that have checks follow each other quickly.
pub const PACE: &str = "connect_interval: 100ms, deep_interval: 100ms, connect_timeout: 500ms, \
                        deep_timeout: 2s";

/// The configuration; `checks` are keys of `backend_health_checks`, `server` lines of the section `server`.
fn configuration(checks: &str, server: &str) -> String {
    CONFIGURATION
        .replace("{checks}", checks)
        .replace("{server}", server)
}

pub fn start(checks: &str, server: &str) -> Bulkhead {
    let policy = Policy::new(&configuration(checks, server))
        .file("backend.lua", BACKEND)
        .file("api.secret", "api-Secret-0123456789")
        .file("monitor.secret", "monitor-password\n");
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// Writes the configuration anew with other checks, and asks for a reload.
pub fn reload(bulkhead: &Bulkhead, checks: &str) -> Response {
    let listen = bulkhead.address().to_string();
    let text = configuration(checks, "").replace("{listen}", &listen);
    std::fs::write(bulkhead.folder().join("bulkhead.yaml"), text).unwrap();
    bulkhead.send(&Request::new("POST", "/api/v1/admin/reload"))
}

/// A question as nginx puts it.
pub fn question(protocol: &str, user: &str, password: &str) -> Request {
    Request::new("GET", "/api/v1/auth/nginx")
        .header("Auth-Method", "plain")
        .header("Auth-Protocol", protocol)
        .header("Auth-User", user)
        .header("Auth-Pass", password)
        .header("Client-IP", "192.0.2.1")
}

/// A login that is accepted.
pub fn login(bulkhead: &Bulkhead, protocol: &str, user: &str) -> Response {
    bulkhead.send(&question(protocol, user, &format!("{user}-password")))
}

/// Where nginx would go on, if the login is accepted.
pub fn port_of(response: &Response) -> Option<u16> {
    assert_eq!(response.status, 200, "{response:?}");
    let accepted = response.header("Auth-Status") == Some("OK");
    let port = response.header("Auth-Port")?.parse().unwrap();
    assert!(accepted, "a server without acceptance: {response:?}");
    assert_eq!(response.header("Auth-Server"), Some("127.0.0.1"));
    Some(port)
}

pub fn health(bulkhead: &Bulkhead) -> Value {
    bulkhead.send(&Request::new("GET", "/healthz")).json()
}

/// Waits until so many servers of the protocol are in that state.
pub fn await_state(bulkhead: &Bulkhead, protocol: &str, state: &str, count: u64) {
    let mut last = Value::Null;
    let reached = wait::until(PATIENCE, || {
        last = health(bulkhead);
        last["checks"]["upstreams"]["meta"][protocol][state]
            .as_u64()
            .unwrap_or(0)
            == count
    });
    assert!(
        reached,
        "not {count} {state} servers of {protocol}: {last:#}\n{}",
        bulkhead.log()
    );
}
