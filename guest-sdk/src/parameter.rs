//! Facts of a login that a configuration can name, as in `WHERE name = :username` or
//! `https://users.example.org/{username}`.
//!
//! A plugin that lets its configuration name them looks the name up once ([`Parameter::named`]) and asks for
//! the value per login. How a value gets into a statement or an address is the plugin's business: it must
//! be bound or escaped, for it can hold anything.

use crate::{Request, Value};

/// A fact of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `username`: the name to check.
    Username,
    /// `local_part`: the name up to its last `@`, or all of it.
    LocalPart,
    /// `domain`: what comes after that; may be empty.
    Domain,
    /// `protocol`
    Protocol,
    /// `service`
    Service,
    /// `method`
    Method,
    /// `client_address`
    ClientAddress,
    /// `client_port`
    ClientPort,
    /// `local_address`
    LocalAddress,
    /// `local_port`
    LocalPort,
    /// `encrypted`: a truth value.
    Encrypted,
    /// `session`: the server's id of the request.
    Session,
    /// `password`
    Password,
}

impl Parameter {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 13] = [
        ("username", Self::Username),
        ("local_part", Self::LocalPart),
        ("domain", Self::Domain),
        ("protocol", Self::Protocol),
        ("service", Self::Service),
        ("method", Self::Method),
        ("client_address", Self::ClientAddress),
        ("client_port", Self::ClientPort),
        ("local_address", Self::LocalAddress),
        ("local_port", Self::LocalPort),
        ("encrypted", Self::Encrypted),
        ("session", Self::Session),
        ("password", Self::Password),
    ];

    /// The fact of that name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, parameter)| *parameter)
    }

    /// What it is in this login: a text, a truth value, or bytes for a password that is not UTF-8. Nothing
    /// if there is no password.
    pub fn of(self, request: &Request) -> Option<Value> {
        let (local_part, domain) = match request.username.rsplit_once('@') {
            Some((local_part, domain)) => (local_part, domain),
            None => (request.username.as_str(), ""),
        };
        let text = match self {
            Self::Encrypted => return Some(request.is_encrypted().into()),
            Self::Password => {
                let bytes = request.password.as_ref()?.as_bytes();
                return Some(match std::str::from_utf8(bytes) {
                    Ok(text) => text.into(),
                    Err(_) => bytes.to_vec().into(),
                });
            }
            Self::Username => &request.username,
            Self::LocalPart => local_part,
            Self::Domain => domain,
            Self::Protocol => &request.protocol,
            Self::Service => &request.service,
            Self::Method => &request.method,
            Self::ClientAddress => &request.client.address,
            Self::ClientPort => &request.client.port,
            Self::LocalAddress => &request.local.address,
            Self::LocalPort => &request.local.port,
            Self::Session => &request.session,
        };
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::request;

    #[test]
    fn names_split_at_their_last_at_sign() {
        for (username, local_part, domain) in [
            ("alice", "alice", ""),
            ("alice@example.org", "alice", "example.org"),
            ("a@b@c", "a@b", "c"),
            ("", "", ""),
        ] {
            let login = request().username(username).build();
            let of = |parameter: Parameter| parameter.of(&login);
            assert_eq!(of(Parameter::LocalPart), Some(local_part.into()));
            assert_eq!(of(Parameter::Domain), Some(domain.into()));
        }
    }

    #[test]
    fn every_name_has_its_own_fact() {
        let mut login = request().username("u").password("pw").build();
        login.protocol = "imap".to_owned();
        login.service = "json".to_owned();
        login.method = "plain".to_owned();
        login.session = "s".to_owned();
        login.client.address = "192.0.2.1".to_owned();
        login.client.port = "1".to_owned();
        login.local.address = "192.0.2.2".to_owned();
        login.local.port = "2".to_owned();
        for (name, wanted) in [
            ("username", "u"),
            ("protocol", "imap"),
            ("service", "json"),
            ("method", "plain"),
            ("session", "s"),
            ("client_address", "192.0.2.1"),
            ("client_port", "1"),
            ("local_address", "192.0.2.2"),
            ("local_port", "2"),
            ("password", "pw"),
        ] {
            let found = Parameter::named(name).and_then(|parameter| parameter.of(&login));
            assert_eq!(found, Some(wanted.into()), "{name}");
        }
        let login = request().cleartext().without_password().build();
        assert_eq!(Parameter::Encrypted.of(&login), Some(false.into()));
        assert_eq!(Parameter::Password.of(&login), None);
        assert_eq!(Parameter::named("user"), None);
    }

    #[test]
    fn a_password_that_is_not_utf_8_is_bytes() {
        let mut login = request().build();
        login.password = Some(vec![0xFF].into());
        let wanted = Some(Value::Bytes(vec![0xFF]));
        assert_eq!(Parameter::Password.of(&login), wanted);
    }
}
