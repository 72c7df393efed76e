//! How one log event becomes one line: `time LEVEL message key=value …`, or a JSON object.
//!
//! Promises exactly one line per event, whatever the values hold. The field [`PAIRS`] carries pairs
//! whose keys are known at run time only: its `Debug` form is the pairs as [`push_text`] and
//! [`push_bare`] write them, its alternate form those of a JSON line.

use std::fmt::{self, Write as _};

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

use super::escape::{key, push_one_line, push_value};

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

/// A point in time in the same form. Times before 1970 show as its beginning.
pub(crate) fn rfc3339(time: std::time::SystemTime) -> String {
    let since = time
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days to a date in the Gregorian calendar, counted in years that begin in March and in eras of
    // 400 years, so that leap days come last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        since.subsec_micros()
    )
}

/// Appends a pair with a text: ` key=value`, or `,"key":"value"` for JSON.
pub(super) fn push_text(line: &mut String, json: bool, name: &str, text: &str) {
    if json {
        push_json_key(line, name);
        push_json_text(line, text);
    } else {
        push_key(line, name);
        push_value(line, text);
    }
}

/// Appends a pair with a number or truth value, which must print as JSON does.
pub(super) fn push_bare(line: &mut String, json: bool, name: &str, value: impl fmt::Display) {
    if json {
        push_json_key(line, name);
    } else {
        push_key(line, name);
    }
    // Writing to a String cannot fail.
    let _ = write!(line, "{value}");
}

/// Appends a pair with a number that JSON may not have.
pub(super) fn push_decimal(line: &mut String, json: bool, name: &str, value: f64) {
    if value.is_finite() {
        push_bare(line, json, name, value);
    } else {
        push_bare(line, json, name, "null");
    }
}

fn push_key(line: &mut String, name: &str) {
    line.push(' ');
    line.push_str(&key(name));
    line.push('=');
}

fn push_json_key(line: &mut String, name: &str) {
    line.push(',');
    push_json_text(line, name);
    line.push(':');
}

fn push_json_text(line: &mut String, text: &str) {
    // A text always serialises; what JSON leaves raw and terminals do not gets its escape here.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    push_one_line(line, &quoted);
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
        let mut fields = Fields {
            json: self.json,
            message: String::new(),
            pairs: String::with_capacity(512),
        };
        event.record(&mut fields);
        let metadata = event.metadata();
        let level = metadata.level().as_str();
        if self.json {
            let mut head = String::with_capacity(128);
            push_text(&mut head, true, "time", &timestamp());
            push_text(&mut head, true, "level", level);
            push_text(&mut head, true, "target", metadata.target());
            push_text(&mut head, true, "message", &fields.message);
            let head = head.strip_prefix(',').unwrap_or_default();
            writeln!(writer, "{{{head}{}}}", fields.pairs)
        } else {
            let mut head = timestamp();
            head.push(' ');
            head.push_str(level);
            head.push(' ');
            push_one_line(&mut head, &fields.message);
            writeln!(writer, "{head}{}", fields.pairs)
        }
    }
}

/// The fields of one event, written in order.
struct Fields {
    json: bool,
    message: String,
    pairs: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.to_owned();
        } else {
            push_text(&mut self.pairs, self.json, field.name(), value);
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match (field.name(), self.json) {
            (PAIRS, true) => write!(self.pairs, "{value:#?}"),
            (PAIRS, false) => write!(self.pairs, "{value:?}"),
            _ => {
                self.record_str(field, &format!("{value:?}"));
                Ok(())
            }
        };
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        push_bare(&mut self.pairs, self.json, field.name(), value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        push_bare(&mut self.pairs, self.json, field.name(), value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        push_bare(&mut self.pairs, self.json, field.name(), value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        push_decimal(&mut self.pairs, self.json, field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_have_the_form_of_rfc_3339() {
        let rows = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_251_199_000_001, "2024-02-29T23:59:59.000001Z"),
            (1_767_225_599_000_000, "2025-12-31T23:59:59.000000Z"),
            (1_767_225_600_000_000, "2026-01-01T00:00:00.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ];
        for (microseconds, expected) in rows {
            assert_eq!(
                rfc3339(UNIX_EPOCH + Duration::from_micros(microseconds)),
                expected
            );
        }
    }

    #[test]
    fn the_clock_and_a_point_in_time_have_the_same_form() {
        assert_eq!(timestamp().len(), rfc3339(UNIX_EPOCH).len());
        assert!(timestamp().get(..15) >= rfc3339(UNIX_EPOCH).get(..15));
    }
}
