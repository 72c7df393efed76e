//! A directory that is not there: scripted answers to searches, and passwords by name.

use std::collections::{BTreeMap, VecDeque};

use crate::ldap::{Error, ModifyRequest, PasswordCheck, SearchReply, SearchRequest};

/// What it would answer.
#[derive(Default)]
pub(super) struct Directory {
    pub(super) replies: VecDeque<Result<SearchReply, Error>>,
    pub(super) passwords: BTreeMap<String, Vec<u8>>,
    pub(super) outage: Option<Error>,
    /// What binds come to, whatever the password.
    pub(super) refusal: Option<Error>,
}

impl Directory {
    pub(super) fn search(&mut self, _: &SearchRequest) -> Result<SearchReply, Error> {
        self.works()?;
        self.replies.pop_front().unwrap_or_else(|| {
            Ok(SearchReply {
                entries: Vec::new(),
                more: false,
            })
        })
    }

    pub(super) fn check_password(&self, check: &PasswordCheck) -> Result<bool, Error> {
        self.works()?;
        if check.dn.is_empty() || check.password.is_empty() {
            return Err(Error::Invalid("an empty name or password".to_owned()));
        }
        if let Some(error) = &self.refusal {
            return Err(error.clone());
        }
        Ok(self.passwords.get(&check.dn) == Some(&check.password))
    }

    pub(super) fn modify(&self, _: &ModifyRequest) -> Result<(), Error> {
        self.works()
    }

    fn works(&self) -> Result<(), Error> {
        match &self.outage {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
