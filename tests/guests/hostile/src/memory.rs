//! What can be done to memory and stack: growing, filling, overflowing, hiding things and searching.

#![allow(
    unsafe_code,
    reason = "a search of the whole linear memory has to read where no Rust object lies"
)]

use std::{cell::RefCell, hint::black_box};

use bulkhead_sdk::Failure;

/// Loops without calling the host.
pub(crate) fn loop_for_ever() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

/// Recurses without end; each call needs what the next one returns.
#[allow(unconditional_recursion)]
pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 8]);
    recurse(depth.wrapping_add(1)).wrapping_add(frame.iter().sum())
}

/// Allocates and fills without end.
pub(crate) fn hog_for_ever() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![0xA5_u8; 1 << 16]));
    }
}

#[cfg(target_arch = "wasm32")]
mod linear {
    //! The real thing.

    /// Bytes in a page.
    pub(super) const PAGE: usize = 1 << 16;

    /// Pages there are.
    pub(super) fn size() -> usize {
        core::arch::wasm32::memory_size::<0>()
    }

    /// Adds pages. False when refused.
    pub(super) fn grow(pages: usize) -> bool {
        core::arch::wasm32::memory_grow::<0>(pages) != usize::MAX
    }

    /// Reads a byte anywhere in memory.
    pub(super) fn read(address: usize) -> u8 {
        // SAFETY: callers stay below `size`, and any bytes make a `u8`. Volatile, so that the compiler
        // draws no conclusions from an address that belongs to no Rust object.
        unsafe { core::ptr::read_volatile(core::ptr::without_provenance::<u8>(address)) }
    }

    /// Writes a byte to a page that only this module knows.
    pub(super) fn write(address: usize, byte: u8) {
        // SAFETY: callers write only to pages that they have just added with `grow`.
        unsafe { core::ptr::write_volatile(core::ptr::without_provenance_mut::<u8>(address), byte) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod linear {
    //! Natively there is no linear memory.
    pub(super) const PAGE: usize = 1 << 16;
    pub(super) fn size() -> usize {
        0
    }
    pub(super) fn grow(_pages: usize) -> bool {
        false
    }
    pub(super) fn read(_address: usize) -> u8 {
        0
    }
    pub(super) fn write(_address: usize, _byte: u8) {}
}

/// Grows the memory to `total` bytes and writes to every new page.
pub(crate) fn hog(total: usize) -> Result<(), Failure> {
    let before = linear::size();
    let wanted = total.div_ceil(linear::PAGE);
    let Some(missing) = wanted.checked_sub(before) else {
        return Ok(());
    };
    if !linear::grow(missing) {
        return Err(Failure::new(format!(
            "growth refused from {before} to {wanted} pages"
        )));
    }
    for page in before..wanted {
        linear::write(page.saturating_mul(linear::PAGE), 0xA5);
    }
    Ok(())
}

thread_local! {
    /// A global that outlives the call, if the memory does.
    static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A global without a pointer.
static mut HIDDEN: [u8; 64] = [0; 64];

/// Keeps the canary in a global, on the heap, on the stack and in a page of its own.
pub(crate) fn store_canary(canary: &[u8]) {
    for (index, byte) in canary.iter().take(64).enumerate() {
        // SAFETY: a component has one thread, and the index is below 64.
        unsafe {
            (&raw mut HIDDEN)
                .cast::<u8>()
                .add(index)
                .write_volatile(*byte)
        };
    }
    KEPT.with_borrow_mut(|kept| kept.push(canary.to_vec()));
    let mut frame = [0_u8; 256];
    for (place, byte) in frame.iter_mut().zip(canary) {
        *place = *byte;
    }
    black_box(&frame);
    let end = linear::size().saturating_mul(linear::PAGE);
    if linear::grow(1) {
        for (offset, byte) in canary.iter().take(linear::PAGE).enumerate() {
            linear::write(end.saturating_add(offset), *byte);
        }
    }
}

/// Searches the whole memory for the canary, which comes backwards so that the question does not
/// find itself. Returns hits and searched bytes.
pub(crate) fn find_backwards(backwards: &[u8]) -> (usize, usize) {
    let end = linear::size().saturating_mul(linear::PAGE);
    if backwards.is_empty() {
        return (0, end);
    }
    let starts = 0..end.saturating_sub(backwards.len().saturating_sub(1));
    let hits = starts.filter(|start| {
        let mut offsets = backwards.iter().rev().enumerate();
        offsets.all(|(offset, byte)| linear::read(start.saturating_add(offset)) == *byte)
    });
    (hits.count(), end)
}
