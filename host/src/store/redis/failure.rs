//! Why Redis did not do it, whether it may have done it all the same, and what to do about it.
//!
//! Pure. The text is for the administrator's log: it names the server and the remedy.

use std::time::Duration;

/// What went wrong, as far as somebody who wants to try again must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no connection: nothing was sent.
    Unreachable,
    /// The connection broke, or there was no answer in time: nobody knows whether it was done.
    Unknown,
    /// Another server has the slot.
    Moved(String),
    /// Another server has this key already, while the slot is moved.
    Ask(String),
    /// Not now: the slot is being moved, or the server loads its data.
    Later,
    /// Another server must be asked: this one is a replica, or cut off from its primary, its replicas or its
    /// cluster.
    Elsewhere,
    /// The script is not there.
    NoScript,
    /// Trying again does not help.
    Final,
}

/// A failure of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(super) struct Failure {
    /// For the next try.
    pub(super) kind: Kind,
    /// For the administrator.
    pub(super) text: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    /// No connection could be made.
    pub(super) fn unreachable(server: &str, why: &str) -> Self {
        Self::new(
            Kind::Unreachable,
            format!(
                "Redis at {server} cannot be reached ({why}); see that it runs there and lets this machine connect"
            ),
        )
    }

    /// The connection broke before the answer.
    pub(super) fn broken(server: &str, why: &str) -> Self {
        Self::new(
            Kind::Unknown,
            format!(
                "the connection to Redis at {server} broke before the answer ({why}): whether it was done is not known"
            ),
        )
    }

    /// There was no answer in time.
    pub(super) fn stalled(server: &str, waited: Duration) -> Self {
        Self::new(
            Kind::Unknown,
            format!(
                "Redis at {server} did not answer within {} ms: whether it was done is not known; see whether it hangs or is overloaded",
                waited.as_millis()
            ),
        )
    }

    /// It was done, but by fewer servers than wanted.
    pub(super) fn too_few_replicas(server: &str, wanted: u32, have: i64) -> Self {
        Self::new(
            Kind::Unknown,
            format!(
                "Redis at {server} made the change, but only {have} of {wanted} replicas have it (`min_replicas`); see that its replicas are connected"
            ),
        )
    }

    /// The answer is none that the question can have.
    pub(super) fn unexpected(server: &str, what: &str) -> Self {
        let what: String = what.chars().take(200).collect();
        Self::new(
            Kind::Final,
            format!(
                "Redis at {server} answered what it should not: {what}; is it really Redis, 6.2 or newer?"
            ),
        )
    }

    /// An error that the server sent instead of doing it.
    pub(super) fn from_server(text: &str, server: &str) -> Self {
        // `EXECABORT Transaction discarded because of: OOM command not allowed …`
        let text = text
            .split_once("discarded because of: ")
            .map_or(text, |(_, why)| why);
        let mut words = text.split_whitespace();
        let code = words.next().unwrap_or_default();
        let (kind, advice) = match code {
            "MOVED" | "ASK" => {
                // `MOVED 3999 127.0.0.1:6381`
                let address = words.nth(1).unwrap_or_default();
                let address = match address.strip_prefix(':') {
                    // Redis Cluster: the host that was asked, on another port.
                    Some(port) => format!("{}:{port}", host(server)),
                    None => address.to_owned(),
                };
                let kind = if code == "ASK" {
                    Kind::Ask(address)
                } else {
                    Kind::Moved(address)
                };
                (
                    kind,
                    "it belongs to a cluster: write `store.redis.cluster` instead of `primary` or `sentinels`",
                )
            }
            "TRYAGAIN" => (
                Kind::Later,
                "a slot is being moved; it goes on when that is done",
            ),
            "LOADING" => (
                Kind::Later,
                "it reads its data from disk and answers when it has them",
            ),
            "BUSY" => (
                Kind::Later,
                "a script runs for too long; `SCRIPT KILL` ends it",
            ),
            "CLUSTERDOWN" => (
                Kind::Elsewhere,
                "the cluster lacks slots or a majority; see `redis-cli cluster info` and start the nodes that are missing",
            ),
            "READONLY" => (
                Kind::Elsewhere,
                "it is a replica, which takes no changes: name its primary, or `sentinels` that know which one it is",
            ),
            "MASTERDOWN" => (
                Kind::Elsewhere,
                "it is a replica without its primary; see `redis-cli info replication`",
            ),
            "NOSCRIPT" => (Kind::NoScript, "the script is gone"),
            "OOM" => (
                Kind::Final,
                "its memory is full: raise `maxmemory` in redis.conf, or find out what fills it",
            ),
            "WRONGPASS" => (
                Kind::Final,
                "correct `store.redis.username` and `store.redis.password`",
            ),
            "NOAUTH" => (
                Kind::Final,
                "it wants a password: write `store.redis.password` (and `username`, if it has users)",
            ),
            "NOPERM" => (
                Kind::Final,
                "the user lacks a right: give it `~PREFIX* &PREFIX* +@all -@admin -@dangerous` and what the message names",
            ),
            "MISCONF" => (
                Kind::Final,
                "it cannot save its data to disk; see its log and its disk",
            ),
            // It may be cut off, and another one the primary.
            "NOREPLICAS" => (
                Kind::Elsewhere,
                "it has fewer replicas than `min-replicas-to-write` in redis.conf wants; see that they run",
            ),
            "CROSSSLOT" => (Kind::Final, "keys of one step are in different slots"),
            _ if text.contains("max number of clients") => (
                Kind::Unreachable,
                "raise `maxclients` in redis.conf, or lower `store.redis.pool_size`",
            ),
            _ if text.contains("AUTH") => (
                Kind::Final,
                "correct `store.redis.username` and `store.redis.password`",
            ),
            _ if text.contains("DB index is out of range") => (
                Kind::Final,
                "correct `store.redis.database_number`, or raise `databases` in redis.conf",
            ),
            _ if text.contains("cluster support disabled") => (
                Kind::Final,
                "it is no cluster: write `store.redis.primary` instead of `cluster`",
            ),
            _ => (Kind::Final, "see its log"),
        };
        Self::new(kind, format!("Redis at {server} says “{text}”: {advice}"))
    }

    /// True if it may go away by itself, so that others need not find out again how long it takes.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unreachable | Kind::Unknown | Kind::Later | Kind::Elsewhere
        )
    }

    /// True if it was certainly not done.
    pub(super) fn is_harmless(&self) -> bool {
        !matches!(self.kind, Kind::Unknown | Kind::Final)
    }
}

