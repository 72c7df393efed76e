//! Generations: everything that one configuration loads, in one value that is swapped as a whole.
//!
//! A [`Generation`] is built beside the one that serves, and either becomes complete or reports every
//! problem of every plugin; nothing of it is used before that. What outlives generations (the store,
//! the pools) is in [`Server`].

mod dry_run;
mod engine_loader;
mod generation;
mod problem;
mod server;
mod services;

pub use dry_run::{DryRun, dry_run};
pub use generation::{Generation, Hook, LoadPlugin, Wanted};
pub use problem::{LoadProblem, Place, to_diagnostics};
pub use server::{Server, StoreUse, start};
