//! The backend against a service that is not there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use bulkhead_sdk::{
    Attribute,
    testing::{TestHost, configure, request, run_backend},
};
use serde_json::{Value as Json, json};

use super::*;

/// A configuration with changed members of `verify` and `reply`.
fn configuration(verify: Json, reply: Json) -> String {
    let mut whole = json!({
        "verify": {"url": "https://users.example.org/check"},
        "look_up": {"method": "GET", "url": "https://users.example.org/user/{username}"},
        "list_accounts": {"method": "GET", "url": "https://users.example.org/users"},
        "reply": {},
    });
    for (key, changes) in [("verify", verify), ("reply", reply)] {
        let members = whole[key].as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
    }
    whole.to_string()
}

fn by_status() -> String {
    configuration(json!({}), json!({"authenticated": "status"}))
}

fn login(username: &str) -> Request {
    request().username(username).password("se&cret").build()
}

fn ask(
    configuration: &str,
    host: &TestHost,
    request: Request,
    operation: Operation,
) -> Result<Answer, Failure> {
    let plugin = configure::<HttpBackend>(configuration).unwrap();
    run_backend(&plugin, host, request, operation)
}

fn user(answer: Result<Answer, Failure>) -> User {
    match answer.unwrap() {
        Answer::User(user) => user,
        other => panic!("{other:?}"),
    }
}

