//! The order of stages, and how their answers become one decision.
//!
//! Knows neither HTTP nor WebAssembly: it asks [`Plugin`]s, which the engine (or a test) supplies.

mod context;
mod plugin;

pub use context::{Context, ContextChange};
pub use plugin::{
    Answer, BackendAnswer, BackendUser, Call, Failure, FailureKind, FeatureAnswer, FeatureVerdict,
    FilterAnswer, FilterVerdict, OnError, Operation, Plugin, Question, Ran,
};
