//! What the tests share: the engine, the fixture guests, a request, and fakes of the outside.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use bulkhead::{
    auth::{Client, Endpoint, Mode, Password, Progress, Request, Value},
    capability::{
        HttpEgress, HttpError, HttpSend, IncomingResponse, MetricChange, MetricError,
        OutgoingRequest, PasswordError, PasswordVerify, PluginMetrics, Services, Verification,
    },
    config::{Dialect, Grants, HttpGrant, PluginConfig, PluginSource, ServerLimits},
    engine::{Engine, EngineSettings, LoadError, LoadedPlugin, PluginKind, PluginSpec},
    pipeline::{Answer, Call, Context, Failure, FilterAnswer, Operation, Plugin, Question, Ran},
    store::{MemoryStore, Store},
};
use futures_util::future::BoxFuture;

use crate::guests;

pub(crate) fn server_limits() -> ServerLimits {
    ServerLimits {
        body_bytes: 64 << 10,
        concurrent_requests: 100,
        context_bytes: 1 << 20,
        store_value_bytes: 1 << 16,
        store_members: 1000,
        store_memory_bytes: 1 << 26,
        password_threads: 1,
        password_queue: 16,
        password_memory_bytes: 64 << 20,
        password_rounds: 1000,
        component_bytes: 16 << 20,
        instances: 200,
        load_timeout: Duration::from_secs(5),
        metric_series: 10,
        post_actions: 10,
        post_action_timeout: Duration::from_secs(1),
        ..ServerLimits::default()
    }
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("tests/guests")
}

/// One engine for all tests. Its cache outlives the run, so that unchanged fixtures compile once.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let limits = server_limits();
        Engine::new(EngineSettings {
            cache_directory: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine-cache")),
            limits: &limits,
        })
        .unwrap()
    })
}

/// The file of a fixture guest, built when first asked for.
pub(crate) fn guest(package: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    if let Some(path) = built.get(package) {
        return path.clone();
    }
    let manifest = match package {
        "only-protocols" => fixtures().join("only-protocols/Cargo.toml"),
        _ => fixtures().join("Cargo.toml"),
    };
    let folder = target().join("guests");
    let path = if package == "stranger" {
        foreign(&manifest, &folder)
    } else {
        let bytes = guests::build(&guests::Workspace {
            manifest: &manifest,
            package,
            target_directory: &folder,
        })
        .unwrap();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{package}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        path
    };
    built.insert(package.to_owned(), path.clone());
    path
}