/// The part before the port.
fn host(server: &str) -> &str {
    server.rsplit_once(':').map_or(server, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_trouble_is_told_apart_with_its_remedy() {
        let texts: Vec<String> = [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
            "READONLY You can't write against a read only replica.",
            "LOADING Redis is loading the dataset in memory",
            "MOVED 3999 127.0.0.1:6381",
            "CLUSTERDOWN The cluster is down",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOAUTH Authentication required.",
            "NOPERM this user has no permissions to run the 'set' command",
            "MISCONF Redis is configured to save RDB snapshots",
            "NOREPLICAS Not enough good replicas to write.",
            "ERR max number of clients reached",
        ]
        .iter()
        .map(|text| Failure::from_server(text, "10.0.0.5:6379").text)
        .chain([
            Failure::unreachable("10.0.0.5:6379", "Connection refused").text,
            Failure::broken("10.0.0.5:6379", "broken pipe").text,
            Failure::stalled("10.0.0.5:6379", Duration::from_secs(1)).text,
            Failure::too_few_replicas("10.0.0.5:6379", 1, 0).text,
        ])
        .collect();
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn only_what_was_certainly_not_done_may_be_repeated() {
        let from = |text| Failure::from_server(text, "h:1").is_harmless();
        assert!(from("MOVED 1 h:2"));
        assert!(from(
            "TRYAGAIN Multiple keys request during rehashing of slot"
        ));
        assert!(from("CLUSTERDOWN Hash slot not served"));
        assert!(from("LOADING …"));
        assert!(from("READONLY …"));
        assert!(from("NOREPLICAS Not enough good replicas to write."));
        assert!(!from("MISCONF Redis is configured to save RDB snapshots"));
        assert!(Failure::unreachable("h:1", "refused").is_harmless());
        assert!(!Failure::broken("h:1", "eof").is_harmless());
        assert!(!Failure::stalled("h:1", Duration::from_secs(1)).is_harmless());
    }

    #[test]
    fn redirections_name_the_server() {
        let kind = |text| Failure::from_server(text, "10.0.0.5:6379").kind;
        let moved = |address: &str| Kind::Moved(address.to_owned());
        assert_eq!(kind("MOVED 3999 10.0.0.6:6381"), moved("10.0.0.6:6381"));
        assert_eq!(kind("MOVED 3999 :6381"), moved("10.0.0.5:6381"));
        assert_eq!(kind("MOVED 3999 fe80::1:6381"), moved("fe80::1:6381"));
        assert_eq!(kind("ASK 1 h:2"), Kind::Ask("h:2".to_owned()));
    }
}
