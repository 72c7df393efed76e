//! From a plugin's configuration to something that can be asked.
//!
//! Order: read, use the running plugin on if nothing has changed, check imports and exports, look into
//! the cache, else set up, freeze, compile and keep.
//! Runs as a whole on one of tokio's blocking threads, because compiling and a guest's own set-up
//! compute.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use wasmtime::component::{Component, Linker};

use super::{
    Description, LoadError, LoadedPlugin, Origin, PluginKind, PluginSpec, Reading, Shared, Surface,
    aot::Name,
    builtin,
    freeze::{self, Bundle, Instrumented, Setup},
    image::Image,
    inputs::Inputs,
    rights::rights,
    script_name::{image_name, remember_files, remembered_files, script_name},
};
use crate::{
    capability::{CallState, Grant, Rights, Sources, bindings::exports::bulkhead::policy::script},
    config::{Builtin, PluginSource, ServerLimits},
};

/// How much longer than `load_timeout` compiling may take on top: it is the server's own work, but a
/// component can be made to be slow to compile.
const COMPILE_FACTOR: u32 = 12;

/// The Lua runtime, ready to take in scripts.
pub(super) struct Runtime {
    instrumented: Instrumented<'static>,
    component: Component,
}

/// What loading makes, before it becomes a plugin.
pub(super) struct Made {
    pub(super) image: Image,
    pub(super) rights: Arc<Rights>,
    pub(super) description: Description,
    /// The other Lua files that the image depends on, present or not.
    pub(super) depends: Vec<PathBuf>,
}