/// An ordinary component of `wasm32-wasip2`, as other people build theirs.
fn foreign(manifest: &Path, folder: &Path) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(name);
    }
    let status = cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-wasip2",
        ])
        .args(["--package", "stranger", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(folder)
        .status()
        .unwrap();
    assert!(status.success(), "the fixture `stranger` does not build");
    folder.join("wasm32-wasip2/release/stranger.wasm")
}

/// A specification that can be adjusted before it is loaded.
pub(crate) fn spec(name: &str, kind: PluginKind, source: PluginSource) -> PluginSpec {
    PluginSpec {
        name: name.to_owned(),
        kind,
        source,
        config: PluginConfig::default(),
        secrets: BTreeMap::new(),
        services: Arc::new(services(Arc::new(MemoryStore::new()))),
    }
}

/// The hostile filter with every grant.
pub(crate) fn hostile(name: &str) -> PluginSpec {
    let mut spec = spec(
        name,
        PluginKind::Filter,
        PluginSource::Component(guest("hostile-filter")),
    );
    spec.config.grants = all_grants();
    spec
}

pub(crate) fn counter(name: &str) -> PluginSpec {
    spec(
        name,
        PluginKind::Filter,
        PluginSource::Component(guest("counter")),
    )
}

pub(crate) fn all_grants() -> Grants {
    Grants {
        password: true,
        store: true,
        metrics: true,
        http: Some(HttpGrant::default()),
        ..Grants::default()
    }
}

/// Writes a script into a folder of its own and describes it.
pub(crate) fn script(folder: &tempfile::TempDir, kind: PluginKind, source: &str) -> PluginSpec {
    let path = folder.path().join("script.lua");
    std::fs::write(&path, source).unwrap();
    spec(
        "script",
        kind,
        PluginSource::Script {
            path,
            dialect: Dialect::Lua51,
            package_path: String::new(),
        },
    )
}

pub(crate) async fn load(spec: PluginSpec) -> Arc<LoadedPlugin> {
    engine()
        .load(spec)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) async fn refused(spec: PluginSpec) -> LoadError {
    match engine().load(spec).await {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

pub(crate) fn request(username: &str) -> Request {
    Request {
        session: "2Nx0MbXpQ0l5wXkq9nS1aQmXxyz".to_owned(),
        service: "json".to_owned(),
        protocol: "imap".to_owned(),
        method: "plain".to_owned(),
        username: username.to_owned(),
        password: Some(Arc::new(Password::new(b"correct horse".to_vec()))),
        mode: Mode::Verify,
        login_attempt: 1,
        client: Client {
            address: "192.0.2.7".to_owned(),
            port: "40000".to_owned(),
            ..Client::default()
        },
        local: Endpoint {
            address: "192.0.2.1".to_owned(),
            port: "993".to_owned(),
        },
        ..Request::default()
    }
}

pub(crate) fn call(username: &str) -> Call {
    call_of(request(username), Duration::from_secs(10))
}

pub(crate) fn call_of(request: Request, left: Duration) -> Call {
    Call {
        request: Arc::new(request),
        progress: Arc::new(Progress::default()),
        context: Context::default(),
        deadline: Instant::now() + left,
        began: Instant::now(),
        trace: None,
    }
}

pub(crate) async fn ask_filter(plugin: &LoadedPlugin, username: &str) -> Ran {
    plugin.run(Question::Filter, call(username)).await
}

pub(crate) async fn ask_backend(plugin: &LoadedPlugin, username: &str) -> Ran {
    plugin
        .run(Question::Backend(Operation::Verify), call(username))
        .await
}

/// The answer of a filter, which must be one.
pub(crate) fn filter_answer(ran: Ran) -> FilterAnswer {
    match ran.answer {
        Ok(Answer::Filter(answer)) => answer,
        Ok(other) => panic!("not a filter's answer: {other:?}"),
        Err(failure) => panic!("{:?}: {failure}", failure.kind),
    }
}

pub(crate) fn failure(ran: Ran) -> Failure {
    match ran.answer {
        Ok(answer) => panic!("no failure but {answer:?}"),
        Err(failure) => failure,
    }
}

/// The first value of an attribute that a filter added.
pub(crate) fn added(answer: &FilterAnswer, name: &str) -> Value {
    let attribute = answer
        .add_attributes
        .iter()
        .find(|attribute| attribute.name == name);
    attribute
        .unwrap_or_else(|| panic!("no attribute {name}"))
        .values[0]
        .clone()
}

pub(crate) fn number(answer: &FilterAnswer, name: &str) -> i64 {
    match added(answer, name) {
        Value::Integer(number) => number,
        other => panic!("{name} is {other:?}"),
    }
}

pub(crate) fn text(answer: &FilterAnswer, name: &str) -> String {
    match added(answer, name) {
        Value::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    }
}

/// The outside, with a given store.
pub(crate) fn services(store: Arc<dyn Store>) -> Services {
    Services {
        store,
        http: Arc::new(Web),
        ldap: Services::none().ldap,
        passwords: Arc::new(PlainPasswords),
        metrics: Arc::new(FewSeries::default()),
        ..Services::none()
    }
}

/// Answers every GET with 204 after as many milliseconds as the URL's last part says, or after giving
/// way once.
struct Web;

impl HttpSend for Web {
    fn bind(&self, _: &str, grant: &HttpGrant) -> Result<Arc<dyn HttpEgress>, String> {
        match grant.hosts.iter().find(|host| host.contains(' ')) {
            Some(host) => Err(format!("`{host}` is not a host")),
            None => Ok(Arc::new(Self)),
        }
    }
}

impl HttpEgress for Web {
    fn send(
        &self,
        request: OutgoingRequest,
        _: Instant,
    ) -> BoxFuture<'_, Result<IncomingResponse, HttpError>> {
        Box::pin(async move {
            let wait = request
                .url
                .rsplit('/')
                .next()
                .and_then(|part| part.parse().ok());
            match wait {
                Some(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
                None => tokio::task::yield_now().await,
            }
            assert!(!request.url.contains("panic"), "a defect of the host");
            Ok(IncomingResponse {
                status: 204,
                headers: Vec::new(),
                body: Vec::new(),
                url: request.url,
            })
        })
    }
}

struct PlainPasswords;

impl PasswordVerify for PlainPasswords {
    fn verify(
        &self,
        verification: Verification,
        _: Instant,
    ) -> BoxFuture<'_, Result<bool, PasswordError>> {
        Box::pin(async move { Ok(verification.stored == verification.password.expose()) })
    }
}

#[derive(Default)]
struct FewSeries(Mutex<std::collections::BTreeSet<String>>);

impl PluginMetrics for FewSeries {
    fn record(
        &self,
        plugin: &str,
        name: &str,
        labels: &[(String, String)],
        _: MetricChange,
    ) -> Result<(), MetricError> {
        let mut series = self.0.lock().unwrap();
        series.insert(format!("{plugin} {name} {labels:?}"));
        if series.len() > 10 {
            Err(MetricError::TooManySeries)
        } else {
            Ok(())
        }
    }
}
