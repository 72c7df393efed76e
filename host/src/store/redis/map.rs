//! Which server has which slots, as sentinels and clusters tell it.
//!
//! Pure. A single server, and one that sentinels look after, have all slots.

use redis::Value;

use super::key::SLOTS;
use crate::config::RedisAddress;

/// Who has what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Map {
    pub(super) shards: Vec<Shard>,
}

/// A primary, its replicas, and the slots that they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) primary: RedisAddress,
    pub(super) replicas: Vec<RedisAddress>,
}

impl Map {
    /// One primary that has everything.
    pub(super) fn single(primary: RedisAddress, replicas: Vec<RedisAddress>) -> Self {
        Self {
            shards: vec![Shard {
                first: 0,
                last: SLOTS - 1,
                primary,
                replicas,
            }],
        }
    }

    /// Who has the slot.
    pub(super) fn shard(&self, slot: u16) -> Option<&Shard> {
        self.shards
            .iter()
            .find(|shard| (shard.first..=shard.last).contains(&slot))
    }

    /// Every primary once, with the longest row of its slots.
    pub(super) fn primaries(&self) -> Vec<&Shard> {
        let mut found: Vec<&Shard> = Vec::new();
        for shard in &self.shards {
            let length = |shard: &Shard| shard.last.saturating_sub(shard.first);
            match found.iter_mut().find(|one| one.primary == shard.primary) {
                Some(known) if length(known) < length(shard) => *known = shard,
                Some(_) => {}
                None => found.push(shard),
            }
        }
        found
    }

    /// The first slot that nobody has.
    pub(super) fn first_missing(&self) -> Option<u16> {
        let mut shards: Vec<&Shard> = self.shards.iter().collect();
        shards.sort_by_key(|shard| shard.first);
        let mut next = 0;
        for shard in shards {
            if shard.first > next {
                break;
            }
            next = next.max(shard.last.saturating_add(1));
        }
        (next < SLOTS).then_some(next)
    }

    /// Every server.
    pub(super) fn servers(&self) -> impl Iterator<Item = &RedisAddress> {
        self.shards
            .iter()
            .flat_map(|shard| std::iter::once(&shard.primary).chain(&shard.replicas))
    }

    /// Reads the answer to `CLUSTER SLOTS`. `asked` stands in for a host that is left out: a node that
    /// nobody has told its own name.
    pub(super) fn from_cluster_slots(answer: &Value, asked: &RedisAddress) -> Option<Self> {
        let Value::Array(entries) = answer else {
            return None;
        };
        let shards: Option<Vec<_>> = entries.iter().map(|entry| shard(entry, asked)).collect();
        let shards = shards.filter(|shards| !shards.is_empty())?;
        Some(Self { shards })
    }
}

fn shard(entry: &Value, asked: &RedisAddress) -> Option<Shard> {
    let Value::Array(parts) = entry else {
        return None;
    };
    let mut parts = parts.iter();
    let first = number(parts.next()?)?;
    let last = number(parts.next()?)?;
    let primary = server(parts.next()?, asked)?;
    Some(Shard {
        first,
        last,
        primary,
        replicas: parts.filter_map(|part| server(part, asked)).collect(),
    })
}

fn server(value: &Value, asked: &RedisAddress) -> Option<RedisAddress> {
    let Value::Array(parts) = value else {
        return None;
    };
    let host = parts.first().and_then(text).unwrap_or_default();
    let host = match host.as_str() {
        "" | "?" => asked.host.clone(),
        _ => host,
    };
    Some(RedisAddress {
        host,
        port: number(parts.get(1)?).filter(|port| *port != 0)?,
    })
}

fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        Value::BulkString(_) => text(value)?.parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

/// The answer to `SENTINEL GET-MASTER-ADDR-BY-NAME`.
pub(super) fn sentinel_primary(answer: &Value) -> Option<RedisAddress> {
    let Value::Array(parts) = answer else {
        return None;
    };
    Some(RedisAddress {
        host: text(parts.first()?).filter(|host| !host.is_empty())?,
        port: number(parts.get(1)?)?,
    })
}

/// Those of `SENTINEL REPLICAS` that follow their primary at the moment.
pub(super) fn sentinel_replicas(answer: &Value) -> Vec<RedisAddress> {
    let Value::Array(replicas) = answer else {
        return Vec::new();
    };
    replicas.iter().filter_map(sentinel_replica).collect()
}

/// From `SENTINEL MASTER`: the number of the configuration that it knows.
pub(super) fn sentinel_epoch(answer: &Value) -> Option<u64> {
    field(&texts(answer)?, "config-epoch")?.parse().ok()
}

