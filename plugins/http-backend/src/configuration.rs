//! What can be configured.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Name of the secret that is sent as `Authorization: Bearer`.
    #[serde(default)]
    pub secret: Option<String>,
    /// Of one request, in milliseconds.
    #[serde(default = "three_seconds")]
    pub timeout_ms: u32,
    /// Whether a password is right.
    pub verify: Question,
    /// Who a user is.
    #[serde(default)]
    pub look_up: Option<Question>,
    /// All accounts.
    #[serde(default)]
    pub list_accounts: Option<Question>,
    /// How replies are read.
    pub reply: Reply,
}

fn three_seconds() -> u32 {
    3000
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// In capital letters.
    #[serde(default = "post")]
    pub method: String,
    /// Absolute; facts may stand in its path and query.
    pub url: String,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body in JSON; facts may stand in its texts.
    #[serde(default)]
    pub json: Option<Json>,
    /// A body as forms send it.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
}

fn post() -> String {
    "POST".to_owned()
}

/// How replies are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Where it says whether the password is right, or `status`.
    #[serde(default)]
    pub authenticated: Option<String>,
    /// Where the stored password is.
    #[serde(default)]
    pub password: Option<String>,
    /// Statuses of replies that say something about the user.
    #[serde(default = "accept")]
    pub accept: Vec<u16>,
    /// Statuses that say that the password is wrong.
    #[serde(default = "reject")]
    pub reject: Vec<u16>,
    /// Statuses that say that there is no such user.
    #[serde(default = "unknown")]
    pub unknown: Vec<u16>,
    /// Where the account is.
    #[serde(default)]
    pub account: Option<String>,
    /// The attribute that holds the account.
    #[serde(default = "account")]
    pub account_field: String,
    /// The attribute with the user's unique id.
    #[serde(default)]
    pub unique_user_id_field: Option<String>,
    /// The attribute with the name to show.
    #[serde(default)]
    pub display_name_field: Option<String>,
    /// The attribute with the secret of the second factor.
    #[serde(default)]
    pub totp_secret_field: Option<String>,
    /// The attribute with the recovery codes.
    #[serde(default)]
    pub totp_recovery_field: Option<String>,
    /// Attribute to place.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Where an object is whose members are attributes.
    #[serde(default)]
    pub all_attributes: Option<String>,
    /// Where the groups are.
    #[serde(default)]
    pub groups: Option<String>,
    /// Where the list of accounts is.
    #[serde(default)]
    pub accounts: String,
}

fn accept() -> Vec<u16> {
    vec![200, 204]
}

fn reject() -> Vec<u16> {
    vec![403]
}

fn unknown() -> Vec<u16> {
    vec![404]
}

fn account() -> String {
    "account".to_owned()
}
