//! A primary, its replicas, and the sentinels that look after them.

use std::{net::SocketAddr, time::Duration};

use super::{Redis, RedisSetup, START};
use crate::wait;

/// How long a fail-over may take.
const FAIL_OVER: Duration = Duration::from_secs(60);

/// A primary with replicas and three sentinels.
pub struct RedisSentinels {
    /// The data: the first one is the primary at the start.
    pub servers: Vec<Redis>,
    /// Those who look after it.
    pub sentinels: Vec<Redis>,
}

impl RedisSentinels {
    /// The name by which the sentinels know the primary.
    pub const MASTER: &str = "mymaster";

    /// Starts one primary, so many replicas, and three sentinels that act half a second after the
    /// primary falls silent; waits until all know each other.
    pub fn start(replicas: usize) -> Self {
        let primary = Redis::start();
        let port = primary.address().port();
        let mut servers = vec![primary];
        for _ in 0..replicas {
            let setup = RedisSetup::new().option(&format!("replicaof 127.0.0.1 {port}"));
            servers.push(setup.start());
        }
        let master = Self::MASTER;
        let sentinel = |_| {
            RedisSetup::program("/usr/bin/redis-sentinel", "")
                .option(&format!("sentinel monitor {master} 127.0.0.1 {port} 2"))
                .option(&format!("sentinel down-after-milliseconds {master} 500"))
                .option(&format!("sentinel failover-timeout {master} 3000"))
                .start()
        };
        let sentinels = (0..3).map(sentinel).collect();
        let all = Self { servers, sentinels };
        let known = |sentinel: &Redis| {
            let seen = sentinel.ask(&["sentinel", "master", master]);
            let count = |name: &str| {
                let mut lines = seen.lines().skip_while(|line| *line != name).skip(1);
                lines.next().and_then(|number| number.parse::<usize>().ok())
            };
            count("num-slaves") == Some(replicas)
                && count("num-other-sentinels") == Some(2)
                && sentinel
                    .ask(&["sentinel", "replicas", master])
                    .matches("master-link-status\nok")
                    .count()
                    == replicas
        };
        let ready = wait::until(START, || all.sentinels.iter().all(known));
        assert!(ready, "the sentinels do not find everybody");
        all
    }

    /// Where the sentinels listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sentinels.iter().map(Redis::address).collect()
    }

    /// The port of the primary, as most sentinels know it.
    pub fn primary_port(&self) -> u16 {
        let said: Vec<u16> = self
            .sentinels
            .iter()
            .filter_map(|sentinel| {
                let answer = sentinel.ask(&["sentinel", "get-master-addr-by-name", Self::MASTER]);
                answer.lines().nth(1)?.parse().ok()
            })
            .collect();
        let votes = |port: &u16| said.iter().filter(|said| *said == port).count();
        let elected = said.iter().copied().max_by_key(votes);
        elected.expect("no sentinel answers")
    }

    /// Waits until all sentinels know another primary than the one at this port, and it takes changes.
    pub fn await_other_primary(&self, port: u16) {
        let elected = wait::until(FAIL_OVER, || {
            self.sentinels.iter().all(|sentinel| {
                let answer = sentinel.ask(&["sentinel", "get-master-addr-by-name", Self::MASTER]);
                !answer.ends_with(&port.to_string())
            })
        });
        assert!(elected, "no other primary was elected");
    }
}
