//! `io.write`, and where what scripts write goes.
//!
//! A plain script writes to standard output. Others write to the server's log, line by line: that is
//! where the peer's scripts expect it. There are no files here.

use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use super::{forbid, library};
use crate::arguments::string;
use crate::call;
use crate::host;
use crate::wit::bulkhead::policy::log;
use crate::wit::exports::bulkhead::policy::script::Kind;

/// A line without end is cut into log lines of this length.
const LONGEST_LINE: usize = 16 * 1024;

pub(super) fn install(ctx: Context<'_>, kind: Kind) {
    let _ = kind;
    let io = library(ctx, "io");
    forbid(
        ctx,
        io,
        "io",
        &[
            "open", "popen", "lines", "input", "output", "read", "tmpfile", "close",
        ],
        "scripts have no files, terminals or processes",
    );
    let output = Table::new(&ctx);
    let write = Callback::from_fn_with(&ctx, output, |output, ctx, _, mut stack| {
        let first = usize::from(matches!(stack.get(0), Value::Table(_)));
        let mut bytes = Vec::new();
        for index in first..stack.len() {
            bytes.extend_from_slice(string(ctx, &stack, index, "write")?.as_bytes());
        }
        emit(&bytes);
        stack.replace(ctx, *output);
        Ok(CallbackReturn::Return)
    });
    let nothing = Callback::from_fn(&ctx, |ctx, _, mut stack| {
        stack.replace(ctx, true);
        Ok(CallbackReturn::Return)
    });
    for name in ["flush", "setvbuf", "close"] {
        output.set_field(ctx, name, nothing);
    }
    output.set_field(ctx, "write", write);
    io.set_field(ctx, "write", write);
    io.set_field(ctx, "flush", nothing);
    io.set_field(ctx, "stdout", output);
    io.set_field(ctx, "stderr", output);
}

/// Sends text where this kind of script writes.
pub(super) fn emit(bytes: &[u8]) {
    let plain = call::with(|call| call.kind == Some(Kind::Plain));
    if plain {
        host::with(|host| host.output_write(bytes));
        return;
    }
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
        host::with(|host| host.log_write(log::Level::Info, &String::from_utf8_lossy(&line)));
    }
}
