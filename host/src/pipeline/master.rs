//! Master users: somebody who logs in as somebody else, with a password of his own.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who may log in as whom, and how that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterUsers {
    /// What stands before the first name.
    pub before: String,
    /// What stands between the names; not empty.
    pub between: String,
    /// What stands behind the second name.
    pub behind: String,
    /// The first name is the master's.
    pub master_first: bool,
    /// The accounts that may.
    pub accounts: Vec<String>,
    /// The clients that may; all if empty.
    pub networks: Vec<IpNet>,
}

/// The two names of a master login.
#[derive(Debug, PartialEq)]
pub(super) struct Names<'a> {
    /// Who is to be logged in.
    pub(super) target: &'a str,
    /// Whose password is checked.
    pub(super) master: &'a str,
}

impl MasterUsers {
    /// The names in a user name; nothing in an ordinary one. One that could be taken apart in two ways is
    /// an ordinary one: nobody guesses who was meant.
    pub(super) fn split<'a>(&self, username: &'a str) -> Option<Names<'a>> {
        let inner = username
            .strip_prefix(self.before.as_str())?
            .strip_suffix(self.behind.as_str())?;
        let (first, second) = inner.split_once(self.between.as_str())?;
        // A later occurrence, also one that overlaps with the first.
        let next = inner.ceil_char_boundary(first.len() + 1);
        let rest = inner.get(next..).unwrap_or_default();
        if first.is_empty() || second.is_empty() || rest.contains(self.between.as_str()) {
            return None;
        }
        Some(if self.master_first {
            Names {
                master: first,
                target: second,
            }
        } else {
            Names {
                target: first,
                master: second,
            }
        })
    }

    /// Whether a client at this address may be a master. An address that is none may not, where networks
    /// are named.
    pub(super) fn allows_client(&self, address: &str) -> bool {
        self.networks.is_empty()
            || address.parse::<IpAddr>().is_ok_and(|address| {
                let address = address.to_canonical();
                self.networks.iter().any(|net| net.contains(&address))
            })
    }

    /// Whether the account is a master's.
    pub(super) fn allows_account(&self, account: &str) -> bool {
        self.accounts.iter().any(|allowed| allowed == account)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn users(before: &str, between: &str, behind: &str, master_first: bool) -> MasterUsers {
        MasterUsers {
            before: before.to_owned(),
            between: between.to_owned(),
            behind: behind.to_owned(),
            master_first,
            accounts: vec!["root@example.org".to_owned()],
            networks: vec![
                "192.0.2.0/24".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
        }
    }

    #[test]
    fn names_are_taken_apart_in_one_way_or_not_at_all() {
        let star = users("", "*", "", false);
        let form = users("as:", "::", ";", true);
        let arrow = users("", "→", "", false);
        let rows = [
            (&arrow, "alice→root", Some(("alice", "root"))),
            (&arrow, "a→b→root", None),
            (&star, "alice*root", Some(("alice", "root"))),
            (&star, "alice", None),
            (&star, "*root", None),
            (&star, "alice*", None),
            (&star, "*", None),
            (&star, "a*b*root", None),
            (&star, "a**root", None),
            (&form, "as:root::alice;", Some(("alice", "root"))),
            (&form, "root::alice;", None),
            (&form, "as:root::alice", None),
            (&form, "as:root:::alice;", None),
            (&form, "as:;", None),
        ];
        for (users, username, expected) in rows {
            let found = users.split(username);
            let names = found.map(|names| (names.target, names.master));
            assert_eq!(names, expected, "{username}");
        }
    }

    #[test]
    fn only_clients_of_the_networks_may_be_masters() {
        let some = users("", "*", "", false);
        let all = MasterUsers {
            networks: Vec::new(),
            ..some.clone()
        };
        for (address, allowed) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.3.7", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
            ("", false),
            ("nonsense", false),
        ] {
            assert_eq!(some.allows_client(address), allowed, "{address}");
            assert!(all.allows_client(address));
        }
    }
}
