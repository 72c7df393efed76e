//! An OpenTelemetry collector that keeps what it gets.

use std::collections::BTreeMap;

use bulkhead_harness::{Answer, WebServer};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;

pub struct Collector(WebServer);

impl Collector {
    /// One that takes everything.
    pub fn start() -> Self {
        Self(WebServer::start(|exchange| {
            exchange.reply(&Answer::new(200).header("Content-Type", "application/x-protobuf"))
        }))
    }

    /// One that does something else.
    pub fn with(web: WebServer) -> Self {
        Self(web)
    }

    /// The lines of `observe` that send traces here.
    pub fn observe(&self, sample: &str) -> String {
        let url = self.0.url("/v1/traces");
        format!("traces: {{ endpoint: \"{url}\", sample: {sample}, service_name: mail-auth }}")
    }

    /// How many requests came so far.
    pub fn requests(&self) -> usize {
        self.0.seen().len()
    }

    /// All exports so far.
    pub fn exports(&self) -> Vec<ExportTraceServiceRequest> {
        let bodies = self.0.seen().into_iter().filter_map(|seen| {
            assert_eq!(seen.method, "POST");
            assert_eq!(seen.target, "/v1/traces");
            assert_eq!(seen.header("Content-Type"), Some("application/x-protobuf"));
            seen.body
        });
        bodies
            .map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap())
            .collect()
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.exports()
            .into_iter()
            .flat_map(|export| export.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

/// Attributes as text.
pub fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|pair| {
            let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
            let text = match value {
                Some(Value::StringValue(text)) => text.clone(),
                Some(Value::IntValue(number)) => number.to_string(),
                other => panic!("{}: {other:?}", pair.key),
            };
            (pair.key.clone(), text)
        })
        .collect()
}
