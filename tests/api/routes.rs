//! Every route, mode and outcome, to the byte: one snapshot per route.

use std::{fmt::Write as _, sync::Arc};

use bulkhead::{
    auth::{Password, Request},
    config::{BasicAuth, EndpointName},
};

use crate::{
    client::{exchange, get, header, masked, status},
    policy::{PASSWORD, SECRET},
    server::{CREDENTIALS, Setup},
    spoken::{Asked, LANGUAGES},
};

/// Every outcome that each route has.
fn outcomes() -> Vec<(&'static str, Asked)> {
    let right = || Asked::new("alice", PASSWORD);
    let wrong = || Asked::new("alice", "guess");
    let list = || Asked {
        username: None,
        password: None,
        protocol: "",
        query: "?mode=list-accounts",
        ..right()
    };
    let list_as = |headers| Asked { headers, ..list() };
    vec![
        ("accepted", right()),
        (
            "accepted, every kind of attribute",
            Asked::new("carol", SECRET),
        ),
        (
            "accepted for a protocol that nobody serves",
            Asked {
                protocol: "sieve",
                ..right()
            },
        ),
        (
            "accepted, with ids to echo",
            Asked {
                headers: "X-Request-Id: r-1\r\nIdempotency-Key: k-1\r\n",
                ..right()
            },
        ),
        ("rejected by the backend", wrong()),
        (
            "rejected by the backend at the tenth attempt",
            Asked {
                attempt: 10,
                ..wrong()
            },
        ),
        ("unknown user", Asked::new("mallory", PASSWORD)),
        ("rejected by the filter", Asked::new("blocked", PASSWORD)),
        ("temporary failure", Asked::new("down", PASSWORD)),
        (
            "temporary failure in SMTP",
            Asked {
                protocol: "smtp",
                ..Asked::new("down", PASSWORD)
            },
        ),
        ("empty user name", Asked::new("", PASSWORD)),
        ("empty password", Asked::new("alice", "")),
        (
            "no user name",
            Asked {
                username: None,
                ..right()
            },
        ),
        (
            "no password",
            Asked {
                password: None,
                ..right()
            },
        ),
        ("impossible user name", Asked::new("alice smith", PASSWORD)),
        (
            "user name that is not UTF-8",
            Asked {
                username: Some(b"ali\xffce"),
                ..right()
            },
        ),
        (
            "known user, no password checked",
            Asked {
                password: None,
                query: "?mode=no-auth",
                ..right()
            },
        ),
        (
            "unknown user, no password checked",
            Asked {
                query: "?mode=no-auth",
                ..Asked::new("mallory", PASSWORD)
            },
        ),
        (
            "no user name, no password checked",
            Asked {
                username: None,
                query: "?mode=no-auth",
                ..right()
            },
        ),
        ("list", list()),
        ("list for anyone", list_as("Accept: */*\r\n")),
        ("list as text", list_as("Accept: text/plain\r\n")),
        ("list as JSON", list_as("Accept: application/json\r\n")),
        ("list as CBOR", list_as("Accept: application/cbor\r\n")),
        ("list as HTML", list_as("Accept: text/html\r\n")),
        (
            "list that fails",
            Asked {
                protocol: "broken",
                ..list()
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_of_every_route() {
    let server = Setup::new().start().await;
    for language in LANGUAGES {
        let path = format!("/api/v1/auth/{language}");
        let mut text = String::new();
        for (name, asked) in outcomes() {
            let response = exchange(server.address, asked.spoken(language, &path)).await;
            write!(text, "=== {name}\n{}\n\n", masked(&response)).unwrap();
        }
        let unknown = format!("DELETE {path} HTTP/1.1\r\nHost: t\r\n\r\n");
        let response = exchange(server.address, unknown).await;
        write!(text, "=== DELETE\n{}\n", masked(&response)).unwrap();
        insta::assert_snapshot!(language, text);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_acceptance_tells_nginx_where_to_go_on() {
    let server = Setup::new().start().await;
    for (name, asked) in outcomes() {
        let request = asked.spoken("nginx", "/api/v1/auth/nginx");
        let response = exchange(server.address, request).await;
        if header(&response, "Auth-Status") != Some("OK") {
            for forbidden in ["Auth-Server", "Auth-Port", "Auth-Pass", "Auth-User"] {
                assert_eq!(header(&response, forbidden), None, "{name}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_callers_are_told_apart_from_wrong_users() {
    let server = Setup::new().with_credentials().start().await;
    let ask = async |language: &str, headers| {
        let asked = Asked {
            headers,
            ..Asked::new("alice", PASSWORD)
        };
        exchange(
            server.address,
            asked.spoken(language, &format!("/api/v1/auth/{language}")),
        )
        .await
    };
    for language in LANGUAGES {
        if language == "basic" {
            // `Authorization` is the end user's there.
            assert_eq!(status(&ask(language, "").await), 200);
            continue;
        }
        for headers in ["", "Authorization: Basic ZG92ZWNvdDp3cm9uZw==\r\n"] {
            insta::assert_snapshot!("wrong_caller", masked(&ask(language, headers).await));
        }
        assert_eq!(status(&ask(language, CREDENTIALS).await), 200, "{language}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_basic_route_answers_addresses_of_its_own_list_only() {
    let mut setup = Setup::new();
    setup.server.basic_networks = vec!["192.0.2.0/24".parse().unwrap()];
    let server = setup.start().await;
    let asked = Asked {
        // Forwarding headers do not count, whoever sends them.
        headers: "X-Forwarded-For: 192.0.2.1\r\nX-Request-Id: r-1\r\n",
        ..Asked::new("alice", PASSWORD)
    };
    let response = exchange(server.address, asked.spoken("basic", "/api/v1/auth/basic")).await;
    insta::assert_snapshot!("basic_from_elsewhere", masked(&response));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_are_off_are_unknown_pages() {
    let rows = [
        ("json", EndpointName::AuthJson),
        ("cbor", EndpointName::AuthCbor),
        ("header", EndpointName::AuthHeader),
        ("nginx", EndpointName::AuthNginx),
        ("basic", EndpointName::AuthBasic),
        ("saslauthd", EndpointName::AuthSaslauthd),
    ];
    for (off, endpoint) in rows {
        let mut setup = Setup::new();
        setup.server.disabled_endpoints = [endpoint].into();
        let server = setup.start().await;
        let unknown = masked(&exchange(server.address, get("/nowhere", "")).await);
        for language in LANGUAGES {
            let request = Asked::new("alice", PASSWORD);
            let request = request.spoken(language, &format!("/api/v1/auth/{language}"));
            let response = masked(&exchange(server.address, request).await);
            let first = response.lines().next().unwrap();
            let expected = if language == off {
                "404 Not Found"
            } else {
                "200 OK"
            };
            assert!(first.ends_with(expected), "{off} {language}: {first}");
            if language == off {
                let body = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
                assert_eq!(body(&response), body(&unknown));
            }
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_paths_answer_like_the_present_ones() {
    let rows = [
        ("mail/json", "json", "json"),
        ("mail/nginx", "nginx", "nginx"),
        ("mail/saslauthd", "saslauthd", "saslauthd"),
        ("mail/dovecot", "header", "dovecot"),
        ("generic/json", "json", "json"),
        ("generic/user", "header", "user"),
        ("http/basicauth", "basic", "basic"),
    ];
    let server = Setup::new().start().await;
    for (older, language, service) in rows {
        for (name, asked) in outcomes() {
            let at = async |path: &str| {
                let path = format!("/api/v1/{path}");
                masked(&exchange(server.address, asked.spoken(language, &path)).await)
            };
            let present = at(&format!("auth/{language}")).await;
            assert_eq!(at(older).await, present, "{older}: {name}");
        }
        server.seen.requests.lock().unwrap().clear();
        let request = Asked::new("alice", PASSWORD).spoken(language, &format!("/api/v1/{older}"));
        exchange(server.address, request).await;
        let seen = server.seen.requests.lock().unwrap()[0].clone();
        assert_eq!(seen.service, service);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_by_their_type_and_answered_by_the_route() {
    let server = Setup::new().start().await;
    let rows = [
        ("json", "json", 200),
        ("cbor", "json", 200),
        ("saslauthd", "json", 200),
        ("json", "cbor", 200),
        ("cbor", "cbor", 200),
        ("saslauthd", "cbor", 200),
        ("json", "saslauthd", 400),
        ("cbor", "saslauthd", 400),
    ];
    for (language, route, expected) in rows {
        let request = Asked::new("alice", PASSWORD);
        let request = request.spoken(language, &format!("/api/v1/auth/{route}"));
        let response = exchange(server.address, request).await;
        assert_eq!(status(&response), expected, "{language} at {route}");
        let content_type = match (route, expected) {
            ("cbor", _) => "application/cbor",
            _ => "application/json; charset=utf-8",
        };
        assert_eq!(header(&response, "Content-Type"), Some(content_type));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ids_that_can_be_shown_are_echoed_and_kept() {
    let server = Setup::new().start().await;
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    let rows = [
        ("r-1/~", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("", false),
        ("two words", false),
        ("\u{fc}", false),
    ];
    for (id, is_kept) in rows {
        server.seen.requests.lock().unwrap().clear();
        let asked = Asked {
            headers: "X-Request-Id: ",
            ..Asked::new("alice", PASSWORD)
        };
        let mut request = asked.spoken("nginx", "/api/v1/auth/nginx");
        request.truncate(request.len() - 2);
        request.extend(format!("{id}\r\n\r\n").bytes());
        let response = exchange(server.address, request).await;
        assert_eq!(header(&response, "X-Request-Id"), is_kept.then_some(id));
        let seen: Arc<Request> = server.seen.requests.lock().unwrap()[0].clone();
        assert_eq!(seen.request_id, if is_kept { id } else { "" });
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_user_s_credentials_on_the_basic_route_are_not_the_api_s() {
    let mut setup = Setup::new();
    setup.server.basic_auth = Some(BasicAuth {
        username: "alice".to_owned(),
        password: Arc::new(Password::new(b"between servers".to_vec())),
    });
    let server = setup.start().await;
    let request = Asked::new("alice", "between servers").spoken("basic", "/api/v1/auth/basic");
    assert_eq!(status(&exchange(server.address, request).await), 401);
    server.stop().await;
}
