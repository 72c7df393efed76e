//! Backend: finds users in LDAP directories, which check their passwords.
//!
//! `README.md` beside `src` says how it is configured and what each answer of a directory means. In short: the
//! password is wrong only if the directory says so to the user's own bind. Everything else, two entries for one
//! name included, is a failure.
//!
//! Places to look are asked in order until one knows the user. One that fails does not keep the next ones from
//! being asked; if none of them knows the user, the failure stands. A list needs all of its places.

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
            Operation::AddTotp(secret) if secret.is_empty() => Err(nothing_to_store()),
            Operation::AddTotp(secret) => self.set_totp(request, &[secret]),
            Operation::DeleteTotp => self.set_totp(request, &[]),
            Operation::AddRecoveryCodes(codes) if codes.is_empty() => Err(nothing_to_store()),
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
        let found = self.first(request, |source| {
            let Some((entry, account)) = source.find(request, "")? else {
                return Ok(None);
            };
            let mut user = match source.check(&entry, password)? {
                true => User::authenticated(),
                false => User::known(),
            };
            source.describe(&mut user, &entry, &account, request)?;
            Ok(Some(user.into()))
        })?;
        if let Some(answer) = found {
            return Ok(answer);
        }
        let mut sources = self.serving(request)?.into_iter();
        if let Some(source) = sources.rfind(|source| source.has_decoy()) {
            source.ask_decoy(password)?;
        }
        Ok(User::unknown().into())
    }

    fn look_up(&self, request: &Request) -> Result<Answer, Failure> {
        self.first(request, |source| {
            let Some((entry, account)) = source.find(request, "")? else {
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
        let secret = values.first().map_or("", String::as_str);
        self.set(request, values, secret, |source| {
            let mapping = &source.mapping;
            let class = mapping.totp_object_class.as_deref();
            Some((mapping.totp_secret.as_deref()?, class))
        })
    }

    fn set_recovery(&self, request: &Request, values: &[String]) -> Result<Answer, Failure> {
        self.set(request, values, "", |source| {
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
        totp_secret: &str,
        which: impl Fn(&Source) -> Option<(&str, Option<&str>)>,
    ) -> Result<Answer, Failure> {
        self.first(request, |source| {
            let Some((attribute, class)) = which(source) else {
                return Ok(None);
            };
            let Some((entry, _)) = source.find(request, totp_secret)? else {
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

/// To add nothing must not remove what is there.
fn nothing_to_store() -> Failure {
    Failure::new("there is nothing to store")
}

bulkhead_sdk::export_backend!(Ldap);

#[cfg(test)]
mod tests;
