//! Backend: finds users in LDAP directories, which check their passwords.
//!
//! ```yaml
//! ldap:
//!   pools:
//!     main:
//!       uris: ["ldaps://ldap1.example.org", "ldaps://ldap2.example.org"]
//!       bind_dn: cn=bulkhead,dc=example,dc=org
//!       bind_password: {file: /etc/bulkhead/ldap.secret}
//! pipeline:
//!   backends:
//!     - name: directory
//!       component: builtin:ldap
//! plugins:
//!   directory:
//!     grants:
//!       password: true
//!       ldap: {pools: [main]}          # with `modify: true` for one-time passwords
//!     configuration:
//!       search:                        # in this order, until one place knows the user
//!         - pool: main
//!           protocols: [imap, pop3]    # default: all
//!           base: ou=people,dc=example,dc=org
//!           scope: sub                 # default; or `one`, `base`
//!           filter: "(&(objectClass=inetOrgPerson)(uid=%L{user}))"
//!           list_filter: "(objectClass=inetOrgPerson)"  # default: this place lists nobody
//!           page_size: 500             # default; entries that a list fetches at a time
//!           mapping:
//!             account: uid
//!             totp_secret: totpSecret          # these four: none by default
//!             totp_recovery: totpRecoveryCode
//!             display_name: displayName
//!             unique_user_id: entryUUID
//!             totp_object_class: totpUser      # added to an entry that gets a secret
//!             totp_recovery_object_class: totpUser
//!           attributes: [mail, quota]  # what clients get beside those that are mapped
//!           groups:                    # default: none
//!             attribute: memberOf      # or a search of its own:
//!             # base: ou=groups,dc=example,dc=org
//!             # filter: "(member=%{user_dn})"
//!             # name: cn
//!           reject_codes: [53]         # default: none
//! ```
//!
//! Macros: `%{user}`, `%{username}` (before the last `@`), `%{domain}` (behind it), `%{protocol}` or
//! `%{service}`, `%{local_ip}`, `%{local_port}`, `%{remote_ip}`, `%{remote_port}`, and in `groups`
//! `%{user_dn}` and `%{account}`. `%L{user}` is in lower case, `%U{user}` in upper case. They stand where values
//! stand, and no value can change what the text around it means. If a user, a domain or a local part that a
//! filter asks for is empty, the user is unknown.
//!
//! The password is checked by a bind as the entry that was found. It is wrong only if the directory says so
//! (`invalidCredentials`, 49), or answers one of `reject_codes`: some directories have other answers for
//! accounts that are locked (19, 53). Everything else, two entries for one name included, is a failure: a
//! temporary one, unless `on_error` says otherwise.
//!
//! A place that fails does not keep the next ones from being asked. If none of them knows the user, the
//! failure stands. A list needs all of its places.

pub mod configuration;
mod groups;
mod macros;
mod source;

use bulkhead_sdk::{
    Failure, Plugin, Problem, Request,
    backend::{Answer, Backend, Operation, User},
};

pub use configuration::Configuration;
use source::Source;

/// The configured backend.
#[derive(Debug)]
pub struct Ldap {
    sources: Vec<Source>,
}

impl Plugin for Ldap {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if configuration.search.is_empty() {
            problems.push(Problem::at("search", "name at least one place to look"));
        }
        let mut sources = Vec::new();
        for (index, search) in configuration.search.into_iter().enumerate() {
            let path = format!("search[{index}]");
            sources.extend(Source::new(search, &path, &mut problems));
        }
        if problems.is_empty() {
            Ok(Self { sources })
        } else {
            Err(problems)
        }
    }
}

impl Backend for Ldap {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        match operation {
            Operation::Verify => self.verify(request),
            Operation::LookUp => self.look_up(request),
            Operation::ListAccounts => self.list(request),
            Operation::AddTotp(secret) => self.set_totp(request, &[secret]),
            Operation::DeleteTotp => self.set_totp(request, &[]),
            Operation::AddRecoveryCodes(codes) => self.set_recovery(request, &codes),
            Operation::DeleteRecoveryCodes => self.set_recovery(request, &[]),
            _ => Ok(Answer::Unsupported),
        }
    }
}

