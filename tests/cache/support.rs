//! A policy whose only backend is a script that asks a web service of the test.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bulkhead_harness::{
    Answer, Bulkhead, Policy, Redis, WebServer,
    http::{Request, Response},
    wait,
};
use serde_json::{Value, json};

/// How long something may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The configuration of most tests: a cache in memory and in the store.
pub(crate) const CACHED: &str = r#"
cache: {secret: {file: cache.secret}}
"#;

/// One backend for everything.
pub(crate) const BACKENDS: &str = r#"
pipeline:
  backends: [{name: users, script: lua/users.lua}]
"#;

const SERVER: &str = r#"
server: {listen: "{listen}", request_timeout: 60s}
"#;

const REDB: &str = "store: {kind: redb, path: store.redb}\n";

/// The section `store` for this Redis.
pub(crate) fn on_redis(redis: &Redis) -> String {
    let address = redis.address();
    format!("store: {{kind: redis, redis: {{primary: {{address: \"{address}\"}}}}}}\n")
}

/// What the web service knows.
#[derive(Default)]
pub(crate) struct Users {
    passwords: Mutex<BTreeMap<String, String>>,
    /// Answered instead, while it is set.
    status: Mutex<Option<u16>>,
}

/// A server, and the service behind its backends.
pub(crate) struct Site {
    pub(crate) server: Bulkhead,
    pub(crate) users: Arc<Users>,
    pub(crate) web: WebServer,
    configuration: String,
    backends: Vec<String>,
}

impl Users {
    pub(crate) fn set(&self, user: &str, password: &str) {
        let mut passwords = self.passwords.lock().unwrap();
        passwords.insert(user.to_owned(), password.to_owned());
    }

    /// From now on it answers everybody with this status.
    pub(crate) fn answer_all(&self, status: Option<u16>) {
        *self.status.lock().unwrap() = status;
    }

    /// `/BACKEND/verify/USER/PASSWORD`, `/BACKEND/look-up/USER/` and `/BACKEND/list//`.
    fn answer(&self, target: &str) -> Answer {
        if let Some(status) = *self.status.lock().unwrap() {
            return Answer::new(status);
        }
        let parts: Vec<_> = target.split('/').collect();
        let passwords = self.passwords.lock().unwrap();
        match parts[..] {
            ["", backend, "list", ..] => Answer::new(200).body(format!("{backend}-account")),
            ["", _, operation, user, password] => match passwords.get(user) {
                None => Answer::new(404),
                Some(right) if operation == "look-up" || right == password => Answer::new(200),
                Some(_) => Answer::new(403),
            },
            _ => Answer::new(400),
        }
    }
}

impl Site {
    /// `configuration` without server, store and plugins; `backends` are the names of the scripts.
    pub(crate) fn start(configuration: &str, backends: &[&str]) -> Self {
        Self::start_with(&format!("{REDB}{configuration}"), backends, |_| {})
    }

    /// As [`Self::start`], `configuration` with a store; the web service calls `before` ahead of each
    /// answer.
    pub(crate) fn start_with(
        configuration: &str,
        backends: &[&str],
        before: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let users = Arc::new(Users::default());
        users.set("alice", "right");
        let answering = Arc::clone(&users);
        let web = WebServer::start(move |exchange| {
            let target = exchange.request.target.clone();
            before(&target);
            exchange.reply(&answering.answer(&target))
        });
        let address = web.address();
        let mut text = format!("{SERVER}{configuration}plugins:\n");
        for backend in backends {
            text.push_str(&format!(
                "  {backend}: {{limits: {{wall_clock: 50s}}, grants: {{password: true, \
                 http: {{hosts: [\"{address}\"], timeout: 50s}}}}}}\n"
            ));
        }
        if text.contains("flusher.lua") {
            text.push_str("  flusher: {grants: {store: true}}\n");
        }
        let backends: Vec<_> = backends.iter().map(|name| (*name).to_owned()).collect();
        Self {
            server: node(&text, &backends, &web),
            users,
            web,
            configuration: text,
            backends,
        }
    }

    /// Another node with the same configuration and backends.
    pub(crate) fn node(&self) -> Bulkhead {
        node(&self.configuration, &self.backends, &self.web)
    }

    /// The same with one text of the configuration replaced, such as the address of the store.
    pub(crate) fn other_node(&self, text: &str, by: &str) -> Bulkhead {
        assert!(self.configuration.contains(text), "{}", self.configuration);
        let configuration = self.configuration.replace(text, by);
        node(&configuration, &self.backends, &self.web)
    }

