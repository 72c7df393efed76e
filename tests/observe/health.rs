//! `/healthz` of the routes alone, with a generation that is made here.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{body::Body, http::Request};
use bulkhead::{
    api::{self, Generation, Health, HookTable, State},
    auth::Password,
    backend_io::http::{HttpClient, OutgoingRequest, Registry},
    config::{BasicAuth, HttpGrant, Server, ServerLimits},
    observe::Observer,
    pipeline::{Call, Member, OnError, Pipeline, Plugin, Question, Ran, Stages},
    store::MemoryStore,
};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// A plugin that cannot answer.
struct NotReady;

impl Plugin for NotReady {
    fn name(&self) -> &str {
        "users"
    }
    fn on_error(&self) -> OnError {
        OnError::TemporaryFailure
    }
    fn is_ready(&self) -> bool {
        false
    }
    fn run(&self, _: Question, _: Call) -> BoxFuture<'_, Ran> {
        unreachable!("nobody logs in here")
    }
}

fn state(server: Server, stages: Stages) -> Arc<State> {
    let generation = Generation {
        brute_force: None,
        pipeline: Arc::new(Pipeline::new(stages)),
        hooks: HookTable::default(),
        backend_numbers: BTreeMap::new(),
        server,
        limits: ServerLimits::default(),
    };
    let store = Arc::new(MemoryStore::new());
    State::new(generation, store, Arc::new(Observer::default()))
}

/// Status and body, latencies checked and taken out.
async fn health(state: &Arc<State>, credentials: Option<&str>) -> (u16, Value) {
    let mut request = Request::get("/healthz");
    if let Some(credentials) = credentials {
        request = request.header("authorization", credentials);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = api::router(Arc::clone(state))
        .oneshot(request)
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    for (_, check) in body["checks"].as_object_mut().unwrap() {
        let latency = check["meta"].as_object_mut().unwrap().remove("latency_ms");
        assert!(latency.unwrap().as_f64().unwrap() >= 0.0);
    }
    (status, body)
}

fn serving(number: u64, error: Option<&str>) -> Arc<Health> {
    Arc::new(Health {
        generation: number,
        loaded_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        last_reload_error: error.map(str::to_owned),
    })
}

#[tokio::test]
async fn a_server_that_is_well_says_which_generation_serves() {
    let state = state(Server::default(), Stages::default());
    state.health.store(serving(3, None));
    let (status, body) = health(&state, None).await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn a_refused_reload_shows_and_takes_nobody_s_logins_away() {
    let state = state(Server::default(), Stages::default());
    state
        .health
        .store(serving(3, Some("backend.lua:1: no\nmore of it")));
    let (status, body) = health(&state, None).await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn why_a_reload_was_refused_is_for_those_with_credentials() {
    let server = Server {
        basic_auth: Some(BasicAuth {
            username: "dovecot".to_owned(),
            password: Arc::new(Password::new(b"between servers".to_vec())),
        }),
        ..Server::default()
    };
    let state = state(server, Stages::default());
    state.health.store(serving(3, Some("users.yaml: alice")));
    let right = "Basic ZG92ZWNvdDpiZXR3ZWVuIHNlcnZlcnM=";
    for (credentials, reason) in [
        (None, "the last reload was refused"),
        (
            Some("Basic d3Jvbmc6d3Jvbmc="),
            "the last reload was refused",
        ),
        (Some(right), "users.yaml: alice"),
    ] {
        let (status, body) = health(&state, credentials).await;
        assert_eq!(status, 200);
        assert_eq!(body["checks"]["generation"]["meta"]["reason"], reason);
    }
}

#[tokio::test]
async fn plugins_that_are_not_ready_are_named() {
    let stages = Stages {
        backends: vec![Member::new(Arc::new(NotReady))],
        ..Stages::default()
    };
    let state = state(Server::default(), stages);
    let (status, body) = health(&state, None).await;
    assert_eq!((status, &body["status"]), (200, &"degraded".into()));
    let meta = &body["checks"]["plugins"]["meta"];
    assert_eq!(meta["not_ready"], serde_json::json!(["users"]));
}

#[tokio::test]
async fn which_destinations_are_left_alone_is_for_those_with_credentials() {
    let server = Server {
        basic_auth: Some(BasicAuth {
            username: "dovecot".to_owned(),
            password: Arc::new(Password::new(b"between servers".to_vec())),
        }),
        ..Server::default()
    };
    let state = state(server, Stages::default());
    let registry = Registry::new(Arc::new(|_| {}));
    state.watch_destinations(registry.clone());
    let nobody = bulkhead_harness::port::free().to_string();
    let grant = HttpGrant {
        hosts: vec![nobody.clone()],
        breaker_failures: 1,
        breaker_cool_down: Duration::from_secs(3600),
        ..HttpGrant::default()
    };
    let egress = registry.compile("hook", &grant).unwrap();
    let (_, body) = health(&state, None).await;
    assert!(body["checks"]["http"].is_null(), "nobody asked: {body}");
    let request = OutgoingRequest {
        method: "GET".to_owned(),
        url: format!("http://{nobody}/a/path"),
        headers: Vec::new(),
        body: None,
        timeout: None,
        redirects: 0,
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let client = HttpClient::new(vec![]);
    assert!(client.send(&egress, request, deadline).await.is_err());
    let (status, body) = health(&state, None).await;
    assert_eq!((status, &body["status"]), (200, &"degraded".into()));
    let left_alone = |body: &Value| body["checks"]["http"]["meta"]["left_alone"]["hook"].clone();
    assert_eq!(left_alone(&body), 1);
    let right = "Basic ZG92ZWNvdDpiZXR3ZWVuIHNlcnZlcnM=";
    let (_, body) = health(&state, Some(right)).await;
    let why = left_alone(&body)[format!("http://{nobody}")].clone();
    let start = "1 requests in a row had no answer; the last one: connection failed: 127.0.0.1: ";
    assert!(why.as_str().unwrap().starts_with(start), "{why}");
    // With the plugin its destinations are gone.
    drop(egress);
    let (_, body) = health(&state, Some(right)).await;
    assert!(body["checks"]["http"].is_null(), "{body}");
}
