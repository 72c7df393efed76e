//! Compressed bodies, both ways (`server.compression`). Decided request by request, so that a reload
//! changes it.
//!
//! Promises: nothing is read before the route asks for it, so credentials come first as ever; what
//! comes out of a body is decoded piece by piece as the route reads it, so its limit bounds the memory;
//! what goes in is bounded by the same limit.

use std::{convert::Infallible, future::ready};

use axum::{
    Router,
    body::Body,
    http::{
        HeaderMap, HeaderValue, Request, Response,
        header::{CONTENT_ENCODING, CONTENT_LENGTH},
    },
};
use http_body_util::Limited;
use tower::ServiceExt;
use tower_http::{
    compression::{Compression, predicate::SizeAbove},
    decompression::RequestDecompression,
};

use crate::api::refusal::Refusal;

/// How the body is compressed, if it is.
pub(super) fn coding(headers: &HeaderMap, enabled: bool) -> Result<Option<HeaderValue>, Refusal> {
    let mut coding = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',') {
            let known = match name.trim_ascii().to_ascii_lowercase().as_slice() {
                b"" | b"identity" => continue,
                b"gzip" | b"x-gzip" => "gzip",
                b"br" => "br",
                b"zstd" => "zstd",
                _ => return Err(Refusal::UnsupportedCoding),
            };
            // Layers of compression have no use but bombs.
            if !enabled || coding.replace(HeaderValue::from_static(known)).is_some() {
                return Err(Refusal::UnsupportedCoding);
            }
        }
    }
    Ok(coding)
}

/// Answers a request whose body is compressed. At most `limit` bytes of it are taken.
pub(super) async fn decoded(
    mut request: Request<Body>,
    coding: HeaderValue,
    limit: u64,
    router: Router,
) -> Response<Body> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        // The route refuses it for its length, when it has looked at the credentials.
        return router
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
    }
    request.headers_mut().insert(CONTENT_ENCODING, coding);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let request = request.map(|body| Limited::new(body, limit));
    let router = router.map_request(|request: Request<_>| request.map(Body::new));
    RequestDecompression::new(router)
        .oneshot(request)
        .await
        .map(|response| response.map(Body::new))
        .unwrap_or_else(|never| match never {})
}

/// The response, compressed if it has `minimum` bytes and the client accepts it.
pub(super) async fn encoded(
    response: Response<Body>,
    accepted: HeaderMap,
    minimum: u64,
) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = accepted;
    let mut response = Some(response);
    let service = tower::service_fn(move |_: Request<Body>| {
        ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    Compression::new(service)
        .compress_when(SizeAbove::new(minimum))
        .oneshot(request)
        .await
        .map(|response| response.map(Body::new))
        .unwrap_or_else(|never| match never {})
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_known_coding_is_read() {
        type Row = (&'static [&'static str], Result<Option<&'static str>, ()>);
        let rows: [Row; 11] = [
            (&[], Ok(None)),
            (&["identity"], Ok(None)),
            (&[""], Ok(None)),
            (&["gzip"], Ok(Some("gzip"))),
            (&["X-GZIP"], Ok(Some("gzip"))),
            (&[" br "], Ok(Some("br"))),
            (&["zstd, identity"], Ok(Some("zstd"))),
            (&["deflate"], Err(())),
            (&["gzip, gzip"], Err(())),
            (&["gzip", "br"], Err(())),
            (&["\u{fc}"], Err(())),
        ];
        for (values, expected) in rows {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.append(CONTENT_ENCODING, value);
            }
            let coding = coding(&headers, true).map_err(|_| ());
            let expected = expected.map(|coding| coding.map(HeaderValue::from_static));
            assert_eq!(coding, expected, "{values:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(
            super::coding(&headers, false),
            Err(Refusal::UnsupportedCoding)
        );
    }
}
