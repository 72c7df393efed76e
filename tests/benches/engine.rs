//! What a call costs: `cargo bench --bench engine`.
//!
//! A Rust plugin and a Lua script, in fresh and in reused instances, with host calls that answer at
//! once and host calls that suspend the guest; and a whole login through a pipeline of three plugins.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[allow(unreachable_pub)]
#[path = "../../host/build/guests.rs"]
mod guests;
#[path = "../engine/support.rs"]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    auth::{Request, Tls, Verdict},
    config::{Instances, PluginSource},
    engine::{LoadedPlugin, PluginKind, PluginSpec},
    pipeline::{Member, Operation, Pipeline, Plugin, Question, Stages},
};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Takes the full request table, requires a module, calls the host once and returns attributes.
const SCRIPT: &str = r#"
dynamic_loader("nauthilus_context")
local nauthilus_context = require("nauthilus_context")
local quota = require("quota")

function nauthilus_backend_verify_password(request)
    nauthilus_context.context_set("cipher", request.ssl_cipher)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == "correct horse")
    result:account_field("account")
    result:attributes({ account = request.username, quota = quota.of(request.username), host = request.local_ip })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

/// The same with a host call that suspends the guest: it asks a web server that answers later.
const SUSPENDING_SCRIPT: &str = r#"
local http = require("glua_http")
local quota = require("quota")

function nauthilus_backend_verify_password(request)
    local response, err = http.get("http://web.example/yield")
    if err then error(err) end
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == "correct horse")
    result:account_field("account")
    result:attributes({ account = request.username, quota = quota.of(request.username), host = request.local_ip })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

/// The same, and looks at every one of the 73 fields of the request table.
const THOROUGH_SCRIPT: &str = r#"
dynamic_loader("nauthilus_context")
local nauthilus_context = require("nauthilus_context")
local quota = require("quota")

function nauthilus_backend_verify_password(request)
    local length = 0
    for _, value in pairs(request) do
        if type(value) == "string" then length = length + #value end
    end
    nauthilus_context.context_set("length", length)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:authenticated(request.password == "correct horse")
    result:account_field("account")
    result:attributes({ account = request.username, quota = quota.of(request.username), length = length })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

const MODULE: &str = r#"
local M = {}
function M.of(name) return "*:bytes=" .. (#name * 1048576) end
return M
"#;

fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("quota.lua"), MODULE).unwrap();
    for (name, instances) in [("fresh", Instances::Fresh), ("reused", Instances::Pooled)] {
        let load = |mut spec: PluginSpec| {
            spec.config.instances = instances;
            spec.config.limits.host_calls = u32::MAX;
            spec.config.grants.password = true;
            runtime.block_on(support::load(spec))
        };
        let rust = load(support::counter("rust"));
        measure(
            criterion,
            &runtime,
            &format!("rust plugin, {name}"),
            &rust,
            "alice",
        );
        let lua = load(support::script(&folder, PluginKind::Backend, SCRIPT));
        measure(
            criterion,
            &runtime,
            &format!("lua script, {name}"),
            &lua,
            "alice",
        );
        let mut asking = support::script(&folder, PluginKind::Backend, SUSPENDING_SCRIPT);
        asking.config.grants = support::all_grants();
        let suspending = load(asking);
        measure(
            criterion,
            &runtime,
            &format!("lua script with a host call that suspends, {name}"),
            &suspending,
            "alice",
        );
        let thorough = load(support::script(
            &folder,
            PluginKind::Backend,
            THOROUGH_SCRIPT,
        ));
        measure(
            criterion,
            &runtime,
            &format!("lua script that reads every field, {name}"),
            &thorough,
            "alice",
        );
        let networks = load(support::spec(
            "allow-nets",
            PluginKind::Filter,
            PluginSource::Builtin("allow-nets".to_owned()),
        ));
        let tls = load(support::spec(
            "tls-required",
            PluginKind::Feature,
            PluginSource::Builtin("tls-required".to_owned()),
        ));
        measure(
            criterion,
            &runtime,
            &format!("tls-required, {name}"),
            &tls,
            "alice",
        );
        log_in(criterion, &runtime, name, [&tls, &lua, &networks]);
        let hostile = load(support::hostile("host calls"));
        for (what, deed) in [
            ("no host call", "alice"),
            ("1000 host calls", "do.call-host.1000"),
            ("a host call that is answered at once", "do.store-get..key"),
            (
                "a host call that suspends",
                "do.http.0.http://web.example/yield",
            ),
        ] {
            measure(
                criterion,
                &runtime,
                &format!("{what}, {name}"),
                &hostile,
                deed,
            );
        }
    }
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    plugin: &Arc<LoadedPlugin>,
    username: &str,
) {
    let question = match plugin.kind() {
        PluginKind::Backend => Question::Backend(Operation::Verify),
        PluginKind::Feature => Question::Feature,
        _ => Question::Filter,
    };
    let call = support::call_of(full_request(username), Duration::from_secs(3600));
    criterion.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let ran = plugin.run(question.clone(), call.clone()).await;
            assert!(ran.answer.is_ok(), "{:?}", ran.answer);
        });
    });
}

/// A whole login without the network: a feature, a backend in Lua and a filter.
fn log_in(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    [feature, backend, filter]: [&Arc<LoadedPlugin>; 3],
) {
    let member = |plugin: &Arc<LoadedPlugin>| Member::new(Arc::clone(plugin) as Arc<dyn Plugin>);
    let pipeline = Pipeline::new(Stages {
        features: vec![member(feature)],
        backends: vec![member(backend)],
        filters: vec![member(filter)],
        ..Stages::default()
    });
    let request = Arc::new(full_request("alice"));
    criterion.bench_function(&format!("whole login in process, {name}"), |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let deadline = Instant::now() + Duration::from_secs(10);
            let outcome = pipeline.decide(Arc::clone(&request), deadline).await;
            assert_eq!(outcome.decision.verdict, Verdict::Accept);
        });
    });
}

/// A request in which every fact of a TLS connection is known.
fn full_request(username: &str) -> Request {
    let text = |text: &str| text.to_owned();
    Request {
        external_session: text("pxxm5SEb4tXAAAIK"),
        tls: Some(Tls {
            secured: text("on"),
            protocol: text("TLSv1.3"),
            cipher: text("TLS_AES_256_GCM_SHA384"),
            session_id: text("5e1c0a6f2b7d4e8897f0"),
            client_verify: text("SUCCESS"),
            client_dn: text("CN=alice,O=Example"),
            client_cn: text("alice"),
            issuer: text("CN=Example CA"),
            client_not_before: text("260101000000Z"),
            client_not_after: text("270101000000Z"),
            subject_dn: text("CN=alice,O=Example"),
            issuer_dn: text("CN=Example CA"),
            client_subject_dn: text("CN=alice,O=Example"),
            client_issuer_dn: text("CN=Example CA"),
            serial: text("01F2C3"),
            fingerprint: text("a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"),
        }),
        ..support::request(username)
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = bench
}
criterion_main!(benches);
