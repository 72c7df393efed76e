//! From a plugin's configuration to something that can be asked.
//!
//! Order: read, check imports and exports, look into the cache, else set up, freeze, compile and keep.
//! Runs as a whole on one of tokio's blocking threads, because compiling and a guest's own set-up
//! compute.

use std::{fs, io::Read, path::Path, sync::Arc};

use wasmtime::component::{Component, Linker};

use super::{
    Description, LoadError, LoadedPlugin, PluginKind, PluginSpec, Shared, Surface,
    aot::Name,
    builtin,
    freeze::{self, Bundle, Instrumented, Setup},
    image::Image,
};
use crate::{
    capability::{CallState, Rights, Sources, bindings::exports::bulkhead::policy::script},
    config::{Dialect, PluginSource},
};

/// How much longer than `load_timeout` compiling may take on top: it is the server's own work, but a
/// component can be made to be slow to compile.
const COMPILE_FACTOR: u32 = 12;

/// The Lua runtime, ready to take in scripts.
pub(super) struct Runtime {
    instrumented: Instrumented<'static>,
    component: Component,
}

pub(super) async fn load(
    shared: &Arc<Shared>,
    spec: PluginSpec,
) -> Result<LoadedPlugin, LoadError> {
    let limit = shared.limits.load_timeout;
    let handle = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking({
        let shared = shared.clone();
        move || handle.block_on(load_here(&shared, spec))
    });
    // A compilation cannot be interrupted: its thread goes on, but nobody waits for it.
    match tokio::time::timeout(limit * COMPILE_FACTOR, task).await {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(error)) => Err(LoadError::Failed {
            step: "load",
            reason: format!("the host failed (a defect of Bulkhead): {error}"),
        }),
        Err(_) => Err(LoadError::Timeout {
            step: "compile",
            limit: limit * COMPILE_FACTOR,
        }),
    }
}

async fn load_here(shared: &Arc<Shared>, spec: PluginSpec) -> Result<LoadedPlugin, LoadError> {
    let (image, rights, description) = match &spec.source {
        PluginSource::Script {
            path,
            dialect,
            package_path,
        } => load_script(shared, &spec, path, *dialect, package_path).await?,
        PluginSource::Builtin(name) => {
            let bytes = builtin::plugin(name).ok_or_else(|| LoadError::NoSuchBuiltin {
                name: name.clone(),
                known: builtin::plugin_names(),
            })?;
            load_component(shared, &spec, bytes).await?
        }
        PluginSource::Component(path) => {
            let bytes = read(path, shared.limits.component_bytes)?;
            load_component(shared, &spec, &bytes).await?
        }
    };
    let config = &spec.config;
    let plugin = LoadedPlugin::new(
        shared.clone(),
        spec.kind,
        image,
        rights,
        config.instances,
        config.on_error,
        description,
    );
    Ok(plugin)
}

async fn load_component(
    shared: &Shared,
    spec: &PluginSpec,
    bytes: &[u8],
) -> Result<(Image, Arc<Rights>, Description), LoadError> {
    let surface = Surface::read(bytes)?;
    surface.check_exports(spec.kind)?;
    surface.check_imports(&spec.name, spec.kind, &spec.config.grants)?;
    let rights = Arc::new(rights(shared, spec, Sources::default())?);
    let configuration = spec.config.configuration.to_string();
    let setup = Setup {
        configuration: Some(configuration.clone()),
        bundle: None,
        timeout: shared.limits.load_timeout,
    };
    // Tables of resources live in the host and cannot be frozen; WASI consists of them.
    let instrumented = match surface.wants_wasi() {
        true => None,
        false => freeze::instrument(bytes)
            .inspect_err(|reason| {
                tracing::debug!(
                    plugin = spec.name,
                    "it is set up before each call, because it cannot be frozen: {reason}"
                );
            })
            .ok(),
    };
    if let Some(instrumented) = instrumented {
        let parts: [&[u8]; 3] = [b"component", bytes, configuration.as_bytes()];
        let name = Name::new(&shared.engine, parts);
        let make = || compile(shared, &instrumented.bytes);
        let (component, description) =
            frozen(shared, &name, rights.clone(), &setup, &instrumented, make).await?;
        let image = bind(&shared.linker, &component, spec.kind, None)?;
        return Ok((image, rights, description));
    }
    let component = compile_cached(shared, b"plain", bytes)?;
    let state = freeze::loading_state(rights.clone(), setup.timeout);
    let _running = shared.ticker.run();
    let ready = freeze::set_up(&shared.wasi_linker, &component, state, &setup).await?;
    let image = bind(
        &shared.wasi_linker,
        &component,
        spec.kind,
        Some(configuration),
    )?;
    Ok((image, rights, ready.description))
}

