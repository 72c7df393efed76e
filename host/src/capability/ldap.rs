//! The import `ldap`: searches, users' binds and changes, in the pools that the grant names.

use std::time::Duration;

use super::{bindings::bulkhead::policy::ldap, grant::Grant, log::printable, state::CallState};
use crate::{
    auth::Password,
    backend_io::ldap::{
        Change, ChangeKind, Entry, Found, LdapError, Modify, Scope, Search, Template,
    },
};

impl ldap::Host for CallState {
    async fn search(
        &mut self,
        request: ldap::SearchRequest,
    ) -> wasmtime::Result<Result<ldap::SearchReply, ldap::Error>> {
        let attributes: usize = request.attributes.iter().map(String::len).sum();
        let bytes = request.pool.len() + attributes + size(&request.base) + size(&request.filter);
        if let Some(denied) = self.ldap_denied(&request.pool, bytes)? {
            return Ok(Err(denied));
        }
        let search = Search {
            pool: request.pool,
            base: template(request.base),
            scope: match request.scope {
                ldap::Scope::Base => Scope::Base,
                ldap::Scope::OneLevel => Scope::OneLevel,
                ldap::Scope::Subtree => Scope::Subtree,
            },
            filter: template(request.filter),
            attributes: request.attributes,
            size_limit: request.size_limit,
            page_size: request.page_size,
            timeout: timeout(request.timeout_ms),
            is_low: request.priority == ldap::Priority::Low,
        };
        let deadline = self.meter.deadline();
        let found = self.rights.services.ldap.search(&search, deadline).await;
        Ok(found.map(reply).map_err(error))
    }

    async fn check_password(
        &mut self,
        check: ldap::PasswordCheck,
    ) -> wasmtime::Result<Result<bool, ldap::Error>> {
        // Wrapped first, so that it is wiped whatever happens next.
        let typed = Password::new(check.password);
        let bytes = check.pool.len() + check.dn.len() + typed.expose().len();
        if let Some(denied) = self.ldap_denied(&check.pool, bytes)? {
            return Ok(Err(denied));
        }
        let deadline = self.meter.deadline();
        let directory = &self.rights.services.ldap;
        let right = directory
            .check_password(&check.pool, &check.dn, &typed, deadline)
            .await;
        Ok(right.map_err(error))
    }

    async fn modify(
        &mut self,
        request: ldap::ModifyRequest,
    ) -> wasmtime::Result<Result<(), ldap::Error>> {
        let changes: usize = request
            .changes
            .iter()
            .map(|change| change.attribute.len() + lengths(&change.values))
            .sum();
        let bytes = request.pool.len() + request.dn.len() + changes;
        if let Some(denied) = self.ldap_denied(&request.pool, bytes)? {
            return Ok(Err(denied));
        }
        if !self
            .rights
            .grants
            .ldap
            .as_ref()
            .is_some_and(|grant| grant.modify)
        {
            let example = format!(
                "ldap: {{ pools: [ {} ], modify: true }}",
                printable(&request.pool)
            );
            let text = self.deny_as(Grant::Ldap.key(), &example);
            return Ok(Err(ldap::Error::Denied(text)));
        }
        let modify = Modify {
            pool: request.pool,
            dn: request.dn,
            changes: request.changes.into_iter().map(change).collect(),
            timeout: timeout(request.timeout_ms),
        };
        let deadline = self.meter.deadline();
        let done = self.rights.services.ldap.modify(&modify, deadline).await;
        Ok(done.map_err(error))
    }
}

impl CallState {
    /// Counts the call and checks that the grant names the pool.
    fn ldap_denied(&mut self, pool: &str, bytes: usize) -> wasmtime::Result<Option<ldap::Error>> {
        self.charge(bytes)?;
        self.touched_outside = true;
        let grant = self.rights.grants.ldap.as_ref();
        if grant.is_some_and(|grant| grant.pools.contains(pool)) {
            return Ok(None);
        }
        let example = format!("ldap: {{ pools: [ {} ] }}", printable(pool));
        let text = self.deny_as(Grant::Ldap.key(), &example);
        Ok(Some(ldap::Error::Denied(text)))
    }
}

fn lengths(values: &[Vec<u8>]) -> usize {
    values.iter().map(Vec::len).sum()
}

fn size(template: &ldap::Template) -> usize {
    template.text.len() + lengths(&template.values)
}

fn template(template: ldap::Template) -> Template {
    Template {
        text: template.text,
        values: template.values,
    }
}

fn timeout(milliseconds: Option<u32>) -> Option<Duration> {
    milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()))
}

fn change(change: ldap::Change) -> Change {
    Change {
        kind: match change.kind {
            ldap::ChangeKind::Add => ChangeKind::Add,
            ldap::ChangeKind::Delete => ChangeKind::Delete,
            ldap::ChangeKind::Replace => ChangeKind::Replace,
        },
        attribute: change.attribute,
        values: change.values,
    }
}

fn reply(found: Found) -> ldap::SearchReply {
    ldap::SearchReply {
        entries: found.entries.into_iter().map(entry).collect(),
        more: found.more,
    }
}

fn entry(entry: Entry) -> ldap::Entry {
    let attributes = entry.attributes.into_iter();
    ldap::Entry {
        dn: entry.dn,
        attributes: attributes
            .map(|attribute| ldap::LdapAttribute {
                name: attribute.name,
                values: attribute.values,
            })
            .collect(),
    }
}

fn error(error: LdapError) -> ldap::Error {
    match error {
        LdapError::Invalid(text) => ldap::Error::Invalid(text),
        LdapError::NoSuchPool(pool) => ldap::Error::NoSuchPool(pool),
        LdapError::NoSuchObject => ldap::Error::NoSuchObject,
        LdapError::Unavailable(text) => ldap::Error::Unavailable(text),
        LdapError::TimedOut => ldap::Error::TimedOut,
        LdapError::SizeLimit(text) => ldap::Error::SizeLimit(text),
        LdapError::Referral(uris) => ldap::Error::Referral(uris),
        LdapError::Refused { code, message } => {
            ldap::Error::Refused(ldap::Refusal { code, message })
        }
        LdapError::Protocol(text) => ldap::Error::Protocol(text),
    }
}
