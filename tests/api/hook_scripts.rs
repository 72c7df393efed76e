//! Hooks that are real scripts, in the real program.

use bulkhead_harness::{Bulkhead, Policy, http::Request};

const CONFIGURATION: &str = r#"
server:
  listen: {listen}
store: { kind: memory }
pipeline:
  hooks:
    - {name: table, location: table, script: table.lua, alias: /.well-known/table}
    - {name: array, location: array, script: array.lua}
    - {name: nothing, location: nothing, script: nothing.lua, content_type: text/x-configured}
    - {name: written, location: written, method: POST, script: written.lua}
    - {name: broken, location: broken, script: broken.lua}
"#;

const SCRIPTS: [(&str, &str); 5] = [
    (
        "table.lua",
        r#"local request = require("nauthilus_http_request")
           function nauthilus_run_hook(logging, session)
             return { name = request.get_http_query_param("name"), length = #session }
           end"#,
    ),
    (
        "array.lua",
        "function nauthilus_run_hook() return { 1, 2 } end",
    ),
    ("nothing.lua", "function nauthilus_run_hook() end"),
    (
        "written.lua",
        r#"local request = require("nauthilus_http_request")
           local response = require("nauthilus_http_response")
           function nauthilus_run_hook()
             response.set_http_response_header("X-Method", request.get_http_method())
             response.data(response.STATUS_CREATED, "text/csv", request.get_http_request_body())
           end"#,
    ),
    (
        "broken.lua",
        "function nauthilus_run_hook() error('not today') end",
    ),
];

#[test]
fn scripts_answer_with_tables_nothing_or_what_they_write() {
    let policy = SCRIPTS
        .iter()
        .fold(Policy::new(CONFIGURATION), |policy, (name, source)| {
            policy.file(name, source)
        });
    let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
    let json = Some("application/json");
    let rows = [
        (
            "GET",
            "/api/v1/custom/table?name=x",
            200,
            json,
            r#"{"length":27,"name":"x"}"#,
        ),
        (
            "GET",
            "/.well-known/table?name=y",
            200,
            json,
            r#"{"length":27,"name":"y"}"#,
        ),
        (
            "GET",
            "/api/v1/custom/array",
            500,
            json,
            r#"{"msg":"the hook returned an array, but a map with string keys was expected"}"#,
        ),
        (
            "GET",
            "/api/v1/custom/nothing",
            200,
            Some("text/x-configured"),
            "",
        ),
        (
            "POST",
            "/api/v1/custom/written",
            201,
            Some("text/csv"),
            "a,b",
        ),
        (
            "GET",
            "/api/v1/custom/broken",
            500,
            json,
            r#"{"msg":"broken.lua:1: not today"}"#,
        ),
        ("GET", "/api/v1/custom/written", 404, None, ""),
        ("GET", "/api/v1/custom/elsewhere", 404, None, ""),
    ];
    for (method, target, status, content_type, body) in rows {
        let mut request = Request::new(method, target);
        if method == "POST" {
            request = request.body("a,b");
        }
        let response = bulkhead.send(&request);
        assert_eq!(response.status, status, "{target}: {}", response.text());
        assert_eq!(response.header("content-type"), content_type, "{target}");
        // Scripts are named by their paths.
        let folder = format!("{}/", bulkhead.folder().display());
        assert_eq!(response.text().replace(&folder, ""), body, "{target}");
        if status == 201 {
            assert_eq!(response.header("x-method"), Some("POST"));
        }
    }
}
