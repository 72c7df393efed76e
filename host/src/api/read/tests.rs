//! What all parsers promise, and what the parsers of header fields and CBOR read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