async fn load_script(
    shared: &Shared,
    spec: &PluginSpec,
    path: &Path,
    dialect: Dialect,
    package_path: &str,
) -> Result<(Image, Arc<Rights>, Description), LoadError> {
    let source = read(path, shared.limits.component_bytes)?;
    let sources = collect_sources(path, package_path)?;
    let bundle = Bundle {
        dialect,
        kind: script_kind(spec.kind),
        chunk_name: path.display().to_string(),
        source,
        package_path: search_path(path, package_path),
    };
    let configuration = spec.config.configuration.to_string();
    let name = script_name(shared, &bundle, &configuration, &sources);
    let rights = Arc::new(rights(shared, spec, sources)?);
    let setup = Setup {
        configuration: Some(configuration),
        bundle: Some(bundle),
        timeout: shared.limits.load_timeout,
    };
    let runtime = runtime(shared)?;
    let make = || Ok(runtime.component.clone());
    let (component, description) = frozen(
        shared,
        &name,
        rights.clone(),
        &setup,
        &runtime.instrumented,
        make,
    )
    .await?;
    let image = bind(&shared.linker, &component, spec.kind, None)?;
    Ok((image, rights, description))
}

/// The image of a guest: from the cache, or made now.
async fn frozen(
    shared: &Shared,
    name: &Name,
    rights: Arc<Rights>,
    setup: &Setup,
    instrumented: &Instrumented<'_>,
    make: impl FnOnce() -> Result<Component, LoadError>,
) -> Result<(Component, Description), LoadError> {
    if let Some(cache) = &shared.cache
        && let Some(entry) = cache.get(&shared.engine, name)
        && let Some(description) = Description::from_note(&entry.note)
    {
        return Ok((entry.component, description));
    }
    let component = make()?;
    let _running = shared.ticker.run();
    let state = freeze::loading_state(rights, setup.timeout);
    let mut ready = freeze::set_up(&shared.linker, &component, state, setup).await?;
    let bytes = freeze::freeze(instrumented, &mut ready).await?;
    let image = compile(shared, &bytes)?;
    // What has spoken with the outside may hold secrets, and is not the same the next time.
    if let Some(cache) = &shared.cache
        && !ready.store.data().touched_outside
        && let Err(error) = cache.put(name, &image, &ready.description.to_note())
    {
        tracing::warn!("a compiled component cannot be kept: {error}");
    }
    Ok((image, ready.description))
}

/// Everything that a script's image depends on.
fn script_name(shared: &Shared, bundle: &Bundle, configuration: &str, sources: &Sources) -> Name {
    let facts = format!("{:?} {:?}", bundle.dialect, bundle.kind);
    let files: Vec<_> = sources
        .files()
        .flat_map(|(path, bytes)| [path.as_os_str().as_encoded_bytes(), bytes])
        .collect();
    let parts: [&[u8]; 7] = [
        b"script",
        builtin::LUA_RUNTIME,
        configuration.as_bytes(),
        facts.as_bytes(),
        bundle.chunk_name.as_bytes(),
        bundle.package_path.as_bytes(),
        &bundle.source,
    ];
    Name::new(&shared.engine, parts.into_iter().chain(files))
}

/// The Lua runtime; made once per engine.
pub(super) fn runtime(shared: &Shared) -> Result<&Runtime, LoadError> {
    let made = shared.runtime.get_or_init(|| {
        if builtin::LUA_RUNTIME.is_empty() {
            return Err("this binary was built without it".to_owned());
        }
        let instrumented = freeze::instrument(builtin::LUA_RUNTIME)?;
        let component = compile_cached(shared, b"instrumented", &instrumented.bytes)
            .map_err(|error| error.to_string())?;
        Ok(Runtime {
            instrumented,
            component,
        })
    });
    made.as_ref()
        .map_err(|error| LoadError::Runtime(error.clone()))
}

impl Runtime {
    pub(super) fn component(&self) -> &Component {
        &self.component
    }
}

