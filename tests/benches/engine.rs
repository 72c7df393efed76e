//! What a call costs: `cargo bench --bench engine`.
//!
//! A Rust plugin and a Lua script, in fresh and in reused instances, with host calls that answer at
//! once and host calls that suspend the guest.
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

use std::sync::Arc;

use bulkhead::{
    config::{Instances, PluginSource},
    engine::{LoadedPlugin, PluginKind, PluginSpec},
    pipeline::{Operation, Plugin, Question},
};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Reads the whole request, requires a module, calls the host once and returns attributes.
const SCRIPT: &str = r#"
local quota = require("quota")
dynamic_loader("nauthilus_context")
local nauthilus_context = require("nauthilus_context")

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
    let call = support::call_of(
        support::request(username),
        std::time::Duration::from_secs(3600),
    );
    criterion.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let ran = plugin.run(question.clone(), call.clone()).await;
            assert!(ran.answer.is_ok(), "{:?}", ran.answer);
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_millis(500));
    targets = bench
}
criterion_main!(benches);
