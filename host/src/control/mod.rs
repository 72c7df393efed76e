//! Controls that need shared state, and therefore run in the host: one room each.
//!
//! They know the store and the configuration; the pipeline knows them as traits, and plugins not at all.

pub mod brute_force;
