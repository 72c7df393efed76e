//! A running server with a policy that has every kind of answer.

use bulkhead_harness::{Bulkhead, Policy};

pub const USER: &str = "caller";
pub const PASSWORD: &str = "contract-Secret-0123456789";

/// Accepts `alice` with `alice-password`, fails for `broken`, knows nobody else.
const BACKEND: &str = r#"
local nauthilus_backend_result = require("nauthilus_backend_result")

function nauthilus_backend_verify_password(request)
  if request.username == "broken" then error("the backend is broken") end
  local result = nauthilus_backend_result.new()
  if request.username == "alice" then
    result:user_found(true)
    result:account_field("account")
    result:attributes({ account = "alice@example.org", home = "/home/alice", uid = 1000 })
    result:authenticated(request.no_auth or request.password == "alice-password")
  end
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end

function nauthilus_backend_list_accounts(request)
  return nauthilus_builtin.BACKEND_RESULT_OK, { "alice@example.org", "bob@example.org" }
end
"#;

const HOOK: &str = r#"
function nauthilus_run_hook(request)
  return { status = "well" }
end
"#;

pub fn start() -> Bulkhead {
    let configuration = format!(
        r#"
server:
  listen: {{listen}}
  basic_auth: {{ username: {USER}, password: {{ file: api.secret }} }}
  lockout: {{ failures: 0 }}
store: {{ kind: memory }}
pipeline:
  backends: [{{ name: users, script: backend.lua }}]
  hooks: [{{ name: status, script: hook.lua, location: status }}]
plugins:
  users: {{ grants: {{ password: true }} }}
observe: {{ log_level: warn }}
"#
    );
    let policy = Policy::new(&configuration)
        .file("api.secret", PASSWORD)
        .file("backend.lua", BACKEND)
        .file("hook.lua", HOOK);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}
