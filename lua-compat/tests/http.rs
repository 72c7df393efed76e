//! The module `glua_http`: what it sends, and what scripts get back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::bulkhead::policy::{http, types};
use bulkhead_lua::wit::exports::bulkhead::policy::script::Dialect;
use support::{FakeHost, output, output_with};

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> http::IncomingResponse {
    http::IncomingResponse {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| types::Header {
                name: (*name).to_owned(),
                value: value.as_bytes().to_vec(),
            })
            .collect(),
        body: body.as_bytes().to_vec(),
        url: "http://x/final".to_owned(),
    }
}

fn sent_headers(request: &http::OutgoingRequest) -> Vec<String> {
    request
        .headers
        .iter()
        .map(|header| {
            format!(
                "{}: {}",
                header.name,
                String::from_utf8_lossy(&header.value)
            )
        })
        .collect()
}

#[test]
fn http_responses_can_be_indexed() {
    let host = Rc::new(FakeHost::default());
    host.responses.borrow_mut().push(Ok(response(
        200,
        &[
            ("content-type", "application/json"),
            ("Set-Cookie", "a=b; Path=/"),
            ("X-TWO", "1"),
            ("x-two", "2"),
        ],
        "{}",
    )));
    let printed = output_with(
        &host,
        Dialect::Lua51,
        r#"local http = require("glua_http")
           local r, err = http.get("http://x/")
           print(type(r), err, r.status_code, r.body, r.body_size, r.url)
           print(r.headers["Content-Type"], r.headers["X-Two"], r.cookies.a, r.nothing)"#,
    )
    .unwrap();
    assert_eq!(
        printed,
        "userdata\tnil\t200\t{}\t2\thttp://x/final\napplication/json\t1\tb\tnil\n"
    );
}

#[test]
fn http_options_shape_the_request() {
    let host = Rc::new(FakeHost::default());
    output_with(
        &host,
        Dialect::Lua51,
        r#"local http = require("glua_http")
           http.post("http://x/", { body = "B", timeout = "1m30s", query = "a=1",
             headers = { Accept = "*/*", ["X-N"] = 5 }, cookies = { k = "v", j = "w" },
             auth = { user = "u", pass = "p" } })
           http.put("http://x/?q=1", { form = "a=b", query = "c=d", timeout = 2.5 })
           http.request("propfind", "http://x/")
           http.head("http://x/") http.delete("http://x/") http.patch("http://x/")"#,
    )
    .unwrap();
    let sent = host.sent.borrow();
    let methods: Vec<_> = sent.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(
        methods,
        ["POST", "PUT", "PROPFIND", "HEAD", "DELETE", "PATCH"]
    );
    assert_eq!(sent[0].url, "http://x/?a=1");
    assert_eq!(sent[0].body.as_deref(), Some(&b"B"[..]));
    assert_eq!(sent[0].timeout_ms, Some(90_000));
    assert_eq!(
        sent_headers(&sent[0]),
        [
            "Accept: */*",
            "X-N: 5",
            "Cookie: j=w; k=v",
            "Authorization: Basic dTpw"
        ]
    );
    assert_eq!(sent[1].url, "http://x/?q=1&c=d");
    assert_eq!(sent[1].timeout_ms, Some(2500));
    assert_eq!(
        sent_headers(&sent[1]),
        ["Content-Type: application/x-www-form-urlencoded"]
    );
    assert_eq!(sent[2].timeout_ms, Some(60_000));
    assert_eq!(sent[2].redirects, 10);
}

#[test]
fn http_failures_are_nil_and_a_text() {
    for (problem, wanted) in [
        (
            http::Error::Denied("grant http for x".to_owned()),
            "denied: grant http for x",
        ),
        (http::Error::TimedOut, "timeout exceeded"),
        (
            http::Error::Connect("refused".to_owned()),
            "connect failed: refused",
        ),
    ] {
        let host = Rc::new(FakeHost::default());
        host.responses.borrow_mut().push(Err(problem));
        let printed = output_with(
            &host,
            Dialect::Lua51,
            r#"print(require("glua_http").get("http://x/"))"#,
        )
        .unwrap();
        assert_eq!(printed, format!("nil\tGET \"http://x/\": {wanted}\n"));
    }
}

#[test]
fn http_rejects_wrong_arguments() {
    for (call, wanted) in [
        (
            "http.get()",
            "script.lua:1: bad argument #1 to 'get' (string expected, got no value)",
        ),
        (
            "http.get('u', 5)",
            "script.lua:1: options must be a table, not a number",
        ),
        (
            "http.get('u', {timeout = 'soon'})",
            "script.lua:1: time: invalid duration \"soon\"",
        ),
        (
            "http.get('u', {auth = {user = 'x'}})",
            "script.lua:1: auth table must contain the key 'pass'",
        ),
        (
            "http.request_batch({1})",
            "script.lua:1: bad argument #1 to 'request_batch' (table of tables expected)",
        ),
    ] {
        let message = output(
            Dialect::Lua51,
            &format!("local http = require('glua_http') local _ = {call}"),
        )
        .unwrap_err();
        assert_eq!(message, wanted, "{call}");
    }
}

#[test]
fn http_batches_keep_their_order() {
    let host = Rc::new(FakeHost::default());
    host.responses
        .borrow_mut()
        .push(Ok(response(201, &[], "one")));
    let printed = output_with(
        &host,
        Dialect::Lua51,
        r#"local r, e = require("glua_http").request_batch({{"get", "http://a/"}, {"post", "http://b/", {body = "x"}}})
           print(r[1].status_code, r[2], e[1], e[2])"#,
    )
    .unwrap();
    assert_eq!(
        printed,
        "201\tnil\tnil\tPOST \"http://b/\": connect failed: connection refused\n"
    );
}
