//! `/api/v1/custom/…`

use bulkhead::config::EndpointName;

use crate::{
    client::{exchange, get, header, masked, status},
    server::{CREDENTIALS, Setup},
};

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: t\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_s_answer_passes_through_and_it_never_sees_the_caller_s_credentials() {
    let server = Setup::new().with_credentials().start().await;
    let request = post("/api/v1/custom/echo/here?a=1&b=%20", CREDENTIALS, "hello");
    let response = exchange(server.address, &request).await;
    insta::assert_snapshot!(masked(&response), @r#"
    HTTP/1.1 418 I'm a teapot
    Content-Type: text/x-echo
    Content-Length: 102
    Date: [date]

    POST /api/v1/custom/echo/here [("a", "1"), ("b", " ")] ["host", "content-length"] hello from 127.0.0.1
    "#);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_says_why_to_its_caller() {
    let server = Setup::new().start().await;
    let response = exchange(
        server.address,
        &post("/api/v1/custom/echo/here", "", "fail"),
    )
    .await;
    assert_eq!(status(&response), 500);
    assert!(
        response.ends_with(r#"{"msg":"hook.lua:3: no"}"#),
        "{response}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_hook_is_there_is_an_empty_404() {
    let server = Setup::new().start().await;
    for request in [
        post("/api/v1/custom/elsewhere", "", ""),
        get("/api/v1/custom/echo/here", ""),
    ] {
        let response = exchange(server.address, &request).await;
        assert_eq!(status(&response), 404);
        assert_eq!(header(&response, "Content-Length"), Some("0"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_need_the_api_s_credentials() {
    let server = Setup::new().with_credentials().start().await;
    let response = exchange(server.address, &post("/api/v1/custom/echo/here", "", "x")).await;
    assert_eq!(status(&response), 401);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_answers_where_nothing_else_does() {
    let server = Setup::new().start().await;
    let response = exchange(server.address, &post("/.well-known/echo", "", "x")).await;
    assert_eq!(status(&response), 418);
    assert!(response.contains("POST /.well-known/echo"), "{response}");
    // `/ping` is taken; its other methods are free.
    let ping = exchange(server.address, &get("/ping", "")).await;
    assert!(ping.ends_with("\r\n\r\npong"), "{ping}");
    let deleted = exchange(server.address, "DELETE /ping HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert!(deleted.ends_with("\r\n\r\nplain"), "{deleted}");
    // Another method of an alias is an unknown page, as any other path.
    let unknown = exchange(server.address, &get("/.well-known/echo", "")).await;
    assert!(unknown.ends_with("404 - Page Not Found"), "{unknown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_needs_the_api_s_credentials_and_an_unknown_page_does_not() {
    let server = Setup::new().with_credentials().start().await;
    for (path, expected) in [("/.well-known/echo", 401), ("/.well-known/other", 404)] {
        let response = exchange(server.address, &post(path, "", "x")).await;
        assert_eq!(status(&response), expected, "{path}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_type_counts_unless_the_hook_names_one() {
    let server = Setup::new().start().await;
    let plain = exchange(server.address, &get("/api/v1/custom/plain", "")).await;
    assert_eq!(header(&plain, "Content-Type"), Some("text/x-configured"));
    let echo = exchange(server.address, &post("/api/v1/custom/echo/here", "", "x")).await;
    assert_eq!(header(&echo, "Content-Type"), Some("text/x-echo"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_may_answer_head_too_and_then_without_a_body() {
    let server = Setup::new().start().await;
    let mut wire = crate::client::Wire::connect(server.address).await;
    wire.send("HEAD /api/v1/custom/plain HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    let head = wire.head().await;
    assert_eq!(status(&head), 200);
    assert_eq!(header(&head, "Content-Length"), Some("5"));
    // The next answer follows at once.
    wire.send(get("/ping", "")).await;
    assert_eq!(status(&wire.response().await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_are_switched_off_are_unknown_pages() {
    let mut setup = Setup::new();
    setup.server.disabled_endpoints = [EndpointName::CustomHooks].into();
    let server = setup.start().await;
    for path in ["/api/v1/custom/echo/here", "/.well-known/echo"] {
        let response = exchange(server.address, &post(path, "", "x")).await;
        assert!(response.ends_with("404 - Page Not Found"), "{response}");
    }
    server.stop().await;
}
