//! Directories, under the grant `ldap`, which names the pools.
//!
//! What a user typed is never part of a filter's or a name's text: it travels beside it as a value, which the
//! server escapes.
//!
//! ```
//! use bulkhead_sdk::ldap::{Search, Template};
//!
//! # bulkhead_sdk::testing::TestHost::new().run(|| {
//! let filter = Template::new("(&(objectClass=person)(uid=%{0}))").value("alice");
//! let found = Search::new("main", "ou=people,dc=example,dc=org", filter)
//!     .attributes(["mail"])
//!     .size_limit(2)
//!     .send()?;
//! # assert!(found.entries.is_empty());
//! # Ok::<(), bulkhead_sdk::ldap::Error>(())
//! # }).unwrap();
//! ```

use std::time::Duration;

use zeroize::Zeroize;

pub use crate::bindings::bulkhead::policy::ldap::{
    Change, ChangeKind, Entry, LdapAttribute, ModifyRequest, PasswordCheck, Priority, Refusal,
    Scope, SearchReply, SearchRequest, Template,
};
use crate::{
    Password,
    host::{Current, Host},
};

/// Why there is no answer. None of these says anything about a user's password.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// No grant covers the pool; the text holds the grant to write.
    #[error("not granted: {0}")]
    Denied(String),
    /// The request itself is wrong.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The configuration has no such pool.
    #[error("there is no LDAP pool `{0}`")]
    NoSuchPool(String),
    /// The base of the search, or the entry to change, does not exist.
    #[error("no such object")]
    NoSuchObject,
    /// No server of the pool can be reached, lets the pool's own identity in, or has time.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The time is over.
    #[error("timed out")]
    TimedOut,
    /// The directory or the pool allows fewer entries or bytes.
    #[error("size limit exceeded: {0}")]
    SizeLimit(String),
    /// The answer is elsewhere.
    #[error("the directory refers to {}", .0.join(", "))]
    Referral(Vec<String>),
    /// Any other answer of the directory.
    #[error("the directory answered {}: {}", .0.code, .0.message)]
    Refused(Refusal),
    /// The server does not speak LDAP properly.
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl Template {
    /// A text in which `%{0}`, `%{1}` … stand for the values that [`Self::value`] adds.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// Adds a value.
    #[must_use]
    pub fn value(mut self, value: impl AsRef<[u8]>) -> Self {
        self.values.push(value.as_ref().to_vec());
        self
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// A search under construction.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a search does nothing until it is sent"]
pub struct Search(SearchRequest);

impl Search {
    /// Below `base`, in the whole subtree, all user attributes, without pages.
    pub fn new(
        pool: impl Into<String>,
        base: impl Into<Template>,
        filter: impl Into<Template>,
    ) -> Self {
        Self(SearchRequest {
            pool: pool.into(),
            base: base.into(),
            scope: Scope::Subtree,
            filter: filter.into(),
            attributes: Vec::new(),
            size_limit: 0,
            page_size: 0,
            timeout_ms: None,
            priority: Priority::Normal,
        })
    }

    /// Lets logins go first.
    pub fn low_priority(mut self) -> Self {
        self.0.priority = Priority::Low;
        self
    }

    /// How far below the base to look.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    /// Which attributes to return; none of them: all user attributes.
    pub fn attributes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.attributes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Most entries; [`SearchReply::more`] says whether there are more.
    pub fn size_limit(mut self, entries: u32) -> Self {
        self.0.size_limit = entries;
        self
    }

    /// Fetches so many entries at a time (RFC 2696).
    pub fn page_size(mut self, entries: u32) -> Self {
        self.0.page_size = entries;
        self
    }

    /// Limits the search. The pool's own limit and the call's deadline apply anyway.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout_ms = Some(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Searches.
    ///
    /// # Errors
    /// When there is no answer. That nothing was found is none.
    pub fn send(self) -> Result<SearchReply, Error> {
        Current::ldap_search(&self.0)
    }
}

/// True if the password is the entry's, false only if the directory says that it is wrong.
///
/// # Errors
/// Whatever else happens; also if the name or the password is empty.
pub fn check_password(pool: &str, dn: &str, password: &Password) -> Result<bool, Error> {
    let mut check = PasswordCheck {
        pool: pool.to_owned(),
        dn: dn.to_owned(),
        password: password.as_bytes().to_vec(),
    };
    let right = Current::ldap_check_password(&check);
    check.password.zeroize();
    right
}

/// Changes an entry; all changes or none. Needs `modify: true` in the grant.
///
/// # Errors
/// When it was not done, or when nobody knows whether it was.
pub fn modify(pool: &str, dn: &str, changes: Vec<Change>) -> Result<(), Error> {
    Current::ldap_modify(&ModifyRequest {
        pool: pool.to_owned(),
        dn: dn.to_owned(),
        changes,
        timeout_ms: None,
    })
}

impl Change {
    /// Sets the values of an attribute; none: removes it, whether it was there or not.
    pub fn replace(
        attribute: impl Into<String>,
        values: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Self {
        Self::new(ChangeKind::Replace, attribute, values)
    }

    /// Any change.
    pub fn new(
        kind: ChangeKind,
        attribute: impl Into<String>,
        values: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Self {
        Self {
            kind,
            attribute: attribute.into(),
            values: values
                .into_iter()
                .map(|value| value.as_ref().to_vec())
                .collect(),
        }
    }
}

impl Entry {
    /// An entry, for tests: a value per pair; a name that comes again has several values.
    pub fn new(dn: &str, attributes: &[(&str, &str)]) -> Self {
        let mut entry = Self {
            dn: dn.to_owned(),
            attributes: Vec::<LdapAttribute>::new(),
        };
        for (name, value) in attributes {
            let value = value.as_bytes().to_vec();
            let mut known = entry.attributes.iter_mut();
            match known.find(|attribute| attribute.name == *name) {
                Some(attribute) => attribute.values.push(value),
                None => entry.attributes.push(LdapAttribute {
                    name: (*name).to_owned(),
                    values: vec![value],
                }),
            }
        }
        entry
    }

    /// The values of an attribute, whatever its name's case (RFC 4512, section 2.5); none if it has none.
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map_or(&[], |attribute| attribute.values.as_slice())
    }

    /// The first value of an attribute, as text; none if there is none, or it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.values(name).first()?;
        std::str::from_utf8(value).ok()
    }
}
