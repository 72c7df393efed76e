//! Ten thousand idle connections at a real server: what they cost, and that a login does not notice.

use std::{fs, time::Duration};

use bulkhead_harness::{Bulkhead, Policy};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    client::{Wire, get, post_json, status},
    outcomes::login,
};

const CONNECTIONS: usize = 10_000;
/// So many take what memory the server has left from its start; what the others take is counted.
const WARM: usize = 3_000;
/// Connections opened at once: fewer than the smallest queue that Linux gives a listener by default (128).
const PORTION: usize = 100;

/// Memory of the process, in bytes.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

/// Open sockets of the process.
fn sockets(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

async fn until(mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("it never came about");
}

/// In portions, each of which the server has accepted before the next begins: a busy server's queue would
/// overflow, and a connection that the kernel dropped from it looks open to a client that says nothing.
async fn connect(bulkhead: &Bulkhead, count: usize) -> Vec<TcpStream> {
    let had = sockets(bulkhead.id());
    let mut connected = Vec::with_capacity(count);
    while connected.len() < count {
        let portion = (count - connected.len()).min(PORTION);
        let mut tasks: JoinSet<_> = (0..portion)
            .map(|_| TcpStream::connect(bulkhead.address()))
            .collect();
        while let Some(stream) = tasks.join_next().await {
            connected.push(stream.unwrap().unwrap());
        }
        until(|| sockets(bulkhead.id()) >= had + connected.len()).await;
    }
    connected
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections() {
    let mut files = getrlimit(Resource::Nofile);
    let needed = CONNECTIONS as u64 + 500;
    assert!(
        files.maximum.is_none_or(|maximum| maximum >= needed),
        "this test needs {needed} open files: raise the hard limit (ulimit -Hn)"
    );
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let policy = Policy::new(&format!(
        "server: {{listen: \"{{listen}}\"}}\n\
         limits: {{connections: {}, head_timeout: 300s}}\n\
         pipeline: {{backends: [{{name: users, script: users.lua}}]}}\n\
         plugins: {{users: {{grants: {{password: true}}}}}}\n",
        CONNECTIONS + 1
    ))
    .file("users.lua", USERS);
    let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
    let address = bulkhead.address();
    // A first login, so that its memory does not count.
    let mut working = Wire::connect(address).await;
    let request = post_json("", &login("alice", "right"));
    working.send(&request).await;
    assert_eq!(status(&working.response().await), 200);

    let had = sockets(bulkhead.id());
    let mut idle = connect(&bulkhead, WARM).await;
    let before = resident(bulkhead.id());
    idle.extend(connect(&bulkhead, CONNECTIONS - WARM).await);
    let each = resident(bulkhead.id()).saturating_sub(before) / (CONNECTIONS - WARM) as u64;
    println!("an idle connection that said nothing costs {each} bytes");
    assert!(each < 16 << 10, "{each}");
    for _ in 0..20 {
        working.send(&request).await;
        assert_eq!(status(&working.response().await), 200);
    }

    // One past the limit waits, and is served when another ends.
    let mut late = Wire::connect(address).await;
    late.send(get("/ping", "")).await;
    assert!(late.is_silent(Duration::from_millis(300)).await);
    drop(idle.pop());
    assert_eq!(status(&late.response().await), 200);
    drop(late);

    // Kept after a request, they have hyper's buffers.
    let ping = get("/ping", "");
    let mut used = Vec::with_capacity(idle.len());
    let mut before = 0;
    for stream in idle {
        if used.len() == WARM {
            before = resident(bulkhead.id());
        }
        let mut wire = Wire::over(stream);
        wire.send(&ping).await;
        assert_eq!(status(&wire.response().await), 200);
        used.push(wire);
    }
    let each = resident(bulkhead.id()).saturating_sub(before) / (CONNECTIONS - WARM) as u64;
    println!("once it was used, an idle connection costs {each} bytes more");
    assert!(each < 64 << 10, "{each}");
    working.send(&request).await;
    assert_eq!(status(&working.response().await), 200);
    drop(used);
    drop(working);
    until(|| sockets(bulkhead.id()) <= had).await;
}

const USERS: &str = r#"
function nauthilus_backend_verify_password(request)
  local result = nauthilus_backend_result.new()
  result:account_field("account")
  result:attributes({account = request.username})
  result:user_found(true)
  result:authenticated(request.password == "right")
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;
