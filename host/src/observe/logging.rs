//! Sets up the log: one line per event on standard error.

use tracing::{Subscriber, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::LineFormat;
use crate::config::Observe;

/// Starts logging to standard error. Fails when this process logs already.
pub fn init(config: &Observe) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(config, std::io::stderr))
}

/// A log with a writer of one's own. Libraries are heard from `warn` upwards only, so that no request
/// data of a dependency's debug output gets in.
pub fn subscriber<W>(config: &Observe, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let directives = match config.log_level.as_str() {
        "error" => "error",
        "warn" => "warn",
        "debug" => "warn,bulkhead=debug",
        _ => "warn,bulkhead=info",
    };
    tracing_subscriber::fmt()
        .event_format(LineFormat {
            json: config.log_json,
        })
        .with_writer(writer)
        .with_env_filter(EnvFilter::new(directives))
        .finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, json: bool, log: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let config = Observe {
            log_level: level.to_owned(),
            log_json: json,
            decision_log: None,
            ..Observe::default()
        };
        let subscriber = subscriber(&config, move || writer.clone());
        tracing::subscriber::with_default(subscriber, log);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// The line without its time.
    fn timeless(line: &str) -> String {
        line.split_once(' ').unwrap().1.to_owned()
    }

    #[test]
    fn a_text_line_cannot_be_split_or_forged() {
        let lines = logged("info", false, || {
            tracing::info!(
                username = "eve\nINFO all is well",
                count = 3,
                "Hello\r\nworld"
            );
        });
        assert_eq!(lines.lines().count(), 1);
        assert_eq!(
            timeless(lines.trim_end()),
            "INFO Hello\\u000d\\u000aworld username=\"eve\\u000aINFO all is well\" count=3"
        );
    }

    #[test]
    fn a_json_line_is_one_object_with_pairs_among_its_members() {
        let lines = logged("info", true, || {
            let pairs = format_args!(r#","b":1,"a":"x""#);
            tracing::warn!(?pairs, session = "s\ny", "Hi\u{7f}");
        });
        assert_eq!(lines.lines().count(), 1);
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&lines).unwrap();
        let keys: Vec<_> = object.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            ["time", "level", "target", "message", "b", "a", "session"]
        );
        assert_eq!(object.get("session").unwrap(), "s\ny");
        assert_eq!(object.get("message").unwrap(), "Hi\u{7f}");
    }

    #[test]
    fn the_level_decides_what_is_written() {
        let write = || {
            tracing::debug!("d");
            tracing::info!("i");
            tracing::warn!("w");
            tracing::error!("e");
        };
        for (level, expected) in [("error", 1), ("warn", 2), ("info", 3), ("debug", 4)] {
            assert_eq!(logged(level, false, write).lines().count(), expected);
        }
    }
}
