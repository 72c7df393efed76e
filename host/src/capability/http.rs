//! The import `http`: requests to the outside, through the one egress that checks every destination.
//!
//! In a trace each request names the call's span (W3C Trace Context), unless the plugin does so itself.

use super::{
    bindings::bulkhead::policy::{http, types},
    grant::Grant,
    services::{HttpError, OutgoingRequest},
    state::CallState,
};
use crate::auth::{Header, TraceContext};

/// Header fields, and bytes of them, up to which a request has room for the trace's two fields under the
/// egress' own limits (100 and 64 KiB).
const ROOM: (usize, usize) = (98, 63 << 10);

impl http::Host for CallState {
    async fn send(
        &mut self,
        request: http::OutgoingRequest,
    ) -> wasmtime::Result<Result<http::IncomingResponse, http::Error>> {
        let headers: usize = request
            .headers
            .iter()
            .map(|header| header.name.len() + header.value.len())
            .sum();
        let body = request.body.as_ref().map_or(0, Vec::len);
        self.charge(request.method.len() + request.url.len() + headers + body)?;
        self.touched_outside = true;
        let Some(egress) = self.rights.http.clone() else {
            return Ok(Err(http::Error::Denied(self.deny(Grant::Http))));
        };
        let mut fields: Vec<Header> = request.headers.into_iter().map(header).collect();
        if let Some(span) = &self.trace
            && fields.len() <= ROOM.0
            && headers <= ROOM.1
        {
            add_trace(&mut fields, span);
        }
        let outgoing = OutgoingRequest {
            method: request.method,
            url: request.url,
            headers: fields,
            body: request.body,
            timeout_ms: request.timeout_ms,
            redirects: request.redirects,
        };
        let deadline = self.meter.deadline();
        let answer = egress.send(outgoing, deadline).await;
        Ok(answer
            .map_err(error)
            .map(|response| http::IncomingResponse {
                status: response.status,
                headers: response
                    .headers
                    .into_iter()
                    .map(|header| types::Header {
                        name: header.name,
                        value: header.value,
                    })
                    .collect(),
                body: response.body,
                url: response.url,
            }))
    }
}

/// Names the span that sends. A plugin that traces by itself is left alone.
fn add_trace(fields: &mut Vec<Header>, span: &TraceContext) {
    let own = |field: &Header| matches!(field.name.as_str(), "traceparent" | "tracestate");
    if fields.iter().any(own) {
        return;
    }
    let mut add = |name: &str, value: &str| {
        fields.push(Header {
            name: name.to_owned(),
            value: value.as_bytes().to_vec(),
        });
    };
    add("traceparent", &span.traceparent());
    if !span.state.is_empty() {
        add("tracestate", &span.state);
    }
}

fn header(header: types::Header) -> Header {
    Header {
        name: header.name.to_ascii_lowercase(),
        value: header.value,
    }
}

fn error(error: HttpError) -> http::Error {
    match error {
        HttpError::Denied(text) => http::Error::Denied(text),
        HttpError::Invalid(text) => http::Error::Invalid(text),
        HttpError::NameLookup(text) => http::Error::NameLookup(text),
        HttpError::Connect(text) => http::Error::Connect(text),
        HttpError::Tls(text) => http::Error::Tls(text),
        HttpError::TimedOut => http::Error::TimedOut,
        HttpError::TooLarge(text) => http::Error::TooLarge(text),
        HttpError::TooManyRedirects => http::Error::TooManyRedirects,
        HttpError::Protocol(text) => http::Error::Protocol(text),
    }
}
