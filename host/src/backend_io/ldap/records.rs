//! What is asked of a directory, and what comes back (`wit/ldap.wit`).

use std::time::Duration;

use super::Template;

/// How far below the base a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The base entry alone.
    Base,
    /// The entries right below the base.
    OneLevel,
    /// The base and all that is below it.
    Subtree,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The configured name of a pool.
    pub pool: String,
    /// Where to look.
    pub base: Template,
    /// How far below.
    pub scope: Scope,
    /// For what.
    pub filter: Template,
    /// Which attributes to return; all user attributes if empty.
    pub attributes: Vec<String>,
    /// Most entries; 0: the pool's limit.
    pub size_limit: u32,
    /// Entries per page; 0: without pages.
    pub page_size: u32,
    /// At most the pool's.
    pub timeout: Option<Duration>,
    /// May wait behind logins: takes at most half of the connections.
    pub is_low: bool,
}

impl Search {
    /// Whether base and filter can be read, with the values in them.
    ///
    /// # Errors
    /// [`LdapError::Invalid`]
    pub fn check(&self) -> Result<(), LdapError> {
        self.base.name()?;
        super::message::filter(&self.filter.filter()?)?;
        Ok(())
    }
}

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// As the directory writes it.
    pub name: String,
    /// Any bytes.
    pub values: Vec<Vec<u8>>,
}

/// An entry that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub dn: String,
    /// Those that were asked for, and that it has.
    pub attributes: Vec<Attribute>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the directory's order.
    pub entries: Vec<Entry>,
    /// There are more than the search's own size limit.
    pub more: bool,
}

/// What a change does to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Adds values.
    Add,
    /// Removes values, or all if none are given.
    Delete,
    /// Sets the values; none: removes the attribute.
    Replace,
}

/// A change of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub kind: ChangeKind,
    /// With which attribute.
    pub attribute: String,
    /// The values.
    pub values: Vec<Vec<u8>>,
}

/// Changes of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modify {
    /// The configured name of a pool.
    pub pool: String,
    /// Which entry.
    pub dn: String,
    /// Applied as one step.
    pub changes: Vec<Change>,
    /// At most the pool's.
    pub timeout: Option<Duration>,
}

/// Why there is no answer. None of these says anything about a user's password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdapError {
    /// The request itself is wrong.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The configuration has no such pool.
    #[error("there is no LDAP pool `{0}`")]
    NoSuchPool(String),
    /// The base of the search, or the entry to change, does not exist.
    #[error("no such object")]
    NoSuchObject,
    /// No server can be reached, lets the pool's own identity in, or has time.
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
    /// Any other answer of the directory, by its code (RFC 4511, section 4.1.9).
    #[error("the directory answered {code}: {message}")]
    Refused {
        /// `resultCode`
        code: u32,
        /// `diagnosticMessage`
        message: String,
    },
    /// The server does not speak LDAP properly.
    #[error("protocol error: {0}")]
    Protocol(String),
}
