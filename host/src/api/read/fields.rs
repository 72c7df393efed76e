//! The members of a login question, whatever form they came in, and how they become a [`Request`].

use std::{collections::BTreeMap, sync::Arc};

use super::dovecot;
use crate::{
    api::{client, origin::Origin, refusal::Refusal, route::Needs},
    auth::{Challenge, Client, Endpoint, Identity, Mode, Password, Request, Tls},
};

/// Text members by their JSON names (Nauthilus'). `service` is what `protocol` was called before.
pub(in crate::api) const TEXTS: [&str; 30] = [
    "username",
    "client_ip",
    "client_port",
    "client_hostname",
    "client_id",
    "external_session_id",
    "user_agent",
    "local_ip",
    "local_port",
    "protocol",
    "service",
    "method",
    "ssl",
    "ssl_session_id",
    "ssl_client_verify",
    "ssl_client_dn",
    "ssl_client_cn",
    "ssl_issuer",
    "ssl_client_notbefore",
    "ssl_client_notafter",
    "ssl_subject_dn",
    "ssl_issuer_dn",
    "ssl_client_subject_dn",
    "ssl_client_issuer_dn",
    "ssl_protocol",
    "ssl_cipher",
    "ssl_serial",
    "ssl_fingerprint",
    "oidc_cid",
    "realm",
];

/// What was given.
#[derive(Default)]
pub(in crate::api) struct Fields {
    texts: BTreeMap<&'static str, String>,
    pub(super) password: Option<Password>,
    /// In place of the password.
    pub(super) challenge: Option<Challenge>,
    pub(super) login_attempt: u32,
    pub(super) dovecot: dovecot::Facts,
}

impl Fields {
    /// The known member of that name; case does not matter, as in Go's decoder.
    pub(super) fn known(name: &str) -> Option<&'static str> {
        TEXTS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name))
    }

    /// Sets a member; the last of several wins.
    pub(super) fn set(&mut self, known: &'static str, text: String) {
        self.texts.insert(known, text);
    }

    fn take(&mut self, name: &str) -> String {
        self.texts.remove(name).unwrap_or_default()
    }

    fn take_or(&mut self, name: &str, default: String) -> String {
        self.texts
            .remove(name)
            .filter(|text| !text.is_empty())
            .unwrap_or(default)
    }

    /// The member, empty if it was not given.
    pub(super) fn get(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// Builds the request. Refuses what lacks what the route needs, a name that no mail system could
    /// use, and a client address that is none.
    pub(in crate::api) fn into_request(
        mut self,
        origin: Origin,
        needs: Needs,
    ) -> Result<Request, Refusal> {
        let missing = self.missing(origin.mode, needs);
        if !missing.is_empty() {
            return Err(Refusal::MissingFields(missing));
        }
        let mode = origin.mode;
        let mut username = self.take("username");
        let realm = self.take("realm");
        if !realm.is_empty() && !username.is_empty() {
            username = format!("{username}@{realm}");
        }
        if !username.chars().all(may_be_in_a_name) {
            return Err(Refusal::InvalidUsername);
        }
        let client = self.client(&origin)?;
        let older_name = self.take("service");
        let default = if mode == Mode::ListAccounts {
            "account-provider"
        } else {
            origin.route.protocol
        };
        let protocol = self.take_or("protocol", older_name);
        Ok(Request {
            external_session: self.take_or("external_session_id", origin.external_session),
            request_id: origin.request_id,
            service: origin.route.service.to_owned(),
            protocol: if protocol.is_empty() {
                default.to_owned()
            } else {
                protocol
            },
            method: self.take("method").to_ascii_lowercase(),
            username,
            password: self
                .password
                .take()
                .filter(|_| mode == Mode::Verify)
                .map(Arc::new),
            challenge: self.challenge.take().filter(|_| mode == Mode::Verify),
            mode,
            login_attempt: self.login_attempt,
            client,
            local: Endpoint {
                address: client::canonical_or_as_is(self.take("local_ip")),
                port: self.take("local_port"),
            },
            tls: self.tls(),
            identity: self.identity(),
            dovecot: dovecot::build(std::mem::take(&mut self.dovecot)),
            session: origin.session,
            http: origin.http,
            caching: origin.caching,
            trace: None,
        })
    }

    /// The required members that are not there, by the peer's names.
    fn missing(&self, mode: Mode, needs: Needs) -> Vec<&'static str> {
        let (no_name, no_password) = match needs {
            Needs::Nothing => (false, false),
            Needs::Members => (
                !self.texts.contains_key("username"),
                self.password.is_none() && self.challenge.is_none(),
            ),
            Needs::Values => {
                let response = self.challenge.as_ref().map(|one| &*one.response);
                let password = self.password.as_ref().or(response);
                (
                    self.get("username").is_empty(),
                    password.is_none_or(Password::is_empty),
                )
            }
        };
        let rows = [
            (no_name && mode != Mode::ListAccounts, "Username"),
            (no_password && mode == Mode::Verify, "Password"),
        ];
        rows.into_iter()
            .filter_map(|(is_missing, name)| is_missing.then_some(name))
            .collect()
    }

    fn client(&mut self, origin: &Origin) -> Result<Client, Refusal> {
        let given = self.take("client_ip");
        let (address, port) = if given.is_empty() {
            (origin.client_address, origin.client_port)
        } else {
            let address = client::parse(&given)
                .ok_or_else(|| Refusal::Malformed("invalid client_ip".to_owned()))?;
            (address, None)
        };
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        Ok(Client {
            address: address.to_string(),
            port: self.take_or("client_port", port),
            hostname: self.take("client_hostname"),
            id: self.take("client_id"),
            user_agent: self.take_or("user_agent", origin.user_agent.clone()),
            network: String::new(),
        })
    }

    fn tls(&mut self) -> Option<Tls> {
        let tls = Tls {
            secured: self.take("ssl"),
            protocol: self.take("ssl_protocol"),
            cipher: self.take("ssl_cipher"),
            session_id: self.take("ssl_session_id"),
            client_verify: self.take("ssl_client_verify"),
            client_dn: self.take("ssl_client_dn"),
            client_cn: self.take("ssl_client_cn"),
            issuer: self.take("ssl_issuer"),
            client_not_before: self.take("ssl_client_notbefore"),
            client_not_after: self.take("ssl_client_notafter"),
            subject_dn: self.take("ssl_subject_dn"),
            issuer_dn: self.take("ssl_issuer_dn"),
            client_subject_dn: self.take("ssl_client_subject_dn"),
            client_issuer_dn: self.take("ssl_client_issuer_dn"),
            serial: self.take("ssl_serial"),
            fingerprint: self.take("ssl_fingerprint"),
        };
        (tls != Tls::default()).then_some(tls)
    }

    fn identity(&mut self) -> Option<Identity> {
        let client_id = self.take("oidc_cid");
        (!client_id.is_empty()).then(|| Identity {
            client_id,
            ..Identity::default()
        })
    }
}

/// Nauthilus' rule: no control characters, no space, none of `( ) { } % " \` and the backtick.
fn may_be_in_a_name(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            ' ' | '(' | ')' | '{' | '}' | '%' | '"' | '\\' | '`'
        )
}
