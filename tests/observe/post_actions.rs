//! Post actions: they outlive the client, wait their turn, and whoever loses one says so.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use bulkhead_harness::{
    Answer, Bulkhead, Policy, WebServer,
    http::{Connection, Request},
    wait,
};
use serde_json::json;

/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Says when it begins, waits, and says when it ends.
const ACTION: &str = r#"
local http = require("glua_http")
function nauthilus_call_action(request)
    http.get("{url}/wait/" .. request.username)
    http.get("{url}/end/" .. request.username)
    return nauthilus_builtin.ACTION_RESULT_OK
end
"#;

const CONFIGURATION: &str = r#"
server: { listen: "{listen}" }
store: { kind: memory }
limits: { post_action_workers: 1, {limits} }
pipeline:
  backends: [{ name: users, script: backend.lua }]
  actions: [{ name: after, on: post, script: after.lua }]
plugins:
  users: { grants: { password: true } }
  after:
    limits: { wall_clock: 25s }
    grants: { http: { hosts: ["{web}"], timeout: 25s } }
"#;

/// Holds back who wants to pass until it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let is_open = self.is_open.lock().unwrap();
        let opened = self.opened.wait_while(is_open, |is_open| !*is_open);
        drop(opened.unwrap());
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// A server whose post actions, one login's at a time, get no answer before the gate is open.
struct Site {
    bulkhead: Bulkhead,
    web: WebServer,
    gate: Arc<Gate>,
}

impl Drop for Site {
    fn drop(&mut self) {
        // Also when a test fails: nobody shall hang at the gate.
        self.gate.open();
    }
}

fn start(limits: &str) -> Site {
    let gate = Arc::new(Gate::default());
    let guard = Arc::clone(&gate);
    let web = WebServer::start(move |exchange| {
        if exchange.request.target.starts_with("/wait/") {
            guard.pass();
        }
        exchange.reply(&Answer::new(200))
    });
    let configuration = CONFIGURATION
        .replace("{limits}", limits)
        .replace("{web}", &web.address().to_string());
    let policy = Policy::new(&configuration)
        .file("backend.lua", BACKEND)
        .file("after.lua", ACTION.replace("{url}", &web.url("")));
    let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
    Site {
        bulkhead,
        web,
        gate,
    }
}

fn question(username: &str) -> Request {
    let body = json!({ "username": username, "password": "right" });
    Request::post_json("/api/v1/auth/json", &body)
}

impl Site {
    fn log_in(&self, username: &str) {
        let response = self.bulkhead.send(&question(username));
        assert_eq!(response.status, 200, "{}", self.bulkhead.log());
    }

    fn await_true(&self, what: &str, ready: impl FnMut() -> bool) {
        let came = wait::until(PATIENCE, ready);
        assert!(came, "not in time: {what}\n{}", self.bulkhead.log());
    }

    /// The paths that were asked for and begin like that, in order.
    fn seen(&self, beginning: &str) -> Vec<String> {
        let all = self.web.seen().into_iter().map(|seen| seen.target);
        all.filter(|target| target.starts_with(beginning)).collect()
    }

    fn await_seen(&self, target: &str) {
        self.await_true(target, || self.seen(target).len() == 1);
    }

    /// Waits until that line is on the page of metrics.
    fn await_metric(&self, line: &str) {
        let page = || self.bulkhead.send(&Request::new("GET", "/metrics")).text();
        self.await_true(line, || page().lines().any(|one| one == line));
    }

    fn await_log(&self, text: &str) {
        self.await_true(text, || self.bulkhead.log().contains(text));
    }
}

#[test]
fn they_outlive_the_clients_connection() {
    let site = start("post_actions: 10");
    // One client hangs up as soon as it has asked, one when it has its answer.
    let mut hasty = Connection::open(site.bulkhead.address()).unwrap();
    let question_of_hasty = question("hasty");
    hasty.write(question_of_hasty.head().as_bytes()).unwrap();
    hasty.write(&question_of_hasty.body).unwrap();
    drop(hasty);
    site.await_seen("/wait/hasty");
    site.log_in("polite");
    site.await_metric("bulkhead_post_actions_pending 2");
    assert!(site.seen("/end/").is_empty());
    site.gate.open();
    site.await_seen("/end/hasty");
    site.await_seen("/end/polite");
    site.await_metric("bulkhead_post_actions_pending 0");
}

#[test]
fn what_does_not_fit_is_dropped_counted_and_logged_and_holds_no_login_up() {
    let site = start("post_actions: 3");
    site.await_metric("bulkhead_post_actions_dropped_total{reason=\"full\"} 0");
    for (index, user) in ["u1", "u2", "u3"].iter().enumerate() {
        site.log_in(user);
        site.await_metric(&format!("bulkhead_post_actions_pending {}", index + 1));
    }
    site.log_in("u4");
    site.await_metric("bulkhead_post_actions_dropped_total{reason=\"full\"} 1");
    site.log_in("u5");
    site.await_metric("bulkhead_post_actions_dropped_total{reason=\"full\"} 2");
    site.await_log("Post actions were dropped");
    site.await_metric("bulkhead_post_actions_pending 3");
    // One worker: the others have not begun.
    site.await_seen("/wait/u1");
    assert_eq!(site.seen("/wait/"), ["/wait/u1"]);
    site.gate.open();
    site.await_seen("/end/u3");
    assert_eq!(site.seen("/end/"), ["/end/u1", "/end/u2", "/end/u3"]);
    site.await_metric("bulkhead_post_actions_pending 0");
    // There is room again.
    site.log_in("u6");
    site.await_seen("/end/u6");
}

#[test]
fn a_server_that_is_asked_to_end_lets_those_end_that_wait() {
    let mut site = start("post_actions: 10, post_action_grace: 30s");
    for user in ["u1", "u2", "u3"] {
        site.log_in(user);
    }
    site.await_metric("bulkhead_post_actions_pending 3");
    site.bulkhead.ask_to_end();
    site.await_log("Bulkhead ends: no new connections");
    assert!(site.seen("/end/").is_empty());
    site.gate.open();
    for user in ["u1", "u2", "u3"] {
        site.await_seen(&format!("/end/{user}"));
    }
    site.await_log("Bulkhead has ended");
    let status = site.bulkhead.stop().unwrap();
    assert!(status.success(), "{status}");
    assert!(!site.bulkhead.log().contains("cancelled"));
}

#[test]
fn a_server_that_ends_waits_no_longer_than_the_grace_and_says_what_is_lost() {
    let mut site = start("post_actions: 10, post_action_grace: 300ms");
    for user in ["u1", "u2", "u3"] {
        site.log_in(user);
    }
    site.await_metric("bulkhead_post_actions_pending 3");
    let began = Instant::now();
    let status = site.bulkhead.stop().unwrap();
    assert!(status.success(), "{status}\n{}", site.bulkhead.log());
    assert!(began.elapsed() < Duration::from_secs(8));
    let log = site.bulkhead.log();
    let line = log
        .lines()
        .find(|line| line.contains("Post actions were cancelled at shutdown"));
    let line = line.unwrap_or_else(|| panic!("nobody says what is lost:\n{log}"));
    assert!(line.contains("actions=3"), "{line}");
    assert!(site.seen("/end/").is_empty());
}
