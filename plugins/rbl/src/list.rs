//! One list: how it is configured, what it is asked, and what its answer means.

use std::{collections::BTreeSet, net::IpAddr};

use bulkhead_sdk::{
    Problem,
    dns::{self, Data, Kind, Question},
    network::Networks,
};
use serde::Deserialize;

/// Longest zone: 64 characters of nibbles must fit before it into 253.
const ZONE: usize = 253 - 64;
/// Where lists say that they do not answer, instead of failing: Spamhaus' error codes, and those who
/// copy them.
const EXCUSES: &str = "127.255.255.0/24";

/// One entry of `lists`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListConfiguration {
    /// For logs, metrics and later plugins; unique.
    pub name: String,
    /// The zone that is asked.
    #[serde(alias = "rbl")]
    pub zone: String,
    /// Ask about IPv4 addresses.
    #[serde(default = "super::yes")]
    pub ipv4: bool,
    /// Ask about IPv6 addresses.
    #[serde(default = "super::yes")]
    pub ipv6: bool,
    /// An address or a network of addresses that mean "listed".
    #[serde(default)]
    pub return_code: Option<String>,
    /// More of them.
    #[serde(default)]
    pub return_codes: Vec<String>,
    /// What being listed adds to the score, -100 to 100.
    pub weight: i64,
    /// No answer counts as not listed.
    #[serde(default)]
    pub allow_failure: bool,
}

/// A list that can be asked.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) weight: i64,
    pub(crate) allow_failure: bool,
    zone: String,
    ipv4: bool,
    ipv6: bool,
    codes: Networks,
    excuses: Networks,
}

/// What a list says of an address.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// These of its answers are return codes.
    Listed(Vec<String>),
    /// Nothing that counts.
    Unlisted,
    /// There is no answer.
    Failed(String),
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Listed(_) => "listed",
            Self::Unlisted => "unlisted",
            Self::Failed(_) => "failed",
        }
    }
}

/// Reads the lists; what is wrong is added to the problems.
pub(crate) fn read(lists: Vec<ListConfiguration>, problems: &mut Vec<Problem>) -> Vec<List> {
    let mut names = BTreeSet::new();
    let mut read = Vec::new();
    for (index, list) in lists.into_iter().enumerate() {
        let at = |key: &str| format!("lists[{index}].{key}");
        if list.name.is_empty() {
            problems.push(Problem::at(at("name"), "must not be empty"));
        } else if !names.insert(list.name.clone()) {
            let text = format!("another list has the name `{}`", list.name);
            problems.push(Problem::at(at("name"), text));
        }
        let zone = list.zone.trim_end_matches('.').to_ascii_lowercase();
        if let Some(why) = zone_problem(&zone) {
            problems.push(Problem::at(at("zone"), why));
        }
        if !(-100..=100).contains(&list.weight) {
            problems.push(Problem::at(at("weight"), "must be -100 to 100"));
        }
        if !list.ipv4 && !list.ipv6 {
            let text = "neither `ipv4` nor `ipv6`: the list is never asked; remove it";
            problems.push(Problem::at(at("ipv4"), text));
        }
        let mut codes = Networks::default();
        for (key, code) in list
            .return_code
            .iter()
            .map(|code| (at("return_code"), code))
            .chain(
                list.return_codes
                    .iter()
                    .enumerate()
                    .map(|(place, code)| (at(&format!("return_codes[{place}]")), code)),
            )
        {
            if !codes.add(code) {
                let text = format!("`{code}` is no address; write `127.0.0.2` or `127.0.0.0/28`");
                problems.push(Problem::at(key, text));
            }
        }
        if list.return_code.is_none() && list.return_codes.is_empty() {
            let text = "name at least one answer that means \"listed\", such as `127.0.0.2`";
            problems.push(Problem::at(at("return_codes"), text));
        }
        let mut excuses = Networks::default();
        excuses.add(EXCUSES);
        read.push(List {
            name: list.name,
            weight: list.weight,
            allow_failure: list.allow_failure,
            zone,
            ipv4: list.ipv4,
            ipv6: list.ipv6,
            codes,
            excuses,
        });
    }
    read
}

fn zone_problem(zone: &str) -> Option<String> {
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_".contains(symbol);
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(fits);
    if zone.len() > ZONE {
        return Some(format!("must have at most {ZONE} characters"));
    }
    (!zone.split('.').all(label))
        .then(|| "must be the name of a zone, such as `zen.example.net`".to_owned())
}

impl List {
    /// Whether it is asked about addresses of that family.
    pub(crate) fn asks(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.ipv4,
            IpAddr::V6(_) => self.ipv6,
        }
    }

    pub(crate) fn question(&self, address: IpAddr) -> Question {
        Question::new(format!("{}.{}", dns::reversed(address), self.zone), Kind::A)
    }

    pub(crate) fn judge(&self, answer: Result<Vec<Data>, dns::Error>) -> Verdict {
        let records = match answer {
            Ok(records) => records,
            Err(dns::Error::NoSuchName) => return Verdict::Unlisted,
            Err(error) => return Verdict::Failed(error.to_string()),
        };
        let mut codes = Vec::new();
        let mut excuse = None;
        for record in records {
            let Data::Address(text) = record else {
                continue;
            };
            let Ok(address) = text.parse::<IpAddr>() else {
                continue;
            };
            if self.codes.contains(address) {
                codes.push(text);
            } else if self.excuses.contains(address) {
                excuse = Some(text);
            }
        }
        match (codes.is_empty(), excuse) {
            (false, _) => Verdict::Listed(codes),
            (true, Some(excuse)) => {
                Verdict::Failed(format!("the list refuses to answer ({excuse})"))
            }
            (true, None) => Verdict::Unlisted,
        }
    }
}
