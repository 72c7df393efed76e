//! What a reload and a start cost: `cargo bench --bench reload`.
//!
//! One script that changed each time (compiled anew), one that goes back and forth between two versions
//! (from the cache), a hundred plugins of which none has changed, and the start of those hundred from
//! the cache. The store is in memory, and nobody logs in meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    config,
    reload::{
        self, Cause, Front, Generation, ReloadOutcome, Reloader, Server, StoreUse, Trigger, queue,
    },
};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const PLUGINS: usize = 100;

/// Serves nobody.
struct Nobody;

impl Front for Nobody {
    fn serve(&self, _: Generation, _: u64) {}
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();

    let trigger = running(&runtime, folder, 1);
    let script = folder.join("script-0.lua");
    let mut version = 0_u64;
    criterion.bench_function("reload/one changed script", |bencher| {
        bencher.iter_custom(|times| {
            sum(times, || {
                version += 1;
                fs::write(&script, source(version)).unwrap();
                reloaded(&runtime, &trigger, 1)
            })
        });
    });
    criterion.bench_function(
        "reload/one changed script that is in the cache",
        |bencher| {
            // Each step changes it, also from one sample to the next.
            for step in [1, 2] {
                fs::write(&script, source(9_000_000 + (version + step) % 2)).unwrap();
                reloaded(&runtime, &trigger, 1);
            }
            bencher.iter_custom(|times| {
                sum(times, || {
                    version += 1;
                    fs::write(&script, source(9_000_000 + version % 2)).unwrap();
                    reloaded(&runtime, &trigger, 1)
                })
            });
        },
    );

    let trigger = running(&runtime, folder, PLUGINS);
    criterion.bench_function("reload/a hundred unchanged plugins", |bencher| {
        bencher.iter_custom(|times| sum(times, || reloaded(&runtime, &trigger, 0)));
    });
    criterion.bench_function("start/a hundred plugins in the cache", |bencher| {
        bencher.iter_custom(|times| {
            sum(times, || {
                let started = Instant::now();
                let server = start(&runtime, folder);
                let took = started.elapsed();
                drop(server);
                took
            })
        });
    });
}

fn sum(times: u64, mut once: impl FnMut() -> Duration) -> Duration {
    (0..times).map(|_| once()).sum()
}

fn source(version: u64) -> String {
    format!(
        "function nauthilus_call_filter(request)\n\
           local version = {version}\n\
           return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK\n\
         end\n"
    )
}

/// Writes a policy of so many scripts and starts it.
fn running(runtime: &Runtime, folder: &Path, scripts: usize) -> Trigger {
    let mut filters = String::new();
    for number in 0..scripts {
        let version = u64::try_from(number).unwrap() + 1_000_000;
        fs::write(folder.join(format!("script-{number}.lua")), source(version)).unwrap();
        filters.push_str(&format!(
            "    - {{name: filter-{number}, script: script-{number}.lua}}\n"
        ));
    }
    let text = format!(
        "store: {{kind: memory}}\ncache_directory: cache\npipeline:\n  filters:\n{filters}"
    );
    fs::write(folder.join("bulkhead.yaml"), text).unwrap();
    let server = start(runtime, folder);
    let (trigger, wishes) = queue();
    let reloader = Reloader::new(server.running, Box::new(Nobody), Vec::new(), None);
    runtime.spawn(reloader.run(wishes));
    trigger
}

fn start(runtime: &Runtime, folder: &Path) -> Server {
    let loaded = config::load(&folder.join("bulkhead.yaml"))
        .unwrap_or_else(|all| panic!("{}", config::render(&all, false)));
    runtime
        .block_on(reload::start(loaded.config, StoreUse::Configured))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Reloads; checks how many plugins were made anew.
fn reloaded(runtime: &Runtime, trigger: &Trigger, loaded: usize) -> Duration {
    let outcome: Arc<ReloadOutcome> = runtime
        .block_on(trigger.reload(Cause::Request))
        .expect("the reloader runs");
    match &outcome.result {
        Ok(reloaded) => assert_eq!(reloaded.loaded.len(), loaded),
        Err(refused) => panic!("{}", refused.summary()),
    }
    outcome.took
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).warm_up_time(Duration::from_millis(500));
    targets = bench
}
criterion_main!(benches);
