//! How one log event becomes one line: `time LEVEL message key=value …`, or a JSON object.
//!
//! Promises exactly one line per event, whatever the values hold. The field [`PAIRS`] carries pairs
//! whose keys are known at run time only, as a JSON object; they appear as if they were fields.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::escape::{key, one_line, push_one_line, push_value};

/// Name of the field that holds pairs.
pub(super) const PAIRS: &str = "pairs";

/// The two forms of a log line.
#[derive(Clone, Copy, Debug)]
pub struct LineFormat {
    /// One JSON object per line instead of text.
    pub json: bool,
}

/// The time now, RFC 3339 in UTC with microseconds.
pub(super) fn timestamp() -> String {
    let mut text = String::with_capacity(32);
    // Writing to a String cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let level = metadata.level().as_str();
        let line = if self.json {
            let mut object = Map::new();
            object.insert("time".to_owned(), timestamp().into());
            object.insert("level".to_owned(), level.into());
            object.insert("target".to_owned(), metadata.target().into());
            object.insert("message".to_owned(), fields.message.into());
            for (key, value) in fields.pairs {
                object.entry(key).or_insert(value);
            }
            one_line(&Value::Object(object).to_string())
        } else {
            let mut line = timestamp();
            line.push(' ');
            line.push_str(level);
            line.push(' ');
            push_one_line(&mut line, &fields.message);
            for (name, value) in &fields.pairs {
                line.push(' ');
                line.push_str(&key(name));
                line.push('=');
                match value {
                    Value::String(text) => push_value(&mut line, text),
                    other => push_value(&mut line, &other.to_string()),
                }
            }
            line
        };
        writeln!(writer, "{line}")
    }
}

/// The fields of one event, in order.
#[derive(Default)]
struct Fields {
    message: String,
    pairs: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.pairs.insert(field.name().to_owned(), value);
    }

    fn add_text(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            PAIRS => match serde_json::from_str::<Map<String, Value>>(&text) {
                Ok(pairs) => self.pairs.extend(pairs),
                Err(_) => self.add(field, Value::String(text)),
            },
            _ => self.add(field, Value::String(text)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add_text(field, format!("{value:?}"));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }
}
