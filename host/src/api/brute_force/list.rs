//! The list of bans, in the shapes of Nauthilus 3 and 1.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Control, ListWish};
use crate::{
    config::ListFormat,
    control::brute_force::{AccountEntry, BanEntry, Page},
    observe::format::rfc3339,
    pipeline::Uncertain,
};

/// The lists of the control, or why they cannot be shown.
pub(super) async fn shown(
    control: &Control,
    wish: &ListWish,
    deadline: Instant,
    session: &str,
) -> (StatusCode, Value) {
    let bans = control.bans(wish, deadline).await;
    let accounts = control.accounts(wish, deadline).await;
    let mut status = StatusCode::OK;
    let errors = [bans.as_ref().err(), accounts.as_ref().err()];
    for Uncertain(why) in errors.into_iter().flatten() {
        tracing::warn!(session, why, "The list of bans cannot be read");
        status = StatusCode::SERVICE_UNAVAILABLE;
    }
    let result = match control.list_format() {
        ListFormat::V3 => third(wish, &bans, &accounts),
        ListFormat::V1 => first(&bans, &accounts),
    };
    (status, result)
}

/// What is shown where nothing is counted.
pub(super) fn empty() -> Value {
    let page = Page {
        total: 0,
        entries: Vec::new(),
    };
    let accounts = Page {
        total: 0,
        entries: Vec::new(),
    };
    third(&ListWish::default(), &Ok(page), &Ok(accounts))
}

type Read<T> = Result<Page<T>, Uncertain>;

/// Nauthilus 3: entries with times, in nanoseconds, and pages.
fn third(wish: &ListWish, bans: &Read<BanEntry>, accounts: &Read<AccountEntry>) -> Value {
    let now = SystemTime::now();
    let entries: Vec<_> = entries(bans).iter().map(|ban| entry(ban, now)).collect();
    json!([
        { "entries": entries, "page": page(wish, bans), "error": error(bans) },
        { "accounts": by_account(accounts), "page": page(wish, accounts), "error": error(accounts) },
    ])
}

/// Nauthilus 1: the rule of each network.
fn first(bans: &Read<BanEntry>, accounts: &Read<AccountEntry>) -> Value {
    let networks: BTreeMap<_, _> = entries(bans)
        .iter()
        .map(|ban| (&ban.network, &ban.bucket))
        .collect();
    json!([
        { "ip_addresses": networks, "error": error(bans) },
        { "accounts": by_account(accounts), "error": error(accounts) },
    ])
}

fn entry(ban: &BanEntry, now: SystemTime) -> Value {
    let since = ban.ban_time.saturating_sub(ban.remaining);
    let banned_at = now.checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut entry = json!({
        "network": ban.network,
        "bucket": ban.bucket,
        "ban_time": nanoseconds(ban.ban_time),
        "ttl": nanoseconds(ban.remaining),
        "banned_at": rfc3339(banned_at),
    });
    for (name, value) in [("protocol", &ban.protocol), ("oidc_cid", &ban.oidc_client)] {
        if let (false, Some(entry)) = (value.is_empty(), entry.as_object_mut()) {
            entry.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    entry
}

fn entries<T>(read: &Read<T>) -> &[T] {
    read.as_ref().map_or(&[], |page| &page.entries)
}

fn error<T>(read: &Read<T>) -> Option<&str> {
    read.as_ref().err().map(|Uncertain(why)| why.as_str())
}

fn page<T>(wish: &ListWish, read: &Read<T>) -> Value {
    json!({
        "limit": wish.limit,
        "offset": wish.offset,
        "total": read.as_ref().map_or(0, |page| page.total),
    })
}

fn by_account(read: &Read<AccountEntry>) -> BTreeMap<&str, Vec<&str>> {
    let mut accounts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries(read) {
        let addresses = accounts.entry(&entry.account).or_default();
        addresses.push(&entry.address);
    }
    accounts
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
