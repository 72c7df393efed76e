//! Makes panics audible: on `wasm32-unknown-unknown` they are silent by themselves.

use std::{cell::Cell, panic};

use crate::log;

/// Longest panic message that goes to the log, in bytes.
const LIMIT: usize = 1024;

thread_local! {
    static INSTALLED: Cell<bool> = const { Cell::new(false) };
}

/// Sends the message of a panic to the server's log, before the trap ends the call.
pub(crate) fn install() {
    if INSTALLED.replace(true) {
        return;
    }
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(no message)");
        let shown = message
            .get(..message.floor_char_boundary(LIMIT))
            .unwrap_or_default();
        match info.location() {
            Some(place) => log::error(format_args!(
                "panic at {}:{}: {shown}",
                place.file(),
                place.line()
            )),
            None => log::error(format_args!("panic: {shown}")),
        }
    }));
}
