//! Redis Cluster.

use std::{process::Command, time::Duration};

use super::{CLI, Redis, RedisSetup, START};
use crate::{Network, command, port, wait};

/// How long a fail-over may take.
const FAIL_OVER: Duration = Duration::from_secs(60);

/// Three primaries and their replicas.
pub struct RedisCluster {
    /// All nodes: the first three are the primaries at the start.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts three primaries with so many replicas each, and waits until all see the whole.
    pub fn start(replicas: usize) -> Self {
        let node = |_| {
            RedisSetup::new()
                .option("cluster-enabled yes")
                .option("cluster-node-timeout 1000")
                .option(&format!("cluster-port {}", port::free().port()))
                .start()
        };
        let nodes: Vec<Redis> = (0..3 * (1 + replicas)).map(node).collect();
        let mut create = Command::new("/usr/bin/redis-cli");
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| node.address().to_string()));
        create.args(["--cluster-replicas", &replicas.to_string()]);
        create.arg("--cluster-yes");
        let output = command::run(create, CLI);
        assert_eq!(output.code, Some(0), "no cluster: {output:?}");
        let cluster = Self { nodes };
        cluster.await_whole(replicas);
        cluster
    }

    /// The same on a network of links, where the nodes are `node 0`, `node 1`, …; they have these options
    /// too. Clients have to log in ([`super::NAMED`]).
    pub fn start_on(network: &Network, replicas: usize, options: &[&str]) -> Self {
        let (nodes, buses): (Vec<Redis>, Vec<u16>) = (0..3 * (1 + replicas))
            .map(|number| {
                let name = format!("node {number}");
                let bus = port::free();
                let bus_link = network.link(&name, bus).port();
                let setup = RedisSetup::new().linked(network, &name);
                let link = setup.link;
                let setup = setup
                    .option("cluster-enabled yes")
                    .option("cluster-node-timeout 1000")
                    .option(&format!("cluster-port {}", bus.port()))
                    .option(&format!("cluster-announce-ip {}", link.ip()))
                    .option(&format!("cluster-announce-port {}", link.port()))
                    .option(&format!("cluster-announce-bus-port {bus_link}"));
                let setup = options.iter().fold(setup, |setup, line| setup.option(line));
                (setup.start(), bus_link)
            })
            .unzip();
        let cluster = Self { nodes };
        cluster.introduce(&buses);
        cluster.share_out(replicas);
        cluster.await_whole(replicas);
        cluster
    }

    /// Has the nodes meet over their links, which `redis-cli --cluster create` cannot.
    fn introduce(&self, buses: &[u16]) {
        for (number, (node, bus)) in self.nodes.iter().zip(buses).enumerate() {
            node.ask(&["cluster", "set-config-epoch", &(number + 1).to_string()]);
            let port = node.link().port().to_string();
            let met = ["cluster", "meet", "127.0.0.1", &port, &bus.to_string()];
            if number > 0 {
                assert_eq!(self.nodes[0].ask(&met), "OK");
            }
        }
        let all = self.nodes.len();
        let knows = |node: &Redis| {
            let lines = node.ask(&["cluster", "nodes"]);
            lines.lines().count() == all && !lines.contains("handshake")
        };
        let met = wait::until(START, || self.nodes.iter().all(knows));
        assert!(met, "the nodes do not meet");
    }

    /// Gives each of the first three a third of the slots, and so many replicas.
    fn share_out(&self, replicas: usize) {
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in self.nodes.iter().zip(ranges) {
            assert_eq!(node.ask(&["cluster", "addslotsrange", first, last]), "OK");
        }
        for (number, node) in self.nodes.iter().enumerate().skip(3) {
            let primary = self.id((number - 3) / replicas);
            assert_eq!(node.ask(&["cluster", "replicate", &primary]), "OK");
        }
    }

    fn await_whole(&self, replicas: usize) {
        let ready = wait::until(START, || {
            self.nodes.iter().all(|node| {
                let is_whole = node.ask(&["cluster", "info"]).contains("cluster_state:ok");
                let follows = node.ask(&["role"]);
                let roles = node.ask(&["cluster", "nodes"]);
                is_whole
                    && roles.matches("slave").count() == 3 * replicas
                    && (follows.starts_with("master") || follows.contains("connected"))
            })
        });
        assert!(ready, "the nodes do not find each other");
    }

    /// The index of the node that has the slot, as most of the others that answer know it.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let said: Vec<usize> = self
            .nodes
            .iter()
            .filter_map(|node| self.says(node, slot))
            .collect();
        let votes = |index: &usize| said.iter().filter(|said| *said == index).count();
        said.iter().copied().max_by_key(votes)
    }

    /// Who has the slot, as this node knows it.
    fn says(&self, node: &Redis, slot: u16) -> Option<usize> {
        let lines = node.ask(&["cluster", "nodes"]);
        let port = lines.lines().find_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let (address, flags) = (words.get(1)?, words.get(2)?);
            let has = words.iter().skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let bounds = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
                bounds.is_some_and(|(first, last)| (first..=last).contains(&slot))
            });
            let port = address.split_once('@')?.0.rsplit_once(':')?.1;
            (has && flags.contains("master") && !flags.contains("fail"))
                .then(|| port.parse::<u16>().ok())?
        })?;
        self.nodes
            .iter()
            .position(|node| node.link().port() == port)
    }

    /// The id by which the others know a node.
    pub fn id(&self, index: usize) -> String {
        self.nodes[index].ask(&["cluster", "myid"])
    }

    /// Waits until another node than this one has the slot.
    ///
    /// # Panics
    /// When that does not happen.
    pub fn await_other_owner(&self, slot: u16, than: usize) {
        let moved = wait::until(FAIL_OVER, || {
            let others = self
                .nodes
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != than);
            let said = others.map(|(_, node)| self.says(node, slot));
            said.into_iter()
                .all(|owner| owner.is_some_and(|owner| owner != than))
        });
        assert!(moved, "no other node took over the slot {slot}");
    }
}
