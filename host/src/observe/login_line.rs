//! The one log line of a login, with the texts and keys of Nauthilus' line (empty ones left out).

use std::{fmt, time::Duration};

use super::{
    format::{PAIRS, push_bare, push_decimal, push_text},
    login::{LoginRecord, mode_name},
};
use crate::auth::{Mode, PluginTrace, Stage, Value, Verdict};

/// Keys that only the server may write. A plugin's pair of that name gets a prefix, so that no
/// plugin can forge what the server says.
const RESERVED: [&str; 45] = [
    "time",
    "level",
    "target",
    "message",
    PAIRS,
    "session",
    "external_session",
    "request_id",
    "trace_id",
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
    "orig_username",
    "passdb_backend",
    "account",
    "current_password_retries",
    "account_passwords_seen",
    "total_passwords_seen",
    "user_agent",
    "client_id",
    "brute_force_bucket",
    "feature",
    "environment",
    "status_message",
    "bf_rwp",
    "uri_path",
    "authenticated",
    "authn",
    "authz",
    "latency",
    "environment_latency",
    "backend_latency",
    "subject_latency",
    "subject_mode",
    "subject_results",
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
    let latency = milliseconds(record.latency);
    let of_stages = |wanted: &[Stage]| {
        let stages = record.trace.stages.iter();
        stages
            .filter(|one| wanted.contains(&one.stage) && one.was_asked())
            .map(|stage| stage.elapsed)
            .reduce(|sum, one| sum + one)
            .map(milliseconds)
            .unwrap_or_default()
    };
    // Nauthilus' environment stage holds both.
    let environment_latency = of_stages(&[Stage::Features, Stage::Controls]);
    let backend_latency = of_stages(&[Stage::Backends]);
    let subject_latency = of_stages(&[Stage::Filters]);
    let repeated = if record.repeated_wrong_password {
        "true"
    } else {
        ""
    };
    let number = |number: u32| match number {
        0 => String::new(),
        number => number.to_string(),
    };
    let retries = number(record.password_retries);
    let of_account = number(record.account_passwords_seen);
    let of_address = number(record.total_passwords_seen);
    let known = [
        ("session", record.session.as_str()),
        ("external_session", &record.external_session),
        ("request_id", &record.request_id),
        ("trace_id", &record.trace_id),
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
        ("orig_username", &record.original_username),
        ("passdb_backend", &record.backend),
        ("account", &record.account),
        ("current_password_retries", &retries),
        ("account_passwords_seen", &of_account),
        ("total_passwords_seen", &of_address),
        ("user_agent", &record.user_agent),
        ("client_id", &record.client_id),
        ("brute_force_bucket", &record.brute_force_bucket),
        ("feature", &record.feature),
        ("environment", &record.feature),
        ("status_message", &record.status_message),
        ("bf_rwp", repeated),
        ("uri_path", &record.path),
        ("authenticated", authenticated),
        ("authn", authentication(record)),
        ("authz", authorisation(record)),
        ("latency", &latency),
        ("environment_latency", &environment_latency),
        ("backend_latency", &backend_latency),
        ("subject_latency", &subject_latency),
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

fn milliseconds(duration: Duration) -> String {
    format!("{:.3}ms", duration.as_secs_f64() * 1000.0)
}

/// The verdicts of a stage's plugins that were asked.
fn verdicts(record: &LoginRecord, stage: Stage) -> Vec<&str> {
    let stages = record.trace.stages.iter();
    stages
        .filter(|one| one.stage == stage)
        .flat_map(|stage| &stage.plugins)
        .filter(|plugin| plugin.was_asked())
        .map(|plugin: &PluginTrace| plugin.verdict.as_str())
        .collect()
}

/// What the backends alone said of the password; empty if none was checked.
fn authentication(record: &LoginRecord) -> &'static str {
    let said = verdicts(record, Stage::Backends);
    if record.mode != Mode::Verify || said.is_empty() {
        ""
    } else if said.contains(&"authenticated") {
        "ok"
    } else if said.contains(&"wrong-password") {
        "fail"
    } else if said.contains(&"temporary-failure") {
        "tempfail"
    } else {
        "fail"
    }
}

/// What the filters alone said of the login; empty if none was asked.
fn authorisation(record: &LoginRecord) -> &'static str {
    let said = verdicts(record, Stage::Filters);
    if said.is_empty() {
        ""
    } else if said.contains(&"reject") {
        "fail"
    } else if said.contains(&"temporary-failure") {
        "tempfail"
    } else {
        "ok"
    }
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
        let mut record = LoginRecord::full();
        record.log_fields.clear();
        let line = pairs(&record, false);
        // Five are those of every line, and two are nobody's yet.
        assert_eq!(line.matches('=').count(), RESERVED.len() - 7, "{line}");
        for key in line
            .split_whitespace()
            .filter_map(|pair| pair.split('=').next())
        {
            assert!(RESERVED.contains(&key), "{key}");
        }
    }
}
