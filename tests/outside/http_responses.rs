//! What servers may do to us: sizes, times, broken messages.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use bulkhead::backend_io::http::{HttpClient, HttpEgress, HttpError};
use tokio::io::AsyncWriteExt;

use crate::server::{answer, fetch, get, grant_to, listen, ok, once, read_request, send, soon};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let body = gzip(content);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

#[tokio::test]
async fn status_headers_and_body_come_back() {
    let address = once(
        b"HTTP/1.1 207 Multi-Status\r\nX-A: 1\r\nx-a: \xff\r\nContent-Length: 3\r\n\r\n\0\xffx"
            .to_vec(),
    )
    .await;
    let response = fetch(address).await.unwrap();
    assert_eq!(response.status, 207);
    assert_eq!(response.body, b"\0\xffx");
    let values: Vec<_> = response
        .headers
        .iter()
        .filter(|header| header.name == "x-a")
        .collect();
    assert_eq!(values[0].value, b"1");
    assert_eq!(values[1].value, b"\xff");
}

#[tokio::test]
async fn error_statuses_are_responses() {
    for status in [400, 401, 404, 500, 503] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        let response = fetch(once(answer.into_bytes()).await).await.unwrap();
        assert_eq!(response.status, status);
    }
}

#[tokio::test]
async fn a_body_is_read_at_its_limit_and_refused_one_past_it() {
    for (length, declared, fits) in [
        (1000, true, true),
        (1001, true, false),
        (1000, false, true),
        (1001, false, false),
    ] {
        let body = "x".repeat(length);
        let address = if declared {
            answer(move |_, _| ok(&body)).await
        } else {
            once(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes()).await
        };
        let mut granted = grant_to(address);
        granted.response_bytes = 1000;
        let result = send(&granted, get(&format!("http://{address}/"))).await;
        if fits {
            assert_eq!(result.unwrap().body.len(), length);
        } else {
            assert!(
                matches!(&result, Err(HttpError::TooLarge(text)) if text.contains("response_bytes (1000)")),
                "{result:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let address = listen(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        let chunk = [b"8000\r\n".to_vec(), vec![b'x'; 0x8000], b"\r\n".to_vec()].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let started = Instant::now();
    let result = fetch(address).await;
    assert!(matches!(result, Err(HttpError::TooLarge(_))), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_dripping_or_silent_server_is_left_when_the_time_is_over() {
    let drip = listen(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let drip_head = listen(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: ").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let silent = listen(|mut stream| async move {
        read_request(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let quick = Duration::from_millis(150);
    for address in [drip, drip_head, silent] {
        let url = format!("http://{address}/");
        let client = HttpClient::new(vec![]);
        // The request's own timeout, the grant's, and the caller's deadline.
        for which in 0..3 {
            let (mut granted, mut request, mut deadline) = (grant_to(address), get(&url), soon());
            match which {
                0 => request.timeout = Some(quick),
                1 => granted.timeout = quick,
                _ => deadline = Instant::now() + quick,
            }
            let egress = HttpEgress::compile(&granted).unwrap();
            let started = Instant::now();
            let result = client.send(&egress, request, deadline).await;
            assert_eq!(result, Err(HttpError::TimedOut));
            let took = started.elapsed();
            assert!(took >= quick && took < Duration::from_secs(2), "{took:?}");
        }
    }
}

#[tokio::test]
async fn compressed_bodies_are_opened_and_bombs_are_cut_off() {
    let address = once(gzipped(b"squeezed")).await;
    assert_eq!(fetch(address).await.unwrap().body, b"squeezed");

    let bomb = gzipped(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20, "the bomb is small on the wire");
    let started = Instant::now();
    let result = fetch(once(bomb).await).await;
    assert!(matches!(result, Err(HttpError::TooLarge(_))), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(3));

    let mut broken = gzipped(b"squeezed, and then broken on the way");
    let middle = broken.len() - 12;
    broken[middle] ^= 0xff;
    let result = fetch(once(broken).await).await;
    assert!(matches!(result, Err(HttpError::Protocol(_))), "{result:?}");
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused() {
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
    let many = |count: usize| {
        (0..count)
            .map(|n| format!("X-{n}: 1\r\n"))
            .collect::<String>()
    };
    // With Content-Length: one hundred.
    assert!(fetch(once(head(&many(99)).into()).await).await.is_ok());
    for headers in [
        many(100),
        many(5000),
        format!("X-A: {}\r\n", "x".repeat(70 << 10)),
        format!("X-A: {}\r\n", "x".repeat(1 << 20)),
    ] {
        let result = fetch(once(head(&headers).into()).await).await;
        assert!(
            matches!(result, Err(HttpError::TooLarge(_))),
            "{} bytes: {result:?}",
            headers.len()
        );
    }
}

#[tokio::test]
async fn broken_messages_are_protocol_errors() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nX\0: 1\r\n\r\n",
        b"HTTP/1.1 99999 X\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"",
    ] {
        let result = fetch(once(bytes.to_vec()).await).await;
        let text = String::from_utf8_lossy(bytes);
        assert!(
            matches!(result, Err(HttpError::Protocol(_))),
            "{text:?}: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_chunked_body_wins_over_a_length_that_contradicts_it() {
    let address = once(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            .to_vec(),
    )
    .await;
    match fetch(address).await {
        Ok(response) => assert_eq!(response.body, b"abc"),
        Err(error) => assert!(matches!(error, HttpError::Protocol(_)), "{error:?}"),
    }
}

#[tokio::test]
async fn abandoned_exchanges_leave_the_client_usable() {
    let silent = listen(|mut stream| async move {
        read_request(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let good = answer(|_, _| ok("good")).await;
    let (silent_url, good_url) = (format!("http://{silent}/"), format!("http://{good}/"));
    let mut granted = grant_to(silent);
    granted.hosts.push(good.to_string());
    let egress = HttpEgress::compile(&granted).unwrap();
    let client = HttpClient::new(vec![]);
    for _ in 0..200 {
        let abandoned = client.send(&egress, get(&silent_url), soon());
        let _ = tokio::time::timeout(Duration::from_millis(1), abandoned).await;
    }
    assert_eq!(
        client
            .send(&egress, get(&good_url), soon())
            .await
            .unwrap()
            .body,
        b"good"
    );
}

#[tokio::test]
async fn connections_are_kept_and_each_grant_has_its_own() {
    let connections = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = connections.clone();
    let address = listen(move |mut stream| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(&ok("kept")).await.unwrap();
            }
        }
    })
    .await;
    let client = HttpClient::new(vec![]);
    let url = format!("http://{address}/");
    for expected in 1..=2 {
        let egress = HttpEgress::compile(&grant_to(address)).unwrap();
        for _ in 0..10 {
            client.send(&egress, get(&url), soon()).await.unwrap();
        }
        assert_eq!(
            connections.load(std::sync::atomic::Ordering::SeqCst),
            expected
        );
    }
}
