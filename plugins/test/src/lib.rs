//! Backend: answers as it is told, for trying a server out and for tests of what stands around it. Not for
//! production: passwords stand in its configuration as they are, and `others: first-use` lets in whoever
//! comes first.
//!
//! ```yaml
//! pipeline:
//!   backends:
//!     - name: test
//!       component: builtin:test
//! plugins:
//!   test:
//!     grants: {password: true, store: true}
//!     configuration:
//!       users:
//!         - name: alice
//!           password: secret            # as it is typed
//!           account: alice@example.org  # default: the name
//!           attributes: {quota: 5}      # as in `users-file`
//!         - name: bob
//!           answer: failure             # instead of a password: one of the answers below
//!       others: unknown                 # default; an answer for everybody else
//!       remember_s: 86400               # default; how long `first-use` keeps a password, in seconds
//! ```
//!
//! | Answer | Meaning |
//! |---|---|
//! | `accept` | Any password is right. |
//! | `reject` | Any password is wrong. |
//! | `unknown` | There is no such user. |
//! | `failure` | It cannot tell, as in an outage. |
//! | `first-use` | The first password that comes is right from then on (as Nauthilus' backend of this name). |
//!
//! The account is the attribute `uid`. Every login that is accepted is a warning in the log.

mod first_use;

use std::collections::BTreeMap;

use bulkhead_sdk::{
    Attribute, Failure, Password, Plugin, Problem, Request,
    backend::{Answer, Backend, Operation, User},
    log,
};
use serde::Deserialize;

/// Attribute that carries the account, as in Nauthilus.
const ACCOUNT_FIELD: &str = "uid";

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The users.
    #[serde(default)]
    pub users: Vec<UserConfiguration>,
    /// The answer for everybody else.
    #[serde(default = "unknown")]
    pub others: Told,
    /// How long a password is kept that came first, in seconds.
    #[serde(default = "day")]
    pub remember_s: u32,
}

/// One user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfiguration {
    /// Compared as it is.
    pub name: String,
    /// As it is typed.
    #[serde(default)]
    pub password: Option<String>,
    /// Instead of a password.
    #[serde(default)]
    pub answer: Option<Told>,
    /// The name unless given.
    #[serde(default)]
    pub account: Option<String>,
    /// A value or a list of values per name.
    #[serde(default)]
    pub attributes: BTreeMap<String, serde_json::Value>,
}

/// What it is told to answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// `accept`
    Accept,
    /// `reject`
    Reject,
    /// `unknown`
    Unknown,
    /// `failure`
    Failure,
    /// `first-use`
    FirstUse,
}

fn unknown() -> Told {
    Told::Unknown
}

fn day() -> u32 {
    86_400
}

/// How a user is answered.
#[derive(Debug)]
enum Rule {
    Password(String),
    Told(Told),
}

/// The configured backend.
#[derive(Debug)]
pub struct Test {
    users: BTreeMap<String, (Rule, User)>,
    others: Told,
    remember_s: u32,
}

impl Plugin for Test {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut users = BTreeMap::new();
        if configuration.remember_s == 0 {
            problems.push(Problem::at("remember_s", "must be 1 or more"));
        }
        for (index, user) in configuration.users.into_iter().enumerate() {
            let path = format!("users[{index}]");
            if users.contains_key(&user.name) {
                let message = format!("`{}` is in the list already", user.name);
                problems.push(Problem::at(format!("{path}.name"), message));
            }
            let rule = match (user.password, user.answer) {
                (Some(password), None) => Rule::Password(password),
                (None, Some(answer)) => Rule::Told(answer),
                _ => {
                    let message = "needs either a `password` or an `answer`";
                    problems.push(Problem::at(path, message));
                    continue;
                }
            };
            let account = user.account.as_deref().unwrap_or(&user.name);
            let mut known = User::known().with_account(ACCOUNT_FIELD, account);
            for (name, value) in &user.attributes {
                match Attribute::from_json(name, value).filter(|_| name != ACCOUNT_FIELD) {
                    Some(attribute) => known.attributes.push(attribute),
                    None => problems.push(Problem::at(
                        format!("{path}.attributes.{name}"),
                        "must be a text, a number, a truth value, or a list of them; `uid` is the account",
                    )),
                }
            }
            users.insert(user.name, (rule, known));
        }
        if problems.is_empty() {
            Ok(Self {
                users,
                others: configuration.others,
                remember_s: configuration.remember_s,
            })
        } else {
            Err(problems)
        }
    }
}

impl Test {
    /// The answer about a user; without a password, whether there is one.
    fn user(&self, request: &Request, given: Option<&Password>) -> Result<User, Failure> {
        let name = &request.username;
        let (authenticated, user) = match self.users.get(name) {
            Some((Rule::Password(password), user)) => {
                let is_right = given.is_some_and(|given| given.as_bytes() == password.as_bytes());
                (Some(is_right), user.clone())
            }
            Some((Rule::Told(told), user)) => (self.told(*told, name, given)?, user.clone()),
            None => {
                let user = User::known().with_account(ACCOUNT_FIELD, name);
                (self.told(self.others, name, given)?, user)
            }
        };
        Ok(match authenticated {
            None => User::unknown(),
            Some(is_right) => User {
                authenticated: is_right && given.is_some(),
                ..user
            },
        })
    }

    /// Whether the password is right; nothing for a user that is not there.
    fn told(
        &self,
        told: Told,
        name: &str,
        given: Option<&Password>,
    ) -> Result<Option<bool>, Failure> {
        Ok(match told {
            Told::Accept => Some(true),
            Told::Reject => Some(false),
            Told::Unknown => None,
            Told::Failure => return Err(Failure::new("this failure is configured")),
            Told::FirstUse => first_use::check(name, given, self.remember_s)?,
        })
    }
}

impl Backend for Test {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        Ok(match operation {
            Operation::Verify => {
                let given = request.password.as_ref().ok_or_else(|| {
                    Failure::new(
                        "there is no password to check; grant it with `grants: {password: true}`",
                    )
                })?;
                let user = self.user(request, Some(given))?;
                if user.authenticated {
                    log::warning("the test backend accepts a login; it is not for production");
                }
                user.into()
            }
            Operation::LookUp => self.user(request, None)?.into(),
            Operation::ListAccounts => {
                if self.others == Told::Failure {
                    self.told(self.others, "", None)?;
                }
                let listed = self.users.values();
                let listed = listed.filter(|(rule, _)| !matches!(rule, Rule::Told(Told::Unknown)));
                let accounts =
                    listed.filter_map(|(_, user)| user.attributes.first()?.values.first());
                Answer::Accounts(accounts.map(ToString::to_string).collect())
            }
            _ => Answer::Unsupported,
        })
    }
}

bulkhead_sdk::export_backend!(Test);

#[cfg(test)]
mod tests;
