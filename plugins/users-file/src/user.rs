//! One user of the configuration, and what can be wrong with it.

use std::{collections::BTreeMap, fmt};

use bulkhead_sdk::{Attribute, Problem};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::ACCOUNT_FIELD;

/// One user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfiguration {
    /// The name to log in with.
    pub name: String,
    /// In any scheme of Dovecot; without one it is plain text.
    pub password: String,
    /// The account that the name stands for; the name itself unless given.
    #[serde(default)]
    pub account: Option<String>,
    /// What the client gets: a value or a list of values per name.
    #[serde(default)]
    pub attributes: BTreeMap<String, Json>,
}

/// Shows no password: a plain-text one may stand in the list.
impl fmt::Debug for UserConfiguration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UserConfiguration")
            .field("name", &self.name)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl UserConfiguration {
    /// What is wrong with this user, taken alone.
    pub(crate) fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.is_empty() {
            problems.push(Problem::at(format!("{path}.name"), "must not be empty"));
        }
        if self.account.as_deref() == Some("") {
            let message = "must not be empty; leave it out to use the name";
            problems.push(Problem::at(format!("{path}.account"), message));
        }
        // An empty stored password matches an empty password: never what was meant.
        if matches!(
            self.password.to_ascii_uppercase().as_str(),
            "" | "{PLAIN}" | "{CLEAR}" | "{CLEARTEXT}"
        ) {
            problems.push(Problem::at(format!("{path}.password"), "must not be empty"));
        }
        for (name, value) in &self.attributes {
            let path = format!("{path}.attributes.{name}");
            if name == ACCOUNT_FIELD {
                let message = "is made from `account`; set that instead";
                problems.push(Problem::at(path, message));
            } else if Attribute::from_json(name, value).is_none() {
                let message = "must be a text, a number, a truth value, or a list of them";
                problems.push(Problem::at(path, message));
            }
        }
        problems
    }
}

/// The attributes in the form of the answer. Values that are no scalars were refused before.
pub(crate) fn attributes(configured: BTreeMap<String, Json>) -> Vec<Attribute> {
    configured
        .into_iter()
        .filter_map(|(name, value)| Attribute::from_json(name, &value))
        .collect()
}
