//! Servers that come, go and change.
