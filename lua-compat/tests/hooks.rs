//! Hooks: what they answer with tables, with nothing, and when they write the answer themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::exports::bulkhead::policy::hook::{HookRequest, HookResponse, Parameter};
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::loaded;

fn hook(source: &str) -> HookResponse {
    loaded(&Rc::default(), Kind::Hook, source)
        .run_hook(HookRequest {
            session: "S".to_owned(),
            method: "GET".to_owned(),
            path: "/api/v1/custom/x".to_owned(),
            query: vec![Parameter {
                name: "q".to_owned(),
                value: "1".to_owned(),
            }],
            headers: Vec::new(),
            body: Vec::new(),
            client_address: "192.0.2.1".to_owned(),
        })
        .unwrap()
}

#[test]
fn hooks_answer_with_json_or_nothing() {
    for (body, status, wanted) in [
        ("return", 200, ""),
        ("return nil", 200, ""),
        ("return {a = 1, b = 'x'}", 200, r#"{"a":1,"b":"x"}"#),
        (
            "return {1, 2}",
            500,
            r#"{"msg":"the hook returned an array, but a map with string keys was expected"}"#,
        ),
        ("error('no')", 500, r#"{"msg":"script.lua:1: no"}"#),
        (
            "return {session = session, level = request.log_level, log = request.logging.log_format}",
            200,
            r#"{"level":"info","log":"default","session":"S"}"#,
        ),
    ] {
        let response = hook(&format!(
            "function nauthilus_run_hook(request, session) {body} end"
        ));
        assert_eq!(response.status, status, "{body}");
        assert_eq!(String::from_utf8(response.body).unwrap(), wanted);
    }
}

#[test]
fn hooks_write_their_own_answers() {
    let rows = [
        (
            "h.string(201, 'done')",
            201,
            "content-type: text/plain; charset=utf-8",
            "done",
        ),
        (
            "h.html(h.STATUS_OK, '<p>')",
            200,
            "content-type: text/html; charset=utf-8",
            "<p>",
        ),
        (
            "h.data(404, 'image/png', '\\1\\2')",
            404,
            "content-type: image/png",
            "\u{1}\u{2}",
        ),
        ("h.redirect(302, '/there')", 302, "location: /there", ""),
        (
            "h.set_http_status(418) h.set_http_content_type('x/y') \
             h.write_http_response_body('a') h.write_http_response_body('b')",
            418,
            "content-type: x/y",
            "ab",
        ),
        (
            "h.set_http_response_header('X-A', '1') h.set_http_response_header('x-a', '2') \
             h.add_http_response_header('X-A', '3') h.add_http_response_header('X-B', '4') \
             h.remove_http_response_header('x-b')",
            200,
            "x-a: 2|x-a: 3",
            "",
        ),
        (
            "h.string(200, 'half') error('no')",
            500,
            "content-type: application/json",
            r#"{"msg":"script.lua:2: no"}"#,
        ),
        (
            "h.set_http_status(99)",
            500,
            "content-type: application/json",
            r#"{"msg":"script.lua:2: bad argument #1 to 'set_http_status' (a status is a number from 200 to 599)"}"#,
        ),
    ];
    for (body, status, headers, wanted) in rows {
        let response = hook(&format!(
            "local h = require('nauthilus_http_response')\nfunction nauthilus_run_hook() {body} end"
        ));
        assert_eq!(response.status, status, "{body}");
        assert_eq!(String::from_utf8(response.body).unwrap(), wanted, "{body}");
        let shown: Vec<_> = response
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(&header.value);
                format!("{}: {value}", header.name.to_ascii_lowercase())
            })
            .collect();
        assert_eq!(shown.join("|"), headers, "{body}");
    }
}
