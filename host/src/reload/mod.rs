//! Generations: everything that one configuration loads, in one value that is swapped as a whole.
//!
//! A [`Generation`] is built beside the one that serves, and either becomes complete or reports every
//! problem of every plugin; nothing of it is used before that. What has not changed is taken over from
//! the running one. What outlives generations (the store, the pools) is in [`Server`].

mod dry_run;
mod engine_loader;
mod generation;
mod lease;
mod memories;
mod outcome;
mod problem;
mod queue;
mod reloader;
mod restart;
mod self_test;
mod server;
mod services;
mod watch;

pub use dry_run::{DryRun, dry_run};
pub use generation::{Generation, Hook, LoadPlugin, Wanted};
pub use outcome::{Cause, Refused, ReloadOutcome, Reloaded};
pub use problem::{LoadProblem, Place, to_diagnostics};
pub use queue::{Trigger, Wishes, queue};
pub use reloader::{Commit, External, Front, Reloader};
pub use self_test::self_test;
pub use server::{Running, Server, StoreUse, start};
pub use watch::Watch;
