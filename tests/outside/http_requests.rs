//! What a guest may send: methods, URLs, headers, sizes.

use bulkhead::{
    auth::Header,
    backend_io::http::{HttpEgress, HttpError, OutgoingRequest},
};

use crate::server::{answer, denial, get, grant, grant_to, ok, send};

fn header(name: &str, value: &[u8]) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_vec(),
    }
}

/// A server that answers with the head and body that it got.
async fn echo() -> std::net::SocketAddr {
    answer(|head, body| ok(&format!("{head}{}", String::from_utf8_lossy(body)))).await
}

async fn sent(request: OutgoingRequest, address: std::net::SocketAddr) -> String {
    let response = send(&grant_to(address), request).await.unwrap();
    String::from_utf8(response.body).unwrap()
}

#[tokio::test]
async fn method_path_headers_and_body_arrive_as_given() {
    let address = echo().await;
    let mut request = get(&format!("http://{address}/a%20b/../c?q=%C3%A4&x=1#part"));
    request.method = "PROPFIND".to_owned();
    request.headers = vec![
        header("X-Two", b"1"),
        header("x-two", b"\xff bytes"),
        header("content-type", b"text/plain"),
    ];
    request.body = Some(b"the body".to_vec());
    let text = sent(request, address).await;
    assert!(
        text.starts_with("PROPFIND /c?q=%C3%A4&x=1 HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains("x-two: 1\r\n"), "{text}");
    assert!(text.contains(&format!("host: {address}\r\n")), "{text}");
    assert!(text.contains("content-length: 8\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nthe body"), "{text}");
    assert!(
        !text.contains("referer") && !text.contains("cookie"),
        "{text}"
    );
}

#[tokio::test]
async fn credentials_in_the_url_become_a_header_and_leave_the_url() {
    let address = echo().await;
    let response = send(
        &grant_to(address),
        get(&format!("http://us%40er:p%3Ass@{address}/x")),
    )
    .await
    .unwrap();
    let text = String::from_utf8(response.body).unwrap();
    assert!(
        text.contains("authorization: Basic dXNAZXI6cDpzcw==\r\n"),
        "{text}"
    );
    assert_eq!(response.url, format!("http://{address}/x"));
}

#[tokio::test]
async fn injections_are_refused() {
    let address = echo().await;
    let base = format!("http://{address}/");
    for url in [
        format!("{base}\r\nX-Evil: 1"),
        format!("{base}x\ny"),
        format!("{base}x\ty"),
        format!("{base}\0"),
        format!("\r{base}"),
        format!("{base}\u{85}"),
    ] {
        let result = send(&grant_to(address), get(&url)).await;
        assert!(
            matches!(result, Err(HttpError::Invalid(_))),
            "{url:?}: {result:?}"
        );
    }
    for (name, value) in [
        ("x", &b"a\r\nb: c"[..]),
        ("x", b"a\nb"),
        ("x", b"a\0"),
        ("x\r\ny", b"1"),
        ("x y", b"1"),
        ("x:", b"1"),
        ("", b"1"),
        ("ä", b"1"),
    ] {
        let mut request = get(&base);
        request.headers = vec![header(name, value)];
        let result = send(&grant_to(address), request).await;
        assert!(
            matches!(result, Err(HttpError::Invalid(_))),
            "{name:?}: {result:?}"
        );
    }
    for method in [
        "",
        "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET",
        "G T",
        "CONNECT",
        "GET\n",
    ] {
        let mut request = get(&base);
        request.method = method.to_owned();
        let result = send(&grant_to(address), request).await;
        assert!(
            matches!(result, Err(HttpError::Invalid(_))),
            "{method:?}: {result:?}"
        );
    }
}

#[tokio::test]
async fn headers_that_frame_the_message_are_refused() {
    let address = echo().await;
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "connection",
        "Upgrade",
        "TE",
        "Keep-Alive",
        "Proxy-Authorization",
        "Expect",
        "Trailer",
    ] {
        let mut request = get(&format!("http://{address}/"));
        request.headers = vec![header(name, b"1")];
        let result = send(&grant_to(address), request).await;
        let named =
            matches!(&result, Err(HttpError::Invalid(text)) if text.contains(&name.to_lowercase()));
        assert!(named, "{name}: {result:?}");
    }
}

#[tokio::test]
async fn other_schemes_and_broken_urls_are_refused() {
    for url in [
        "",
        "x",
        "/path",
        "ftp://granted/",
        "file:///etc/passwd",
        "gopher://granted/",
        "http://",
        "http://[::1",
        "http://a:99999/",
        "data:text/plain,x",
        "http:///x:y@",
    ] {
        let result = send(&grant(&["granted"]), get(url)).await;
        let refused = matches!(result, Err(HttpError::Invalid(_) | HttpError::Denied(_)));
        assert!(refused, "{url}: {result:?}");
    }
    let long = format!("http://granted/{}", "x".repeat(9000));
    let result = send(&grant(&["granted"]), get(&long)).await;
    assert!(matches!(result, Err(HttpError::Invalid(_))));
}

#[tokio::test]
async fn only_granted_methods_are_sent() {
    let address = echo().await;
    let mut granted = grant_to(address);
    granted.methods = vec!["GET".to_owned(), "post".to_owned()];
    for (method, allowed) in [
        ("GET", true),
        ("POST", true),
        ("PUT", false),
        ("DELETE", false),
    ] {
        let mut request = get(&format!("http://{address}/"));
        request.method = method.to_owned();
        let result = send(&granted, request).await;
        if allowed {
            assert!(result.is_ok(), "{method}");
        } else {
            let text = denial(result);
            assert!(text.contains(&format!("methods: [{method}]")), "{text}");
        }
    }
}

#[tokio::test]
async fn a_request_body_is_sent_at_its_limit_and_refused_one_past_it() {
    let address = answer(|_, body| ok(&body.len().to_string())).await;
    let mut granted = grant_to(address);
    granted.request_bytes = 1000;
    let with = |length| OutgoingRequest {
        method: "POST".to_owned(),
        body: Some(vec![b'x'; length]),
        ..get(&format!("http://{address}/"))
    };
    assert_eq!(send(&granted, with(1000)).await.unwrap().body, b"1000");
    let result = send(&granted, with(1001)).await;
    assert!(
        matches!(&result, Err(HttpError::Invalid(text)) if text.contains("request_bytes (1000)")),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_hundred_request_headers_are_sent_and_one_more_is_refused() {
    let address = answer(|_, _| ok("")).await;
    let with = |count: usize| OutgoingRequest {
        headers: (0..count)
            .map(|n| header(&format!("x-{n}"), b"1"))
            .collect(),
        ..get(&format!("http://{address}/"))
    };
    assert!(send(&grant_to(address), with(100)).await.is_ok());
    let result = send(&grant_to(address), with(101)).await;
    assert!(matches!(result, Err(HttpError::Invalid(_))), "{result:?}");
}

#[test]
fn a_missing_authority_file_is_named() {
    let mut granted = grant(&["a.example"]);
    granted.ca_file = Some("/nonexistent/ca.pem".into());
    let error = HttpEgress::compile(&granted).err().unwrap().to_string();
    assert!(error.contains("/nonexistent/ca.pem"), "{error}");
}
