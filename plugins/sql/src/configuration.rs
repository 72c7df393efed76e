//! What can be configured, and what of it makes no sense.

use std::collections::BTreeMap;

use bulkhead_sdk::Problem;
use serde::Deserialize;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Name in the server's section `sql`.
    pub database: String,
    /// How users are found, by protocol.
    pub search: Vec<Search>,
    /// Its first column is the account; rows without one are left out.
    #[serde(default)]
    pub list_accounts: Option<String>,
    /// A stored password of the usual scheme and cost, verified for users that are not there, so that the
    /// time of an answer does not tell who is.
    #[serde(default)]
    pub decoy: Option<String>,
}

/// How users of some protocols are found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Compared without regard to case; empty: every protocol that no other entry names.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// Yields the user's row or rows.
    pub user: String,
    /// Yields whether the password is right.
    #[serde(default)]
    pub verify: Option<String>,
    /// The column with the stored password; it is no attribute unless `attributes` names it.
    #[serde(default = "password")]
    pub password_column: String,
    /// Scheme of stored passwords that name none; empty: PLAIN.
    #[serde(default)]
    pub default_scheme: String,
    /// Attribute with the account.
    #[serde(default = "account")]
    pub account_field: String,
    /// Attribute with the user's unique id.
    #[serde(default)]
    pub unique_user_id_field: Option<String>,
    /// Attribute with the name to show.
    #[serde(default)]
    pub display_name_field: Option<String>,
    /// Attribute with the secret of the second factor.
    #[serde(default)]
    pub totp_secret_field: Option<String>,
    /// Attribute with the recovery codes.
    #[serde(default)]
    pub totp_recovery_field: Option<String>,
    /// Attribute to column; none: every column is an attribute of its own name. Those that a `…_field`
    /// names need not be repeated.
    #[serde(default)]
    pub attributes: Option<BTreeMap<String, String>>,
    /// The column with the groups; it is no attribute unless `attributes` names it.
    #[serde(default)]
    pub groups_column: Option<String>,
}

fn password() -> String {
    "password".to_owned()
}

fn account() -> String {
    "account".to_owned()
}

impl Search {
    /// Whether it is meant for that protocol by name.
    pub(crate) fn names(&self, protocol: &str) -> bool {
        let mut protocols = self.protocols.iter();
        protocols.any(|name| name.eq_ignore_ascii_case(protocol))
    }

    /// The attributes that have a meaning, by key.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let optional = [
            ("unique_user_id_field", &self.unique_user_id_field),
            ("display_name_field", &self.display_name_field),
            ("totp_secret_field", &self.totp_secret_field),
            ("totp_recovery_field", &self.totp_recovery_field),
        ];
        let named = optional
            .into_iter()
            .filter_map(|(key, field)| Some((key, field.as_deref()?)));
        std::iter::once(("account_field", self.account_field.as_str())).chain(named)
    }
}

impl Configuration {
    /// What is wrong, but for the statements.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let empty = |path: String| Problem::at(path, "must not be empty");
        if self.database.is_empty() {
            problems.push(empty("database".to_owned()));
        }
        if self.search.is_empty() {
            problems.push(Problem::at("search", "needs an entry with a `user`"));
        }
        if self.decoy.as_deref() == Some("") {
            problems.push(empty("decoy".to_owned()));
        }
        let mut protocols = Vec::new();
        for (index, search) in self.search.iter().enumerate() {
            let path = format!("search[{index}]");
            let mut names: Vec<_> = search
                .protocols
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect();
            if names.is_empty() {
                names.push(String::new());
            }
            for name in names {
                if protocols.contains(&name) {
                    let message = match name.as_str() {
                        "" => "another entry is for all other protocols already".to_owned(),
                        name => format!("another entry is for `{name}` already"),
                    };
                    problems.push(Problem::at(format!("{path}.protocols"), message));
                } else {
                    protocols.push(name);
                }
            }
            let fields = search.fields();
            let columns = search.attributes.iter().flatten();
            let empty_keys = fields
                .filter(|(_, name)| name.is_empty())
                .map(|(key, _)| key.to_owned())
                .chain(
                    columns
                        .filter(|(name, column)| name.is_empty() || column.is_empty())
                        .map(|(name, _)| format!("attributes.{name}")),
                );
            problems.extend(empty_keys.map(|key| empty(format!("{path}.{key}"))));
        }
        problems
    }
}
