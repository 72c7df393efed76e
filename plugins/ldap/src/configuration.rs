//! `plugins.NAME.configuration`, as it is written.

use bulkhead_sdk::ldap::Scope;
use serde::Deserialize;

/// The whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Where to look, in this order.
    pub search: Vec<SearchConfiguration>,
}

/// One place to look for users.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfiguration {
    /// Name of a pool in `ldap.pools`.
    pub pool: String,
    /// For which protocols; none: all.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// The entry below which users are. Macros may stand in its values.
    pub base: String,
    /// How far below.
    #[serde(default)]
    pub scope: ScopeName,
    /// Finds a user.
    pub filter: String,
    /// Finds all users; without it this place lists nobody.
    #[serde(default)]
    pub list_filter: Option<String>,
    /// Entries that a list fetches at a time.
    #[serde(default = "default_page_size")]
    pub page_size: u32,
    /// Which attributes mean something to Bulkhead.
    pub mapping: Mapping,
    /// Others that the client gets.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Where the groups of a user are found.
    #[serde(default)]
    pub groups: Option<GroupsConfiguration>,
    /// Result codes of a user's bind that mean "this user may not log in", beside 49.
    #[serde(default)]
    pub reject_codes: Vec<u32>,
    /// An entry that is asked for the password of a user whom no place knows.
    #[serde(default)]
    pub decoy_dn: Option<String>,
}

fn default_page_size() -> u32 {
    500
}

/// Names of attributes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The account's name. An entry without it is no user.
    pub account: String,
    /// The secret of the one-time passwords.
    #[serde(default)]
    pub totp_secret: Option<String>,
    /// An object class that entries need before they may have it.
    #[serde(default)]
    pub totp_object_class: Option<String>,
    /// Codes for those who lost the secret.
    #[serde(default)]
    pub totp_recovery: Option<String>,
    /// As `totp_object_class`.
    #[serde(default)]
    pub totp_recovery_object_class: Option<String>,
    /// What people read.
    #[serde(default)]
    pub display_name: Option<String>,
    /// What stays when the name changes.
    #[serde(default)]
    pub unique_user_id: Option<String>,
}

/// Groups in an attribute of the user, or found by another search.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupsConfiguration {
    /// Holds names of the groups' entries, such as `memberOf`.
    #[serde(default)]
    pub attribute: Option<String>,
    /// Where the groups' entries are.
    #[serde(default)]
    pub base: Option<String>,
    /// How far below.
    #[serde(default)]
    pub scope: ScopeName,
    /// Finds the user's groups.
    #[serde(default)]
    pub filter: Option<String>,
    /// The attribute with a group's name.
    #[serde(default = "default_name")]
    pub name: String,
}

fn default_name() -> String {
    "cn".to_owned()
}

/// How far below the base.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    /// The base itself.
    Base,
    /// Right below it.
    One,
    /// It and everything below.
    #[default]
    Sub,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Base => Self::Base,
            ScopeName::One => Self::OneLevel,
            ScopeName::Sub => Self::Subtree,
        }
    }
}