/// Found and authenticated after a reply to `alice`.
fn outcome(reply: Json, status: u16, body: &str) -> Result<(bool, bool), String> {
    let host = TestHost::new().with_status(status, body);
    let configuration = configuration(json!({}), reply);
    match ask(&configuration, &host, login("alice"), Operation::Verify) {
        Ok(Answer::User(user)) => Ok((user.found, user.authenticated)),
        Err(failure) => Err(failure.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_status_decides_if_that_is_configured() {
    let by_status = || json!({"authenticated": "status"});
    for (status, wanted) in [
        (200, Ok((true, true))),
        (204, Ok((true, true))),
        (403, Ok((true, false))),
        (404, Ok((false, false))),
    ] {
        assert_eq!(outcome(by_status(), status, ""), wanted, "{status}");
    }
    for status in [201, 302, 400, 401, 429, 500, 503] {
        let failure = outcome(by_status(), status, "").unwrap_err();
        assert!(failure.ends_with(&format!("status {status}")), "{failure}");
    }
    let own = json!({"authenticated": "status", "accept": [207], "reject": [401], "unknown": []});
    assert_eq!(outcome(own.clone(), 207, "<xml/>"), Ok((true, true)));
    assert_eq!(outcome(own.clone(), 401, ""), Ok((true, false)));
    assert!(outcome(own, 404, "").is_err());
}

#[test]
fn the_document_decides_if_that_is_configured() {
    let by_place = || json!({"authenticated": "/result/ok"});
    for (body, wanted) in [
        (r#"{"result": {"ok": true}}"#, Ok((true, true))),
        (r#"{"result": {"ok": false}}"#, Ok((true, false))),
    ] {
        assert_eq!(outcome(by_place(), 200, body), wanted, "{body}");
    }
    for body in [
        "",
        "{}",
        r#"{"result": {"ok": "true"}}"#,
        r#"{"result": {"ok": 1}}"#,
        r#"{"result": {"ok": null}}"#,
        "<html>",
    ] {
        assert!(outcome(by_place(), 200, body).is_err(), "{body}");
    }
}

#[test]
fn a_stored_password_is_compared_by_the_server() {
    let by_password = || json!({"password": "/password"});
    for (body, wanted) in [
        (r#"{"password": "{PLAIN}se&cret"}"#, Ok((true, true))),
        (r#"{"password": "{PLAIN}other"}"#, Ok((true, false))),
        (r#"{"password": ""}"#, Ok((true, false))),
        (r#"{"password": null}"#, Ok((true, false))),
        ("{}", Ok((true, false))),
    ] {
        assert_eq!(outcome(by_password(), 200, body), wanted, "{body}");
    }
    assert!(outcome(by_password(), 200, r#"{"password": 7}"#).is_err());
    let host = TestHost::new()
        .with_status(200, r#"{"password": "{ROT13}x"}"#)
        .with_passwords(|_| Err(password::Error::UnknownScheme("ROT13".to_owned())));
    let configuration = configuration(json!({}), by_password());
    assert!(ask(&configuration, &host, login("alice"), Operation::Verify).is_err());
}

#[test]
fn facts_are_escaped_for_their_place() {
    let verify = json!({
        "url": "https://users.example.org/{domain}/check?who={username}",
        "headers": {"X-User": "{{{username}}}"},
        "json": {"user": "{username}", "list": ["{password}", 7, null], "tls": "{encrypted}"},
    });
    let configuration = configuration(verify, json!({"authenticated": "status"}));
    let host = TestHost::new().with_status(200, "");
    let name = "a\"&?#/%ü@example.org";
    ask(&configuration, &host, login(name), Operation::Verify).unwrap();
    let sent = &host.sent()[0];
    assert_eq!(sent.method, "POST");
    assert_eq!(
        sent.url,
        "https://users.example.org/example.org/check?who=a%22%26%3F%23%2F%25%C3%BC%40example.org"
    );
    let header = |name: &str| {
        let mut headers = sent.headers.iter();
        let header = headers.find(|header| header.name == name);
        header.map(|header| String::from_utf8(header.value.clone()).unwrap())
    };
    assert_eq!(header("X-User"), Some(format!("{{{name}}}")));
    assert_eq!(header("Content-Type").as_deref(), Some("application/json"));
    assert_eq!(header("Accept").as_deref(), Some("application/json"));
    assert_eq!(header("Authorization"), None);
    let body: Json = serde_json::from_slice(sent.body.as_deref().unwrap()).unwrap();
    let wanted = json!({"user": name, "list": ["se&cret", 7, null], "tls": true});
    assert_eq!(body, wanted);
    assert_eq!(sent.timeout_ms, Some(3000));
}

#[test]
fn a_form_is_escaped_too_and_takes_any_password() {
    let verify = json!({"form": {"user": "{username}", "p w": "x{password}"}});
    let configuration = configuration(verify, json!({"authenticated": "status"}));
    for (password, wanted) in [
        (b"a&b=c d+".to_vec(), "p%20w=xa%26b%3Dc%20d%2B&user=alice"),
        (vec![0xFF, 0], "p%20w=x%FF%00&user=alice"),
    ] {
        let host = TestHost::new().with_status(200, "");
        let mut login = login("alice");
        login.password = Some(password.into());
        ask(&configuration, &host, login, Operation::Verify).unwrap();
        let sent = &host.sent()[0];
        assert_eq!(sent.body.as_deref(), Some(wanted.as_bytes()));
    }
}

#[test]
fn what_has_no_place_where_it_should_stand_is_not_sent() {
    let in_path = json!({"url": "https://h.example/u/{username}/check"});
    let in_header = json!({"headers": {"X-User": "{username}"}});
    let in_json = json!({"json": ["{password}"]});
    let around = json!({"url": "https://h.example/{local_part}.{domain}"});
    for (verify, name, password) in [
        (in_path.clone(), "", "x".as_bytes()),
        (in_path.clone(), ".", b"x"),
        (in_path, "..", b"x"),
        (around, ".@", b"x"),
        (in_header.clone(), "a\r\nX-Admin: 1", b"x"),
        (in_header, "a\0", b"x"),
        (in_json, "alice", b"\xFF"),
    ] {
        let host = TestHost::new().with_status(200, "");
        let mut login = login(name);
        login.password = Some(password.to_vec().into());
        let configuration = configuration(verify, json!({"authenticated": "status"}));
        let user = user(ask(&configuration, &host, login, Operation::Verify));
        assert!(!user.found && !user.authenticated, "{name:?}");
        assert!(host.sent().is_empty(), "{name:?}");
    }
}

#[test]
fn a_name_with_slashes_and_dots_stays_one_part_of_the_path() {
    let host = TestHost::new().with_status(200, "");
    let name = "../admin";
    ask(&by_status(), &host, login(name), Operation::LookUp).unwrap();
    assert_eq!(
        host.sent()[0].url,
        "https://users.example.org/user/..%2Fadmin"
    );
}

#[test]
fn a_secret_is_a_bearer_token() {
    let mut whole: Json = serde_json::from_str(&by_status()).unwrap();
    whole["secret"] = json!("key");
    let host = TestHost::new()
        .with_secret("key", "s3cret")
        .with_status(200, "");
    ask(&whole.to_string(), &host, login("alice"), Operation::Verify).unwrap();
    let sent = &host.sent()[0];
    let header = sent.headers.iter().find(|one| one.name == "Authorization");
    assert_eq!(header.unwrap().value, b"Bearer s3cret");
    let host = TestHost::new().with_status(200, "");
    let failure = ask(&whole.to_string(), &host, login("alice"), Operation::Verify).unwrap_err();
    assert!(failure.message.contains("secret: [key]"), "{failure}");
    assert!(host.sent().is_empty());
}

#[test]
fn a_user_is_read_out_of_the_document() {
    let reply = json!({
        "authenticated": "/ok", "account": "/mail", "account_field": "uid", "groups": "/groups",
        "attributes": {"quota": "/more/quota", "none": "/more/none", "nets": "/nets"},
        "all_attributes": "/more", "display_name_field": "cn", "unique_user_id_field": "id",
        "totp_secret_field": "totp", "totp_recovery_field": "codes",
    });
    let body = json!({
        "ok": true, "mail": "alice@example.org", "groups": ["staff", 7], "nets": ["a", "b"],
        "more": {"cn": "Alice", "quota": 5, "uid": "mallory", "empty": null, "x": true},
    });
    let host = TestHost::new().with_status(200, &body.to_string());
    let configuration = configuration(json!({}), reply);
    let user = user(ask(
        &configuration,
        &host,
        login("alice"),
        Operation::Verify,
    ));
    assert!(user.found && user.authenticated);
    assert_eq!(user.groups, ["staff", "7"]);
    let wanted = [
        Attribute::new("uid", "alice@example.org"),
        Attribute::new("cn", "Alice"),
        Attribute::new("x", true),
        Attribute::list("nets", ["a", "b"]),
        Attribute::new("quota", 5),
    ];
    assert_eq!(user.attributes, wanted);
    let fields = [
        user.account_field,
        user.display_name_field,
        user.unique_user_id_field,
        user.totp_secret_field,
        user.totp_recovery_field,
    ];
    assert_eq!(fields, ["uid", "cn", "id", "totp", "codes"]);
}

#[test]
fn a_document_that_is_not_as_configured_is_a_failure_unless_the_password_is_wrong() {
    let reply = json!({"authenticated": "/ok", "account": "/mail", "attributes": {"q": "/q"}});
    for body in [
        r#"{"ok": true}"#,
        r#"{"ok": true, "mail": ""}"#,
        r#"{"ok": true, "mail": ["a"]}"#,
        r#"{"ok": true, "mail": "a", "q": {}}"#,
    ] {
        assert!(outcome(reply.clone(), 200, body).is_err(), "{body}");
        let wrong = body.replace("true", "false");
        assert_eq!(outcome(reply.clone(), 200, &wrong), Ok((true, false)));
    }
}

#[test]
fn every_failure_of_the_exchange_is_a_failure() {
    for error in [
        http::Error::Denied("x".to_owned()),
        http::Error::NameLookup("x".to_owned()),
        http::Error::Connect("x".to_owned()),
        http::Error::Tls("x".to_owned()),
        http::Error::TimedOut,
        http::Error::TooLarge("x".to_owned()),
        http::Error::TooManyRedirects,
        http::Error::Protocol("x".to_owned()),
    ] {
        for operation in [
            Operation::Verify,
            Operation::LookUp,
            Operation::ListAccounts,
        ] {
            let host = TestHost::new().with_reply(Err(error.clone()));
            let failure = ask(&by_status(), &host, login("alice"), operation).unwrap_err();
            assert_eq!(failure.message, error.to_string());
        }
    }
}

#[test]
fn a_look_up_authenticates_nobody_and_is_refused_by_no_password() {
    for (status, wanted) in [
        (200, Some(true)),
        (404, Some(false)),
        (403, None),
        (500, None),
    ] {
        let host = TestHost::new().with_status(status, "");
        let mut login = login("alice");
        login.password = None;
        let answer = ask(&by_status(), &host, login, Operation::LookUp);
        match wanted {
            Some(found) => {
                let user = user(answer);
                assert_eq!((user.found, user.authenticated), (found, false));
            }
            None => assert!(answer.is_err(), "{status}"),
        }
    }
}

#[test]
fn accounts_are_a_list_or_a_failure() {
    let at = |place: &str| {
        configuration(
            json!({}),
            json!({"authenticated": "status", "accounts": place}),
        )
    };
    for (place, body, wanted) in [
        ("", r#"["a", "b"]"#, Some(vec!["a", "b"])),
        ("/users", r#"{"users": []}"#, Some(vec![])),
        ("/users", r#"["a"]"#, None),
        ("", r#"["a", 7]"#, None),
        ("", "", None),
        ("", "a\nb", None),
    ] {
        let host = TestHost::new().with_status(200, body);
        let answer = ask(&at(place), &host, login(""), Operation::ListAccounts);
        match wanted {
            Some(names) => {
                let names = names.into_iter().map(str::to_owned).collect();
                assert_eq!(answer, Ok(Answer::Accounts(names)));
            }
            None => assert!(answer.is_err(), "{body}"),
        }
    }
    for status in [403, 404] {
        let host = TestHost::new().with_status(status, "");
        assert!(ask(&at(""), &host, login(""), Operation::ListAccounts).is_err());
    }
}

#[test]
fn what_is_not_configured_is_not_this_backends_business() {
    let only = json!({"verify": {"url": "https://h/"}, "reply": {"authenticated": "status"}});
    for operation in [
        Operation::LookUp,
        Operation::ListAccounts,
        Operation::DeleteTotp,
    ] {
        let answer = ask(&only.to_string(), &TestHost::new(), login("a"), operation);
        assert_eq!(answer, Ok(Answer::Unsupported));
    }
}

#[test]
fn a_verification_without_the_grant_is_a_failure() {
    let login = request().without_password().build();
    let failure = ask(&by_status(), &TestHost::new(), login, Operation::Verify).unwrap_err();
    assert!(failure.message.contains("password: true"), "{failure}");
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let status = || json!({"authenticated": "status"});
    let verify = |members| configuration(members, status());
    let reply = |members| configuration(json!({}), members);
    for (configuration, path) in [
        (verify(json!({"url": "users.example.org"})), "verify.url"),
        (verify(json!({"url": "https://{domain}/"})), "verify.url"),
        (verify(json!({"url": "https://h.{domain}/"})), "verify.url"),
        (verify(json!({"url": "https://h"})), ""),
        (verify(json!({"url": "https://h{username}"})), "verify.url"),
        (verify(json!({"url": "https://h/{password}"})), "verify.url"),
        (verify(json!({"url": "https://h/{user}"})), "verify.url"),
        (verify(json!({"method": "post"})), "verify.method"),
        (
            verify(json!({"headers": {"a b": "x"}})),
            "verify.headers.a b",
        ),
        (verify(json!({"headers": {"a": "{x}"}})), "verify.headers.a"),
        (verify(json!({"json": {"a": ["{x}"]}})), "verify.json.a[0]"),
        (verify(json!({"json": 1, "form": {}})), "verify.form"),
        (verify(json!({"form": {"a": "{"}})), "verify.form.a"),
        (reply(json!({})), "reply.authenticated"),
        (
            reply(json!({"authenticated": "status", "password": "/p"})),
            "reply.authenticated",
        ),
        (reply(json!({"authenticated": "ok"})), "reply.authenticated"),
        (reply(json!({"password": "p"})), "reply.password"),
        (
            reply(json!({"authenticated": "/ok", "attributes": {"a": "b"}})),
            "reply.attributes.a",
        ),
        (
            reply(json!({"authenticated": "/ok", "attributes": {"account": "/b"}})),
            "reply.attributes.account",
        ),
        (
            reply(json!({"authenticated": "/ok", "reject": [200]})),
            "reply.reject",
        ),
        (
            reply(json!({"authenticated": "/ok", "unknown": [99]})),
            "reply.unknown",
        ),
        (
            reply(json!({"authenticated": "/ok", "accept": []})),
            "reply.accept",
        ),
    ] {
        match configure::<HttpBackend>(&configuration) {
            Ok(_) => assert_eq!(path, "", "{configuration}"),
            Err(problems) => assert_eq!(problems[0].path, path, "{configuration}"),
        }
    }
    for (timeout, fits) in [(0, false), (1, true), (30_000, true), (30_001, false)] {
        let mut whole: Json = serde_json::from_str(&by_status()).unwrap();
        whole["timeout_ms"] = json!(timeout);
        let plugin = configure::<HttpBackend>(&whole.to_string());
        assert_eq!(plugin.is_ok(), fits, "{timeout}");
    }
}
