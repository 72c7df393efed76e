//! What is not granted is not there.

use std::sync::Arc;

use bulkhead::{
    auth::{Header, IncomingHttp, Password},
    config::{Grants, HttpGrant, PluginSource},
    engine::PluginKind,
    pipeline::{Plugin, Question},
    store::MemoryStore,
};

use crate::support::{
    all_grants, ask_filter, call_of, filter_answer, hostile, load, refused, request, services,
    spec, text,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ungranted_import_is_named_with_its_grant() {
    let rows = [
        (
            "webhook",
            PluginKind::Action,
            "http",
            "http: { hosts: [ \"host.example\" ] }",
        ),
        ("rbl", PluginKind::Feature, "dns", "dns: true"),
        ("geoip", PluginKind::Feature, "geoip", "geoip: [ NAME ]"),
    ];
    for (name, kind, grant, to_write) in rows {
        let spec = spec(name, kind, PluginSource::Builtin(name.to_owned()));
        let error = refused(spec).await.to_string();
        let text = format!(
            "`{name}` imports bulkhead:policy/{grant}, which needs the grant `{grant}`; to give it, \
             write `{to_write}` under plugins.{name}.grants"
        );
        assert!(error.contains(&text), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_missing_grants_are_named_at_once() {
    let mut spec = hostile("greedy");
    spec.config.grants = Grants {
        password: true,
        ..Grants::default()
    };
    let error = refused(spec).await.to_string();
    for key in ["store", "http", "metrics"] {
        assert!(
            error.contains(&format!("needs the grant `{key}`")),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_http_grant_is_an_error() {
    let mut spec = hostile("egress");
    spec.config.grants.http = Some(HttpGrant {
        hosts: vec!["not a host".to_owned()],
        ..HttpGrant::default()
    });
    let error = refused(spec).await.to_string();
    assert_eq!(
        error,
        "its grant `http` is wrong: `not a host` is not a host"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_does_not_exist_is_an_error() {
    let mut spec = hostile("secretive");
    spec.config.grants.secret.insert("token".to_owned());
    let error = refused(spec).await.to_string();
    assert!(error.contains("there is no secret `token`"), "{error}");
}

/// Our own plugins are told of a secret by their configuration, whose reader sees that it is granted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_our_own_plugins_may_do_without_the_grant_of_a_secret() {
    // The same code as a stranger's component; the build script leaves it there.
    let file = std::path::Path::new(env!("OUT_DIR")).join("webhook.wasm");
    let stranger = spec("hook", PluginKind::Action, PluginSource::Component(file));
    let error = refused(stranger).await.to_string();
    assert!(error.contains("needs the grant `secret`"), "{error}");
    for (name, kind) in [
        ("webhook", PluginKind::Action),
        ("http-backend", PluginKind::Backend),
    ] {
        let spec = spec(name, kind, PluginSource::Builtin(name.to_owned()));
        let error = refused(spec).await.to_string();
        let needs = |grant: &str| error.contains(&format!("needs the grant `{grant}`"));
        assert!(needs("http") && !needs("secret"), "{error}");
    }
}

/// A request whose password also stands in the HTTP request that brought it.
fn request_over_http() -> bulkhead::auth::Request {
    let header = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: value.as_bytes().to_vec(),
    };
    let mut request = request("do.show-request");
    request.http = IncomingHttp {
        method: "POST".to_owned(),
        path: "/api/v1/auth/json".to_owned(),
        query: vec![("password".to_owned(), "correct horse".to_owned())],
        headers: vec![
            header("authorization", "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ=="),
            header("auth-pass", "correct horse"),
            header("user-agent", "test"),
        ],
        body: Some(Arc::new(Password::new(
            br#"{"password":"correct horse"}"#.to_vec(),
        ))),
    };
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_seen_only_under_its_grant() {
    let mut granted = hostile("granted");
    granted.config.grants = all_grants();
    let mut ungranted = hostile("ungranted");
    ungranted.config.grants.password = false;
    let ungranted = match crate::support::engine().load(ungranted).await {
        Ok(plugin) => plugin,
        // Should the fixture import `password`, it cannot be loaded without the grant at all.
        Err(error) => panic!("{error}"),
    };
    let forms = [
        "correct horse",
        "Y29ycmVjdCBob3JzZQ",
        "YWxpY2U6Y29ycmVjdCBob3JzZQ",
    ];

    let call = call_of(request_over_http(), std::time::Duration::from_secs(5));
    let shown = filter_answer(
        load(granted)
            .await
            .run(Question::Filter, call.clone())
            .await,
    );
    assert!(text(&shown, "request").contains(forms[0]));

    let ran = ungranted.run(Question::Filter, call).await;
    let everything = format!("{:?} {:?} {:?}", ran.answer, ran.log_fields, ran.usage);
    for form in forms {
        assert!(!everything.contains(form), "{form} in {everything}");
    }
    assert!(text(&filter_answer(ran), "request").contains("user-agent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_leaves_a_plugins_namespace() {
    let store = Arc::new(MemoryStore::new());
    let with_store = |name: &str| {
        let mut spec = hostile(name);
        spec.services = Arc::new(services(store.clone()));
        spec
    };
    let writer = load(with_store("writer")).await;
    let reader = load(with_store("reader")).await;
    filter_answer(ask_filter(&writer, "do.store-set..treasure").await);
    let own = filter_answer(ask_filter(&writer, "do.store-get..treasure").await);
    assert_eq!(text(&own, "stored"), "do.store-set..treasure");
    for key in [
        "treasure",
        "writer:treasure",
        "plugin:writer:treasure",
        "../writer/treasure",
        "\u{0}writer\u{0}treasure",
    ] {
        let other = filter_answer(ask_filter(&reader, &format!("do.store-get..{key}")).await);
        assert_eq!(text(&other, "stored"), "(absent)", "{key:?}");
    }
    let long = format!("do.store-get..{}", "k".repeat(513));
    assert!(ask_filter(&reader, &long).await.answer.is_err());
    let longest = format!("do.store-get..{}", "k".repeat(512));
    assert!(ask_filter(&reader, &longest).await.answer.is_ok());
}
