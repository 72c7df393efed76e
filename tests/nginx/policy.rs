//! The policy that Bulkhead serves in these tests, and a web server that hears what it was asked.

use std::net::SocketAddr;

use bulkhead_harness::{Answer, Bulkhead, Policy, Redis, WebServer, http};

use crate::homes::Home;

/// Credentials of the API.
pub const API_USER: &str = "nginx";
pub const API_PASSWORD: &str = "api-Secret-0123456789";

/// Tells the probe each question, then decides. The password of `alice`, `bob@example.org` and `jürgen`
/// is the name followed by `-password`; `odd` may log in with every password; `ali` has the
/// account `alice`; `broken` makes the backend fail; the passwords of the first three
/// are known in plain text, that of `carol` only as a hash.
const BACKEND: &str = r#"
local http = require("glua_http")
local json = require("json")

local function hex(text)
  return (text:gsub(".", function(byte) return string.format("%02x", byte:byte()) end))
end

local FACTS = { "protocol", "method", "service", "client_ip", "client_port", "client_hostname", "ssl",
  "ssl_protocol", "ssl_cipher", "ssl_client_verify", "ssl_client_dn", "ssl_issuer", "ssl_serial",
  "ssl_fingerprint" }

local function tell(request)
  local heard = { username = hex(request.username), password = hex(request.password or ""),
    login_attempt = request.auth_login_attempt, no_auth = request.no_auth }
  for _, name in ipairs(FACTS) do heard[name] = request[name] end
  http.request("POST", os.getenv("PROBE"), { body = json.encode(heard) })
end

-- Who logs in under another name than the account's.
local ALIASES = { ["ali"] = "alice" }
local KNOWN = { ["alice"] = true, ["bob@example.org"] = true, ["j\195\188rgen"] = true }

function nauthilus_backend_verify_password(request)
  -- Dovecot's lookups after a login are no logins.
  if not (request.no_auth and request.service == "json") then tell(request) end
  if request.username == "broken" then error("the backend is broken") end
  local result = nauthilus_backend_result.new()
  local name, right = request.username, request.username .. "-password"
  if KNOWN[name] then
    result:attributes({ account = name, mail_password = right })
  elseif ALIASES[name] then
    result:attributes({ account = ALIASES[name] })
  elseif name == "odd" then
    result:attributes({ account = name })
    right = request.password
  elseif name == "carol" then
    result:attributes({ account = name, mail_password = "{SHA256-CRYPT}$5$saltsalt$x" })
  else
    return nauthilus_builtin.BACKEND_RESULT_OK, result
  end
  result:user_found(true)
  result:account_field("account")
  result:authenticated(request.no_auth or request.password == right)
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

/// Bulkhead and its probe.
pub struct Policed {
    pub bulkhead: Bulkhead,
    probe: WebServer,
}

/// A question that the backend was asked.
#[derive(Debug)]
pub struct Heard(serde_json::Value);

impl Heard {
    /// A fact as text.
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// User name and password, byte for byte.
    pub fn words(&self) -> (Vec<u8>, Vec<u8>) {
        let bytes = |name| hex::decode(self.text(name)).unwrap();
        (bytes("username"), bytes("password"))
    }
}

/// Starts Bulkhead. `server` holds further keys of the section `server`, each line with two spaces before
/// it.
pub fn start(server: &str) -> Policed {
    start_at("{listen}", server)
}

/// As [`start`], with another value of `server.listen`.
pub fn start_at(listen: &str, server: &str) -> Policed {
    let probe = WebServer::start(|exchange| exchange.reply(&Answer::new(200)));
    let configuration = format!(
        r#"{}
store: {{ kind: memory }}
pipeline:
  backends:
    - {{ name: users, script: backend.lua, dialect: "5.1" }}
plugins:
  users:
    grants:
      password: true
      http: {{ hosts: ["{}"] }}
      environment: [PROBE]
    limits: {{ cpu: 1s }}
"#,
        section(listen, server),
        probe.address()
    );
    let policy = Policy::new(&configuration)
        // Not in the script: all tests share one compiled image of it.
        .environment("PROBE", &probe.url("/"))
        .file("backend.lua", BACKEND);
    serve(policy, probe)
}

/// Starts Bulkhead for users who live elsewhere: nobody tells the probe. `server` as for [`start`].
pub fn start_for(home: &Home, redis: &Redis, server: &str) -> Policed {
    let probe = WebServer::start(|exchange| exchange.reply(&Answer::new(200)));
    // More failures than any of these tests makes.
    serve(
        home.policy(&section("{listen}", server), redis, 1000),
        probe,
    )
}

fn section(listen: &str, server: &str) -> String {
    format!("server:\n  listen: {listen}\n{server}")
}

fn serve(policy: Policy, probe: WebServer) -> Policed {
    let policy = policy.file("api.secret", API_PASSWORD);
    let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
    Policed { bulkhead, probe }
}

/// Keys of the section `server` that ask API callers for credentials.
pub fn credentials() -> String {
    format!("  basic_auth: {{ username: {API_USER}, password: {{ file: api.secret }} }}\n")
}

/// Keys of the section `server` that say where nginx sends sessions.
pub fn upstreams(addresses: &[(&'static str, SocketAddr)]) -> String {
    let mut text = "  upstreams:\n".to_owned();
    for (protocol, address) in addresses {
        text.push_str(&format!(
            "    {protocol}: {{ address: {}, port: {} }}\n",
            address.ip(),
            address.port()
        ));
    }
    text
}

/// What stands behind `Basic` in the header of API callers.
pub fn encoded_credentials() -> String {
    let header = http::basic(API_USER, API_PASSWORD);
    header.trim_start_matches("Basic ").to_owned()
}

impl Policed {
    /// Every question of this route so far, in order.
    pub fn heard(&self, service: &str) -> Vec<Heard> {
        let all = self.probe.seen().into_iter().map(|seen| Heard(seen.json()));
        all.filter(|heard| heard.text("service") == service)
            .collect()
    }

    /// The last question of this route.
    pub fn last(&self, service: &str) -> Heard {
        let last = self.heard(service).pop();
        last.unwrap_or_else(|| panic!("no question through {service}\n{}", self.bulkhead.log()))
    }
}
