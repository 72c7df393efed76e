//! A reply of the service: what it means, and what it says of a user.

use bulkhead_sdk::{Attribute, Failure, Problem, backend::User, http};
use serde_json::Value as Json;

use crate::configuration::Reply;

/// Instead of a place: the status alone decides.
const BY_STATUS: &str = "status";

/// Reads replies.
#[derive(Debug)]
pub(crate) struct Reader(Reply);

/// What a reply means.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// There is no such user.
    Unknown,
    /// The password is wrong.
    Rejected,
    /// The document says it; null without a body.
    Content(Json),
}

impl Reader {
    /// Checks what is configured.
    pub(crate) fn new(reply: Reply) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, message: String| {
            problems.push(Problem::at(format!("reply.{key}"), message));
        };
        match (&reply.authenticated, &reply.password) {
            (Some(_), None) | (None, Some(_)) => {}
            _ => wrong(
                "authenticated",
                "needs to be told, and once: `authenticated: /place` (true there), \
                 `authenticated: status`, or `password: /place`"
                    .to_owned(),
            ),
        }
        let decides = reply.authenticated.as_deref();
        let mut places: Vec<(String, &str)> = vec![("accounts".to_owned(), &reply.accounts)];
        for (key, place) in [
            ("authenticated", decides.filter(|place| *place != BY_STATUS)),
            ("password", reply.password.as_deref()),
            ("account", reply.account.as_deref()),
            ("all_attributes", reply.all_attributes.as_deref()),
            ("groups", reply.groups.as_deref()),
        ] {
            places.extend(place.map(|place| (key.to_owned(), place)));
        }
        for (name, place) in &reply.attributes {
            places.push((format!("attributes.{name}"), place));
        }
        for (key, place) in places {
            if !place.is_empty() && !place.starts_with('/') {
                wrong(
                    &key,
                    format!("`{place}` is no place; write `/member` (RFC 6901)"),
                );
            }
        }
        if reply.account_field.is_empty() {
            wrong("account_field", "must not be empty".to_owned());
        }
        if reply.attributes.contains_key(&reply.account_field) {
            let message = "is made from `account`; set that instead".to_owned();
            wrong(&format!("attributes.{}", reply.account_field), message);
        }
        if reply.accept.is_empty() {
            wrong("accept", "must not be empty".to_owned());
        }
        let mut seen = Vec::new();
        for (key, statuses) in [
            ("accept", &reply.accept),
            ("reject", &reply.reject),
            ("unknown", &reply.unknown),
        ] {
            for status in statuses {
                if !(200..=599).contains(status) {
                    wrong(key, format!("{status} is no status of a reply"));
                } else if seen.contains(status) {
                    wrong(key, format!("{status} has a meaning already"));
                }
                seen.push(*status);
            }
        }
        if problems.is_empty() {
            Ok(Self(reply))
        } else {
            Err(problems)
        }
    }

    /// What the reply means, by its status.
    pub(crate) fn meaning(&self, response: &http::Response) -> Result<Meaning, Failure> {
        let is = |statuses: &[u16]| statuses.contains(&response.status);
        if is(&self.0.unknown) {
            return Ok(Meaning::Unknown);
        }
        if is(&self.0.reject) {
            return Ok(Meaning::Rejected);
        }
        if !is(&self.0.accept) {
            return Err(crate::refused(response));
        }
        if response.body.is_empty() {
            return Ok(Meaning::Content(Json::Null));
        }
        match response.json() {
            Ok(body) => Ok(Meaning::Content(body)),
            Err(_) if !self.reads_body() => Ok(Meaning::Content(Json::Null)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether anything but the status of a reply about a user matters.
    fn reads_body(&self) -> bool {
        let reply = &self.0;
        reply.authenticated.as_deref() != Some(BY_STATUS)
            || reply.account.is_some()
            || reply.all_attributes.is_some()
            || reply.groups.is_some()
            || !reply.attributes.is_empty()
    }

    /// The stored password, if replies hold one.
    pub(crate) fn stored_password<'a>(&self, body: &'a Json) -> Result<Option<&'a str>, Failure> {
        let Some(place) = &self.0.password else {
            return Ok(None);
        };
        match at(body, place) {
            // He cannot log in.
            None => Ok(Some("")),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::new(format!("the reply has no text at `{place}`"))),
        }
    }

    /// Whether the service says that the password is right.
    pub(crate) fn is_authenticated(&self, body: &Json) -> Result<bool, Failure> {
        match self.0.authenticated.as_deref() {
            Some(BY_STATUS) => Ok(true),
            Some(place) => at(body, place)
                .and_then(Json::as_bool)
                .ok_or_else(|| Failure::new(format!("the reply has no truth value at `{place}`"))),
            None => Err(Failure::new("nothing says whether the password is right")),
        }
    }

    /// A user of whom the service says nothing but that the password is wrong.
    pub(crate) fn known_only(&self, username: &str) -> User {
        User::known().with_account(&self.0.account_field, username)
    }

    /// The user, not authenticated.
    pub(crate) fn user(&self, body: &Json, username: &str) -> Result<User, Failure> {
        let reply = &self.0;
        let account = match &reply.account {
            None => username.to_owned(),
            Some(place) => match at(body, place) {
                Some(Json::String(account)) if !account.is_empty() => account.clone(),
                Some(Json::Number(number)) => number.to_string(),
                _ => {
                    let message = format!("the reply has no account at `{place}`");
                    return Err(Failure::new(message));
                }
            },
        };
        let mut user = User::known().with_account(&reply.account_field, account);
        if let Some(place) = &reply.all_attributes {
            match at(body, place) {
                None => {}
                Some(Json::Object(members)) => {
                    let own = reply.attributes.keys().chain([&reply.account_field]);
                    let own: Vec<_> = own.collect();
                    for (name, value) in members.iter().filter(|(name, _)| !own.contains(name)) {
                        user.attributes.extend(attribute(name, value)?);
                    }
                }
                Some(_) => {
                    let message = format!("the reply has no object at `{place}`");
                    return Err(Failure::new(message));
                }
            }
        }
        for (name, place) in &reply.attributes {
            if let Some(value) = at(body, place) {
                user.attributes.extend(attribute(name, value)?);
            }
        }
        if let Some(place) = &reply.groups {
            let groups = at(body, place).map(|value| attribute("groups", value));
            let groups = groups.transpose()?.flatten();
            let groups = groups.into_iter().flat_map(|groups| groups.values);
            user.groups = groups.map(|group| group.to_string()).collect();
        }
        let field = |name: &Option<String>| name.clone().unwrap_or_default();
        Ok(User {
            totp_secret_field: field(&reply.totp_secret_field),
            totp_recovery_field: field(&reply.totp_recovery_field),
            unique_user_id_field: field(&reply.unique_user_id_field),
            display_name_field: field(&reply.display_name_field),
            ..user
        })
    }

    /// The names in a list.
    pub(crate) fn accounts(&self, body: &Json) -> Result<Vec<String>, Failure> {
        let place = &self.0.accounts;
        let list = at(body, place).and_then(Json::as_array);
        let names = list.and_then(|list| {
            let names = list.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect::<Option<Vec<_>>>()
        });
        names.ok_or_else(|| Failure::new(format!("the reply has no list of texts at `{place}`")))
    }
}

/// What is there and not null.
fn at<'a>(body: &'a Json, place: &str) -> Option<&'a Json> {
    body.pointer(place).filter(|value| !value.is_null())
}

/// Nothing for null.
fn attribute(name: &str, value: &Json) -> Result<Option<Attribute>, Failure> {
    if value.is_null() {
        return Ok(None);
    }
    let made = Attribute::from_json(name, value);
    made.map(Some).ok_or_else(|| {
        Failure::new(format!(
            "`{name}` in the reply is no text, number, truth value or list of them"
        ))
    })
}
