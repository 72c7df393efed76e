//! Asking sentinels or nodes who has what, and choosing among their answers.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use redis::{Pipeline, Value};
use tokio::time::Instant;

use super::{Source, Topology};
use crate::{
    config::RedisAddress,
    store::redis::{
        failure::{Failure, Kind},
        link,
        map::{self, Map},
        node::Node,
    },
};

/// How long the others get once one has answered.
const HEARING: Duration = Duration::from_millis(50);
/// Nodes of a cluster that are asked at the same time.
const ASKED: usize = 8;

/// What one of them says.
struct Answer {
    /// The greatest wins: whether it sees itself as a part of the whole, and the age of its knowledge.
    rank: (bool, u64),
    map: Map,
}

impl Topology {
    /// Asks all, and believes the one whose knowledge is latest.
    pub(super) async fn ask_around(self: &Arc<Self>) -> Result<Map, Failure> {
        let mut answers: FuturesUnordered<_> = match &self.source {
            Source::Fixed(map) => return Ok(map.clone()),
            Source::Sentinels { master, sentinels } => sentinels
                .iter()
                .map(|node| {
                    let asked = ask_sentinel(node.clone(), master.clone(), self.patience);
                    futures_util::future::Either::Left(asked)
                })
                .collect(),
            Source::Cluster(seeds) => self
                .candidates(seeds)
                .iter()
                .map(|address| {
                    let asked = ask_node(self.node(address), self.patience);
                    futures_util::future::Either::Right(asked)
                })
                .collect(),
        };
        let mut best: Option<Answer> = None;
        let mut failure = Failure::new(Kind::Unreachable, "there is no server to ask");
        let mut end = Instant::now() + self.dial.timeout + self.patience;
        while let Ok(Some(answer)) = tokio::time::timeout_at(end, answers.next()).await {
            match answer {
                Ok(answer) => {
                    end = end.min(Instant::now() + HEARING);
                    if best.as_ref().is_none_or(|best| best.rank < answer.rank) {
                        best = Some(answer);
                    }
                }
                Err(one) => failure = one,
            }
        }
        best.map(|best| best.map).ok_or(failure)
    }

    /// The nodes that are known, and those of the configuration; others first each time.
    fn candidates(&self, seeds: &[RedisAddress]) -> Vec<RedisAddress> {
        let known = self.known().map.clone();
        let mut found: Vec<RedisAddress> = Vec::new();
        let servers = known.iter().flat_map(|(map, _)| map.servers());
        for address in servers.chain(seeds) {
            if !found.contains(address) {
                found.push(address.clone());
            }
        }
        let turn = self.turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let first = turn.checked_rem(found.len()).unwrap_or(0);
        found.rotate_left(first);
        found.truncate(ASKED);
        found
    }
}

async fn ask_sentinel(
    node: Arc<Node>,
    master: String,
    patience: Duration,
) -> Result<Answer, Failure> {
    let server = node.address.to_string();
    let mut pipeline = Pipeline::new();
    for word in ["GET-MASTER-ADDR-BY-NAME", "REPLICAS", "MASTER"] {
        pipeline.cmd("SENTINEL").arg(word).arg(&master);
    }
    let answers = node.link(true).await?.ask(&pipeline, patience).await?;
    let unknown = || {
        Failure::new(
            Kind::Later,
            format!(
                "the sentinel at {server} knows no primary `{master}`; correct `store.redis.sentinels.master`"
            ),
        )
    };
    let [primary, replicas, details] = answers.as_slice() else {
        return Err(link::too_few(&server));
    };
    if *primary == Value::Nil {
        return Err(unknown());
    }
    if let Some(failure) = link::first_error(&answers, &server) {
        return Err(failure);
    }
    let primary = map::sentinel_primary(primary).ok_or_else(unknown)?;
    Ok(Answer {
        rank: (true, map::sentinel_epoch(details).unwrap_or(0)),
        map: Map::single(primary, map::sentinel_replicas(replicas)),
    })
}

async fn ask_node(node: Arc<Node>, patience: Duration) -> Result<Answer, Failure> {
    let server = node.address.to_string();
    let mut pipeline = Pipeline::new();
    pipeline.cmd("CLUSTER").arg("SLOTS");
    pipeline.cmd("CLUSTER").arg("INFO");
    let answers = node.link(true).await?.ask(&pipeline, patience).await?;
    if let Some(failure) = link::first_error(&answers, &server) {
        return Err(failure);
    }
    let [slots, info] = answers.as_slice() else {
        return Err(link::too_few(&server));
    };
    let map = Map::from_cluster_slots(slots, &node.address).ok_or_else(|| {
        Failure::new(
            Kind::Later,
            format!("the cluster node at {server} knows of no slots; see `redis-cli cluster info`"),
        )
    })?;
    Ok(Answer {
        rank: map::cluster_rank(info),
        map,
    })
}
