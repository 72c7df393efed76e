//! Nothing of a password leaves the server: not in logs, not in the decision log, not in responses.

use std::{
    io::Write,
    sync::{Arc, Mutex, OnceLock},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bulkhead::observe;

use crate::{
    client::{exchange, header, post, post_json},
    outcomes::login,
    policy::PASSWORD,
    server::{CREDENTIALS, Setup},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this whole test process, at the most talkative level.
fn log() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        let config = bulkhead::config::Observe {
            log_level: "debug".to_owned(),
            log_json: true,
            decision_log: None,
            ..bulkhead::config::Observe::default()
        };
        let subscriber = observe::subscriber(&config, move || writer.clone());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    })
    .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_in_any_log_record_or_response() {
    let log = log();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decisions.jsonl");
    let mut setup = Setup::new().with_credentials();
    setup.observe.decision_log = Some(file.clone());
    let server = setup.start().await;
    let with = |content_type: &str, body: &str| post("", CREDENTIALS, content_type, body);
    let json = "application/json";
    let requests = [
        with(json, &login("alice", PASSWORD)),
        with(json, &login("mallory", PASSWORD)),
        with(json, &login("blocked", PASSWORD)),
        // This backend puts the password into its error and into a log field.
        with(json, &login("down", PASSWORD)),
        with(json, &login("alice smith", PASSWORD)),
        // Cut off, broken, of the wrong type.
        with(json, &login("alice", PASSWORD)[..50]),
        with(json, &format!("{}x", login("alice", PASSWORD))),
        with("text/plain", &login("alice", PASSWORD)),
        with(
            "application/x-www-form-urlencoded",
            "username=alice&password=corr%26ct+h%C3%B6rse+%22battery%22%3Dstaple",
        ),
        post_json("", &login("alice", PASSWORD)),
    ];
    let mut everything = String::new();
    let mut sessions = Vec::new();
    for request in &requests {
        let response = exchange(server.address, request).await;
        sessions.extend(header(&response, "X-Nauthilus-Session").map(str::to_owned));
        everything.push_str(&response);
    }
    server.stop().await;
    let decisions = std::fs::read_to_string(&file).unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    everything.push_str(&decisions);
    everything.push_str(&log);

    // The search would prove nothing if nothing had been written.
    assert_eq!(sessions.len(), 5);
    for session in &sessions {
        assert!(log.contains(session) && decisions.contains(session));
    }
    assert!(log.contains("cannot check [password]"));

    let everything = everything.to_lowercase();
    let caller = "between servers";
    for secret in [PASSWORD, "battery", caller] {
        let shapes = [
            secret.to_owned(),
            STANDARD.encode(secret),
            hex::encode(secret),
            secret.replace('"', "\\\""),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        ];
        for shape in shapes {
            assert!(
                !everything.contains(&shape.to_lowercase()),
                "{shape} got out"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decision_log_has_one_object_per_login_and_one_reader() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decisions.jsonl");
    let mut setup = Setup::new();
    setup.observe.decision_log = Some(file.clone());
    let server = setup.start().await;
    for body in [login("alice", PASSWORD), login("down", "x\\ny")] {
        exchange(server.address, &post_json("", &body)).await;
    }
    server.stop().await;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 2);
    let first = &objects[0];
    assert_eq!(first["verdict"], "accept");
    assert_eq!(first["username"], "alice");
    assert_eq!(first["account"], "alice@example.org");
    assert_eq!(first["backend"], "users");
    assert_eq!(first["mode"], "auth");
    assert_eq!(first["stages"][0]["stage"], "backends");
    assert_eq!(first["stages"][0]["plugins"][0]["verdict"], "authenticated");
    assert_eq!(first["stages"][1]["plugins"][0]["plugin"], "gate");
    assert_eq!(objects[1]["verdict"], "temporary-failure");
    assert_eq!(
        objects[1]["status_message"],
        "Temporary server problem, try again later"
    );
}
