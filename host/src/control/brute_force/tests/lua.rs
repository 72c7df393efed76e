//! The bodies in Lua, on a real Redis, say and leave what the bodies in Rust say and leave.

use std::{
    path::PathBuf,
    process::{Child, Command as Process, Stdio},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use redis::{Connection, Value};

use super::*;
use crate::{
    config::Tolerate,
    control::brute_force::procedures::{
        check::{self, CHECK, Look},
        enlist::{self, ENLIST},
        failure::{FAILURE, Failed},
        page::{self, PAGE},
        remember::{self, REMEMBER},
    },
    store::{Command, HashCommand, Key, Procedure, Remaining, Reply, SortedCommand},
};

/// A Redis of its own, behind a socket in a folder of its own.
struct Server {
    process: Child,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock");
        let process = Process::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("the Debian package redis-server is needed");
        Self {
            process,
            socket,
            _folder: folder,
        }
    }

    fn connect(&self) -> Connection {
        let address = format!("unix://{}", self.socket.display());
        let client = redis::Client::open(address).unwrap();
        let began = Instant::now();
        loop {
            match client.get_connection() {
                Ok(connection) => return connection,
                Err(error) if began.elapsed() > 20 * SECOND => panic!("{error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Check {
        ttl: u64,
        tolerate: Tolerate,
        looks: Vec<Look>,
    },
    Fail(Failed),
    Remember(u8, u64, u32),
    Enlist(u64, u64, u8, u8),
    Page(u64, u64),
    Wait(u64),
}

/// Buckets, and so keys of the same kind.
const BUCKETS: usize = 3;

fn digest() -> impl Strategy<Value = Vec<u8>> {
    // Bytes that mean something to Lua, to Redis and to the record of a password among them.
    let digests: [&[u8]; 6] = [b"", b"n1", b"c9", b"\0\r\n", b"%s", b"\xff\xfe"];
    prop::sample::select(digests.map(<[u8]>::to_vec).to_vec())
}

fn tolerate() -> impl Strategy<Value = Tolerate> {
    prop_oneof![
        (0u8..=100).prop_map(Tolerate::Percent),
        (
            0u8..=100,
            0u8..=100,
            prop::sample::select(vec![0.0, 0.5, 1.0, 2.25])
        )
            .prop_map(|(one, other, scale)| Tolerate::Adaptive {
                least: one.min(other),
                most: one.max(other),
                scale
            }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    // Long enough that nothing expires by Redis' own clock meanwhile.
    let look = (100_000u64..2_000_000, 1u32..6, 100_000u64..3_000_000)
        .prop_map(|(period, limit, ban)| Look { period, limit, ban });
    let ttl = || prop::sample::select(vec![0u64, 200_000, 6_000_000]);
    let failed = (
        (digest(), digest()),
        (0u32..4, 100_000u64..6_000_000),
        (0u32..4, 100_000u64..6_000_000),
        (ttl(), 1u32..4, ttl()),
        prop::collection::vec(prop::sample::select(vec![0u64, 500_000, 819_200]), BUCKETS),
    )
        .prop_map(
            |((digest, user), history, repeated, users, periods)| Failed {
                digest,
                user,
                history_entries: history.0,
                history_ttl: history.1,
                repeated_allowed: repeated.0,
                repeated_window: repeated.1,
                users_ttl: users.0,
                users: users.1,
                grace_ttl: users.2,
                periods,
            },
        );
    prop_oneof![
        3 => (ttl(), tolerate(), prop::collection::vec(look, BUCKETS))
            .prop_map(|(ttl, tolerate, looks)| Step::Check { ttl, tolerate, looks }),
        6 => failed.prop_map(Step::Fail),
        1 => (any::<u8>(), 100_000u64..6_000_000, 1u32..5)
            .prop_map(|(user, ttl, users)| Step::Remember(user % 5, ttl, users)),
        1 => (100_000u64..6_000_000, 1u64..4, 0u8..6, 0u8..6)
            .prop_map(|(ttl, most, one, other)| Step::Enlist(ttl, most, one, other)),
        1 => (0u64..4, 0u64..4).prop_map(|(skip, limit)| Step::Page(skip, limit)),
        2 => (0u64..900_000).prop_map(Step::Wait),
    ]
}

fn key(name: &str) -> Key {
    Key::tagged("test", "t", name)
}

type Call = (&'static Procedure, Vec<Key>, Vec<Vec<u8>>);

/// The step's procedure, with its keys and arguments.
fn called(step: &Step) -> Option<Call> {
    let buckets = (0..BUCKETS).map(|index| key(&format!("bucket{index}")));
    Some(match step {
        Step::Check {
            ttl,
            tolerate,
            looks,
        } => {
            let users = [key("positive"), key("negative")];
            let arguments = check::arguments(*ttl, *tolerate, looks);
            (
                &CHECK,
                users.into_iter().chain(buckets).collect(),
                arguments,
            )
        }
        Step::Fail(failed) => {
            let kept = ["account", "address", "repeated", "negative", "grace"].map(key);
            let keys = kept.into_iter().chain(buckets).collect();
            (&FAILURE, keys, failed.arguments())
        }
        Step::Remember(user, ttl, users) => {
            let arguments = remember::arguments(&[*user], *ttl, *users);
            (&REMEMBER, vec![key("positive")], arguments)
        }
        Step::Enlist(ttl, most, one, other) => {
            let entries = [one.to_string(), other.to_string()];
            let arguments = enlist::arguments(*ttl, *most, &entries);
            (&ENLIST, vec![key("bans"), key("accounts")], arguments)
        }
        Step::Page(skip, limit) => (&PAGE, vec![key("bans")], page::arguments(*skip, *limit)),
        Step::Wait(_) => return None,
    })
}

const HASHES: [&str; 7] = [
    "bucket0", "bucket1", "bucket2", "account", "address", "repeated", "grace",
];
const SORTED: [&str; 4] = ["positive", "negative", "bans", "accounts"];

/// Both sides, and the time that both see.
struct Pair<'a> {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    now: u64,
    redis: &'a mut Connection,
}

impl Pair<'_> {
    /// In Rust and in Lua.
    async fn call(
        &mut self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> (Reply, Reply) {
        // The same moment for both.
        let time = format!("{{'{}', '{}'}}", self.now / 1000, self.now % 1000 * 1000);
        assert!(procedure.lua.contains("redis.call('TIME')"));
        let lua = procedure.lua.replace("redis.call('TIME')", &time);
        let mut eval = redis::cmd("EVAL");
        eval.arg(lua).arg(keys.len());
        for key in &keys {
            eval.arg(&key.name);
        }
        for argument in &arguments {
            eval.arg(argument);
        }
        let answer: Value = eval.query(self.redis).unwrap();
        let reply = self.store.call(procedure, keys, arguments).await.unwrap();
        (reply, as_reply(answer))
    }

    /// Later. Redis has a clock of its own: what has expired here is removed there.
    async fn wait(&mut self, time: u64) {
        self.now += time;
        self.clock.advance(Duration::from_millis(time));
        for name in HASHES.iter().chain(&SORTED) {
            let left = self.store.time_to_live(key(name)).await.unwrap();
            let mut command = match left {
                Remaining::Missing => redis::cmd("DEL"),
                Remaining::Unlimited => panic!("{name} stays for ever"),
                Remaining::For(_) => redis::cmd("PEXPIRE"),
            };
            command.arg(name);
            if let Remaining::For(left) = left {
                command.arg(u64::try_from(left.as_millis()).unwrap());
            }
            command.query::<Value>(self.redis).unwrap();
        }
    }

    /// Everything that one side holds, and how long; Redis' times are some milliseconds shorter.
    async fn held(&mut self) -> [Vec<(String, Reply, i64)>; 2] {
        let mut sides = [Vec::new(), Vec::new()];
        for name in HASHES.iter().chain(&SORTED) {
            let is_hash = HASHES.contains(name);
            let command = match is_hash {
                true => Command::OnHash(key(name), HashCommand::All),
                false => Command::OnSorted(
                    key(name),
                    SortedCommand::Range {
                        from: 0,
                        to: -1,
                        reverse: false,
                    },
                ),
            };
            let ttl = Command::TimeToLive(key(name));
            let mut replies = self.store.run(vec![command, ttl]).await.unwrap();
            let Some(Reply::Integer(ttl)) = replies.pop() else {
                panic!("no time");
            };
            sides[0].push(((*name).to_owned(), sorted(replies.remove(0), is_hash), ttl));
            let mut all = redis::cmd(if is_hash { "HGETALL" } else { "ZRANGE" });
            all.arg(name);
            if !is_hash {
                all.arg(0).arg(-1).arg("WITHSCORES");
            }
            let all: Value = all.query(self.redis).unwrap();
            let all = match is_hash {
                true => as_reply(all),
                false => with_scores(as_reply(all)),
            };
            let ttl: i64 = redis::cmd("PTTL").arg(name).query(self.redis).unwrap();
            sides[1].push(((*name).to_owned(), sorted(all, is_hash), ttl));
        }
        sides
    }
}

/// Fields of a hash are in any order.
fn sorted(reply: Reply, is_hash: bool) -> Reply {
    let Reply::List(mut list) = reply else {
        panic!("{reply:?}");
    };
    if is_hash {
        let mut pairs: Vec<_> = list.chunks(2).map(<[Reply]>::to_vec).collect();
        pairs.sort_by_key(|pair| format!("{pair:?}"));
        list = pairs.concat();
    }
    Reply::List(list)
}

fn with_scores(reply: Reply) -> Reply {
    let Reply::List(list) = reply else {
        panic!("{reply:?}");
    };
    let number = |(index, reply)| match (index % 2, reply) {
        (1, Reply::Bytes(score)) => Reply::Number(String::from_utf8_lossy(&score).parse().unwrap()),
        (_, reply) => reply,
    };
    Reply::List(list.into_iter().enumerate().map(number).collect())
}

fn as_reply(value: Value) -> Reply {
    match value {
        Value::Int(number) => Reply::Integer(number),
        Value::BulkString(bytes) => Reply::Bytes(bytes),
        Value::Array(values) => Reply::List(values.into_iter().map(as_reply).collect()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lua_and_rust_say_and_leave_the_same() {
    let server = Server::start();
    let mut redis = server.connect();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(150)
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let redis = std::cell::RefCell::new(&mut redis);
    let result = runner.run(&prop::collection::vec(step(), 1..60), |steps| {
        let mut redis = redis.borrow_mut();
        redis::cmd("FLUSHALL").query::<Value>(*redis).unwrap();
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::default());
            let now = 1_700_000_000_123;
            clock.advance(Duration::from_millis(now));
            let store: Arc<dyn Store> = Arc::new(MemoryStore::with_clock(clock.clone()));
            let mut pair = Pair {
                store,
                clock,
                now,
                redis: &mut redis,
            };
            for (number, step) in steps.iter().enumerate() {
                match (step, called(step)) {
                    (Step::Wait(time), _) => pair.wait(*time).await,
                    (_, Some((procedure, keys, arguments))) => {
                        let (rust, lua) = pair.call(procedure, keys, arguments).await;
                        prop_assert_eq!(rust, lua, "step {} of {:#?}", number, steps);
                    }
                    (_, None) => {}
                }
                let [rust, lua] = pair.held().await;
                for (rust, lua) in rust.into_iter().zip(lua) {
                    prop_assert_eq!((&rust.0, &rust.1), (&lua.0, &lua.1), "step {}", number);
                    let apart = (rust.2 - lua.2).abs();
                    prop_assert!(apart < 60_000, "{} stays {} or {}", rust.0, rust.2, lua.2);
                }
            }
            Ok(())
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
