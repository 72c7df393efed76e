//! One place to look for users: a pool, a base, filters, and what the attributes mean.

use std::collections::BTreeSet;

use bulkhead_sdk::{
    Attribute, Failure, Password, Problem, Request, Value,
    backend::User,
    ldap::{self, Change, ChangeKind, Entry, Refusal, Scope, Search},
    log,
};

use crate::{
    configuration::{Mapping, SearchConfiguration},
    groups::Groups,
    macros::{Known, Macros, Place},
};

/// The attribute that says what an entry may have.
const OBJECT_CLASS: &str = "objectClass";

/// Most entries per page: what directories allow at most, mostly.
const PAGE: u32 = 10_000;

/// A compiled `search` entry.
#[derive(Debug)]
pub(crate) struct Source {
    pool: String,
    protocols: Vec<String>,
    base: Macros,
    scope: Scope,
    filter: Macros,
    list_filter: Option<Macros>,
    page_size: u32,
    pub(crate) mapping: Mapping,
    /// What the client gets.
    shown: Vec<String>,
    /// What the directory is asked for.
    wanted: BTreeSet<String>,
    groups: Option<Groups>,
    reject_codes: Vec<u32>,
    /// Who is asked for the password of a user whom nobody knows.
    decoy_dn: Option<String>,
}

