//! Where an account was seen lately, so that whoever flushes a user reaches what is kept of those addresses.
//!
//! For each account there is a sorted set, under a digest of its name: the addresses of its logins, each with
//! the digest under which the wrong passwords of such a login may be repeated. A user's name that is not the
//! account's has a set that names the account. Names that nobody knew have sets of another kind, which are
//! kept no longer than their histories: names are easily made up.
//!
//! The sets never hold more than `brute_force.account_addresses`, and nothing longer than what it leads to
//! can last. They are written beside what a login writes anyway, in the same round trip; a login that could
//! not be written here counts all the same.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use super::{
    digest::{DigestKey, Kind},
    milliseconds, network,
    procedures::remember::{self, REMEMBER},
    rule::{self, Attempt, NAMESPACE},
};
use crate::{
    auth::Request,
    config::BruteForce,
    store::{Bound, Call, Command, Key, Reply, SortedCommand},
};

/// Bytes of a digest.
const DIGEST: usize = 32;
/// The sets of accounts, and those of names that nobody knew.
const KINDS: [&str; 2] = [ACCOUNT, UNKNOWN];
const ACCOUNT: &str = "addresses";
const UNKNOWN: &str = "addresses-of-unknown";

/// What one set says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// A login from there.
    At {
        address: IpAddr,
        /// The digest under which its wrong passwords may be repeated.
        repeated: Vec<u8>,
    },
    /// The account, by the digest of its name.
    Account(Vec<u8>),
}

impl Seen {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::At { address, repeated } => [repeated, address.to_string().as_bytes()].concat(),
            Self::Account(account) => account.clone(),
        }
    }

    /// Nothing for what no version of ours writes.
    pub(super) fn read(member: &[u8]) -> Option<Self> {
        let (digest, address) = member.split_at_checked(DIGEST)?;
        if address.is_empty() {
            return Some(Self::Account(digest.to_vec()));
        }
        let address = network::address(std::str::from_utf8(address).ok()?)?;
        Some(Self::At {
            address,
            repeated: digest.to_vec(),
        })
    }
}

/// The digest under which wrong passwords of a login may be repeated.
pub(super) fn repeated(key: &DigestKey, user: &str, request: &Request) -> Vec<u8> {
    let parts = [user, &request.protocol, rule::oidc_client(request)];
    key.digest(Kind::Repeated, &parts.map(str::as_bytes))
}

/// What writes down that a login came from there; nothing where nothing is to be written. `account` is
/// nothing if no backend knows the user.
pub(super) fn calls(
    config: &BruteForce,
    key: &DigestKey,
    attempt: &Attempt,
    request: &Request,
    account: Option<&str>,
) -> Vec<Call> {
    let (kind, lifetime) = match account {
        Some(_) => (ACCOUNT, lifetime(config)),
        None => (UNKNOWN, config.history_ttl),
    };
    let is_kept = account.is_some() || !config.history_for_known_accounts;
    if config.account_addresses == 0 || !is_kept {
        return Vec::new();
    }
    let call = |user: &[u8], seen: &Seen| Call {
        procedure: &REMEMBER,
        keys: vec![set(user, kind)],
        arguments: remember::arguments(
            &seen.write(),
            milliseconds(lifetime),
            config.account_addresses,
        ),
    };
    let digest = |name: &str| key.digest(Kind::User, &[name.as_bytes()]);
    let owner = account.unwrap_or(&request.username);
    let user = digest(owner);
    let at = Seen::At {
        address: attempt.address,
        repeated: repeated(key, owner, request),
    };
    let mut calls = vec![call(&user, &at)];
    if owner != request.username {
        calls.push(call(&digest(&request.username), &Seen::Account(user)));
    }
    calls
}

/// The sets of these users, by the digests of their names.
pub(super) fn sets(users: &BTreeSet<Vec<u8>>) -> Vec<Key> {
    let sets = users
        .iter()
        .flat_map(|user| KINDS.map(|kind| set(user, kind)));
    sets.collect()
}

/// Reads a set; the first answer is the one that counts. The second changes nothing, but it might: so no
/// replica is asked, which may not know yet what was seen a moment ago.
pub(super) fn readings(set: &Key) -> [Command; 2] {
    let before_all = Bound::Including(f64::NEG_INFINITY);
    [
        SortedCommand::Range {
            from: 0,
            to: -1,
            reverse: false,
        },
        SortedCommand::RemoveByScore(before_all, before_all),
    ]
    .map(|command| Command::OnSorted(set.clone(), command))
}

/// The members of a set that was read, and when the last of them was seen; nothing if it is no set.
pub(super) fn members(reply: Reply) -> Option<(Vec<Vec<u8>>, f64)> {
    let Reply::List(parts) = reply else {
        return None;
    };
    let mut latest = f64::NEG_INFINITY;
    let mut members = Vec::with_capacity(parts.len() / 2);
    for part in parts {
        match part {
            Reply::Bytes(member) => members.push(member),
            Reply::Number(seen) => latest = latest.max(seen),
            _ => return None,
        }
    }
    Some((members, latest))
}

/// Takes out of a set what was seen until then, and nothing that was seen since, not even the same again.
pub(super) fn take_out(set: Key, latest: f64) -> Command {
    let until = SortedCommand::RemoveByScore(
        Bound::Including(f64::NEG_INFINITY),
        Bound::Including(latest),
    );
    Command::OnSorted(set, until)
}

fn set(user: &[u8], kind: &str) -> Key {
    Key::tagged(NAMESPACE, hex::encode(user), kind)
}

/// How long anything can last that a login leaves at its address: counters of a window and the one before
/// it, a ban that begins at their end, histories, forgiven failures, tolerations.
fn lifetime(config: &BruteForce) -> Duration {
    let bans = config.buckets.iter().map(|bucket| {
        let counted = bucket.period.saturating_mul(2);
        counted.saturating_add(bucket.ban_time)
    });
    let tolerations = config.custom_tolerations.iter().map(|custom| custom.ttl);
    let others = [
        config.history_ttl,
        config.repeated_window,
        config.cold_start_grace,
        config.tolerate_ttl,
    ];
    let all = bans.chain(tolerations).chain(others);
    all.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for seen in [
            Seen::At {
                address: [192, 0, 2, 1].into(),
                repeated: vec![b'|'; DIGEST],
            },
            Seen::At {
                address: "2001:db8::1".parse().unwrap_or([0, 0, 0, 0].into()),
                repeated: vec![0; DIGEST],
            },
            Seen::Account(vec![0xff; DIGEST]),
        ] {
            assert_eq!(Seen::read(&seen.write()), Some(seen));
        }
    }

    #[test]
    fn what_nobody_writes_is_nothing() {
        let digest = [1; DIGEST];
        for member in [
            b"".to_vec(),
            digest[1..].to_vec(),
            [&digest[..], b"nowhere"].concat(),
            [&digest[..], b"\xff"].concat(),
        ] {
            assert_eq!(Seen::read(&member), None, "{member:?}");
        }
    }
}
