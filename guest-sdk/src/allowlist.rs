//! Exceptions for some users from some networks, as several controls know them (Nauthilus' "soft
//! allowlist"): a user is excepted only from the networks that are written for that user.
//!
//! ```yaml
//! allowlist:
//!   alice@example.org: [192.0.2.0/24, "2001:db8::1"]
//! ```
//!
//! Names are compared without regard to the case of ASCII letters.

use std::collections::BTreeMap;

use crate::{Problem, Request, network::Networks};

/// Users and the networks from which each is excepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowlist(BTreeMap<String, Networks>);

impl Allowlist {
    /// Reads what a configuration holds under `key`.
    ///
    /// # Errors
    /// One problem, at its place, for each text that is no network.
    pub fn from_configuration(
        key: &str,
        users: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, Vec<Problem>> {
        let mut all: BTreeMap<String, Networks> = BTreeMap::new();
        let mut problems = Vec::new();
        for (user, texts) in users {
            let key = format!("{key}.{user}");
            match Networks::from_configuration(&key, texts) {
                Err(found) => problems.extend(found),
                Ok(_) => {
                    let networks = all.entry(user.to_ascii_lowercase()).or_default();
                    for text in texts {
                        networks.add(text);
                    }
                }
            }
        }
        match problems.is_empty() {
            true => Ok(Self(all)),
            false => Err(problems),
        }
    }

    /// Whether the user of this request is excepted at the client's address. A client whose address is
    /// unknown is in no network.
    pub fn covers(&self, request: &Request) -> bool {
        let networks = self.0.get(&request.username.to_ascii_lowercase());
        networks
            .zip(request.client_address())
            .is_some_and(|(networks, address)| networks.contains(address))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::request;

    fn users(entries: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        entries
            .iter()
            .map(|(user, networks)| {
                let networks = networks.iter().map(|&network| network.to_owned());
                ((*user).to_owned(), networks.collect())
            })
            .collect()
    }

    #[test]
    fn a_user_is_excepted_from_its_own_networks_only() {
        let list = users(&[
            ("Alice", &["192.0.2.0/24", "2001:db8::1"]),
            ("alice", &["10.0.0.1"]),
            ("bob", &["198.51.100.0/24"]),
            ("carol", &[]),
        ]);
        let list = Allowlist::from_configuration("allowlist", &list).unwrap();
        let cases = [
            ("alice", "192.0.2.7", true),
            ("ALICE", "::ffff:192.0.2.7", true),
            ("alice", "2001:DB8:0::1", true),
            ("alice", "10.0.0.1", true),
            ("alice", "198.51.100.7", false),
            ("bob", "198.51.100.7", true),
            ("bob", "192.0.2.7", false),
            ("carol", "192.0.2.7", false),
            ("dave", "192.0.2.7", false),
            ("alice", "", false),
        ];
        for (user, address, wanted) in cases {
            let request = request().username(user).client_address(address).build();
            assert_eq!(list.covers(&request), wanted, "{user} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_a_problem_at_its_place() {
        let list = users(&[("alice", &["192.0.2.0/24", "office"]), ("bob", &["10/8"])]);
        let problems = Allowlist::from_configuration("allowlist", &list).unwrap_err();
        let paths: Vec<_> = problems.into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["allowlist.alice[1]", "allowlist.bob[0]"]);
    }
}
