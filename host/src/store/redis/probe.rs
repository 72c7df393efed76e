//! Whether all servers take changes at this moment.
//!
//! A server that answers `PING` may be full, read-only or cut off, so the question is a small write to
//! each primary.

use std::{sync::Arc, time::Duration};

use super::{
    client::{Client, Request, nobody_has},
    encode::Shape,
    failure::Failure,
    key,
    map::Shard,
    reply,
};
use crate::store::{Key, Reply, StoreError};

/// How long what was written stays.
const STAYS: Duration = Duration::from_secs(60);

/// Writes to every primary.
///
/// # Errors
/// What is wrong with one of them.
pub(super) async fn check(client: &Arc<Client>, prefix: &str) -> Result<(), StoreError> {
    let map = client.topology.map().await?;
    if let Some(slot) = map.first_missing() {
        client.topology.refresh_soon();
        return Err(nobody_has(slot).into());
    }
    let is_cluster = client.topology.is_cluster();
    let shards = map.primaries().into_iter();
    let asked: Vec<_> = shards
        .map(|shard| request(prefix, shard, is_cluster))
        .collect();
    let answers = asked.iter().map(|request| client.perform(request));
    for (answer, _) in futures_util::future::join_all(answers).await {
        let answer = answer?;
        for value in answer.values {
            let reply = reply::reply(value, Shape::Plain, &answer.server)?;
            if reply != Reply::Done {
                let what = format!("{reply:?}");
                return Err(Failure::unexpected(&answer.server, &what).into());
            }
        }
    }
    Ok(())
}

fn request(prefix: &str, shard: &Shard, is_cluster: bool) -> Request {
    // A name whose slot the server has.
    let named = |number: u32| key::bytes(prefix, &Key::new("bulkhead.health", number.to_string()));
    let is_there =
        |name: &Vec<u8>| !is_cluster || (shard.first..=shard.last).contains(&key::slot(name));
    let name = (0..=u32::MAX).map(named).find(is_there).unwrap_or_default();
    let slot = if is_cluster { key::slot(&name) } else { 0 };
    let mut cmd = redis::cmd("SET");
    cmd.arg(name).arg(1).arg("EX").arg(STAYS.as_secs());
    Request {
        slot,
        commands: vec![cmd],
        script: None,
        only_reads: false,
        repeatable: true,
    }
}
