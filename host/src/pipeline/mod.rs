//! The order of stages, and how their answers become one decision.
//!
//! Knows neither HTTP nor WebAssembly: it asks [`Plugin`]s, which the engine (or a test) supplies.
//! Promises an [`Outcome`] for every request by its deadline, and that no failure of a plugin, of
//! whatever kind, becomes an accept.

mod actions;
mod ask;
mod attributes;
mod backends;
mod brute_force;
mod cache;
mod challenge;
mod context;
mod decide;
mod features;
mod filters;
mod flush;
mod login;
mod master;
mod member;
mod plugin;
mod post;
#[cfg(test)]
mod tests;
mod verify;

pub use brute_force::{
    BRUTE_FORCE, Ban, BruteForce, Clearance, Counted, FailedLogin, Standing, Uncertain,
};
pub use cache::{
    Asking, CacheAnswer, CacheQuestion, CacheSource, Conclusion, Finding, Keeper, Known, LoginCache,
};
pub use context::{Context, ContextChange};
pub use decide::{Lease, Outcome, Pipeline};
pub use flush::{CacheFlushAnswer, Flushed, Forget, Forgot, Subject};
pub use master::MasterUsers;
pub use member::{Member, Stages};
pub use plugin::{
    Answer, BackendAnswer, BackendUser, Call, Failure, FailureKind, FeatureAnswer, FeatureVerdict,
    FilterAnswer, FilterVerdict, OnError, Operation, Plugin, Question, Ran,
};
pub use post::{DropReason, PostActions, PostLimits, PostListener, PostWork};
