//! Reads a request's body: limited, within the deadline, into memory that is wiped.
//!
//! Once begun, reading goes on to the end of the body even when the limit is passed (the surplus is
//! thrown away), up to a bound that only a hostile client reaches. A too long body that announces
//! its length is refused before it is asked for. hyper's own read buffer is out of reach: it is
//! reused, not wiped.

use std::{error::Error, time::Instant};

use axum::{body::Body, http::HeaderMap, http::header::CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError};
use zeroize::Zeroizing;

use super::refusal::Refusal;

/// How much of a too long body without a length is thrown away before the connection is closed.
const DISCARD: u64 = 1 << 20;

/// The whole body, at most `limit` bytes.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: u64,
    deadline: Instant,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::TooLarge);
    }
    let deadline = tokio::time::Instant::from_std(deadline);
    tokio::time::timeout_at(deadline, collect(body, announced.unwrap_or(1024), limit))
        .await
        .unwrap_or(Err(Refusal::BodyTimeout))
}

async fn collect(mut body: Body, capacity: u64, limit: u64) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let capacity = usize::try_from(capacity.min(limit)).unwrap_or(0);
    let mut collected = Zeroizing::new(Vec::with_capacity(capacity));
    let mut received: u64 = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failed(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        received = received.saturating_add(data.len() as u64);
        if received <= limit {
            append(&mut collected, &data);
        } else if received > limit.saturating_add(DISCARD) {
            return Err(Refusal::TooLarge);
        }
    }
    if received > limit {
        return Err(Refusal::TooLarge);
    }
    Ok(collected)
}

/// Why a body cannot be read to its end.
fn failed(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            // A compressed body that is too long even before it is unpacked.
            return Refusal::TooLarge;
        }
        if error.is::<hyper::Error>() {
            // The client broke off or sent bad chunks: nobody reads the answer.
            return Refusal::Malformed("unexpected EOF".to_owned());
        }
        cause = error.source();
    }
    Refusal::Malformed("the compressed body is damaged".to_owned())
}

/// Appends without leaving a copy behind when the vector has to move.
fn append(collected: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    let needed = collected.len().saturating_add(data.len());
    if needed > collected.capacity() {
        let mut roomier = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
        roomier.extend_from_slice(collected);
        *collected = roomier;
    }
    collected.extend_from_slice(data);
}