/// From `CLUSTER INFO`: whether the node sees the whole, and the number of the configuration that it knows.
pub(super) fn cluster_rank(answer: &Value) -> (bool, u64) {
    let info = match answer {
        Value::VerbatimString { text, .. } => text.clone(),
        other => text(other).unwrap_or_default(),
    };
    let value = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    let epoch = value("cluster_current_epoch").and_then(|number| number.parse().ok());
    (value("cluster_state") == Some("ok"), epoch.unwrap_or(0))
}

fn texts(answer: &Value) -> Option<Vec<String>> {
    let Value::Array(parts) = answer else {
        return None;
    };
    Some(parts.iter().filter_map(text).collect())
}

/// Of a list of names and values.
fn field<'a>(texts: &'a [String], name: &str) -> Option<&'a str> {
    texts.chunks_exact(2).find_map(|pair| match pair {
        [key, value] if key == name => Some(value.as_str()),
        _ => None,
    })
}

fn sentinel_replica(answer: &Value) -> Option<RedisAddress> {
    let texts = texts(answer)?;
    let field = |name: &str| field(&texts, name);
    let flags = field("flags")?;
    let is_well = !["down", "disconnected"]
        .iter()
        .any(|bad| flags.contains(bad))
        && field("master-link-status") == Some("ok");
    is_well.then_some(())?;
    Some(RedisAddress {
        host: field("ip")?.to_owned(),
        port: field("port")?.parse().ok()?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn node(host: &str, port: i64) -> Value {
        Value::Array(vec![
            text(host),
            Value::Int(port),
            text("id"),
            Value::Array(vec![]),
        ])
    }

    fn at(text: &str) -> RedisAddress {
        RedisAddress::parse(text).unwrap()
    }

    #[test]
    fn cluster_slots_are_read() {
        let answer = Value::Array(vec![
            Value::Array(vec![
                Value::Int(0),
                Value::Int(99),
                node("10.0.0.1", 1),
                node("10.0.0.2", 2),
            ]),
            Value::Array(vec![Value::Int(100), Value::Int(16383), node("", 3)]),
        ]);
        let map = Map::from_cluster_slots(&answer, &at("seed:9")).unwrap();
        assert_eq!(map.shard(99).unwrap().primary, at("10.0.0.1:1"));
        assert_eq!(map.shard(99).unwrap().replicas, [at("10.0.0.2:2")]);
        assert_eq!(map.shard(100).unwrap().primary, at("seed:3"));
        assert_eq!(map.primaries().len(), 2);
        assert_eq!(map.first_missing(), None);
        assert_eq!(map.servers().count(), 3);
    }

    #[test]
    fn nonsense_is_no_map() {
        for answer in [
            Value::Nil,
            Value::Array(vec![]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Array(vec![
                Value::Int(0),
                Value::Int(70000),
                node("h", 1),
            ])]),
            Value::Array(vec![Value::Array(vec![
                Value::Int(0),
                Value::Int(1),
                node("h", 0),
            ])]),
        ] {
            assert_eq!(
                Map::from_cluster_slots(&answer, &at("seed:9")),
                None,
                "{answer:?}"
            );
        }
    }

    #[test]
    fn slots_that_nobody_has_are_nobodys() {
        let answer = Value::Array(vec![Value::Array(vec![
            Value::Int(5),
            Value::Int(6),
            node("h", 1),
        ])]);
        let map = Map::from_cluster_slots(&answer, &at("seed:9")).unwrap();
        assert_eq!(map.shard(4), None);
        assert!(map.shard(5).is_some());
        assert_eq!(map.first_missing(), Some(0));
        let mut rest = map.shards[0].clone();
        (rest.first, rest.last) = (7, SLOTS - 1);
        let mut first = map.shards[0].clone();
        (first.first, first.last) = (0, 4);
        let whole = Map {
            shards: vec![rest, map.shards[0].clone(), first],
        };
        assert_eq!(whole.first_missing(), None);
        assert_eq!(whole.primaries(), [&whole.shards[0]]);
    }

    #[test]
    fn only_replicas_that_are_well_are_asked() {
        let replica = |port: &str, flags: &str, link: &str| {
            let pairs = [
                ("ip", "10.0.0.1"),
                ("port", port),
                ("flags", flags),
                ("master-link-status", link),
            ];
            Value::Array(pairs.iter().flat_map(|(k, v)| [text(k), text(v)]).collect())
        };
        let answer = Value::Array(vec![
            replica("1", "slave", "ok"),
            replica("2", "s_down,slave", "ok"),
            replica("3", "slave,disconnected", "ok"),
            replica("4", "slave", "err"),
        ]);
        assert_eq!(sentinel_replicas(&answer), [at("10.0.0.1:1")]);
    }
}
