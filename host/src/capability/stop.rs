//! The reasons for which the host itself ends a call: an exceeded limit.
//!
//! Raised as a trap by host functions, by the memory limiter and by the epoch callback, so that the
//! cause travels with the error and nobody has to guess from a trap code.

use std::time::Duration;

use crate::pipeline::FailureKind;

/// A limit that was exceeded. The text names its key and value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Linear memory.
    #[error("it wants {wanted} bytes of memory; its limit `memory` is {limit}")]
    Memory {
        /// Bytes that it would have had.
        wanted: u64,
        /// Bytes.
        limit: u64,
    },
    /// Time inside the guest and in host functions that do not wait.
    #[error("it computed for longer than its limit `cpu` of {}", show(.0))]
    CpuTime(Duration),
    /// From start to end.
    #[error("it took longer than its limit `wall_clock` of {}", show(.0))]
    WallClock(Duration),
    /// The request as a whole is late.
    #[error("the deadline of the request passed while it ran")]
    Deadline,
    /// Bytes handed to the host.
    #[error("it handed more bytes to the host than its limit `boundary_bytes` of {0}")]
    Boundary(u64),
    /// Calls of imported functions.
    #[error("it called the host more often than its limit `host_calls` of {0}")]
    HostCalls(u32),
    /// The contract has a fixed limit.
    #[error("{0}")]
    Contract(String),
    /// The caller went away.
    #[error("the call was cancelled")]
    Cancelled,
    /// The table of function references or resources.
    #[error("it wants a table of {0} elements; at most {1} are allowed")]
    Table(u64, u64),
}

impl Stop {
    /// The kind of failure that it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Memory { .. } | Self::Table(..) => FailureKind::Memory,
            Self::CpuTime(_) => FailureKind::CpuTime,
            Self::WallClock(_) | Self::Deadline | Self::Cancelled => FailureKind::WallClock,
            Self::Boundary(_) => FailureKind::Boundary,
            Self::HostCalls(_) => FailureKind::HostCalls,
            Self::Contract(_) => FailureKind::Contract,
        }
    }
}

/// A duration in whole milliseconds, or seconds where that is exact.
fn show(duration: &Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds.is_multiple_of(1000) {
        format!("{} s", milliseconds / 1000)
    } else {
        format!("{milliseconds} ms")
    }
}
