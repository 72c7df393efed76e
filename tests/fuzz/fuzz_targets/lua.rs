//! Any bytes as a Lua script: it may fail, but nothing it does may panic, abort or run on.
//!
//! The script is compiled and run in both dialects, with a host that has nothing. What the sandbox would end is ended here:
//! long runs after some steps, big ones when their memory counts too much. One allocation that is too big fails, as it
//! does in a component: whoever asks for so much must be ready for that.
#![no_main]

#[path = "../../../lua-compat/tests/support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind};
use support::FakeHost;

/// About 16,000 instructions each.
const SLICES: u32 = 60;
/// What a script may hold.
const MEMORY: usize = 64 * 1024 * 1024;
/// What may be asked for at once.
const ALLOCATION: usize = 32 * 1024 * 1024;

struct Limited;

static HELD: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > ALLOCATION {
            return std::ptr::null_mut();
        }
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about the layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `place` came from `alloc` above, so from the system's.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn run(dialect: Dialect, source: &[u8]) {
    let bundle = Bundle {
        dialect,
        kind: Kind::Plain,
        chunk_name: "fuzz.lua".to_owned(),
        source: source.to_vec(),
        package_path: "?.lua".to_owned(),
    };
    let Ok(mut runtime) = Runtime::load(Rc::new(FakeHost::default()), bundle) else {
        return;
    };
    let slices = Cell::new(0);
    runtime.run_while(move || {
        slices.set(slices.get() + 1);
        slices.get() < SLICES && HELD.load(Ordering::Relaxed) < MEMORY
    });
    let _ = runtime.run_plain(&[]);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run(Dialect::Lua51, data);
    run(Dialect::Lua54, data);
});
