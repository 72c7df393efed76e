//! The `bulkhead` binary: hands the arguments to `cli` and turns its result into an exit code.

use std::process::ExitCode;

// Many small short-lived allocations per login: measured faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bulkhead::cli::run(std::env::args_os())
}
