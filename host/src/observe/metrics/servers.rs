//! What a store counts about its servers, on the metrics page.
//!
//! Read at the moment at which a page is made. A store without servers has none of these series.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use crate::store::{Store, StoreNumbers};

/// The store whose numbers are shown, once there is one.
#[derive(Clone, Default)]
pub(super) struct StoreServers(Arc<OnceLock<Weak<dyn Store>>>);

impl fmt::Debug for StoreServers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreServers")
    }
}

impl StoreServers {
    /// Shows this one's; only the first one counts.
    pub(super) fn watch(&self, store: &Arc<dyn Store>) {
        let _ = self.0.set(Arc::downgrade(store));
    }
}

impl Collector for StoreServers {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let store = self.0.get().and_then(Weak::upgrade);
        match store.and_then(|store| store.numbers()) {
            Some(numbers) => encode(&numbers, encoder),
            None => Ok(()),
        }
    }
}

fn encode(numbers: &StoreNumbers, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
    for (name, help, count) in [
        (
            "redis_read",
            "Requests to Redis that only read",
            numbers.reads,
        ),
        (
            "redis_write",
            "Requests to Redis that change something",
            numbers.writes,
        ),
        (
            "bulkhead_store_round_trips",
            "Times that somebody waited for Redis",
            numbers.round_trips,
        ),
        (
            "bulkhead_store_retries",
            "Requests that were tried again",
            numbers.retries,
        ),
        (
            "bulkhead_store_discoveries",
            "Times that sentinels or a cluster were asked for their servers",
            numbers.discoveries,
        ),
        (
            "bulkhead_store_subscriptions_lost",
            "Times that messages of other nodes could no longer be heard",
            numbers.subscriptions_lost,
        ),
        (
            "bulkhead_store_outages",
            "Times that a store in memory took over",
            numbers.outages,
        ),
        (
            "bulkhead_store_local_operations",
            "Operations that the store in memory did",
            numbers.local_operations,
        ),
    ] {
        encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
    }
    for (name, help, value) in [
        (
            "bulkhead_store_connections_open",
            "Connections to Redis",
            numbers.open,
        ),
        (
            "bulkhead_store_operations",
            "Operations in work",
            numbers.in_use,
        ),
        (
            "bulkhead_store_operations_limit",
            "Operations that may be in work at the same time",
            numbers.capacity,
        ),
        (
            "bulkhead_store_subscribed",
            "1 while messages of other nodes are heard",
            u64::from(numbers.subscribed),
        ),
        (
            "bulkhead_store_local",
            "1 while a store in memory stands in for Redis",
            u64::from(numbers.local),
        ),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&value)?;
    }
    labelled(
        &mut encoder,
        "bulkhead_store_failed_tries",
        "Tries that Redis did not do, by what happened",
        "kind",
        &[
            ("unreachable", numbers.unreachable),
            ("unknown", numbers.unknown),
            ("refused", numbers.refused),
        ],
    )?;
    labelled(
        &mut encoder,
        "bulkhead_store_connections",
        "Attempts to connect to Redis",
        "outcome",
        &[("ok", numbers.connected), ("failed", numbers.not_connected)],
    )
}

fn labelled(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &'static str,
    counts: &[(&'static str, u64)],
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (word, count) in counts {
        family
            .encode_family(&[(label, *word)])?
            .encode_counter::<NoLabelSet, _, u64>(count, None)?;
    }
    Ok(())
}