/// What `package.path` begins with: the script's own folder, then what the configuration says.
pub(super) fn search_path(script: &Path, package_path: &str) -> String {
    let folder = script.parent().unwrap_or(Path::new("")).join("?");
    let folder = folder.display();
    let mut path = format!("{folder}.lua;{folder}/init.lua");
    if !package_path.is_empty() {
        path.push(';');
        path.push_str(package_path);
    }
    path
}

pub(super) fn collect_sources(path: &Path, package_path: &str) -> Result<Sources, LoadError> {
    let sources = Sources::collect(path, package_path).map_err(|error| LoadError::Read {
        path: path.to_path_buf(),
        error,
    })?;
    if sources.truncated {
        tracing::warn!(
            script = %path.display(),
            "its folder or module path holds too many Lua files; some cannot be required"
        );
    }
    Ok(sources)
}

pub(super) fn compile(shared: &Shared, bytes: &[u8]) -> Result<Component, LoadError> {
    Component::new(&shared.engine, bytes)
        .map_err(|error| LoadError::NotComponent(format!("{error:#}")))
}

/// Compiles a component as it is; its machine code depends on nothing else.
fn compile_cached(shared: &Shared, purpose: &[u8], bytes: &[u8]) -> Result<Component, LoadError> {
    let name = Name::new(&shared.engine, [purpose, bytes]);
    if let Some(cache) = &shared.cache
        && let Some(entry) = cache.get(&shared.engine, &name)
    {
        return Ok(entry.component);
    }
    let component = compile(shared, bytes)?;
    if let Some(cache) = &shared.cache
        && let Err(error) = cache.put(&name, &component, b"")
    {
        tracing::warn!("a compiled component cannot be kept: {error}");
    }
    Ok(component)
}

fn bind(
    linker: &Linker<CallState>,
    component: &Component,
    kind: PluginKind,
    configuration: Option<String>,
) -> Result<Image, LoadError> {
    Image::new(linker, component, kind, configuration).map_err(|error| LoadError::Failed {
        step: "link",
        reason: format!("{error:#}"),
    })
}

/// Reads a file that an administrator named.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |error| LoadError::Read {
        path: path.to_path_buf(),
        error,
    };
    let file = fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > limit {
        return Err(LoadError::TooLarge {
            path: path.to_path_buf(),
            bytes: size,
            limit,
        });
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

pub(super) fn rights(
    shared: &Shared,
    spec: &PluginSpec,
    sources: Sources,
) -> Result<Rights, LoadError> {
    let grants = &spec.config.grants;
    let http = grants
        .http
        .as_ref()
        .map(|grant| spec.services.http.bind(grant));
    let http = http.transpose().map_err(|reason| LoadError::Grant {
        grant: "http",
        reason,
    })?;
    let mut secrets = std::collections::BTreeMap::new();
    for name in &grants.secret {
        let value = spec.secrets.get(name).ok_or_else(|| LoadError::Grant {
            grant: "secret",
            reason: format!("there is no secret `{name}` under the top-level key `secrets`"),
        })?;
        secrets.insert(name.clone(), value.clone());
    }
    let environment = grants
        .environment
        .iter()
        .filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)))
        .collect();
    Ok(Rights {
        plugin: spec.name.clone(),
        grants: grants.clone(),
        limits: spec.config.limits.clone(),
        context_bytes: shared.limits.context_bytes,
        store_value_bytes: shared.limits.store_value_bytes,
        http,
        secrets,
        environment,
        sources,
        services: spec.services.clone(),
    })
}

fn script_kind(kind: PluginKind) -> script::Kind {
    match kind {
        PluginKind::Feature => script::Kind::Feature,
        PluginKind::Backend => script::Kind::Backend,
        PluginKind::Filter => script::Kind::Filter,
        PluginKind::Action => script::Kind::Action,
        PluginKind::Hook => script::Kind::Hook,
        PluginKind::Init => script::Kind::Init,
        PluginKind::CacheFlush => script::Kind::CacheFlush,
    }
}

impl Description {
    fn to_note(&self) -> Vec<u8> {
        [&self.name, &self.version, &self.summary]
            .map(String::as_str)
            .join("\0")
            .into_bytes()
    }

    fn from_note(note: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(note).ok()?.split('\0');
        Some(Self {
            name: parts.next()?.to_owned(),
            version: parts.next()?.to_owned(),
            summary: parts.next()?.to_owned(),
        })
    }
}
