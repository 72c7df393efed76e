//! The login question as plugins see it.

use std::net::IpAddr;

use crate::{
    Client, Dovecot, Endpoint, Identity, Password, Progress, Tls, Value, bindings::bulkhead::policy,
};

/// One login question, and what is known about it so far.
///
/// A text that the caller did not supply is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Bulkhead's id of this request, 27 characters (KSUID).
    pub session: String,
    /// The caller's id of the login, such as Dovecot's session id.
    pub external_session: String,
    /// The door that the request came through: `json`, `header`, `nginx`, `basic` …
    pub service: String,
    /// `imap`, `pop3`, `smtp` …; never empty, `default` when the caller named none.
    pub protocol: String,
    /// Authentication mechanism in lower case: `plain`, `login` …
    pub method: String,
    /// The name to check, after master-user splitting.
    pub username: String,
    /// Present under the grant `password` only, and only when there is a password to check.
    pub password: Option<Password>,
    /// True when the caller asks about a user without presenting a password.
    pub no_auth: bool,
    /// True when the server runs at log level debug.
    pub debug: bool,
    /// How often this client connection has tried to log in, counted from 1; 0 when unknown.
    pub login_attempt: u32,
    /// Who wants to log in.
    pub client: Client,
    /// The server's address that the client connected to.
    pub local: Endpoint,
    /// The client's TLS connection, as far as the front end knows it.
    pub tls: Option<Tls>,
    /// A browser login through an identity provider.
    pub identity: Option<Identity>,
    /// What only Dovecot tells.
    pub dovecot: Option<Dovecot>,
    /// What earlier stages found out.
    pub progress: Progress,
}

impl Request {
    /// The client's address, IPv4-mapped IPv6 as IPv4. None when unknown or not an IP address.
    pub fn client_address(&self) -> Option<IpAddr> {
        let address: IpAddr = self.client.address.parse().ok()?;
        Some(address.to_canonical())
    }

    /// True when the front end says that the client's connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.secured.is_empty())
    }

    /// The values of an attribute that a backend found; empty when there is none of that name.
    pub fn attribute(&self, name: &str) -> &[Value] {
        self.progress
            .attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map_or(&[], |attribute| attribute.values.as_slice())
    }
}

impl From<policy::types::Request> for Request {
    fn from(request: policy::types::Request) -> Self {
        Self {
            session: request.session,
            external_session: request.external_session,
            service: request.service,
            protocol: request.protocol,
            method: request.method,
            username: request.username,
            password: request.password.map(Password::from),
            no_auth: request.no_auth,
            debug: request.debug,
            login_attempt: request.login_attempt,
            client: request.client,
            local: request.local,
            tls: request.tls,
            identity: request.identity,
            dovecot: request.dovecot,
            progress: request.progress,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_request_shows_no_password() {
        let request = Request {
            password: Some(Password::from(b"hunter2".to_vec())),
            ..Request::default()
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("Password(***)"), "{printed}");
        assert!(!printed.contains("104, 117"), "{printed}");
    }

    #[test]
    fn the_client_address_is_canonical() {
        let cases = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:DB8::1", Some("2001:db8::1")),
            ("", None),
            ("localhost", None),
        ];
        for (given, wanted) in cases {
            let mut request = Request::default();
            request.client.address = given.to_owned();
            let address = request.client_address().map(|address| address.to_string());
            assert_eq!(address.as_deref(), wanted, "{given}");
        }
    }
}