impl Ldap {
    fn verify(&self, request: &Request) -> Result<Answer, Failure> {
        let Some(password) = &request.password else {
            return Err(Failure::new(
                "there is no password to check; grant it with `grants: {password: true}`",
            ));
        };
        self.first(request, |source| {
            let Some((entry, account)) = source.find(request)? else {
                return Ok(None);
            };
            let mut user = match source.check(&entry, password)? {
                true => User::authenticated(),
                false => User::known(),
            };
            source.describe(&mut user, &entry, &account, request)?;
            Ok(Some(user.into()))
        })
        .map(|answer| answer.unwrap_or_else(|| User::unknown().into()))
    }

    fn look_up(&self, request: &Request) -> Result<Answer, Failure> {
        self.first(request, |source| {
            let Some((entry, account)) = source.find(request)? else {
                return Ok(None);
            };
            let mut user = User::known();
            source.describe(&mut user, &entry, &account, request)?;
            Ok(Some(user.into()))
        })
        .map(|answer| answer.unwrap_or_else(|| User::unknown().into()))
    }

    /// All or none: a list that lacks somebody would be taken for the truth.
    fn list(&self, request: &Request) -> Result<Answer, Failure> {
        let mut accounts = None;
        for source in self.serving(request)? {
            if let Some(found) = source.list(request)? {
                accounts.get_or_insert_with(Vec::new).extend(found);
            }
        }
        Ok(accounts.map_or(Answer::Unsupported, Answer::Accounts))
    }

    fn set_totp(&self, request: &Request, values: &[String]) -> Result<Answer, Failure> {
        self.set(request, values, |source| {
            let mapping = &source.mapping;
            let class = mapping.totp_object_class.as_deref();
            Some((mapping.totp_secret.as_deref()?, class))
        })
    }

    fn set_recovery(&self, request: &Request, values: &[String]) -> Result<Answer, Failure> {
        self.set(request, values, |source| {
            let mapping = &source.mapping;
            let class = mapping.totp_recovery_object_class.as_deref();
            Some((mapping.totp_recovery.as_deref()?, class))
        })
    }

    /// Sets the attribute that `which` names, with its object class, where the user is.
    fn set(
        &self,
        request: &Request,
        values: &[String],
        which: impl Fn(&Source) -> Option<(&str, Option<&str>)>,
    ) -> Result<Answer, Failure> {
        self.first(request, |source| {
            let Some((attribute, class)) = which(source) else {
                return Ok(None);
            };
            let Some((entry, _)) = source.find(request)? else {
                return Ok(None);
            };
            source.set(&entry, attribute, class, values)?;
            Ok(Some(Answer::Done))
        })
        // The user is another backend's.
        .map(|answer| answer.unwrap_or(Answer::Unsupported))
    }

    /// Asks one place after the other until one has an answer.
    fn first(
        &self,
        request: &Request,
        ask: impl Fn(&Source) -> Result<Option<Answer>, Failure>,
    ) -> Result<Option<Answer>, Failure> {
        let mut failure = None;
        for source in self.serving(request)? {
            match ask(source) {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) => {}
                Err(why) => failure = failure.or(Some(why)),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    /// The places for the request's protocol: at least one.
    fn serving(&self, request: &Request) -> Result<Vec<&Source>, Failure> {
        let protocol = &request.protocol;
        let sources = self.sources.iter();
        let sources: Vec<_> = sources.filter(|source| source.serves(protocol)).collect();
        if sources.is_empty() {
            return Err(Failure::new(format!(
                "no `search` entry is for the protocol `{protocol}`"
            )));
        }
        Ok(sources)
    }
}

bulkhead_sdk::export_backend!(Ldap);

#[cfg(test)]
mod tests;
