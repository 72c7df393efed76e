//! How deep the parser and the compiler may recurse on a small stack.
//!
//! Both recurse with the nesting of the source. Where the stack is small (WebAssembly), overflowing it
//! ends the whole program, so the embedder says where to stop.

use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

/// Below this address of the stack, compiling stops with an error. The stack must grow downwards. What
/// lies below must be enough for functions that do not recurse.
pub fn set_stack_floor(address: usize) {
    FLOOR.set(address);
}

/// Less stack is left than the embedder wants kept free.
#[inline(never)]
pub fn exhausted() -> bool {
    let marker = 0_u8;
    (black_box(&marker) as *const u8 as usize) < FLOOR.get()
}
