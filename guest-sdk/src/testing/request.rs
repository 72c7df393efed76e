//! Requests with sensible defaults.

use crate::{Attribute, Password, Request, Tls, Value};

/// A request as a mail server sends it: user `alice` over encrypted IMAP from 192.0.2.1, password
/// `secret`, nothing decided yet.
pub fn request() -> RequestBuilder {
    let mut request = Request {
        session: "2abcDEFghiJKLmnoPQRstuVWXyz".to_owned(),
        service: "json".to_owned(),
        protocol: "imap".to_owned(),
        method: "plain".to_owned(),
        username: "alice".to_owned(),
        password: Some(Password::from("secret")),
        login_attempt: 1,
        tls: Some(Tls {
            secured: "on".to_owned(),
            ..Tls::default()
        }),
        ..Request::default()
    };
    request.client.address = "192.0.2.1".to_owned();
    request.client.port = "51234".to_owned();
    request.local.address = "198.51.100.1".to_owned();
    request.local.port = "993".to_owned();
    RequestBuilder(request)
}

/// A request under construction. What has no method here can be changed on the built [`Request`].
#[derive(Clone, Debug)]
pub struct RequestBuilder(Request);

impl RequestBuilder {
    /// The name to check.
    #[must_use]
    pub fn username(mut self, name: &str) -> Self {
        self.0.username = name.to_owned();
        self
    }

    /// The password, as under the grant `password`.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.0.password = Some(Password::from(password));
        self
    }

    /// No password, as without the grant `password`.
    #[must_use]
    pub fn without_password(mut self) -> Self {
        self.0.password = None;
        self
    }

    /// The client's address.
    #[must_use]
    pub fn client_address(mut self, address: &str) -> Self {
        self.0.client.address = address.to_owned();
        self
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: &str) -> Self {
        self.0.protocol = protocol.to_owned();
        self
    }

    /// A connection without encryption.
    #[must_use]
    pub fn cleartext(mut self) -> Self {
        self.0.tls = None;
        self
    }

    /// A backend accepted: the user is known and authenticated under this account.
    #[must_use]
    pub fn authenticated(mut self, account: &str) -> Self {
        self.0.progress.user_found = true;
        self.0.progress.authenticated = true;
        self.0.progress.account = account.to_owned();
        self.0.progress.account_field = "account".to_owned();
        self
    }

    /// A backend found an attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.progress.attributes.push(Attribute::new(name, value));
        self
    }

    /// The request.
    pub fn build(self) -> Request {
        self.0
    }
}
