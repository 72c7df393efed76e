//! `/api/v1/custom/…`

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
