//! A policy whose every answer says which generation it comes from.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Condvar, Mutex},
    time::Duration,
};

use bulkhead_harness::{
    Bulkhead, Policy,
    http::{Request, Response},
    wait,
};
use serde_json::{Value, json};

/// How long something may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A built-in feature, a Lua backend and a Lua filter; both scripts put the value of one module into an
/// attribute.
pub(crate) const CONFIGURATION: &str = r#"
server: {listen: "{listen}", request_timeout: 20s}
store: {kind: memory}
secrets: {token: {file: token.secret}}
pipeline:
  features: [{name: tls, component: "builtin:tls-required"}]
  backends: [{name: users, script: lua/backend.lua}]
  filters: [{name: check, script: lua/filter.lua}]
  actions: [{name: notify, on: lua, component: "builtin:webhook"}]
plugins:
  users: {grants: {password: true}}
  notify:
    grants: {http: {hosts: ["127.0.0.1:1"]}, secret: [token]}
    configuration: {url: "http://127.0.0.1:1/", secret: token}
reload: {watch: false}
"#;

pub(crate) const BACKEND: &str = r#"
local marker = require("marker")
function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == "right")
    result:account_field("account")
    result:attributes({ account = request.username, backend = marker.value })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

pub(crate) const FILTER: &str = r#"
dynamic_loader("nauthilus_backend")
local backend = require("nauthilus_backend")
local marker = require("marker")
function nauthilus_call_filter(request)
    local result = nauthilus_backend_result.new()
    result:attributes({ filter = marker.value })
    backend.apply_backend_result(result)
    return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

/// The module that both scripts name.
pub(crate) fn marker(value: &str) -> String {
    format!("return {{ value = \"{value}\" }}\n")
}

pub(crate) fn policy(configuration: &str) -> Policy {
    Policy::new(configuration)
        .file("lua/backend.lua", BACKEND)
        .file("lua/filter.lua", FILTER)
        .file("lua/marker.lua", marker("a"))
        .file("lua/other.lua", "return 1\n")
        .file("token.secret", "first\n")
}

pub(crate) fn start(policy: Policy) -> Bulkhead {
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// The server with [`CONFIGURATION`] after a change.
pub(crate) fn server(change: impl FnOnce(String) -> String) -> Bulkhead {
    start(policy(&change(CONFIGURATION.to_owned())))
}

/// Writes a file of the policy.
pub(crate) fn write(server: &Bulkhead, name: &str, content: &str) {
    fs::write(server.folder().join(name), content).unwrap();
}

/// Replaces text in a file of the policy. Returns what was there before.
pub(crate) fn replace(server: &Bulkhead, name: &str, from: &str, to: &str) -> String {
    let before = fs::read_to_string(server.folder().join(name)).unwrap();
    assert!(before.contains(from), "{from:?} is not in {name}");
    write(server, name, &before.replace(from, to));
    before
}

pub(crate) fn login_request() -> Request {
    Request::post_json(
        "/api/v1/auth/json",
        &json!({
            "username": "alice", "password": "right", "client_ip": "192.0.2.1", "ssl": "on"
        }),
    )
}

/// The generation that every part of an answer comes from.
pub(crate) fn generation_of(response: &Response) -> String {
    assert_eq!(response.status, 200, "{response:?}");
    let attributes = &response.json()["attributes"];
    let of = |part: &str| attributes[part][0].as_str().unwrap_or("none").to_owned();
    assert_eq!(of("backend"), of("filter"), "a mixed answer: {response:?}");
    of("backend")
}

/// The generation that serves now.
pub(crate) fn serving(server: &Bulkhead) -> String {
    generation_of(&server.send(&login_request()))
}

pub(crate) fn await_serving(server: &Bulkhead, marker: &str) {
    assert!(
        wait::until(PATIENCE, || serving(server) == marker),
        "{marker} does not serve; the log:\n{}",
        server.log()
    );
}

pub(crate) fn await_log(server: &Bulkhead, text: &str) {
    assert!(
        wait::until(PATIENCE, || server.log().contains(text)),
        "{text:?} is not in the log:\n{}",
        server.log()
    );
}

/// Asks for a reload.
pub(crate) fn reload(server: &Bulkhead) -> Response {
    let mut connection = bulkhead_harness::http::Connection::open(server.address()).unwrap();
    connection.set_limit(Duration::from_secs(120)).unwrap();
    let request = Request::new("POST", "/api/v1/admin/reload");
    connection.send(&request).unwrap()
}

/// Asks for a reload that must succeed, and returns its `result`.
pub(crate) fn reloaded(server: &Bulkhead) -> Value {
    let response = reload(server);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["result"].clone()
}

/// All files below a folder with their content.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Holds others up until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub(crate) fn pass(&self) {
        let open = self.open.lock().unwrap();
        let waiting = self
            .opened
            .wait_timeout_while(open, PATIENCE, |open| !*open);
        drop(waiting.unwrap());
    }
}
