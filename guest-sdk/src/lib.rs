//! Bulkhead plugin SDK.
