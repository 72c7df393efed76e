//! The policy behind these tests, in the real binary, and how to log in to it.
//!
//! `alice` has the password `alice-password`; the backend raises an error over `broken`; everybody else is
//! unknown. A filter rejects `dora`, who has a password too. The feature and the filter add pairs to the
//! log line. After each login `report` tells a web server of it.

use std::time::Duration;

use bulkhead_harness::{
    Answer, Bulkhead, Policy, WebServer,
    http::{Request, Response},
    wait,
};
use serde_json::json;

const FEATURE: &str = r#"
function nauthilus_call_feature(request)
  nauthilus_builtin.custom_log_add("checked", "yes")
  -- Not for scripts to say.
  nauthilus_builtin.custom_log_add("authenticated", "ok")
  return nauthilus_builtin.FEATURE_TRIGGER_NO, nauthilus_builtin.FEATURES_ABORT_NO, nauthilus_builtin.FEATURE_RESULT_OK
end
"#;

const BACKEND: &str = r#"
local nauthilus_backend_result = require("nauthilus_backend_result")

function nauthilus_backend_verify_password(request)
  if request.username == "broken" then error("the backend is broken") end
  local result = nauthilus_backend_result.new()
  if request.username == "alice" or request.username == "dora" then
    result:user_found(true)
    result:account_field("account")
    result:attributes({ account = request.username .. "@example.org" })
    result:authenticated(request.no_auth or request.password == request.username .. "-password")
  end
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end

function nauthilus_backend_list_accounts(request)
  return nauthilus_builtin.BACKEND_RESULT_OK, { "alice", "dora" }
end
"#;

const FILTER: &str = r#"
function nauthilus_call_filter(request)
  nauthilus_builtin.custom_log_add("score", 7)
  if request.username == "dora" then
    nauthilus_builtin.status_message_set("Account not enabled")
    return nauthilus_builtin.FILTER_REJECT, nauthilus_builtin.FILTER_RESULT_OK
  end
  return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

const HOOK: &str = r#"
function nauthilus_run_hook(request, session)
  return { up = true }
end
"#;

/// A server, and the web server that hears of its logins.
pub struct Site {
    // Dropped in this order.
    pub bulkhead: Bulkhead,
    pub reports: WebServer,
}

/// Starts both. `server` and `observe` are lines of those sections.
pub fn start(server: &str, observe: &str) -> Site {
    let reports = WebServer::start(|exchange| exchange.reply(&Answer::new(204)));
    let configuration = r#"
server:
  listen: {listen}
  {server}
store: { kind: memory }
secrets: { report-key: { file: api.secret } }
observe:
  log_level: info
  {observe}
pipeline:
  features: [{ name: gate, script: feature.lua }]
  backends: [{ name: users, script: backend.lua }]
  filters: [{ name: enabled, script: filter.lua }]
  actions: [{ name: report, on: post, component: "builtin:webhook" }]
  hooks: [{ name: status, location: status, script: hook.lua }]
plugins:
  users: { grants: { password: true } }
  report:
    configuration: { url: "{url}" }
    grants: { http: { hosts: ["{web}"] }, secret: [report-key] }
"#;
    let configuration = configuration
        .replace("{server}", &server.replace('\n', "\n  "))
        .replace("{observe}", &observe.replace('\n', "\n  "))
        .replace("{url}", &reports.url("/report"))
        .replace("{web}", &reports.address().to_string());
    let policy = Policy::new(&configuration)
        .file("api.secret", "between the servers")
        .file("metrics.secret", "only for scrapers")
        .file("feature.lua", FEATURE)
        .file("backend.lua", BACKEND)
        .file("filter.lua", FILTER)
        .file("hook.lua", HOOK);
    Site {
        bulkhead: Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy),
        reports,
    }
}

/// A login question in which everything that the front end knows is given.
pub fn login(username: &str, password: &str, protocol: &str) -> Request {
    Request::post_json(
        "/api/v1/auth/json",
        &json!({
            "username": username,
            "password": password,
            "protocol": protocol,
            "client_ip": "192.0.2.7",
            "client_port": "40000",
            "local_ip": "198.51.100.1",
            "local_port": "993",
            "method": "PLAIN",
            "ssl": "on",
        }),
    )
}

impl Site {
    pub fn send(&self, request: &Request) -> Response {
        self.bulkhead.send(request)
    }

    /// Logs alice in.
    pub fn accept(&self) -> Response {
        let response = self.send(&login("alice", "alice-password", "imap"));
        assert_eq!(response.status, 200, "{}", self.bulkhead.log());
        response
    }

    pub fn get(&self, target: &str) -> Response {
        self.send(&Request::new("GET", target))
    }

    /// Waits for something, and fails with the log.
    pub fn wait_for(&self, what: &str, ready: impl FnMut() -> bool) {
        let came = wait::until(Duration::from_secs(20), ready);
        assert!(came, "{what} did not come:\n{}", self.bulkhead.log());
    }

    /// The page when it holds that line, which may take until post actions have ended.
    pub fn page_with(&self, line: &str) -> String {
        let mut page = String::new();
        let came = wait::until(Duration::from_secs(60), || {
            page = self.get("/metrics").text();
            page.lines().any(|one| one == line)
        });
        assert!(came, "{line} is not in\n{page}\n{}", self.bulkhead.log());
        page
    }
}
