//! What can go wrong before a plugin is asked anything, in words for an administrator.

use std::{path::PathBuf, time::Duration};

/// The engine itself cannot work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Wasmtime refuses its settings, or this machine.
    #[error("the sandbox cannot be set up on this machine: {0}")]
    Setup(String),
    /// No thread can be started.
    #[error("the sandbox cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// A plugin cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Its file is too large.
    #[error("{} has {bytes} bytes; the limit `limits.component_bytes` is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes.
        bytes: u64,
        /// Bytes.
        limit: u64,
    },
    /// There is no such first-party plugin.
    #[error("there is no built-in plugin `{name}`; there are: {}", known.join(", "))]
    NoSuchBuiltin {
        /// As configured.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// It is a core module.
    #[error(
        "this is a core WebAssembly module, not a component; build it for `wasm32-wasip2`, or turn it into a component with `wasm-tools component new`"
    )]
    CoreModule,
    /// It is something else.
    #[error("this is not a WebAssembly component: {0}")]
    NotComponent(String),
    /// It implements another world.
    #[error(
        "it cannot be used as a {kind}: it does not export {missing}; it exports {}",
        list(exports)
    )]
    MissingExport {
        /// What it is configured as.
        kind: &'static str,
        /// The first export that is missing.
        missing: String,
        /// What it has.
        exports: Vec<String>,
    },
    /// It wants what it was not granted, or what nobody can have.
    #[error("{}", .0.join("\n"))]
    Imports(Vec<String>),
    /// Its configuration is wrong.
    #[error("its configuration is wrong:\n{}", problems(.0))]
    Configuration(Vec<ConfigurationProblem>),
    /// Its script cannot be compiled.
    #[error("{message}")]
    Script {
        /// Lua's own message, with chunk and line.
        message: String,
        /// From 1; 0 when unknown.
        line: u32,
        /// Frames, or empty.
        traceback: String,
    },
    /// It failed in a step of loading.
    #[error("it failed in `{step}`: {reason}")]
    Failed {
        /// `describe`, `configure` …
        step: &'static str,
        /// Why.
        reason: String,
    },
    /// It takes too long.
    #[error("it was not done with `{step}` after {limit:?}, the limit `limits.load_timeout`")]
    Timeout {
        /// `describe`, `configure`, `compile` …
        step: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// A grant is written wrongly.
    #[error("its grant `{grant}` is wrong: {reason}")]
    Grant {
        /// Which.
        grant: &'static str,
        /// Why.
        reason: String,
    },
    /// The Lua runtime is not what this version expects.
    #[error("the Lua runtime cannot be used: {0}")]
    Runtime(String),
}

/// One thing that a plugin says about its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationProblem {
    /// As in `networks[2]`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

fn problems(problems: &[ConfigurationProblem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| match problem.path.as_str() {
            "" => format!("  {}", problem.message),
            path => format!("  {path}: {}", problem.message),
        })
        .collect();
    lines.join("\n")
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}
