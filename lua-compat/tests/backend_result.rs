//! `nauthilus_backend_result`, and what a filter does with one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::{FakeHost, attribute, loaded, logged, request, verified};

/// Runs the body as a filter and returns what it printed.
fn filtered(host: &Rc<FakeHost>, body: &str) -> Vec<String> {
    let source = format!("function nauthilus_call_filter(request)\n{body}\nend");
    loaded(host, Kind::Filter, &source)
        .run_filter(&request())
        .unwrap_or_else(|failure| panic!("{}", failure.message));
    logged(host)
}

#[test]
fn a_backend_result_reads_what_was_written() {
    let host = Rc::new(FakeHost::default());
    let printed = filtered(
        &host,
        r#"local b = require("nauthilus_backend_result").new()
           print(type(b), b:authenticated(), b:user_found(), b:account_field() == "", next(b:attributes()))
           b:authenticated(true) b:user_found(true)
           for _, name in ipairs{"account_field", "totp_secret_field", "totp_recovery_field", "unique_user_id_field", "display_name_field"} do
             b[name](b, "x_" .. name)
             assert(b[name](b) == "x_" .. name)
           end
           b:attributes({a = 1, list = {"x", "y"}})
           print(b:authenticated(), b:user_found(), b:attributes().a, b:attributes().list[2])
           b:attributes({})
           print(next(b:attributes()))
           for _, name in ipairs{"webauthn_credentials", "groups", "group_dns"} do
             b[name](b, {"p", "q"})
             print(table.concat(b[name](b), ","))
           end"#,
    );
    assert_eq!(
        printed,
        [
            "userdata\tfalse\tfalse\ttrue\tnil",
            "true\ttrue\t1\ty",
            "nil",
            "p,q",
            "p,q",
            "p,q"
        ]
    );
}

#[test]
fn a_backend_result_checks_types() {
    for (call, wanted) in [
        (
            "b:authenticated(1)",
            "bad argument #1 to 'authenticated' (boolean expected, got number)",
        ),
        (
            "b:user_found('x')",
            "bad argument #1 to 'user_found' (boolean expected, got string)",
        ),
        (
            "b:account_field({})",
            "bad argument #1 to 'account_field' (string expected, got table)",
        ),
        (
            "b:attributes('x')",
            "bad argument #1 to 'attributes' (table expected, got string)",
        ),
        (
            "b:groups(1)",
            "bad argument #1 to 'groups' (table expected, got number)",
        ),
        (
            "b.authenticated({})",
            "calling 'authenticated' on bad self (nauthilus_backend_result expected)",
        ),
    ] {
        let host = Rc::new(FakeHost::default());
        let printed = filtered(
            &host,
            &format!("local b = backend_result:new() print(pcall(function() {call} end))"),
        );
        assert_eq!(printed, [format!("false\tscript.lua:2: {wanted}")]);
    }
}

#[test]
fn a_filter_adds_and_removes_attributes() {
    let host = Rc::new(FakeHost::default());
    let answer = loaded(
        &host,
        Kind::Filter,
        r#"local backend = require("nauthilus_backend")
           function nauthilus_call_subject(request)
             local b = nauthilus_backend_result.new()
             b:attributes({ mail_host = "m1", n = 1 })
             backend.apply_backend_result(b)
             b:attributes({ mail_host = "m2" })
             backend.apply_backend_result(b)
             backend.remove_from_backend_result({ "quota" })
             return false, 0
           end"#,
    )
    .run_filter(&request())
    .unwrap();
    let names: Vec<_> = answer
        .add_attributes
        .iter()
        .map(|attribute| format!("{}={:?}", attribute.name, attribute.values))
        .collect();
    assert_eq!(
        names,
        ["n=[Value::Integer(1)]", r#"mail_host=[Value::Text("m2")]"#]
    );
    assert_eq!(answer.remove_attributes, ["quota"]);
    let printed = filtered(
        &host,
        "print(pcall(require('nauthilus_backend').apply_backend_result, {}))
         print(pcall(require('nauthilus_backend').remove_from_backend_result, 1))",
    );
    assert_eq!(
        printed,
        [
            "false\tbad argument #1 to 'apply_backend_result' (nauthilus_backend_result expected)",
            "false\tbad argument #1 to 'remove_from_backend_result' (table expected, got number)",
        ]
    );
}

#[test]
fn attributes_that_are_no_scalars_are_left_out_and_logged() {
    let host = Rc::new(FakeHost::default());
    let user = verified(
        &host,
        "function nauthilus_backend_verify_password(request)
           local b = nauthilus_backend_result.new()
           b:attributes({ account = 'x', bad = { a = 1 }, worse = print, bytes = '\\255' })
           b:account_field('account') b:user_found(true)
           return 0, b
         end",
    )
    .unwrap();
    assert_eq!(user.attributes.len(), 2);
    assert_eq!(attribute(&user, "bytes"), "[Value::Bytes([255])]");
    assert_eq!(
        logged(&host),
        ["attributes left out, because they are neither scalars nor arrays of scalars: bad, worse"]
    );
}
