//! The functions that Nauthilus scripts call: each with a success and an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::bulkhead::policy::{context, password, types};
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Dialect, Kind};
use support::{FakeHost, expect_output, loaded, logged, output, output_with, request};

/// Runs the body as a filter and returns what it printed.
fn filtered(host: &Rc<FakeHost>, body: &str) -> Vec<String> {
    let source = format!("function nauthilus_call_filter(request)\n{body}\nend");
    loaded(host, Kind::Filter, &source)
        .run_filter(&request())
        .unwrap_or_else(|failure| panic!("{}", failure.message));
    logged(host)
}

#[test]
fn json_encodes_as_the_peer_does() {
    for (value, wanted) in [
        ("{a = 1, b = 'x', c = true}", r#"{"a":1,"b":"x","c":true}"#),
        ("{1, 2, {3}}", "[1,2,[3]]"),
        ("{}", "[]"),
        ("{a = {}}", r#"{"a":[]}"#),
        ("'<a&b>\\n\\\"'", r#""\u003ca\u0026b\u003e\n\"""#),
        ("1e15", "1000000000000000"),
        ("2^53", "9007199254740992"),
        ("10/2", "5"),
        ("0.1", "0.1"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-07"),
        ("nil", "null"),
        ("json.decode('{}')", "{}"),
        ("json.decode('[]')", "[]"),
        ("json.decode('{\"a\":{}}')", r#"{"a":{}}"#),
    ] {
        expect_output(
            &format!("local json = require('json') print(json.encode({value}))"),
            wanted,
        );
    }
}

#[test]
fn json_refuses_what_has_no_json() {
    for (value, wanted) in [
        ("{1, nil, 3}", "cannot encode sparse array"),
        (
            "{[1] = 1, a = 2}",
            "cannot encode mixed or invalid key types",
        ),
        ("{[true] = 1}", "cannot encode mixed or invalid key types"),
        ("print", "cannot encode function to JSON"),
        ("loop", "cannot encode recursively nested tables to JSON"),
        ("0/0", "json: unsupported value: not a finite number"),
    ] {
        expect_output(
            &format!(
                "local json = require('json') local loop = {{}} loop[1] = loop
                 local text, err = json.encode({value}) print(text, err)"
            ),
            &format!("nil\t{wanted}"),
        );
    }
}

#[test]
fn json_decodes() {
    expect_output(
        r#"local json = require("json")
           local t, err = json.decode('{"a":[1,2.5,"x",null,true],"n":null,"big":1e3,"deep":{"k":"\\u00e9"}}')
           print(err, t.a[1], t.a[2], t.a[3], t.a[4], t.a[5], t.n, t.big, t.deep.k)"#,
        "nil\t1\t2.5\tx\tnil\ttrue\tnil\t1000\té",
    );
    for text in ["", "{", "[1,]", "nope", "{\\\"a\\\":1} x"] {
        expect_output(
            &format!(
                "local t, err = require('json').decode(\"{text}\") print(t, type(err), #err > 0)"
            ),
            "nil\tstring\ttrue",
        );
    }
}

#[test]
fn the_context_keeps_copies() {
    let host = Rc::new(FakeHost::default());
    let printed = filtered(
        &host,
        r#"dynamic_loader("nauthilus_context")
           local c = require("nauthilus_context")
           print(c.context_get("rt"))
           local t = { list = {1, 2, 3}, map = { a = "x", [10] = true }, n = 1.5, bin = "\255" }
           c.context_set("rt", t)
           t.n = 2
           local copy = c.context_get("rt")
           print(copy.n, #copy.list, copy.map.a, copy.map[10], copy.bin == "\255")
           c.context_set("empty", {})
           print(type(c.context_get("empty")), next(c.context_get("empty")))
           c.context_set("s", "text") c.context_set("b", false)
           print(c.context_get("s"), c.context_get("b"))
           c.context_delete("rt")
           print(c.context_get("rt"))"#,
    );
    assert_eq!(
        printed,
        [
            "nil",
            "1.5\t3\tx\ttrue\ttrue",
            "table\tnil",
            "text\tfalse",
            "nil"
        ]
    );
    // An empty table is stored as an array.
    assert_eq!(host.context.borrow().get("empty"), Some(&vec![0x80]));
}

#[test]
fn the_context_reads_what_other_plugins_wrote() {
    let host = Rc::new(FakeHost::default());
    for (key, item) in [
        ("indefinite", vec![0xbf, 0x61, b'a', 0x9f, 0x01, 0xff, 0xff]),
        ("half", vec![0xf9, 0x3e, 0x00]),
        ("tagged", vec![0xc1, 0x18, 0x2a]),
        (
            "huge",
            vec![0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        ("bad", vec![0x82, 0x01]),
    ] {
        host.context.borrow_mut().insert(key.to_owned(), item);
    }
    let printed = filtered(
        &host,
        r#"local c = require("nauthilus_context")
           print(c.context_get("indefinite").a[1], c.context_get("half"), c.context_get("tagged"))
           print(c.context_get("huge") == 2^64)
           print(pcall(c.context_get, "bad"))"#,
    );
    assert_eq!(printed[..2], ["1\t1.5\t42", "true"]);
    assert!(
        printed[2].starts_with("false\tcontext_get: "),
        "{}",
        printed[2]
    );
}

#[test]
fn the_context_refuses_what_cannot_travel() {
    let host = Rc::new(FakeHost::default());
    let printed = filtered(
        &host,
        r#"local c = require("nauthilus_context")
           local loop = {} loop.self = loop
           print(pcall(c.context_set, "f", print))
           print(pcall(c.context_set, "l", loop))
           print(select(2, pcall(c.context_get)))"#,
    );
    assert_eq!(
        printed,
        [
            "false\tcontext_set: a function cannot be stored",
            "false\tcontext_set: the table is nested too deeply, or contains itself",
            "bad argument #1 to 'context_get' (string expected, got no value)",
        ]
    );
    *host.context_error.borrow_mut() = Some(context::Error::TooLarge);
    host.log.borrow_mut().clear();
    let printed = filtered(
        &host,
        r#"print(pcall(require("nauthilus_context").context_set, "k", 1))"#,
    );
    assert_eq!(
        printed,
        ["false\tcontext_set: the context would grow too large"]
    );
}

#[test]
fn passwords_are_compared_by_the_host() {
    let host = Rc::new(FakeHost::default());
    *host.verdict.borrow_mut() = Some(Ok(true));
    let printed = filtered(
        &host,
        r#"local p = require("nauthilus_password")
           print(p.compare_passwords("{SSHA256.HEX}00ff", request.password))"#,
    );
    assert_eq!(printed, ["true\tnil"]);
    let asked = host.verified.borrow();
    assert_eq!(asked[0].stored, b"{SSHA256.HEX}00ff");
    assert_eq!(asked[0].password, b"secret");
    assert_eq!(asked[0].default_scheme, "CRYPT");
}

#[test]
fn a_hash_that_cannot_be_compared_is_false_and_a_text() {
    let host = Rc::new(FakeHost::default());
    *host.verdict.borrow_mut() = Some(Err(password::Error::UnknownScheme("FOO".to_owned())));
    let printed = filtered(
        &host,
        r#"print(require("nauthilus_password").compare_passwords("{FOO}x", "y"))
           print(pcall(require("nauthilus_password").compare_passwords, {}, "y"))"#,
    );
    assert_eq!(
        printed,
        [
            "false\tunknown password scheme FOO",
            "false\tbad argument #1 to 'compare_passwords' (string expected, got table)"
        ]
    );
}

#[test]
fn password_policies_count_characters() {
    for (policy, password, wanted) in [
        ("{min_length = 3}", "abc", "true"),
        ("{min_length = 4}", "abc", "false"),
        (
            "{min_lower = 1, min_upper = 1, min_number = 1, min_special = 1}",
            "aB1!",
            "true",
        ),
        ("{min_special = 1}", "aB1", "false"),
        ("{min_upper = 2}", "aB1", "false"),
        ("{}", "", "true"),
        ("{min_length = 3}", "äöü", "true"),
    ] {
        expect_output(
            &format!(
                "print(require('nauthilus_password').check_password_policy({policy}, '{password}'))"
            ),
            wanted,
        );
    }
    assert!(
        output(
            Dialect::Lua51,
            "require('nauthilus_password').check_password_policy('x', 'y')"
        )
        .is_err()
    );
}

#[test]
fn password_hashes_depend_on_the_secret() {
    let host = Rc::new(FakeHost::default());
    let source = "print(require('nauthilus_password').generate_password_hash('secret'))";
    // As `printf '\0secret' | sha256sum` and `printf 'n\0secret' | sha256sum` print them.
    assert_eq!(
        output_with(&host, Dialect::Lua51, source).unwrap(),
        "7c8cc910759bf004c2a3e02379c08e20d1215469f19c0f5831879acfc2089387\n"
    );
    host.output.borrow_mut().clear();
    host.secrets
        .borrow_mut()
        .insert("password-nonce".to_owned(), b"n".to_vec());
    assert_eq!(
        output_with(&host, Dialect::Lua51, source).unwrap(),
        "1b8157f41800e9821f255b2a34a8e9f380250183463ea83bfb123197c575466c\n"
    );
    assert!(
        output(
            Dialect::Lua51,
            "require('nauthilus_password').generate_password_hash({})"
        )
        .is_err()
    );
}

#[test]
fn the_http_request_of_a_login_is_readable() {
    let host = Rc::new(FakeHost::default());
    *host.method.borrow_mut() = "POST".to_owned();
    *host.path.borrow_mut() = "/api/v1/auth/json".to_owned();
    *host.body.borrow_mut() = b"{}".to_vec();
    host.query
        .borrow_mut()
        .push(("mode".to_owned(), "no-auth".to_owned()));
    for (name, value) in [
        ("Content-Type", "application/json"),
        ("X-A", "1"),
        ("x-a", "2"),
    ] {
        host.headers.borrow_mut().push(types::Header {
            name: name.to_owned(),
            value: value.as_bytes().to_vec(),
        });
    }
    let printed = filtered(
        &host,
        r#"local h = require("nauthilus_http_request")
           print(h.get_http_method(), h.get_http_path(), h.get_http_request_body())
           print(h.get_http_query_param("mode"), h.get_http_query_param("none") == "")
           print(h.get_http_request_header("content-type")[1], #h.get_http_request_header("X-A"), #h.get_http_request_header("none"))
           local all = h.get_all_http_request_headers()
           print(all["x-a"][2], all["content-type"][1])
           print(h.url_partial_decode("a%20b+c%zz%"), pcall(h.url_partial_decode))"#,
    );
    assert_eq!(
        printed,
        [
            "POST\t/api/v1/auth/json\t{}",
            "no-auth\ttrue",
            "application/json\t2\t0",
            "2\tapplication/json",
            "a b+c%zz%\tfalse\tbad argument #1 to 'url_partial_decode' (string expected, got no value)",
        ]
    );
}

#[test]
fn builtin_constants_exist_in_both_vocabularies() {
    let host = Rc::new(FakeHost::default());
    let printed = filtered(
        &host,
        r#"local b = nauthilus_builtin
           print(b.ACTION_RESULT_OK, b.ACTION_RESULT_FAIL, b.BACKEND_RESULT_OK, b.BACKEND_RESULT_FAIL)
           print(b.ENVIRONMENT_TRIGGER_NO, b.ENVIRONMENT_TRIGGER_YES, b.ENVIRONMENT_ABORT_NO, b.ENVIRONMENT_ABORT_YES, b.ENVIRONMENT_RESULT_OK, b.ENVIRONMENT_RESULT_FAIL)
           print(b.FEATURE_TRIGGER_NO, b.FEATURE_TRIGGER_YES, b.FEATURES_ABORT_NO, b.FEATURES_ABORT_YES, b.FEATURE_RESULT_OK, b.FEATURE_RESULT_FAIL)
           print(b.SUBJECT_ACCEPT, b.SUBJECT_REJECT, b.SUBJECT_RESULT_OK, b.SUBJECT_RESULT_FAIL)
           print(b.FILTER_ACCEPT, b.FILTER_REJECT, b.FILTER_RESULT_OK, b.FILTER_RESULT_FAIL)"#,
    );
    assert_eq!(
        printed,
        [
            "0\t1\t0\t1",
            "false\ttrue\tfalse\ttrue\t0\t1",
            "false\ttrue\tfalse\ttrue\t0\t1",
            "false\ttrue\t0\t1",
            "false\ttrue\t0\t1",
        ]
    );
}

#[test]
fn custom_log_fields_keep_their_type() {
    let host = Rc::new(FakeHost::default());
    filtered(
        &host,
        r#"nauthilus_builtin.custom_log_add("s", "x")
           nauthilus_builtin.custom_log_add("n", 5)
           nauthilus_builtin.custom_log_add("b", true)
           nauthilus_builtin.custom_log_add("t", {})"#,
    );
    let fields: Vec<_> = host
        .fields
        .borrow()
        .iter()
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect();
    assert_eq!(
        fields,
        [
            r#"s=Value::Text("x")"#,
            "n=Value::Integer(5)",
            "b=Value::Boolean(true)",
            r#"t=Value::Text("UNSUPPORTED")"#,
        ]
    );
    let printed = filtered(&host, "print(pcall(nauthilus_builtin.custom_log_add))");
    assert_eq!(
        printed,
        ["false\tbad argument #1 to 'custom_log_add' (string expected, got no value)"]
    );
}

#[test]
fn status_messages_must_be_text() {
    let host = Rc::new(FakeHost::default());
    let printed = filtered(
        &host,
        "print(pcall(nauthilus_builtin.status_message_set, {}))",
    );
    assert_eq!(
        printed,
        ["false\tbad argument #1 to 'status_message_set' (string expected, got table)"]
    );
}

#[test]
fn dynamic_loader_knows_every_name() {
    expect_output(
        r#"dynamic_loader("nauthilus_gluahttp") dynamic_loader("nauthilus_gll_json")
           dynamic_loader("anything") print(require("glua_http").get ~= nil, pcall(dynamic_loader))"#,
        "true\tfalse\tbad argument #1 to '?' (string expected, got no value)",
    );
}