impl Source {
    pub(crate) fn new(
        configuration: SearchConfiguration,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        for (key, text) in [
            ("pool", &configuration.pool),
            ("mapping.account", &configuration.mapping.account),
        ] {
            if text.is_empty() {
                problems.push(Problem::at(format!("{path}.{key}"), "must not be empty"));
            }
        }
        if configuration.decoy_dn.as_deref() == Some("") {
            problems.push(Problem::at(format!("{path}.decoy_dn"), "must not be empty"));
        }
        if !(1..=PAGE).contains(&configuration.page_size) {
            let message = format!("must be 1 to {PAGE}");
            problems.push(Problem::at(format!("{path}.page_size"), message));
        }
        let groups = configuration
            .groups
            .map(|groups| Groups::new(groups, &format!("{path}.groups"), problems));
        let mut compiled = |key: &str, result: Result<Macros, String>| {
            let wrong = |why| problems.push(Problem::at(format!("{path}.{key}"), why));
            result.map_err(wrong).ok()
        };
        // A list has no user: with one in the base there is nothing to list below.
        let place = |text: &Option<String>| match text {
            Some(_) => Place::Nobody,
            None => Place::Before,
        };
        let base = Macros::compile(&configuration.base, place(&configuration.list_filter));
        let base = compiled("base", base);
        let filter = Macros::compile_filter(&configuration.filter, Place::Before);
        let filter = compiled("filter", filter);
        let list_filter = configuration
            .list_filter
            .map(|text| compiled("list_filter", Macros::compile_filter(&text, Place::Nobody)));
        let mapping = configuration.mapping;
        let groups = match groups {
            Some(groups) => Some(groups?),
            None => None,
        };
        let mapped = [
            Some(&mapping.account),
            mapping.totp_secret.as_ref(),
            mapping.totp_recovery.as_ref(),
            mapping.display_name.as_ref(),
            mapping.unique_user_id.as_ref(),
        ];
        let mut shown = configuration.attributes;
        for name in mapped.into_iter().flatten() {
            if !shown.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                shown.push(name.clone());
            }
        }
        let mut wanted: BTreeSet<String> = shown.iter().cloned().collect();
        wanted.extend(
            groups
                .as_ref()
                .and_then(Groups::attribute)
                .map(str::to_owned),
        );
        let classes = [
            &mapping.totp_object_class,
            &mapping.totp_recovery_object_class,
        ];
        if classes.iter().any(|class| class.is_some()) {
            wanted.insert(OBJECT_CLASS.to_owned());
        }
        Some(Self {
            pool: configuration.pool,
            protocols: configuration.protocols,
            base: base?,
            scope: configuration.scope.into(),
            filter: filter?,
            list_filter: match list_filter {
                Some(filter) => Some(filter?),
                None => None,
            },
            page_size: configuration.page_size,
            mapping,
            shown,
            wanted,
            groups,
            reject_codes: configuration.reject_codes,
            decoy_dn: configuration.decoy_dn,
        })
    }

    /// Whether it is asked for that protocol.
    pub(crate) fn serves(&self, protocol: &str) -> bool {
        let mut protocols = self.protocols.iter();
        self.protocols.is_empty() || protocols.any(|known| known.eq_ignore_ascii_case(protocol))
    }

    /// The user's entry and account; nothing if the directory does not know the user. `totp_secret` is what
    /// is to be stored, if anything is.
    pub(crate) fn find(
        &self,
        request: &Request,
        totp_secret: &str,
    ) -> Result<Option<(Entry, String)>, Failure> {
        let known = Known {
            request,
            user_dn: "",
            account: "",
            totp_secret,
        };
        let (Some(base), Some(filter)) = (self.base.fill(known), self.filter.fill(known)) else {
            return Ok(None);
        };
        let mut search = Search::new(self.pool.as_str(), base, filter)
            .scope(self.scope)
            .attributes(&self.wanted)
            .size_limit(2);
        if request.no_auth {
            search = search.low_priority();
        }
        let mut entries = search.send()?.entries;
        let Some(entry) = entries.pop() else {
            return Ok(None);
        };
        if !entries.is_empty() {
            // Nobody knows whose password it would have to be.
            return Err(Failure::new(format!(
                "the filter finds more than one entry in pool `{}`: make it stricter",
                self.pool
            )));
        }
        let Some(account) = entry.text(&self.mapping.account).map(str::to_owned) else {
            let attribute = &self.mapping.account;
            log::warning(format_args!(
                "{} has no attribute {attribute} with the account: it counts as no user",
                entry.dn
            ));
            return Ok(None);
        };
        Ok(Some((entry, account)))
    }

    /// Whether the directory accepts the password for the entry.
    pub(crate) fn check(&self, entry: &Entry, password: &Password) -> Result<bool, Failure> {
        // Directories take an empty password as a wish to stay anonymous, and agree (RFC 4513, 5.1.2).
        if password.as_bytes().is_empty() {
            return Ok(false);
        }
        match ldap::check_password(&self.pool, &entry.dn, password) {
            Err(ldap::Error::Refused(Refusal { code, .. }))
                if self.reject_codes.contains(&code) =>
            {
                Ok(false)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Whether there is somebody to ask in place of a user whom nobody knows.
    pub(crate) fn has_decoy(&self) -> bool {
        self.decoy_dn.is_some()
    }

    /// Has the directory work on a password as it does for a user that it knows, so that the time of an
    /// answer does not tell whether there is such a user. What it says of the password means nothing.
    ///
    /// # Errors
    /// When a user who is known would have failed too: an outage must not tell them apart either.
    pub(crate) fn ask_decoy(&self, password: &Password) -> Result<(), Failure> {
        let Some(dn) = self.decoy_dn.as_deref() else {
            return Ok(());
        };
        if password.as_bytes().is_empty() {
            return Ok(());
        }
        match ldap::check_password(&self.pool, dn, password) {
            Ok(_) => Ok(()),
            Err(error @ (ldap::Error::Refused(_) | ldap::Error::NoSuchObject)) => {
                log::warning(format_args!("`decoy_dn` {dn} is of no use: {error}"));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is known of the user.
    pub(crate) fn describe(
        &self,
        user: &mut User,
        entry: &Entry,
        account: &str,
        request: &Request,
    ) -> Result<(), Failure> {
        for name in &self.shown {
            let values = entry.values(name);
            if !values.is_empty() {
                user.attributes.push(Attribute {
                    name: name.clone(),
                    values: values.iter().map(|value| shown(value)).collect(),
                });
            }
        }
        let field = |name: &Option<String>| name.clone().unwrap_or_default();
        user.account_field.clone_from(&self.mapping.account);
        user.totp_secret_field = field(&self.mapping.totp_secret);
        user.totp_recovery_field = field(&self.mapping.totp_recovery);
        user.display_name_field = field(&self.mapping.display_name);
        user.unique_user_id_field = field(&self.mapping.unique_user_id);
        let secret = self.mapping.totp_secret.as_ref();
        let secret = secret.and_then(|name| entry.text(name));
        let known = Known {
            request,
            user_dn: &entry.dn,
            account,
            totp_secret: secret.unwrap_or_default(),
        };
        match &self.groups {
            Some(groups) => groups.add_to(user, &self.pool, entry, known),
            None => Ok(()),
        }
    }

    /// All accounts; nothing if this place lists nobody.
    pub(crate) fn list(&self, request: &Request) -> Result<Option<Vec<String>>, Failure> {
        let Some(filter) = &self.list_filter else {
            return Ok(None);
        };
        let known = Known {
            request,
            user_dn: "",
            account: "",
            totp_secret: "",
        };
        let (Some(base), Some(filter)) = (self.base.fill(known), filter.fill(known)) else {
            return Ok(None);
        };
        let found = Search::new(self.pool.as_str(), base, filter)
            .scope(self.scope)
            .attributes([self.mapping.account.as_str()])
            .page_size(self.page_size)
            .low_priority()
            .send()?;
        let accounts = found.entries.iter();
        let accounts = accounts.filter_map(|entry| entry.text(&self.mapping.account));
        Ok(Some(accounts.map(str::to_owned).collect()))
    }

    /// Sets an attribute of the user, or removes it. `class` is added first if the entry lacks it.
    pub(crate) fn set(
        &self,
        entry: &Entry,
        attribute: &str,
        class: Option<&str>,
        values: &[String],
    ) -> Result<(), Failure> {
        let mut changes = vec![Change::replace(attribute, values)];
        if let Some(class) = class.filter(|_| !values.is_empty()) {
            let mut classes = entry.values(OBJECT_CLASS).iter();
            if !classes.any(|known| known.eq_ignore_ascii_case(class.as_bytes())) {
                changes.insert(0, Change::new(ChangeKind::Add, OBJECT_CLASS, [class]));
            }
        }
        Ok(ldap::modify(&self.pool, &entry.dn, changes)?)
    }
}

/// Text where it is text.
fn shown(value: &[u8]) -> Value {
    match std::str::from_utf8(value) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from(value.to_vec()),
    }
}