    /// How often a backend was asked about a password.
    pub(crate) fn asked(&self) -> usize {
        let seen = self.web.seen();
        seen.iter()
            .filter(|seen| seen.target.contains("/verify/"))
            .count()
    }

    pub(crate) fn log_in(&self, username: &str, password: &str) -> Response {
        self.server.send(&login(username, password, json!({})))
    }

    /// Logs the user in until the store knows of it: it hears of a login behind the answer.
    pub(crate) fn await_kept(&self, user: &str, password: &str) {
        let kept = || {
            let before = self.asked();
            let target = "/api/v1/auth/json?in-memory=0";
            let login = login_at(target, user, password, json!({}));
            assert_eq!(self.server.send(&login).status, 200);
            self.asked() == before
        };
        assert!(wait::until(PATIENCE, kept), "{}", self.server.log());
    }

    pub(crate) fn flush(&self, user: &str) -> Response {
        let body = json!({ "user": user });
        self.server.send(&delete("/api/v1/cache/flush", &body))
    }

    /// A number of the metrics page.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = self.server.send(&Request::new("GET", "/metrics")).text();
        let line = page.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.rsplit(' ').next());
        number.map_or(0.0, |number| number.parse().unwrap())
    }
}

fn node(configuration: &str, backends: &[String], web: &WebServer) -> Bulkhead {
    let mut policy = Policy::new(configuration)
        .file("cache.secret", "0123456789abcdef0123456789abcdef\n")
        .file("lua/filter.lua", FILTER)
        .file("lua/flusher.lua", FLUSHER);
    for backend in backends {
        let url = web.url(&format!("/{backend}"));
        policy = policy.file(&format!("lua/{backend}.lua"), script(&url));
    }
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// A login over IMAP from 192.0.2.1 with other members.
pub(crate) fn login(username: &str, password: &str, more: Value) -> Request {
    login_at("/api/v1/auth/json", username, password, more)
}

pub(crate) fn login_at(target: &str, username: &str, password: &str, more: Value) -> Request {
    let mut body = json!({
        "username": username, "password": password, "client_ip": "192.0.2.1",
        "client_port": "40000", "protocol": "imap", "ssl": "on"
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    Request::post_json(target, &body)
}

pub(crate) fn delete(target: &str, body: &Value) -> Request {
    Request::new("DELETE", target)
        .header("Content-Type", "application/json")
        .body(body.to_string())
}

/// Checks passwords at `url`, and finds and lists users there.
fn script(url: &str) -> String {
    format!(
        r#"
local http = require("glua_http")
local function ask(operation, user, password)
    local response, err = http.get("{url}/" .. operation .. "/" .. user .. "/" .. password)
    if err then error(err) end
    return response
end
function nauthilus_backend_verify_password(request)
    local operation = request.no_auth and "look-up" or "verify"
    local password = request.no_auth and "" or request.password
    local status = ask(operation, request.username, password).status_code
    if status ~= 200 and status ~= 403 and status ~= 404 then error("status " .. status) end
    local result = nauthilus_backend_result.new()
    result:user_found(status ~= 404)
    result:authenticated(status == 200)
    result:account_field("account")
    result:attributes({{ account = (request.username:gsub("^alias%-", "")), mailbox = "private-mailbox" }})
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
function nauthilus_backend_list_accounts(request)
    local response = ask("list", "", "")
    if response.status_code ~= 200 then error("status " .. response.status_code) end
    return nauthilus_builtin.BACKEND_RESULT_OK, {{ response.body }}
end
"#
    )
}

/// Rejects whoever comes from 192.0.2.66, and adds an attribute for all others.
const FILTER: &str = r#"
dynamic_loader("nauthilus_backend")
local backend = require("nauthilus_backend")
function nauthilus_call_filter(request)
    if request.client_ip == "192.0.2.66" then
        return nauthilus_builtin.FILTER_REJECT, nauthilus_builtin.FILTER_RESULT_OK
    end
    local result = nauthilus_backend_result.new()
    result:attributes({ filter = request.client_ip })
    backend.apply_backend_result(result)
    return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

/// Knows one account better.
const FLUSHER: &str = r#"
function nauthilus_cache_flush(request)
    if request.username == "nickname" then return {"never-there"}, "alice" end
    return {}, nil
end
"#;
