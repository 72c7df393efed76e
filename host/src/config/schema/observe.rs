//! The section `observe`.

use std::path::PathBuf;

/// `observe`
#[derive(Clone, Debug, PartialEq)]
pub struct Observe {
    /// `log_level`: `error`, `warn`, `info` (default) or `debug`.
    pub log_level: String,
    /// `log_format`: `text` or `json`. Default text.
    pub log_json: bool,
    /// `decision_log`: a file that gets one JSON object per login, with its trace. Default none.
    pub decision_log: Option<PathBuf>,
    /// `decision_sample`: the share of logins that the decision log gets, 0 to 1. Default 1. Logins
    /// whose caller asks for it are always written.
    pub decision_sample: f64,
    /// `traces`: where OpenTelemetry traces go. Default none.
    pub traces: Option<Traces>,
}

impl Default for Observe {
    fn default() -> Self {
        Self {
            log_level: "info".to_owned(),
            log_json: false,
            decision_log: None,
            decision_sample: 1.0,
            traces: None,
        }
    }
}

/// `observe.traces`
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// `endpoint`: URL of an OTLP/HTTP collector, such as `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// `sample`: the share of logins without a trace context that are traced, 0 to 1. Default 1. A
    /// login that brings a context is traced if its caller traces it.
    pub sample: f64,
    /// `service_name`: default `bulkhead`.
    pub service_name: String,
}
