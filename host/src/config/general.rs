//! The section `limits`, and the folders that Bulkhead uses by default.

use std::path::PathBuf;

use super::{keys, reader::Reader, schema::ServerLimits, section::Section};

pub(super) fn limits(reader: &mut Reader, top: &Section<'_>) -> ServerLimits {
    let section = top.section(reader, "limits", &keys::LIMITS);
    let default = ServerLimits::default();
    ServerLimits {
        body_bytes: section.size(reader, "body_bytes", default.body_bytes),
        concurrent_requests: section.integer(
            reader,
            "concurrent_requests",
            default.concurrent_requests,
        ),
        context_bytes: section.size(reader, "context_bytes", default.context_bytes),
        store_value_bytes: section.size(reader, "store_value_bytes", default.store_value_bytes),
        store_members: section.integer(reader, "store_members", default.store_members),
        store_memory_bytes: section.size(reader, "store_memory", default.store_memory_bytes),
        password_threads: section.integer(reader, "password_threads", default.password_threads),
        password_queue: section.integer(reader, "password_queue", default.password_queue),
        password_memory_bytes: section.size(
            reader,
            "password_memory",
            default.password_memory_bytes,
        ),
        password_rounds: section.integer(reader, "password_rounds", default.password_rounds),
        component_bytes: section.size(reader, "component_bytes", default.component_bytes),
        instances: section.integer(reader, "instances", default.instances),
        load_timeout: section.duration(reader, "load_timeout", default.load_timeout),
        metric_series: section.integer(reader, "metric_series", default.metric_series),
        post_actions: section.integer(reader, "post_actions", default.post_actions),
        post_action_workers: section.integer(
            reader,
            "post_action_workers",
            default.post_action_workers,
        ),
        post_action_timeout: section.duration(
            reader,
            "post_action_timeout",
            default.post_action_timeout,
        ),
        jobs: section.integer(reader, "jobs", default.jobs),
        job_timeout: section.duration(reader, "job_timeout", default.job_timeout),
        job_lifetime: section.duration(reader, "job_lifetime", default.job_lifetime),
        post_action_grace: section.duration(reader, "post_action_grace", default.post_action_grace),
        connections: section.integer(reader, "connections", default.connections),
        head_bytes: section.size(reader, "head_bytes", default.head_bytes),
        head_timeout: section.duration(reader, "head_timeout", default.head_timeout),
        header_count: section.integer(reader, "header_count", default.header_count),
        tls_handshake_timeout: section.duration(
            reader,
            "tls_handshake_timeout",
            default.tls_handshake_timeout,
        ),
        streams: section.integer(reader, "streams", default.streams),
        rate_limit_addresses: section.integer(
            reader,
            "rate_limit_addresses",
            default.rate_limit_addresses,
        ),
        cbor_depth: section.integer(reader, "cbor_depth", default.cbor_depth),
        cbor_items: section.integer(reader, "cbor_items", default.cbor_items),
    }
}

pub(super) fn cache_directory(reader: &mut Reader, top: &Section<'_>) -> PathBuf {
    top.path(reader, "cache_directory")
        .unwrap_or_else(default_cache_directory)
}

/// Where compiled code goes that no configuration has a place for: `/var/cache/bulkhead` for root,
/// `bulkhead` in the user's cache folder otherwise.
pub fn default_cache_directory() -> PathBuf {
    default_directory("/var/cache/bulkhead", "XDG_CACHE_HOME", ".cache")
}

/// Where the database file is if the configuration names none.
pub(super) fn default_store() -> PathBuf {
    state_directory().join("bulkhead.redb")
}

fn state_directory() -> PathBuf {
    default_directory("/var/lib/bulkhead", "XDG_STATE_HOME", ".local/state")
}

/// The system's folder for root, and the user's own (XDG Base Directory Specification) for others.
fn default_directory(system: &str, variable: &str, in_home: &str) -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(folder) = absolute(variable) {
        return folder.join("bulkhead");
    }
    match absolute("HOME") {
        Some(home) if !rustix::process::geteuid().is_root() => home.join(in_home).join("bulkhead"),
        _ => PathBuf::from(system),
    }
}
