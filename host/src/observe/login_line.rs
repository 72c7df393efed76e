//! The one log line of a login, with the texts and keys of Nauthilus' line (empty ones left out).

use std::fmt;

use super::{
    format::{PAIRS, push_bare, push_decimal, push_text},
    login::{LoginRecord, mode_name},
};
use crate::auth::{Value, Verdict};

/// Keys that only the server may write. A plugin's pair of that name gets a prefix, so that no
/// plugin can forge what the server says.
const RESERVED: [&str; 29] = [
    "time",
    "level",
    "target",
    "message",
    PAIRS,
    "session",
    "external_session",
    "mode",
    "backend_name",
    "protocol",
    "service",
    "local_ip",
    "port",
    "client_ip",
    "client_port",
    "client_host",
    "tls_protocol",
    "tls_cipher",
    "auth_method",
    "username",
    "account",
    "user_agent",
    "client_id",
    "brute_force_bucket",
    "feature",
    "status_message",
    "uri_path",
    "authenticated",
    "latency",
];

/// Writes the line.
pub(super) fn write(record: &LoginRecord) {
    let pairs = Pairs(record);
    match record.verdict {
        Verdict::Accept => {
            tracing::info!(?pairs, "Authentication request was successful");
        }
        Verdict::Reject => tracing::info!(?pairs, "Authentication request has failed"),
        Verdict::TemporaryFailure => tracing::warn!(?pairs, "Temporary server problem"),
    }
}

/// The pairs of the line, in the form that `format` asks of the field [`PAIRS`].
struct Pairs<'a>(&'a LoginRecord);

impl fmt::Debug for Pairs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&pairs(self.0, formatter.alternate()))
    }
}

/// The pairs, in the order in which they appear.
fn pairs(record: &LoginRecord, json: bool) -> String {
    let authenticated = match record.verdict {
        Verdict::Accept => "ok",
        Verdict::Reject => "fail",
        Verdict::TemporaryFailure => "tempfail",
    };
    let latency = format!("{:.3}ms", record.latency.as_secs_f64() * 1000.0);
    let known = [
        ("session", record.session.as_str()),
        ("external_session", &record.external_session),
        ("mode", mode_name(record.mode)),
        ("backend_name", &record.backend),
        ("protocol", &record.protocol),
        ("service", &record.service),
        ("local_ip", &record.local_address),
        ("port", &record.local_port),
        ("client_ip", &record.client),
        ("client_port", &record.client_port),
        ("client_host", &record.client_hostname),
        ("tls_protocol", &record.tls_protocol),
        ("tls_cipher", &record.tls_cipher),
        ("auth_method", &record.method),
        ("username", &record.username),
        ("account", &record.account),
        ("user_agent", &record.user_agent),
        ("client_id", &record.client_id),
        ("feature", &record.feature),
        ("status_message", &record.status_message),
        ("uri_path", &record.path),
        ("authenticated", authenticated),
        ("latency", &latency),
    ];
    let mut line = String::with_capacity(512);
    for (name, text) in known {
        if !text.is_empty() {
            push_text(&mut line, json, name, text);
        }
    }
    for (position, (name, value)) in record.log_fields.iter().enumerate() {
        // Of a name that comes twice, the later value counts.
        let mut later = record.log_fields.iter().skip(position + 1);
        if later.any(|(other, _)| other == name) {
            continue;
        }
        let name = &super::escape::key(name);
        let name = &if RESERVED.contains(&name.as_str()) {
            format!("plugin_{name}")
        } else {
            name.clone()
        };
        match value {
            Value::Text(text) => push_text(&mut line, json, name, text),
            Value::Integer(number) => push_bare(&mut line, json, name, number),
            Value::Decimal(number) => push_decimal(&mut line, json, name, *number),
            Value::Boolean(truth) => push_bare(&mut line, json, name, truth),
            Value::Bytes(bytes) => {
                push_text(&mut line, json, name, &String::from_utf8_lossy(bytes));
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Value as Pair;

    #[test]
    fn known_keys_come_first_and_plugins_cannot_forge_them() {
        assert_eq!(
            pairs(&LoginRecord::example(), false),
            " session=s1 mode=auth protocol=imap service=json client_ip=192.0.2.1 username=alice \
             status_message=No authenticated=fail latency=1.500ms plugin_authenticated=ok score=7"
        );
        assert_eq!(
            pairs(&LoginRecord::example(), true),
            r#","session":"s1","mode":"auth","protocol":"imap","service":"json","client_ip":"192.0.2.1","username":"alice","status_message":"No","authenticated":"fail","latency":"1.500ms","plugin_authenticated":"ok","score":7"#
        );
    }

    #[test]
    fn of_a_name_that_comes_twice_the_later_value_counts() {
        let mut record = LoginRecord::example();
        record.log_fields = vec![
            ("a".into(), Pair::Integer(1)),
            ("b".into(), Pair::Decimal(f64::NAN)),
            ("a".into(), Pair::Boolean(true)),
        ];
        assert!(pairs(&record, true).ends_with(r#","b":null,"a":true"#));
    }

    #[test]
    fn every_key_of_the_server_is_reserved() {
        let mut record = LoginRecord::example();
        record.log_fields.clear();
        let line = pairs(&record, false);
        for key in line
            .split_whitespace()
            .filter_map(|pair| pair.split('=').next())
        {
            assert!(RESERVED.contains(&key), "{key}");
        }
    }
}
