//! What a hook is asked, and what it answers.

use super::Header;

/// An HTTP request to a hook's location.
#[derive(Default)]
pub struct HookRequest {
    /// Bulkhead's id of this request.
    pub session: String,
    /// Upper case.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded pairs in order.
    pub query: Vec<(String, String)>,
    /// As received.
    pub headers: Vec<Header>,
    /// As received.
    pub body: Vec<u8>,
    /// Canonical IP address of the caller.
    pub client_address: String,
}

/// The answer of a hook.
#[derive(Clone, Debug, PartialEq)]
pub struct HookResponse {
    /// 100 to 599.
    pub status: u16,
    /// In order.
    pub headers: Vec<Header>,
    /// As it goes out.
    pub body: Vec<u8>,
}
