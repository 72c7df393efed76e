//! Backend: knows the users that are written in its configuration.
//!
//! ```yaml
//! pipeline:
//!   backends:
//!     - name: users
//!       component: builtin:users-file
//! plugins:
//!   users:
//!     grants:
//!       password: true
//!     configuration:
//!       case_insensitive: true        # default: `Alice` is `alice`
//!       users:
//!         - name: alice
//!           password: "{SSHA512}…"    # any scheme of Dovecot; without one it is plain text
//!           account: alice@example.org  # default: the name
//!           attributes:               # values are texts, numbers, truth values or lists of them
//!             quota: 1073741824
//!             allow_nets: [192.0.2.0/24, local]
//! ```
//!
//! The account is the attribute `account` of the answer. Passwords are verified by the server, so the
//! plugin needs the grant `password`. A name that is not in the list costs as much as one that is: the
//! password is verified against a stored value of the same kind as the first user's, so that the time
//! of an answer does not tell who exists. For that to hold, give all users the same scheme and cost.

mod user;

use std::collections::BTreeMap;

use bulkhead_sdk::{
    Attribute, Failure, Password, Plugin, Problem, Request,
    backend::{Answer, Backend, Operation, User},
    log, password,
};
use serde::Deserialize;

pub use user::UserConfiguration;

/// Name of the attribute that carries the account.
const ACCOUNT_FIELD: &str = "account";

/// What is verified for unknown users when the list is empty.
const NOBODY: &str = "{PLAIN}";

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The users.
    #[serde(default)]
    pub users: Vec<UserConfiguration>,
    /// Whether names are compared without regard to case.
    #[serde(default = "yes")]
    pub case_insensitive: bool,
}

fn yes() -> bool {
    true
}

/// A user, ready to be answered with.
#[derive(Debug)]
struct Entry {
    password: String,
    account: String,
    attributes: Vec<Attribute>,
}

/// The configured backend.
#[derive(Debug)]
pub struct UsersFile {
    case_insensitive: bool,
    /// By name, folded if names are compared without regard to case.
    users: BTreeMap<String, Entry>,
    /// What is verified for unknown users.
    decoy: String,
}

impl Plugin for UsersFile {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut plugin = Self {
            case_insensitive: configuration.case_insensitive,
            users: BTreeMap::new(),
            decoy: configuration
                .users
                .first()
                .map_or_else(|| NOBODY.to_owned(), |user| user.password.clone()),
        };
        let mut problems = Vec::new();
        for (index, user) in configuration.users.into_iter().enumerate() {
            let path = format!("users[{index}]");
            problems.extend(user.problems(&path));
            let name = plugin.folded(&user.name);
            if plugin.users.contains_key(&name) {
                problems.push(Problem::at(
                    format!("{path}.name"),
                    format!("`{}` is in the list already", user.name),
                ));
                continue;
            }
            let entry = Entry {
                account: user.account.unwrap_or(user.name),
                attributes: user::attributes(user.attributes),
                password: user.password,
            };
            plugin.users.insert(name, entry);
        }
        if problems.is_empty() {
            Ok(plugin)
        } else {
            Err(problems)
        }
    }
}

impl UsersFile {
    fn folded(&self, name: &str) -> String {
        if self.case_insensitive {
            name.to_lowercase()
        } else {
            name.to_owned()
        }
    }

    fn verify(&self, request: &Request) -> Result<User, Failure> {
        let Some(given) = &request.password else {
            return Err(Failure::new(
                "there is no password to check; grant it with `grants: {password: true}`",
            ));
        };
        let Some(entry) = self.users.get(&self.folded(&request.username)) else {
            // The outcome does not matter, the time does. An overload must look the same as well.
            return match password::verify(&self.decoy, given) {
                Err(error @ password::Error::Overloaded) => Err(error.into()),
                _ => Ok(User::unknown()),
            };
        };
        if self.matches(entry, &request.username, given)? {
            Ok(described(User::authenticated(), entry))
        } else {
            Ok(described(User::known(), entry))
        }
    }

    /// True if the password is the user's.
    fn matches(&self, entry: &Entry, name: &str, given: &Password) -> Result<bool, Failure> {
        password::verify_with(password::Verification {
            stored: entry.password.clone().into_bytes(),
            password: given.as_bytes().to_vec(),
            username: name.to_owned(),
            default_scheme: String::new(),
        })
        .map_err(|error| {
            log::error(format_args!("the stored password of {name} is unusable"));
            Failure::from(error)
        })
    }
}

impl Backend for UsersFile {
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure> {
        Ok(match operation {
            Operation::Verify => self.verify(request)?.into(),
            Operation::LookUp => self
                .users
                .get(&self.folded(&request.username))
                .map_or_else(User::unknown, |entry| described(User::known(), entry))
                .into(),
            Operation::ListAccounts => Answer::Accounts(
                self.users
                    .values()
                    .map(|entry| entry.account.clone())
                    .collect(),
            ),
            _ => Answer::Unsupported,
        })
    }
}

/// Adds what is known about a user.
fn described(user: User, entry: &Entry) -> User {
    let mut user = user.with_account(ACCOUNT_FIELD, entry.account.as_str());
    user.attributes.extend(entry.attributes.iter().cloned());
    user
}

bulkhead_sdk::export_backend!(UsersFile);

#[cfg(test)]
mod tests;