pub(super) async fn load(
    shared: &Arc<Shared>,
    spec: PluginSpec,
    running: Option<Arc<LoadedPlugin>>,
    reading: &Arc<Reading>,
) -> Result<(Arc<LoadedPlugin>, Origin), LoadError> {
    let limit = shared.limits.load().load_timeout;
    let handle = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking({
        let (shared, reading) = (shared.clone(), reading.clone());
        move || handle.block_on(load_here(&shared, spec, running, &reading))
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

async fn load_here(
    shared: &Arc<Shared>,
    spec: PluginSpec,
    running: Option<Arc<LoadedPlugin>>,
    reading: &Reading,
) -> Result<(Arc<LoadedPlugin>, Origin), LoadError> {
    let limits = shared.limits.load_full();
    let inputs = Inputs::read(&spec, &limits, reading)?;
    let unchanged = running.and_then(|running| running.unchanged(shared, &inputs));
    if let Some(plugin) = unchanged {
        return Ok((plugin, Origin::Running));
    }
    let made = match &spec.source {
        PluginSource::Script {
            path,
            dialect,
            package_path,
        } => {
            let bundle = Bundle {
                dialect: *dialect,
                kind: script_kind(spec.kind),
                chunk_name: path.display().to_string(),
                source: inputs.bytes.to_vec(),
                package_path: search_path(path, package_path),
            };
            load_script(shared, &limits, &spec, &inputs, bundle).await?
        }
        PluginSource::Builtin(_) | PluginSource::Component(_) => {
            load_component(shared, &limits, &spec, &inputs.bytes).await?
        }
    };
    let config = &spec.config;
    let plugin = LoadedPlugin::new(
        shared.clone(),
        spec.kind,
        made,
        inputs.fingerprint,
        config.instances,
        config.on_error,
    );
    Ok((Arc::new(plugin), Origin::Made))
}

async fn load_component(
    shared: &Shared,
    limits: &ServerLimits,
    spec: &PluginSpec,
    bytes: &[u8],
) -> Result<Made, LoadError> {
    let surface = Surface::read(bytes)?;
    surface.check_exports(spec.kind)?;
    surface.check_imports(&spec.name, spec.kind, &spec.config.grants, optional(spec))?;
    let rights = Arc::new(rights(limits, spec, Sources::default())?);
    let configuration = spec.config.configuration.to_string();
    let setup = Setup {
        configuration: Some(configuration.clone()),
        bundle: None,
        timeout: limits.load_timeout,
    };
    let made = |image, description| Made {
        image,
        rights: rights.clone(),
        description,
        depends: Vec::new(),
    };
    let parts: [&[u8]; 3] = [b"component", bytes, configuration.as_bytes()];
    let name = Name::new(&shared.engine, parts);
    // Before anything else is done with the bytes: a start from the cache shall be quick.
    if let Some((component, description)) = cached(shared, &name) {
        let image = bind(&shared.linker, &component, spec.kind, None)?;
        return Ok(made(image, description));
    }
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
        let component = compile(shared, &instrumented.bytes)?;
        let frozen = frozen(shared, rights.clone(), &setup, &instrumented, &component).await?;
        keep(shared, &name, &frozen);
        let image = bind(&shared.linker, &frozen.component, spec.kind, None)?;
        return Ok(made(image, frozen.description));
    }
    let component = compile_cached(shared, b"plain", bytes)?;
    let state = freeze::loading_state(rights.clone(), setup.timeout);
    let _running = shared.ticker.run();
    let ready = freeze::set_up(&shared.wasi_linker, &component, state, &setup).await?;
    let linker = &shared.wasi_linker;
    let image = bind(linker, &component, spec.kind, Some(configuration))?;
    Ok(made(image, ready.description))
}

async fn load_script(
    shared: &Shared,
    limits: &ServerLimits,
    spec: &PluginSpec,
    inputs: &Inputs,
    bundle: Bundle,
) -> Result<Made, LoadError> {
    let sources = &inputs.sources;
    let configuration = spec.config.configuration.to_string();
    let base = script_name(shared, &bundle, &configuration);
    let mut rights = rights(limits, spec, sources.clone())?;
    let mut depends = remembered_files(shared, &base);
    let name = image_name(shared, &base, &depends, sources);
    if let Some((component, description)) = cached(shared, &name) {
        return Ok(Made {
            image: bind(&shared.linker, &component, spec.kind, None)?,
            rights: Arc::new(rights),
            description,
            depends: depends.into_iter().collect(),
        });
    }
    let setup = Setup {
        configuration: Some(configuration),
        bundle: Some(bundle),
        timeout: limits.load_timeout,
    };
    let runtime = runtime(shared)?;
    let recording = sources.recording();
    let loading = Arc::new(Rights {
        sources: recording.clone(),
        ..rights.clone()
    });
    let component = &runtime.component;
    let frozen = frozen(shared, loading, &setup, &runtime.instrumented, component).await?;
    // What an earlier version of the modules asked for stays in the list, so that going back to it
    // finds what was compiled then.
    depends.extend(recording.asked());
    remember_files(shared, &base, &depends);
    keep(
        shared,
        &image_name(shared, &base, &depends, sources),
        &frozen,
    );
    rights.sources = sources.clone();
    Ok(Made {
        image: bind(&shared.linker, &frozen.component, spec.kind, None)?,
        rights: Arc::new(rights),
        description: frozen.description,
        depends: depends.into_iter().collect(),
    })
}

/// The grant without which the plugin loads nevertheless: it is told of no secret, or the configuration's
/// reader has seen that the secret is granted.
fn optional(spec: &PluginSpec) -> Option<Grant> {
    match &spec.source {
        PluginSource::Builtin(name) => Builtin::find(name)
            .filter(|builtin| builtin.may_name_secret())
            .map(|_| Grant::Secret),
        PluginSource::Component(_) | PluginSource::Script { .. } => None,
    }
}

/// A guest that was set up, frozen and compiled.
struct Frozen {
    component: Component,
    description: Description,
    /// What has spoken with the outside may hold secrets, and is not the same the next time.
    touched_outside: bool,
}

async fn frozen(
    shared: &Shared,
    rights: Arc<Rights>,
    setup: &Setup,
    instrumented: &Instrumented<'_>,
    component: &Component,
) -> Result<Frozen, LoadError> {
    let _running = shared.ticker.run();
    let state = freeze::loading_state(rights, setup.timeout);
    let mut ready = freeze::set_up(&shared.linker, component, state, setup).await?;
    let bytes = freeze::freeze(instrumented, &mut ready).await?;
    Ok(Frozen {
        component: compile(shared, &bytes)?,
        touched_outside: ready.store.data().touched_outside,
        description: ready.description,
    })
}

/// The image of that name, if it was made before.
fn cached(shared: &Shared, name: &Name) -> Option<(Component, Description)> {
    let entry = shared.cache.as_ref()?.get(&shared.engine, name)?;
    Some((entry.component, Description::from_note(&entry.note)?))
}

fn keep(shared: &Shared, name: &Name, frozen: &Frozen) {
    if let Some(cache) = &shared.cache
        && !frozen.touched_outside
        && let Err(error) = cache.put(name, &frozen.component, &frozen.description.to_note())
    {
        tracing::warn!("a compiled component cannot be kept: {error}");
    }
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
    let (engine, cache) = (&shared.engine, shared.cache.as_ref());
    shared.functions.restore(engine, cache);
    let component = Component::new(engine, bytes)
        .map_err(|error| LoadError::NotComponent(format!("{error:#}")))?;
    shared.functions.keep(engine, cache);
    Ok(component)
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
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
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
