//! Everything that a plugin's own `cargo test` needs: a server that is not there.
//!
//! ```
//! # use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, filter::{Answer, Verdict}};
//! # struct NoRoot;
//! # impl Plugin for NoRoot {
//! #     type Configuration = ();
//! #     fn new((): ()) -> Result<Self, Vec<Problem>> { Ok(Self) }
//! # }
//! # impl Filter for NoRoot {
//! #     fn run(&self, request: &Request) -> Result<Answer, Failure> {
//! #         if request.username == "root" { return Ok(Answer::reject()); }
//! #         Ok(Answer::keep())
//! #     }
//! # }
//! use bulkhead_sdk::testing::{TestHost, configure, request, run_filter};
//!
//! let plugin = configure::<NoRoot>("null").unwrap();
//! let answer = run_filter(&plugin, &TestHost::new(), request().username("root").build()).unwrap();
//! assert_eq!(answer.verdict, Verdict::Reject);
//! ```

mod clock;
mod directory;
mod double;
mod host;
mod request;

pub use self::{
    host::{LogLine, TestHost},
    request::{RequestBuilder, request},
};
pub(crate) use double::Double;

use crate::{
    Action, Backend, CacheFlush, Event, Failure, Feature, Filter, Hook, Init, Plugin, Problem,
    Request, backend, cache_flush, configuration, feature, filter, hook,
};

/// Builds a plugin from JSON text, exactly as the server does.
///
/// # Errors
/// What is wrong with the configuration.
pub fn configure<P: Plugin>(json: &str) -> Result<P, Vec<Problem>> {
    configuration::build(json)
}

/// Asks a feature, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_feature<P: Feature>(
    plugin: &P,
    host: &TestHost,
    request: Request,
) -> Result<feature::Answer, Failure> {
    host.run(|| plugin.run(&request))
}

/// Asks a backend, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_backend<P: Backend>(
    plugin: &P,
    host: &TestHost,
    request: Request,
    operation: backend::Operation,
) -> Result<backend::Answer, Failure> {
    host.run(|| plugin.run(&request, operation))
}

/// Asks a filter, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_filter<P: Filter>(
    plugin: &P,
    host: &TestHost,
    request: Request,
) -> Result<filter::Answer, Failure> {
    host.run(|| plugin.run(&request))
}

/// Runs an action, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_action<P: Action>(
    plugin: &P,
    host: &TestHost,
    request: Request,
    event: Event,
) -> Result<(), Failure> {
    host.run(|| plugin.run(&request, event))
}

/// Asks a hook, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_hook<P: Hook>(
    plugin: &P,
    host: &TestHost,
    request: &hook::HookRequest,
) -> Result<hook::HookResponse, Failure> {
    host.run(|| plugin.run(request))
}

/// Runs an init plugin, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_init<P: Init>(plugin: &P, host: &TestHost) -> Result<(), Failure> {
    host.run(|| plugin.run())
}

/// Asks a cache-flush plugin, with `host` answering its calls.
///
/// # Errors
/// Those of the plugin.
pub fn run_cache_flush<P: CacheFlush>(
    plugin: &P,
    host: &TestHost,
    request: Request,
) -> Result<cache_flush::Answer, Failure> {
    host.run(|| plugin.run(&request))
}
