//! Placeholder until the figures are measured.
fn main() {}
