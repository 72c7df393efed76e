//! Entry points of every kind, in both vocabularies: what scripts get, and how their answers are read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::bulkhead::policy::types;
use bulkhead_lua::wit::exports::bulkhead::policy::backend::{Answer, Operation, WebauthnChange};
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use bulkhead_lua::wit::exports::bulkhead::policy::{feature, filter};
use support::{FakeHost, attribute, loaded, logged, request, verified};

const ACCEPTING: &str = r#"
function nauthilus_backend_verify_password(request)
  local b = nauthilus_backend_result.new()
  b:authenticated(request.password == "secret")
  b:user_found(true)
  b:account_field("account")
  b:attributes({ account = request.username, quota = 1024, ratio = 0.5, active = true,
                 groups = { "a", "b" } })
  return nauthilus_builtin.BACKEND_RESULT_OK, b
end
"#;

#[test]
fn a_backend_answers_with_typed_attributes() {
    let user = verified(&Rc::default(), ACCEPTING).unwrap();
    assert!(user.found && user.authenticated);
    assert_eq!(user.account_field, "account");
    assert_eq!(attribute(&user, "account"), r#"[Value::Text("anna")]"#);
    assert_eq!(attribute(&user, "quota"), "[Value::Integer(1024)]");
    assert_eq!(attribute(&user, "ratio"), "[Value::Decimal(0.5)]");
    assert_eq!(attribute(&user, "active"), "[Value::Boolean(true)]");
    assert_eq!(
        attribute(&user, "groups"),
        r#"[Value::Text("a"), Value::Text("b")]"#
    );
}

#[test]
fn a_wrong_password_is_found_but_not_authenticated() {
    let host = Rc::new(FakeHost::default());
    let mut runtime = loaded(&host, Kind::Backend, ACCEPTING);
    let mut wrong = request();
    wrong.password = Some(b"other".to_vec());
    match runtime.run_backend(&wrong, &Operation::Verify) {
        Ok(Answer::User(user)) => assert!(user.found && !user.authenticated),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_user_without_usable_account_field_counts_as_not_found() {
    for body in [
        "b:user_found(true)",
        "b:user_found(true) b:account_field('account')",
        "b:user_found(true) b:account_field('account') b:attributes({other = 1})",
        "b:account_field('account') b:attributes({account = 'a'})",
    ] {
        let user = verified(
            &Rc::default(),
            &format!(
                "function nauthilus_backend_verify_password(request)
                   local b = backend_result:new() b:authenticated(true) {body}
                   return 0, b
                 end"
            ),
        )
        .unwrap();
        assert!(!user.found && !user.authenticated, "{body}");
    }
}

#[test]
fn a_backend_that_cannot_answer_is_a_failure() {
    for (source, wanted) in [
        (
            "function nauthilus_backend_verify_password() return nauthilus_builtin.BACKEND_RESULT_FAIL end",
            "`nauthilus_backend_verify_password` returned the result 1",
        ),
        (
            "function nauthilus_backend_verify_password() return 0, {} end",
            "`nauthilus_backend_verify_password` must return a nauthilus_backend_result as its \
             second value, not a table",
        ),
        (
            "-- nothing",
            "the script does not define the function `nauthilus_backend_verify_password`",
        ),
        (
            "function nauthilus_backend_verify_password(request)\n  local x = nil\n  return x.field\nend",
            "script.lua:3: attempt to index local 'x' (a nil value)",
        ),
        (
            "function nauthilus_backend_verify_password(request)\n  error('no database')\nend",
            "script.lua:2: no database",
        ),
    ] {
        let message = verified(&Rc::default(), source).unwrap_err();
        assert_eq!(message.lines().next(), Some(wanted));
    }
}

#[test]
fn a_failure_carries_the_traceback() {
    let message = verified(
        &Rc::default(),
        "local function deep()\n  error('x')\nend\nfunction nauthilus_backend_verify_password()\n  deep()\nend",
    )
    .unwrap_err();
    assert_eq!(
        message,
        "script.lua:2: x\nstack traceback:\n\t[C]: in function 'error'\n\tscript.lua:2: in function 'deep'\
         \n\tscript.lua:5: in function <script.lua:4>\n\t[C]: ?"
    );
}

#[test]
fn looking_up_calls_the_same_function_with_no_auth() {
    let host = Rc::new(FakeHost::default());
    let mut runtime = loaded(
        &host,
        Kind::Backend,
        "function nauthilus_backend_verify_password(request)
           local b = nauthilus_backend_result.new()
           b:user_found(request.no_auth) b:account_field('account')
           b:attributes({account = 'x'})
           return 0, b
         end",
    );
    match runtime.run_backend(&request(), &Operation::LookUp) {
        Ok(Answer::User(user)) => assert!(user.found),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_backend_operations_get_their_fields() {
    let source = r#"
function nauthilus_backend_list_accounts(request) return 0, {"a", "b"} end
function nauthilus_backend_add_totp(request) print(request.totp_secret) return 0 end
function nauthilus_backend_delete_totp(request) print("gone") return 0 end
function nauthilus_backend_add_totp_recovery_codes(request)
  print(table.concat(request.totp_recovery_codes, ",")) return 0
end
function nauthilus_backend_get_webauthn_credentials() return 0, {'{"id":1}'} end
function nauthilus_backend_update_webauthn_credential(request)
  print(request.webauthn_old_credential, request.webauthn_credential) return 0
end
"#;
    let host = Rc::new(FakeHost::default());
    let mut runtime = loaded(&host, Kind::Backend, source);
    let mut ask = |operation| runtime.run_backend(&request(), &operation).unwrap();
    assert!(matches!(ask(Operation::ListAccounts), Answer::Accounts(list) if list == ["a", "b"]));
    assert!(matches!(
        ask(Operation::AddTotp("S".to_owned())),
        Answer::Done
    ));
    assert!(matches!(ask(Operation::DeleteTotp), Answer::Done));
    assert!(matches!(
        ask(Operation::AddRecoveryCodes(vec![
            "1".to_owned(),
            "2".to_owned()
        ])),
        Answer::Done
    ));
    assert!(matches!(
        ask(Operation::GetWebauthnCredentials),
        Answer::Credentials(list) if list == [r#"{"id":1}"#]
    ));
    assert!(matches!(
        ask(Operation::UpdateWebauthnCredential(WebauthnChange {
            old: "o".to_owned(),
            new: "n".to_owned()
        })),
        Answer::Done
    ));
    assert!(matches!(
        ask(Operation::DeleteRecoveryCodes),
        Answer::Unsupported
    ));
    assert_eq!(logged(&host), ["S", "gone", "1,2", "o\tn"]);
}

fn feature_answer(source: &str) -> Result<feature::Answer, String> {
    loaded(&Rc::default(), Kind::Feature, source)
        .run_feature(&request())
        .map_err(|failure| failure.message)
}

#[test]
fn features_answer_in_both_vocabularies() {
    use feature::Verdict;
    for (body, wanted) in [
        ("return false, false, 0", Verdict::Pass),
        ("return", Verdict::Pass),
        (
            "return nil, nil, nauthilus_builtin.FEATURE_RESULT_YES",
            Verdict::Pass,
        ),
        ("return false, true, 0", Verdict::Abort),
        (
            "return nauthilus_builtin.FEATURE_TRIGGER_YES, nauthilus_builtin.FEATURES_ABORT_YES, 0",
            Verdict::Reject,
        ),
        (
            "return nauthilus_builtin.ENVIRONMENT_TRIGGER_YES, nauthilus_builtin.ENVIRONMENT_ABORT_NO, nauthilus_builtin.ENVIRONMENT_RESULT_OK",
            Verdict::Reject,
        ),
        // In Lua the number 0 is true.
        ("return 0", Verdict::Reject),
    ] {
        for name in ["nauthilus_call_feature", "nauthilus_call_environment"] {
            let answer = feature_answer(&format!("function {name}(request) {body} end")).unwrap();
            assert_eq!(answer.verdict, wanted, "{body}");
            assert_eq!(answer.event.is_some(), wanted == Verdict::Reject);
        }
    }
}

#[test]
fn the_newer_name_wins_when_both_are_defined() {
    let answer = feature_answer(
        "function nauthilus_call_feature() return true end
         function nauthilus_call_environment() return false end",
    )
    .unwrap();
    assert_eq!(answer.verdict, feature::Verdict::Pass);
}

#[test]
fn a_missing_entry_point_names_both() {
    assert_eq!(
        feature_answer("x = 1").unwrap_err(),
        "the script defines neither `nauthilus_call_environment` nor `nauthilus_call_feature`"
    );
}

#[test]
fn a_failed_feature_result_is_only_logged() {
    let host = Rc::new(FakeHost::default());
    let mut runtime = loaded(
        &host,
        Kind::Feature,
        "function nauthilus_call_feature() return false, false, nauthilus_builtin.FEATURE_RESULT_FAIL end",
    );
    assert_eq!(
        runtime.run_feature(&request()).unwrap().verdict,
        feature::Verdict::Pass
    );
    assert_eq!(logged(&host).len(), 1);
}

#[test]
fn a_status_message_travels_with_the_answer() {
    let answer = feature_answer(
        "function nauthilus_call_feature()
           nauthilus_builtin.status_message_set('blocked')
           return true, true, 0
         end",
    )
    .unwrap();
    assert_eq!(answer.status_message.as_deref(), Some("blocked"));
}

#[test]
fn filters_answer_in_both_vocabularies() {
    for name in ["nauthilus_call_filter", "nauthilus_call_subject"] {
        for (body, wanted) in [
            (
                "return nauthilus_builtin.FILTER_REJECT, 0",
                filter::Verdict::Reject,
            ),
            (
                "return nauthilus_builtin.SUBJECT_ACCEPT, nauthilus_builtin.SUBJECT_RESULT_OK",
                filter::Verdict::Accept,
            ),
            (
                "return not request.authenticated, 0",
                filter::Verdict::Accept,
            ),
        ] {
            let mut asked = request();
            asked.progress.authenticated = true;
            let answer = loaded(
                &Rc::default(),
                Kind::Filter,
                &format!("function {name}(request) {body} end"),
            )
            .run_filter(&asked)
            .unwrap();
            assert_eq!(answer.verdict, wanted, "{body}");
        }
    }
}

#[test]
fn an_action_runs_and_its_error_is_a_failure() {
    let run = |source: &str| {
        loaded(&Rc::default(), Kind::Action, source)
            .run_action(&request(), types::Event::Post)
            .map_err(|failure| failure.message.lines().next().unwrap().to_owned())
    };
    assert_eq!(
        run("function nauthilus_call_action(r) return nauthilus_builtin.ACTION_RESULT_OK end"),
        Ok(())
    );
    assert_eq!(
        run("function nauthilus_call_action(r) return nauthilus_builtin.ACTION_RESULT_FAIL end"),
        Ok(())
    );
    assert_eq!(
        run("function nauthilus_call_action(r)\n\nreturn r.a.b end").unwrap_err(),
        "script.lua:3: attempt to index field 'a' (a nil value)"
    );
}

#[test]
fn filters_add_headers_but_not_the_decision_and_not_the_body() {
    let source = r#"
        local h = require("nauthilus_http_response")
        function nauthilus_call_filter()
            h.set_http_response_header("X-Proxy", "192.0.2.1")
            print(pcall(h.set_http_response_header, "Auth-Status", "OK"))
            print(pcall(h.string, 200, "x"))
            return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
        end"#;
    let host = Rc::default();
    let answer = loaded(&host, Kind::Filter, source)
        .run_filter(&support::request())
        .unwrap();
    let names: Vec<_> = answer
        .response_headers
        .iter()
        .map(|one| &one.name)
        .collect();
    assert_eq!(names, ["X-Proxy"]);
    let log = support::logged(&host).join("\n");
    assert!(log.contains("carries the decision"), "{log}");
    assert!(log.contains("works in hooks only"), "{log}");
}

#[test]
fn an_init_script_runs_its_top_level_and_its_hook() {
    let host = Rc::new(FakeHost::default());
    loaded(
        &host,
        Kind::Init,
        "print('top') function nauthilus_run_hook(logging) print(logging.log_level) end",
    )
    .run_init()
    .unwrap();
    assert_eq!(logged(&host), ["top", "info"]);
    assert!(
        loaded(&host, Kind::Init, "error('refused')")
            .run_init()
            .is_err()
    );
}

#[test]
fn cache_flush_returns_keys_and_account() {
    let flush = |source: &str| {
        loaded(&Rc::default(), Kind::CacheFlush, source)
            .run_cache_flush(&request())
            .unwrap()
    };
    let answer = flush(
        "function nauthilus_cache_flush(r) return {'a:' .. r.username, 5, 'b'}, 'account' end",
    );
    assert_eq!(answer.keys, ["a:anna", "b"]);
    assert_eq!(answer.account.as_deref(), Some("account"));
    let answer = flush("function nauthilus_cache_flush(r) return nil, '' end");
    assert!(answer.keys.is_empty() && answer.account.is_none());
}

#[test]
fn a_second_call_in_the_same_instance_starts_clean() {
    let host = Rc::new(FakeHost::default().with_file(
        "lib/counter.lua",
        "local M = {n = 0} function M.up() M.n = M.n + 1 return M.n end return M",
    ));
    let mut runtime = loaded(
        &host,
        Kind::Feature,
        "seen = (seen or 0) + 1
         string_lower = string.lower
         function nauthilus_call_feature(request)
           later = (later or 0) + 1
           print(seen, later, require('counter').up(), request.extra, request.username)
           request.extra = 'x'
           request.username = 'changed'
           print = nil
           nauthilus_builtin.status_message_set('once')
         end",
    );
    runtime.run_feature(&request()).unwrap();
    runtime.run_feature(&request()).unwrap();
    assert_eq!(logged(&host), ["1\t1\t1\tnil\tanna", "1\t1\t1\tnil\tanna"]);
}
