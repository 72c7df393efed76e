//! The `bulkhead` binary: hands the arguments to `cli` and turns its result into an exit code.

fn main() {}
