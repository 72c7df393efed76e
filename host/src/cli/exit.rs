//! Exit codes: those of sysexits.h, where it has one.

use std::process::ExitCode;

use crate::auth::Verdict;

/// Done, or accepted.
pub const SUCCESS: u8 = 0;
/// Rejected, or a script ended with an error.
pub const REJECT: u8 = 1;
/// The command line is wrong (EX_USAGE).
pub const USAGE: u8 = 64;
/// A file's content is not what it should be (EX_DATAERR).
pub const DATA: u8 = 65;
/// A file cannot be read (EX_NOINPUT).
pub const NO_INPUT: u8 = 66;
/// The address is taken, or the store cannot be opened (EX_UNAVAILABLE).
pub const UNAVAILABLE: u8 = 69;
/// A fault of Bulkhead itself (EX_SOFTWARE).
pub const INTERNAL: u8 = 70;
/// Temporary failure (EX_TEMPFAIL).
pub const TEMPORARY: u8 = 75;
/// The configuration is wrong (EX_CONFIG).
pub const CONFIGURATION: u8 = 78;

/// For `--help`.
pub const TABLE: &str = "\
Exit codes:
   0  success; the login is accepted
   1  the login is rejected; a script ended with an error
  64  the command line is wrong
  65  a file is not what it should be, such as a plugin that is no component or a script with errors
  66  a file cannot be read
  69  the address is taken, or the store cannot be opened
  70  a fault of Bulkhead itself
  75  temporary failure: nobody can say now whether the login may pass
  78  the configuration is wrong";

/// What `bulkhead login` ends with.
pub fn of_verdict(verdict: Verdict) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Accept => SUCCESS,
        Verdict::Reject => REJECT,
        Verdict::TemporaryFailure => TEMPORARY,
    })
}
