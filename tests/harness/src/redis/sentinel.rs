//! A primary, its replicas, and the sentinels that look after them.

use std::{net::SocketAddr, time::Duration};

use super::{Redis, RedisSetup, START};
use crate::{Network, wait};

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
        Self::start_with(replicas, &[], |setup, _| setup)
    }

    /// The same on a network of links, where the servers are `data 0`, `data 1`, … and `sentinel 0`, …; the
    /// data servers have these options too. Clients have to log in ([`super::NAMED`]).
    pub fn start_on(network: &Network, replicas: usize, options: &[&str]) -> Self {
        Self::start_with(replicas, options, |setup, name| {
            let setup = setup.linked(network, name);
            let (ip, port) = (setup.link.ip(), setup.link.port());
            let word = match name.starts_with("data") {
                true => "replica-announce-",
                false => "sentinel announce-",
            };
            setup
                .option(&format!("{word}ip {ip}"))
                .option(&format!("{word}port {port}"))
        })
    }

    fn start_with(
        replicas: usize,
        options: &[&str],
        place: impl Fn(RedisSetup, &str) -> RedisSetup,
    ) -> Self {
        let server = |number: usize, follows: Option<u16>| {
            let follows = follows.map(|port| format!("replicaof 127.0.0.1 {port}"));
            let own = options.iter().map(|line| (*line).to_owned()).chain(follows);
            let setup = place(RedisSetup::new(), &format!("data {number}"));
            own.fold(setup, |setup, line| setup.option(&line)).start()
        };
        let primary = server(0, None);
        let port = primary.link().port();
        let mut servers = vec![primary];
        servers.extend((1..=replicas).map(|number| server(number, Some(port))));
        let master = Self::MASTER;
        let sentinel = |number| {
            let setup = RedisSetup::program("/usr/bin/redis-sentinel", "");
            place(setup, &format!("sentinel {number}"))
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
        self.sentinels.iter().map(Redis::link).collect()
    }

    /// The port of the primary, as most sentinels know it.
    pub fn primary_port(&self) -> u16 {
        let said: Vec<u16> = self.sentinels.iter().filter_map(says).collect();
        let votes = |port: &u16| said.iter().filter(|said| *said == port).count();
        let elected = said.iter().copied().max_by_key(votes);
        elected.expect("no sentinel answers")
    }

    /// Waits until all sentinels know another primary than the one at this port.
    pub fn await_other_primary(&self, port: u16) {
        self.await_change(0, port);
    }

    /// The same of the sentinels from this one on.
    pub fn await_change(&self, first: usize, port: u16) {
        let others = || self.sentinels.iter().skip(first);
        let elected = wait::until(FAIL_OVER, || {
            others().all(|sentinel| says(sentinel).is_some_and(|said| said != port))
        });
        assert!(elected, "no other primary was elected");
    }
}

/// The port of the primary, as this sentinel knows it.
fn says(sentinel: &Redis) -> Option<u16> {
    let master = RedisSentinels::MASTER;
    let answer = sentinel.ask(&["sentinel", "get-master-addr-by-name", master]);
    answer.lines().nth(1)?.parse().ok()
}
