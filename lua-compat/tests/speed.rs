//! How long a call takes in this process, to see what a change costs. The figures that count are taken
//! in the component, by the server's own bench.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;
use std::time::Instant;

use bulkhead_lua::wit::exports::bulkhead::policy::backend::Operation;
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::{FakeHost, loaded, request};

const SCRIPT: &str = r#"
local util = require("util")
function nauthilus_backend_verify_password(request)
  local b = nauthilus_backend_result.new()
  b:authenticated(util.right(request.password))
  b:user_found(true)
  b:account_field("account")
  b:attributes({ account = request.username, quota = 1024, host = "mail1" })
  return nauthilus_builtin.BACKEND_RESULT_OK, b
end
"#;

#[test]
#[ignore = "prints figures: cargo test --release --test speed -- --ignored --nocapture"]
fn reused_backend_calls() {
    const CALLS: u32 = 100_000;
    let host = Rc::new(FakeHost::default().with_file(
        "lib/util.lua",
        "local M = {} function M.right(p) return p == 'secret' end return M",
    ));
    let mut runtime = loaded(&host, Kind::Backend, SCRIPT);
    let asked = request();
    let begin = Instant::now();
    for _ in 0..CALLS {
        runtime.run_backend(&asked, &Operation::Verify).unwrap();
    }
    println!("{:?} per call", begin.elapsed() / CALLS);
}
