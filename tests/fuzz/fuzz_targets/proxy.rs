//! The PROXY protocol header of a connection.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bulkhead_fuzz::proxy(data));
