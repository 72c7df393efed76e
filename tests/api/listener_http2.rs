//! HTTP/2: over TLS, without (prior knowledge), and its limits.

use std::time::Duration;

use crate::{
    client::{Wire, get, header, status},
    frames::{
        ACK, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, Http2, PING,
        PREFACE, REFUSED_STREAM, RST_STREAM, SETTINGS, frame, head,
    },
    listener_places::with_tls,
    listener_tls::Authority,
    outcomes::login,
    policy::PASSWORD,
    server::Setup,
};

#[tokio::test(flavor = "multi_thread")]
async fn logins_over_one_connection_without_tls() {
    let server = Setup::new().with_credentials().start().await;
    // The client wants to know its cryptography even where it needs none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    for (password, expected) in [(PASSWORD, 200), ("guess", 403)] {
        let answer = client
            .post(format!("http://{}/api/v1/auth/json", server.address))
            .basic_auth("dovecot", Some("between servers"))
            .header("content-type", "application/json")
            .body(login("alice", password))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.status().as_u16(), expected);
        assert!(answer.headers().contains_key("x-nauthilus-session"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_choose_it_in_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let mut setup = Setup::new();
    setup.server.listeners = vec![with_tls(folder.path(), false)];
    let server = setup.listen().await;
    let mut client = authority.client();
    client.protocols = vec!["h2"];
    let stream = client.connect(server.address).await.unwrap();
    let mut http2 = Http2 {
        wire: Wire::over(stream),
    };
    http2.wire.send(PREFACE).await;
    http2.send(SETTINGS, 0, 0, &[]).await;
    http2.get(1, "/ping", &[]).await;
    assert_eq!(http2.status().await, (1, 200));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_told_and_kept() {
    let mut setup = Setup::new();
    setup.connections.streams = 2;
    setup.connections.head_bytes = 8192;
    setup.connections.header_count = 10;
    let server = setup.start().await;
    let mut http2 = Http2::connect(server.address).await;
    let settings = http2.next(SETTINGS).await.unwrap().payload;
    let told: Vec<(u8, u32)> = settings
        .chunks(6)
        .map(|item| (item[1], u32::from_be_bytes(item[2..6].try_into().unwrap())))
        .collect();
    for setting in [(3, 2), (6, 8193)] {
        assert!(told.contains(&setting), "{told:?}");
    }
    // Streams at the limit, and one past it.
    let body = login("slow", PASSWORD);
    let block = head(
        "POST",
        "/api/v1/auth/json",
        &[("content-type", "application/json")],
    );
    http2.send(SETTINGS, ACK, 0, &[]).await;
    for stream in [1, 3, 5] {
        http2.send(HEADERS, END_HEADERS, stream, &block).await;
        http2.send(DATA, END_STREAM, stream, body.as_bytes()).await;
    }
    let refused = http2.next(RST_STREAM).await.unwrap();
    assert_eq!((refused.stream, refused.code(0)), (5, REFUSED_STREAM));
    let mut answers = [http2.status().await, http2.status().await];
    answers.sort_unstable();
    assert_eq!(answers, [(1, 200), (3, 200)]);
    // Header fields at the limit, and one past it.
    let names: Vec<String> = (0..11).map(|number| format!("x-{number}")).collect();
    for (count, stream, expected) in [(10, 7, 200), (11, 9, 431)] {
        let headers: Vec<_> = names[..count]
            .iter()
            .map(|name| (name.as_str(), ""))
            .collect();
        http2.get(stream, "/ping", &headers).await;
        assert_eq!(http2.status().await, (stream, expected));
    }
    // The size of a head, counted as RFC 9113 6.5.2 says: names, values, and 32 bytes for each field.
    let fixed = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/ping"),
        (":authority", "t"),
    ];
    let fixed: usize = fixed
        .iter()
        .map(|(name, value)| name.len() + value.len() + 32)
        .sum();
    let room = 8192 - fixed - "x-long".len() - 32;
    for (length, stream, expected) in [(room, 11, 200), (room + 1, 13, 431)] {
        http2
            .get(stream, "/ping", &[("x-long", &"x".repeat(length))])
            .await;
        assert_eq!(http2.status().await, (stream, expected));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_resets_ends_the_connection_and_concerns_nobody_else() {
    let server = Setup::new().start().await;
    let mut http2 = Http2::connect(server.address).await;
    let block = head("GET", "/ping", &[]);
    let flood: Vec<u8> = (0..5000)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            let mut pair = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
            pair.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
            pair
        })
        .collect();
    http2.wire.try_send(flood).await;
    // A connection that is reset shows no more than that it ended.
    if let Some(goaway) = http2.next(GOAWAY).await {
        assert_eq!(goaway.code(4), ENHANCE_YOUR_CALM);
        assert!(http2.next(SETTINGS).await.is_none(), "it goes on");
    }
    let mut other = Http2::connect(server.address).await;
    other.get(1, "/ping", &[]).await;
    assert_eq!(other.status().await, (1, 200));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_ends_whatever_its_client_does() {
    let mut setup = Setup::new();
    setup.connections.head_timeout = Duration::from_millis(300);
    let server = setup.start().await;
    // Not even settings.
    let mut silent = Wire::connect(server.address).await;
    silent.send(PREFACE).await;
    silent.until_closed().await;
    // Half of the preface.
    let mut half = Wire::connect(server.address).await;
    half.send(&PREFACE[..10]).await;
    half.until_closed().await;
    // Idle after a request.
    let mut idle = Http2::connect(server.address).await;
    idle.get(1, "/ping", &[]).await;
    assert_eq!(idle.status().await, (1, 200));
    idle.wire.until_closed().await;
    // A head that never ends: CONTINUATION frames without END_HEADERS.
    let mut trickle = Http2::connect(server.address).await;
    trickle
        .send(HEADERS, 0, 1, &head("GET", "/ping", &[]))
        .await;
    trickle.wire.until_closed().await;
    // A client that takes no answer: its window is closed.
    let mut closed = Http2::with_settings(server.address, &[(4, 0)]).await;
    closed.get(1, "/ping", &[]).await;
    closed.wire.until_closed().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_in_use_does_not_count_as_idle() {
    let mut setup = Setup::new();
    setup.connections.head_timeout = Duration::from_millis(300);
    let server = setup.start().await;
    let mut http2 = Http2::connect(server.address).await;
    let block = head(
        "POST",
        "/api/v1/auth/json",
        &[("content-type", "application/json")],
    );
    http2.send(HEADERS, END_HEADERS, 1, &block).await;
    // This login takes a second.
    let body = login("slow", PASSWORD);
    http2.send(DATA, END_STREAM, 1, body.as_bytes()).await;
    loop {
        // Pings of the server are answered, as any client does.
        let frame = http2.frame().await.expect("the connection ended");
        match frame.kind {
            PING if frame.flags & ACK == 0 => http2.send(PING, ACK, 0, &frame.payload).await,
            HEADERS => break,
            _ => {}
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_while_the_server_stops_is_told_so() {
    let mut server = Setup::new().start().await;
    let mut http2 = Http2::connect(server.address).await;
    let block = head(
        "POST",
        "/api/v1/auth/json",
        &[("content-type", "application/json")],
    );
    http2.send(HEADERS, END_HEADERS, 1, &block).await;
    let body = login("slow", PASSWORD);
    http2.send(DATA, END_STREAM, 1, body.as_bytes()).await;
    // The login is at work when the server begins to stop.
    http2.next(SETTINGS).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.begin_stop();
    http2.next(GOAWAY).await.unwrap();
    http2.get(3, "/ping", &[]).await;
    let mut answers = [http2.status().await, http2.status().await];
    answers.sort_unstable();
    assert_eq!(answers, [(1, 200), (3, 503)]);
    drop(http2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_goes_on_beside_it_with_its_header_names_in_title_case() {
    let server = Setup::new().start().await;
    let mut wire = Wire::connect(server.address).await;
    wire.send(get("/ping", "")).await;
    let answer = wire.response().await;
    assert_eq!(status(&answer), 200);
    assert!(header(&answer, "Content-Type").is_some());
    // A request for an upgrade is answered in HTTP/1.
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    wire.send(get("/ping", upgrade)).await;
    let answer = wire.response().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.stop().await;
}
