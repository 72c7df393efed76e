//! The section `limits`.

use std::time::Duration;

/// `limits`: of the server as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerLimits {
    /// `body_bytes`: largest request body. Default 64 KiB.
    pub body_bytes: u64,
    /// `concurrent_requests`: default 3000.
    pub concurrent_requests: u32,
    /// `context_bytes`: all context values of one request. Default 1 MiB.
    pub context_bytes: u64,
    /// `store_value_bytes`: one stored value. Default 1 MiB.
    pub store_value_bytes: u64,
    /// `store_members`: most members, fields or elements that one command of a store names or one reply
    /// has. Default 200,000.
    pub store_members: u32,
    /// `store_memory`: most that a store in memory holds, in bytes. Default 1 GiB.
    pub store_memory_bytes: u64,
    /// `password_threads`: verifications at the same time. Default: number of cores.
    pub password_threads: u32,
    /// `password_queue`: verifications that wait. Default 256.
    pub password_queue: u32,
    /// `password_memory`: most memory that one stored hash may ask for. Default 256 MiB.
    pub password_memory_bytes: u64,
    /// `password_rounds`: most rounds of SHA-crypt, PBKDF2 and SCRAM; bcrypt cost is capped at 16.
    /// Default 1,000,000.
    pub password_rounds: u32,
    /// `component_bytes`: largest component file. Default 64 MiB.
    pub component_bytes: u64,
    /// `instances`: plugin instances that exist at the same time, over all plugins. Default 1000.
    pub instances: u32,
    /// `load_timeout`: for describe, configure and script loading of one plugin. Default 10 s.
    pub load_timeout: Duration,
    /// `metric_series`: series per plugin. Default 1000.
    pub metric_series: u32,
    /// `post_actions`: post actions that run or wait. Default 1000.
    pub post_actions: u32,
    /// `post_action_workers`: logins whose post actions run at the same time. Default 32.
    pub post_action_workers: u32,
    /// `post_action_timeout`: for the post actions of one login. Default 30 s.
    pub post_action_timeout: Duration,
    /// `jobs`: asynchronous jobs of administrators that run or wait. Default 100.
    pub jobs: u32,
    /// `job_timeout`: how long one may run. Default 10 min.
    pub job_timeout: Duration,
    /// `job_lifetime`: how long the record of a job is kept. Default 1 h.
    pub job_lifetime: Duration,
    /// `post_action_grace`: for post actions at shutdown. Default 10 s.
    pub post_action_grace: Duration,
    /// `connections`: open at the same time; more wait to be accepted. Default 10,000.
    pub connections: u32,
    /// `head_bytes`: largest head of a request, at least 8 KiB. In HTTP/2 each field counts 32 bytes
    /// more (RFC 9113 6.5.2). Holds for trailers too. Default 64 KiB.
    pub head_bytes: u64,
    /// `head_timeout`: for the head of a request to arrive, idle time of a kept connection included;
    /// also how long a client may take nothing of an answer. Default 30 s.
    pub head_timeout: Duration,
    /// `header_count`: header fields of one request. Default 100.
    pub header_count: u32,
    /// `tls_handshake_timeout`: for the TLS handshake and the PROXY header before it. Default 10 s.
    pub tls_handshake_timeout: Duration,
    /// `streams`: requests at the same time on one HTTP/2 connection. Default 200.
    pub streams: u32,
    /// `rate_limit_addresses`: addresses that `server.rate_limit` and `server.lockout` remember;
    /// beyond it the longest unseen are forgotten. Default 100,000.
    pub rate_limit_addresses: u32,
    /// `cbor_depth`: nesting of a CBOR request. Default 32.
    pub cbor_depth: u32,
    /// `cbor_items`: elements or pairs in one array or map of a CBOR request. Default 4096.
    pub cbor_items: u32,
}

impl Default for ServerLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            body_bytes: 64 << 10,
            concurrent_requests: 3000,
            context_bytes: 1 << 20,
            store_value_bytes: 1 << 20,
            store_members: 200_000,
            store_memory_bytes: 1 << 30,
            password_threads: u32::try_from(cores).unwrap_or(1),
            password_queue: 256,
            password_memory_bytes: 256 << 20,
            password_rounds: 1_000_000,
            component_bytes: 64 << 20,
            instances: 1000,
            load_timeout: Duration::from_secs(10),
            metric_series: 1000,
            post_actions: 1000,
            post_action_workers: 32,
            post_action_timeout: Duration::from_secs(30),
            jobs: 100,
            job_timeout: Duration::from_secs(600),
            job_lifetime: Duration::from_secs(3600),
            post_action_grace: Duration::from_secs(10),
            connections: 10_000,
            head_bytes: 64 << 10,
            head_timeout: Duration::from_secs(30),
            header_count: 100,
            tls_handshake_timeout: Duration::from_secs(10),
            streams: 200,
            rate_limit_addresses: 100_000,
            cbor_depth: 32,
            cbor_items: 4096,
        }
    }
}
