//! The groups of a user.

use bulkhead_sdk::{
    Failure, Problem,
    backend::User,
    ldap::{Entry, Scope, Search},
};

use crate::{
    configuration::GroupsConfiguration,
    macros::{Known, Macros, Place},
};

/// Most groups of one user.
pub(crate) const GROUPS: u32 = 1000;

/// Where they are found.
#[derive(Debug)]
pub(crate) enum Groups {
    /// An attribute of the user's entry holds names of entries.
    Attribute(String),
    /// Another search finds them.
    Search {
        base: Macros,
        scope: Scope,
        filter: Macros,
        name: String,
    },
}

impl Groups {
    pub(crate) fn new(
        configuration: GroupsConfiguration,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let GroupsConfiguration {
            attribute,
            base,
            scope,
            filter,
            name,
        } = configuration;
        match (attribute, base, filter) {
            (Some(attribute), None, None) => Some(Self::Attribute(attribute)),
            (None, Some(base), Some(filter)) => {
                let mut compiled = |key: &str, result: Result<Macros, String>| {
                    let wrong = |why| problems.push(Problem::at(format!("{path}.{key}"), why));
                    result.map_err(wrong).ok()
                };
                let base = compiled("base", Macros::compile(&base, Place::After));
                let filter = compiled("filter", Macros::compile_filter(&filter, Place::After));
                Some(Self::Search {
                    base: base?,
                    scope: scope.into(),
                    filter: filter?,
                    name,
                })
            }
            _ => {
                let message = "write either `attribute`, or `base` and `filter`";
                problems.push(Problem::at(path, message));
                None
            }
        }
    }

    /// The attribute that the user's entry has to be asked for.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            Self::Search { .. } => None,
        }
    }

    /// Adds them to the user.
    pub(crate) fn add_to(
        &self,
        user: &mut User,
        pool: &str,
        entry: &Entry,
        known: Known<'_>,
    ) -> Result<(), Failure> {
        match self {
            Self::Attribute(attribute) => {
                for dn in entry.values(attribute) {
                    let dn = String::from_utf8_lossy(dn).into_owned();
                    user.groups.extend(first_value(&dn));
                    user.group_dns.push(dn);
                }
            }
            Self::Search {
                base,
                scope,
                filter,
                name,
            } => {
                let (Some(base), Some(filter)) = (base.fill(known), filter.fill(known)) else {
                    return Ok(());
                };
                let found = Search::new(pool, base, filter)
                    .scope(*scope)
                    .attributes([name.as_str()])
                    .size_limit(GROUPS)
                    .send()
                    .map_err(|error| {
                        Failure::new(format!("the groups cannot be found: {error}"))
                    })?;
                if found.more {
                    let text = format!("the user is in more than {GROUPS} groups");
                    return Err(Failure::new(text));
                }
                for group in found.entries {
                    user.groups.extend(group.text(name).map(str::to_owned));
                    user.group_dns.push(group.dn);
                }
            }
        }
        Ok(())
    }
}

/// `staff` of `cn=staff,ou=groups`, with what is escaped in it (RFC 4514, section 3). Nothing if that is not
/// text.
fn first_value(dn: &str) -> Option<String> {
    let (_, rest) = dn.split_once('=')?;
    let mut value = Vec::new();
    let mut bytes = rest.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' | b'+' | b';' => break,
            b'\\' => {
                let escaped = bytes.next()?;
                let low = bytes.peek().and_then(|byte| digit(*byte));
                match (digit(escaped), low) {
                    (Some(high), Some(low)) => {
                        bytes.next();
                        value.push(high * 16 + low);
                    }
                    _ => value.push(escaped),
                }
            }
            byte => value.push(byte),
        }
    }
    String::from_utf8(value)
        .ok()
        .filter(|name| !name.is_empty())
}

/// 0 to 15.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_group_is_the_first_value_of_its_entrys_name() {
        for (dn, name) in [
            ("cn=staff,ou=groups,dc=org", Some("staff")),
            ("cn=a+sn=b,dc=org", Some("a")),
            (r"cn=a\, b\2bc,dc=org", Some("a, b+c")),
            (r"cn=\c3\bc", Some("ü")),
            (r"cn=\c3,dc=org", None),
            ("cn=,dc=org", None),
            ("staff", None),
            (r"cn=a\", None),
        ] {
            assert_eq!(first_value(dn).as_deref(), name, "{dn}");
        }
    }
}
