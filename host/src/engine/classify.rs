//! From an error of wasmtime to the failure that it means.

use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::{
    capability::{CallState, Stop, printable},
    pipeline::{Failure, FailureKind},
};

/// Names the cause. `boundary` is the plugin's limit, for the one error that does not carry it.
pub(super) fn failure(error: &wasmtime::Error, boundary: u64) -> Failure {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return from_stop(stop);
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return from_trap(*trap);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure {
            kind: FailureKind::Overloaded,
            message: "no place is free for another instance; the limit is `limits.instances`"
                .to_owned(),
        };
    }
    let cause = error.root_cause().to_string();
    // Wasmtime does not export the type of this error.
    if cause.contains("fuel allocated for hostcalls") {
        return from_stop(&Stop::Boundary(boundary));
    }
    Failure {
        kind: FailureKind::Contract,
        message: format!("it broke the contract: {}", printable(&cause)),
    }
}

/// As [`failure`], of a call whose state is known: a guest that ended itself after it was refused memory ended
/// for that reason.
pub(super) fn failure_of_call(error: &wasmtime::Error, state: &CallState) -> Failure {
    match (&state.refused, error.downcast_ref::<Trap>()) {
        (Some(stop), Some(Trap::UnreachableCodeReached)) => from_stop(stop),
        _ => failure(error, state.rights.limits.boundary_bytes),
    }
}

/// A failure that the guest told of itself: after it was refused memory, that is what the operator must see beside
/// the guest's own words.
pub(super) fn own_failure(failure: Failure, refused: Option<&Stop>) -> Failure {
    match (failure.kind, refused) {
        (FailureKind::Plugin, Some(stop)) => Failure {
            kind: stop.kind(),
            message: format!("{} ({stop})", failure.message),
        },
        _ => failure,
    }
}

/// A limit that the host enforced.
pub(super) fn from_stop(stop: &Stop) -> Failure {
    Failure {
        kind: stop.kind(),
        message: stop.to_string(),
    }
}

fn from_trap(trap: Trap) -> Failure {
    let reason = match trap {
        Trap::UnreachableCodeReached => {
            "it stopped itself (a panic or an assertion; its log may say more)"
        }
        Trap::StackOverflow => "its stack overflowed: a recursion without end",
        Trap::MemoryOutOfBounds => {
            "it accessed memory outside of its own (a recursion without end, or a defect)"
        }
        Trap::IntegerDivisionByZero => "it divided by zero",
        Trap::IndirectCallToNull | Trap::BadSignature => "it called a function that does not exist",
        _ => "",
    };
    let message = if reason.is_empty() {
        format!("it trapped: {trap}")
    } else {
        reason.to_owned()
    };
    Failure {
        kind: FailureKind::Trap,
        message,
    }
}
