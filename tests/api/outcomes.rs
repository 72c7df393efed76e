//! Every outcome of `/api/v1/auth/json`, to the byte.

use std::fmt::Write as _;

use crate::{
    client::{exchange, get, masked, post, post_json},
    policy::PASSWORD,
    server::Setup,
};

/// A login as JSON.
pub fn login(username: &str, password: &str) -> String {
    let escaped = password.replace('"', "\\\"");
    format!(r#"{{"username":"{username}","password":"{escaped}","protocol":"imap"}}"#)
}

/// Sends each request on a connection of its own and shows all answers.
async fn shown(rows: &[(&str, String)]) -> String {
    let server = Setup::new().start().await;
    let mut text = String::new();
    for (name, request) in rows {
        let response = exchange(server.address, request).await;
        write!(text, "=== {name}\n{}\n\n", masked(&response)).unwrap();
    }
    server.stop().await;
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn logins() {
    let rows = [
        ("right password", post_json("", &login("alice", PASSWORD))),
        ("wrong password", post_json("", &login("alice", "guess"))),
        ("unknown user", post_json("", &login("mallory", PASSWORD))),
        (
            "rejected by the filter",
            post_json("", &login("blocked", PASSWORD)),
        ),
        ("temporary failure", post_json("", &login("down", PASSWORD))),
        ("empty password", post_json("", &login("alice", ""))),
        ("empty user name", post_json("", &login("", PASSWORD))),
        ("no user name at all", get("/api/v1/auth/json", "")),
        (
            "tenth attempt",
            post_json(
                "",
                r#"{"username":"alice","password":"guess","auth_login_attempt":10}"#,
            ),
        ),
        (
            "idempotency key",
            post(
                "",
                "Idempotency-Key: k-1\r\n",
                "application/json",
                &login("alice", PASSWORD),
            ),
        ),
        (
            "form",
            post(
                "",
                "",
                "application/x-www-form-urlencoded",
                "username=alice&realm=example.org&protocol=imap\
                 &password=corr%26ct+h%C3%B6rse+%22battery%22%3Dstaple",
            ),
        ),
    ];
    insta::assert_snapshot!(shown(&rows).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_and_lists() {
    let list = "/api/v1/auth/json?mode=list-accounts";
    let rows = [
        (
            "known user",
            post_json("?mode=no-auth", r#"{"username":"alice"}"#),
        ),
        (
            "known user with a password that nobody checks",
            post_json("?mode=no-auth", &login("alice", "guess")),
        ),
        (
            "unknown user",
            post_json("?mode=no-auth", r#"{"username":"mallory"}"#),
        ),
        ("list", get(list, "")),
        ("list for anyone", get(list, "Accept: */*\r\n")),
        ("list as text", get(list, "Accept: text/plain\r\n")),
        ("list as JSON", get(list, "Accept: application/json\r\n")),
        ("list as HTML", get(list, "Accept: text/html\r\n")),
        ("list by POST", post_json("?mode=list-accounts", "")),
        (
            "list that fails",
            post_json("?mode=list-accounts", r#"{"protocol":"broken"}"#),
        ),
    ];
    insta::assert_snapshot!(shown(&rows).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests() {
    let rows = [
        ("no password", post_json("", r#"{"username":"alice"}"#)),
        ("no user name", post_json("", r#"{"password":"x"}"#)),
        ("nothing", post_json("", "{}")),
        (
            "null members",
            post_json("", r#"{"username":null,"password":null}"#),
        ),
        ("no user name to look up", post_json("?mode=no-auth", "{}")),
        ("empty body", post_json("", "")),
        ("cut off", post_json("", r#"{"username":"alice""#)),
        ("no JSON", post_json("", "username=alice")),
        (
            "wrong type",
            post_json("", r#"{"username":["alice"],"password":"x"}"#),
        ),
        (
            "a space in the user name",
            post_json("", &login("alice smith", PASSWORD)),
        ),
        (
            "a client address that is none",
            post_json(
                "",
                r#"{"username":"a","password":"b","client_ip":"mail.example.org"}"#,
            ),
        ),
        ("wrong content type", post("", "", "text/plain", "{}")),
        (
            "no content type",
            "POST /api/v1/auth/json HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        ),
    ];
    insta::assert_snapshot!(shown(&rows).await);
}
