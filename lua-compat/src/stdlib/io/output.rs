//! Where written text goes.
//!
//! The standard output of a plain script is the host's; everything else goes to the server's log, line by
//! line: that is where the peer's scripts expect it.

use crate::call;
use crate::host;
use crate::wit::bulkhead::policy::log;
use crate::wit::exports::bulkhead::policy::script::Kind;

/// A line without end is cut into log lines of this length.
const LONGEST_LINE: usize = 16 * 1024;

/// Sends text to standard output.
pub(crate) fn to_output(bytes: &[u8]) {
    if call::with(|call| call.kind == Some(Kind::Plain)) {
        host::with(|host| host.output_write(bytes));
    } else {
        log_lines(bytes, log::Level::Info);
    }
}

/// Sends text to standard error.
pub(super) fn to_error(bytes: &[u8]) {
    log_lines(bytes, log::Level::Info);
}

fn log_lines(bytes: &[u8], level: log::Level) {
    let lines = call::with(|call| {
        call.pending_output.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(end) = call
            .pending_output
            .iter()
            .position(|byte| *byte == b'\n')
            .or_else(|| (call.pending_output.len() > LONGEST_LINE).then_some(LONGEST_LINE))
        {
            let rest = call.pending_output.split_off(end);
            lines.push(std::mem::replace(&mut call.pending_output, rest));
            if call.pending_output.first() == Some(&b'\n') {
                call.pending_output.remove(0);
            }
        }
        lines
    });
    for line in lines {
        host::with(|host| host.log_write(level, &String::from_utf8_lossy(&line)));
    }
}

/// Logs a last line without end.
pub(crate) fn flush() {
    let line = call::with(|call| std::mem::take(&mut call.pending_output));
    if !line.is_empty() {
        let text = String::from_utf8_lossy(&line);
        host::with(|host| host.log_write(log::Level::Info, &text));
    }
}
