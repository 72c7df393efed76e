//! What plugins see of the store: the same, whichever store it is.
//!
//! A hook of a running server is told what to do, line by line (`tests/guests/storekeeper`).

use std::path::{Path, PathBuf};

use bulkhead_harness::{
    Bulkhead, Policy, Redis, RedisCluster, RedisSentinels, http::Request, wait,
};

use crate::{guests, support::blocking};

/// What the hook is told, and what it answers. Each store gets all lines in one request.
const LINES: [(&str, &str); 58] = [
    // Values of any bytes under keys of any text.
    ("get\tk", "nothing"),
    ("set\tk\tv", "done"),
    ("get\tk", "“v”"),
    ("set\tk\thex:00ff0d0a", "done"),
    ("get\tk", "“\\x00\\xff\\r\\n”"),
    ("set\tk\thex:", "done"),
    ("get\tk", "“”"),
    ("set\tkey with {tag}:and * ü\tv", "done"),
    ("get\tkey with {tag}:and * ü", "“v”"),
    ("get\tkey with {tag}", "nothing"),
    ("set\t{}\tv", "done"),
    ("get\t{}", "“v”"),
    ("get\t{", "nothing"),
    ("delete\tk", "true"),
    ("delete\tk", "false"),
    ("get\tk", "nothing"),
    // Limits of keys, values and times.
    ("set\t*512\tv", "done"),
    ("get\t*512", "“v”"),
    (
        "get\t*513",
        "invalid: a key has 1 to 512 bytes, this one has 513",
    ),
    (
        "get\thex:",
        "invalid: a key has 1 to 512 bytes, this one has 0",
    ),
    ("set\tlong\t*1024", "done"),
    ("get\tlong", "1024 bytes"),
    (
        "set\tlong\t*1025",
        "invalid: the value has 1025 bytes; the limit `store_value_bytes` is 1024",
    ),
    ("set\tk\tv\t0", "invalid: a lifetime is at least 1 second"),
    (
        "expire\tlong\t0",
        "invalid: a lifetime is at least 1 second",
    ),
    // Integers are exact up to the last of 64 bits, whether or not they get a lifetime.
    ("increment\tn\t1", "1"),
    ("increment\tn\t9007199254740992", "9007199254740993"),
    ("increment\tn\t-1", "9007199254740992"),
    ("get\tn", "“9007199254740992”"),
    (
        "increment\tfleeting\t9007199254740993\t3600",
        "9007199254740993",
    ),
    ("increment\tfleeting\t2\t3600", "9007199254740995"),
    (
        "increment\tmost\t9223372036854775807",
        "9223372036854775807",
    ),
    ("increment\tmost\t1", "not a number"),
    ("increment\tmost\t1\t60", "not a number"),
    ("increment\tmost\t-1", "9223372036854775806"),
    (
        "increment\tleast\t-9223372036854775808\t60",
        "-9223372036854775808",
    ),
    ("increment\tleast\t-1", "not a number"),
    ("increment\tleast\t0", "-9223372036854775808"),
    // What is no integer, or not written as one, stays as it is.
    ("set\tword\tone", "done"),
    ("increment\tword\t1", "not a number"),
    ("increment\tword\t1\t60", "not a number"),
    ("set\tword\t007", "done"),
    ("increment\tword\t1", "not a number"),
    ("set\tword\t+7", "done"),
    ("increment\tword\t1", "not a number"),
    ("set\tword\t-0", "done"),
    ("increment\tword\t1", "not a number"),
    ("set\tword\t-7", "done"),
    ("increment\tword\t1", "-6"),
    // Lifetimes.
    ("ttl\tnever", "missing"),
    ("ttl\tn", "unlimited"),
    ("ttl\tfleeting", "some"),
    ("expire\tnever\t60", "false"),
    ("expire\tn\t4294967295", "true"),
    ("ttl\tn", "some"),
    ("set\tn\t1", "done"),
    ("ttl\tn", "unlimited"),
    ("expire\tn\t1", "true"),
];

const CONFIGURATION: &str = r#"
server: {listen: "{listen}"}
store: {store}
pipeline:
  hooks: [{name: keeper, location: keeper, method: POST, component: keeper.wasm}]
limits: {store_value_bytes: 1KiB}
plugins:
  keeper: {grants: {store: true}}
"#;

/// The component, built when first asked for.
fn keeper() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("guests");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: PathBuf = tests.parent().unwrap().join("tests/guests/Cargo.toml");
    guests::build(&guests::Workspace {
        manifest: &manifest,
        package: "storekeeper",
        target_directory: &folder,
    })
    .unwrap()
}

fn server(store: &str, keeper: &[u8]) -> Bulkhead {
    let policy = Policy::new(&CONFIGURATION.replace("{store}", store));
    let policy = policy.file("keeper.wasm", keeper);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

fn tell(server: &Bulkhead, lines: &str) -> String {
    let request = Request::new("POST", "/api/v1/custom/keeper");
    let answer = server.send(&request.body(lines));
    assert_eq!(answer.status, 200, "{}{}", answer.text(), server.log());
    answer.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_get_the_same_answers_of_every_store() {
    blocking(|| {
        let keeper = keeper();
        let (redis, cluster) = (Redis::start(), RedisCluster::start(0));
        let sentinels = RedisSentinels::start(1);
        let on_redis = |servers: String| format!("{{kind: redis, redis: {{{servers}}}}}");
        let list = |addresses: Vec<std::net::SocketAddr>| {
            let quoted: Vec<_> = addresses.iter().map(|one| format!("\"{one}\"")).collect();
            format!("[{}]", quoted.join(", "))
        };
        let stores = [
            "{kind: memory}".to_owned(),
            "{kind: redb, path: store.redb}".to_owned(),
            on_redis(format!("primary: {{address: \"{}\"}}", redis.address())),
            on_redis(format!(
                "sentinels: {{master: mymaster, addresses: {}}}",
                list(sentinels.addresses())
            )),
            on_redis(format!(
                "cluster: {{addresses: {}}}",
                list(vec![cluster.nodes[0].address()])
            )),
        ];
        let told: Vec<_> = LINES.iter().map(|(line, _)| *line).collect();
        for store in stores {
            let server = server(&store, &keeper);
            let answers = tell(&server, &told.join("\n"));
            let answers: Vec<_> = answers.lines().collect();
            assert_eq!(answers.len(), LINES.len(), "{store}: {answers:?}");
            for ((line, expected), answer) in LINES.iter().zip(answers) {
                assert_eq!(answer, *expected, "{line:?} on {store}");
            }
            let gone = || tell(&server, "get\tn") == "nothing";
            let in_time = wait::until(std::time::Duration::from_secs(20), gone);
            assert!(in_time, "{store}");
        }
    });
}
