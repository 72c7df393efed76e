//! A server with two users and the rules that a test wants.

use bulkhead_harness::{
    Bulkhead, Policy,
    http::{Request, Response},
};
use serde_json::{Value, json};

/// `alice` and `bob`, whose passwords are `right`.
const CONFIGURATION: &str = r#"
server: {listen: "{listen}", request_timeout: 20s}
store: {store}
pipeline:
  backends:
    - {name: users, component: "builtin:users-file"}
{pipeline}
plugins:
  users:
    grants: {password: true}
    configuration: {users: [{name: alice, password: right}, {name: bob, password: right}]}
{plugins}
reload: {watch: false}
brute_force:
{rules}
"#;

/// One rule: five failures of an IPv4 address within an hour.
pub(crate) const HOSTS: &str =
    "  buckets: [{name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 5}]\n";

pub(crate) fn server(rules: &str) -> Bulkhead {
    with_files(rules, "", "", &[])
}

/// With more lines below `pipeline` and `plugins`, and the files that they name.
pub(crate) fn with_files(
    rules: &str,
    pipeline: &str,
    plugins: &str,
    files: &[(&str, &str)],
) -> Bulkhead {
    with_store(
        "{kind: redb, path: store.redb}",
        rules,
        pipeline,
        plugins,
        files,
    )
}

/// With another store than a file.
pub(crate) fn on_store(store: &str, rules: &str) -> Bulkhead {
    with_store(store, rules, "", "", &[])
}

fn with_store(
    store: &str,
    rules: &str,
    pipeline: &str,
    plugins: &str,
    files: &[(&str, &str)],
) -> Bulkhead {
    let configuration = CONFIGURATION
        .replace("{store}", store)
        .replace("{rules}", rules)
        .replace("{pipeline}", pipeline)
        .replace("{plugins}", plugins);
    let policy = Policy::new(&configuration);
    let add = |policy: Policy, (name, content): &(&str, &str)| policy.file(name, content);
    let policy = files.iter().fold(policy, add);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// The answer to a login over IMAP.
pub(crate) fn log_in(server: &Bulkhead, user: &str, password: &str, client: &str) -> Response {
    log_in_over(server, "imap", user, password, client)
}

pub(crate) fn log_in_over(
    server: &Bulkhead,
    protocol: &str,
    user: &str,
    password: &str,
    client: &str,
) -> Response {
    let login = json!({
        "username": user,
        "password": password,
        "client_ip": client,
        "protocol": protocol,
        "ssl": "on",
    });
    server.send(&Request::post_json("/api/v1/auth/json", &login))
}

/// So many users whom nobody knows fail from the address; each is rejected.
pub(crate) fn fail(server: &Bulkhead, client: &str, times: u32) {
    for number in 0..times {
        let response = log_in(server, &format!("nobody{number}"), "guess", client);
        assert_eq!(response.status, 403, "{}", server.log());
    }
}

/// Whether the right password is refused.
pub(crate) fn is_banned(server: &Bulkhead, client: &str) -> bool {
    match log_in(server, "alice", "right", client).status {
        200 => false,
        403 => true,
        other => panic!("{other}: {}", server.log()),
    }
}

/// The member `result` of the list of bans.
pub(crate) fn list(server: &Bulkhead) -> Value {
    let response = server.send(&Request::new("GET", "/api/v1/bruteforce/list"));
    assert_eq!(response.status, 200, "{}", response.text());
    let answer = response.json();
    assert_eq!(answer["object"], "bruteforce");
    assert_eq!(answer["operation"], "list");
    answer["result"].clone()
}

/// Networks of the list, and the rules that ban them.
pub(crate) fn banned(server: &Bulkhead) -> Vec<(String, String)> {
    let list = list(server);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = list[0]["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| (text(&entry["network"]), text(&entry["bucket"])))
        .collect()
}
