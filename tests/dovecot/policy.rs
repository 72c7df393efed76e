//! The policies that Bulkhead serves in these tests.

use bulkhead_harness::{Bulkhead, Policy};

use crate::{
    clients::{API_PASSWORD, API_USER},
    homes::FILTER,
};

/// Users: alice (attributes), bob, dora (disabled by a filter), broken (the backend raises an error),
/// loops (the backend never ends). Passwords are the names with `-password`.
const BACKEND: &str = r#"
local nauthilus_backend_result = require("nauthilus_backend_result")

local USERS = {
  alice = { home = "/home/alice", quota_rule = "*:storage=1G" },
  bob = { home = "/home/bob" },
  dora = { home = "/home/dora" },
}

function nauthilus_backend_verify_password(request)
  if request.username == "broken" then error("the backend is broken") end
  while request.username == "loops" do end
  local result = nauthilus_backend_result.new()
  local attributes = USERS[request.username]
  if attributes then
    result:user_found(true)
    result:account_field("account")
    attributes.account = request.username
    result:attributes(attributes)
    result:authenticated(request.no_auth or request.password == request.username .. "-password")
  end
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end

function nauthilus_backend_list_accounts(request)
  return nauthilus_builtin.BACKEND_RESULT_OK, { "alice", "bob", "dora" }
end
"#;

/// The section `server`: callers of the API need credentials.
pub fn head() -> String {
    format!(
        r#"
server:
  listen: {{listen}}
  basic_auth:
    username: {API_USER}
    password: {{ file: api.secret }}
"#
    )
}

/// Bulkhead with a table of users in Lua, and a small limit on bodies.
pub fn users() -> Bulkhead {
    let configuration = head()
        + r#"
store: { kind: memory }
limits: { body_bytes: 4096 }
pipeline:
  backends:
    - { name: users, script: backend.lua, dialect: "5.1" }
  filters:
    - { name: enabled, script: filter.lua, dialect: "5.1" }
plugins:
  users:
    grants: { password: true }
    limits: { cpu: 300ms, wall_clock: 1s }
"#;
    let policy = Policy::new(&configuration)
        .file("api.secret", API_PASSWORD)
        .file("backend.lua", BACKEND)
        .file("filter.lua", FILTER);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// A backend that asks a web server, as a Dovecot script asks Nextcloud: 207 accepts, 401 rejects,
/// and nothing else decides anything.
const WEB_BACKEND: &str = r#"
local http = require("glua_http")
local nauthilus_backend_result = require("nauthilus_backend_result")

function nauthilus_backend_verify_password(request)
  local result = nauthilus_backend_result.new()
  if request.no_auth then
    result:user_found(true)
    return nauthilus_builtin.BACKEND_RESULT_OK, result
  end
  local response, failure = http.request("PROPFIND", "{url}", {
    timeout = "{request}",
    auth = { user = request.username, pass = request.password },
    headers = { ["X-Forwarded-For"] = request.client_ip },
  })
  if failure ~= nil then
    return nauthilus_builtin.BACKEND_RESULT_FAIL, result
  end
  if response.status_code == 207 then
    result:user_found(true)
    result:authenticated(true)
    result:account_field("account")
    result:attributes({ account = request.username })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
  elseif response.status_code == 401 then
    result:user_found(true)
    result:authenticated(false)
    return nauthilus_builtin.BACKEND_RESULT_OK, result
  end
  return nauthilus_builtin.BACKEND_RESULT_FAIL, result
end
"#;

/// How long Bulkhead waits for the web server, in seconds.
#[derive(Clone, Copy)]
pub enum Patience {
    /// One for a request, three for the backend.
    Short,
    /// Eight for a request, nine for the backend: longer than Dovecot waits in these tests.
    Long,
}

/// Bulkhead with a backend that asks `url` on `host` (`address:port`).
pub fn web(host: &str, url: &str, patience: Patience) -> Bulkhead {
    let (request, backend) = match patience {
        Patience::Short => ("1s", "3s"),
        Patience::Long => ("8s", "9s"),
    };
    let plugins = r#"
store: { kind: memory }
pipeline:
  backends:
    - { name: dav, script: backend.lua, dialect: "5.1" }
plugins:
  dav:
    grants:
      password: true
      http: { hosts: ["{host}"], timeout: {request} }
    limits: { wall_clock: {backend} }
"#;
    let plugins = plugins
        .replace("{host}", host)
        .replace("{request}", request)
        .replace("{backend}", backend);
    let configuration = head() + &plugins;
    let script = WEB_BACKEND
        .replace("{url}", url)
        .replace("{request}", request);
    let policy = Policy::new(&configuration)
        .file("api.secret", API_PASSWORD)
        .file("backend.lua", script);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}
