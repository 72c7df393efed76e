//! Feature: rejects logins from addresses that block lists in the DNS hold (RFC 5782).
//!
//! Every list is asked for the client's address, all at the same time. A list that holds it adds its
//! weight to the score; lists of good reputation have negative weights. From the threshold on the login
//! is rejected, and the actions of the event `rbl` run.
//!
//! ```yaml
//! dns:
//!   servers: [192.0.2.53]             # a resolver that the lists will answer
//! pipeline:
//!   controls:
//!     - name: rbl
//!       component: builtin:rbl
//! plugins:
//!   rbl:
//!     grants:
//!       dns: [zen.example.net, good.example.org]
//!       metrics: true
//!     configuration:
//!       threshold: 10
//!       lists:
//!         - name: zen
//!           zone: zen.example.net
//!           return_codes: [127.0.0.2, 127.0.0.4/30]   # addresses and networks
//!           weight: 10                # -100 to 100
//!         - name: good
//!           zone: good.example.org
//!           return_codes: [127.0.0.0/16]
//!           weight: -5
//!           ipv6: false               # default: both families are asked for
//!           allow_failure: true       # default: false
//!       ip_allowlist: [198.51.100.0/24]               # never asked for; default: none
//!       allowlist: {alice: [203.0.113.0/24]}          # nor these users from there; default: none
//!       skip_private: true            # default: nor addresses that nobody outside can have
//!       timeout_ms: 2000              # default: that of the server's section `dns`
//!       status_message: Rejected      # default: the text of a wrong password
//! ```
//!
//! A name that does not exist, or has other answers than the return codes, is not listed. A list that
//! gives no answer (outage, SERVFAIL, refusal) is a failure of the plugin, so a temporary failure unless
//! `on_error` says otherwise; with `allow_failure` it counts as not listed. A login is never rejected for
//! lack of an answer: where a list of good reputation that is missing could have saved it, that is a
//! failure too. What lists say of themselves below 127.255.255.0/24 (blocked, overused) is no answer,
//! unless it is a return code.
//!
//! Leaves under the context key `rbl` what came out, for later plugins ([`facts::Facts`]), the log fields
//! `rbl_score`, `rbl_lists` and `rbl_failed`, and the metrics `rbl_duration_seconds` and
//! `rbl_answers_total`, by list.

pub mod facts;
mod list;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use bulkhead_sdk::{
    Event, Failure, Feature, Plugin, Problem, Request,
    allowlist::Allowlist,
    context, dns,
    feature::Answer,
    log, metrics,
    network::{Networks, is_private},
};
use serde::Deserialize;

use facts::Facts;
pub use list::ListConfiguration;
use list::{List, Verdict};

/// Most lists: as many questions as the server takes at once by default (`dns.questions`).
pub const LISTS: usize = 64;
/// Longest timeout, in milliseconds.
pub const TIMEOUT_MS: u32 = 60_000;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The score from which a login is rejected, at least 1.
    pub threshold: i64,
    /// Whom to ask.
    pub lists: Vec<ListConfiguration>,
    /// Networks that are never asked about.
    #[serde(default)]
    pub ip_allowlist: Vec<String>,
    /// Users, and networks from which each is not asked about.
    #[serde(default)]
    pub allowlist: BTreeMap<String, Vec<String>>,
    /// Private and loopback addresses are never asked about.
    #[serde(default = "yes")]
    pub skip_private: bool,
    /// For all lists together.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
    /// What a rejected client is told.
    #[serde(default)]
    pub status_message: Option<String>,
}

fn yes() -> bool {
    true
}

/// The configured feature.
#[derive(Debug)]
pub struct Rbl {
    threshold: i64,
    lists: Vec<List>,
    ip_allowlist: Networks,
    allowlist: Allowlist,
    skip_private: bool,
    timeout: Option<Duration>,
    status_message: Option<String>,
}

impl Plugin for Rbl {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if configuration.threshold < 1 {
            let text = "must be 1 or more: a client on no list has the score 0";
            problems.push(Problem::at("threshold", text));
        }
        if !(1..=LISTS).contains(&configuration.lists.len()) {
            problems.push(Problem::at(
                "lists",
                format!("must name 1 to {LISTS} lists"),
            ));
        }
        if let Some(timeout) = configuration.timeout_ms
            && !(1..=TIMEOUT_MS).contains(&timeout)
        {
            let text = format!("must be 1 to {TIMEOUT_MS}");
            problems.push(Problem::at("timeout_ms", text));
        }
        let lists = list::read(configuration.lists, &mut problems);
        let ip_allowlist =
            Networks::from_configuration("ip_allowlist", &configuration.ip_allowlist)
                .unwrap_or_else(|found| {
                    problems.extend(found);
                    Networks::default()
                });
        let allowlist = Allowlist::from_configuration("allowlist", &configuration.allowlist)
            .unwrap_or_else(|found| {
                problems.extend(found);
                Allowlist::default()
            });
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            threshold: configuration.threshold,
            lists,
            ip_allowlist,
            allowlist,
            skip_private: configuration.skip_private,
            timeout: configuration
                .timeout_ms
                .map(|timeout| Duration::from_millis(timeout.into())),
            status_message: configuration.status_message,
        })
    }
}

impl Rbl {
    /// The address to ask about, if any list is to be asked.
    fn subject(&self, request: &Request) -> Option<IpAddr> {
        let address = request.client_address()?;
        let excepted = (self.skip_private && is_private(address))
            || self.ip_allowlist.contains(address)
            || self.allowlist.covers(request);
        (!excepted).then_some(address)
    }

    /// Asks all lists of the address's family.
    fn ask(&self, address: IpAddr) -> Facts {
        let asked: Vec<&List> = self
            .lists
            .iter()
            .filter(|list| list.asks(address))
            .collect();
        let questions: Vec<_> = asked.iter().map(|list| list.question(address)).collect();
        let answers = match questions.is_empty() {
            true => Vec::new(),
            false => dns::lookup(&questions, self.timeout),
        };
        let mut facts = Facts::new(self.threshold);
        let mut answers = answers.into_iter();
        for list in asked {
            let (verdict, elapsed_ms) = match answers.next() {
                Some(answer) => (list.judge(answer.records), answer.elapsed_ms),
                None => (Verdict::Failed("the server gave no answer".to_owned()), 0.0),
            };
            count(list, &verdict, elapsed_ms);
            facts.add(list, verdict);
        }
        facts
    }
}

impl Feature for Rbl {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let Some(address) = self.subject(request) else {
            return Ok(Answer::pass());
        };
        let facts = self.ask(address);
        facts.log();
        let blocking: Vec<_> = facts.blocking_failures().collect();
        if !blocking.is_empty() {
            return Err(Failure::new(format!(
                "no answer from {}; write `allow_failure: true` for lists that may be missing",
                blocking.join(", ")
            )));
        }
        context::set("rbl", &facts)?;
        if !facts.listed {
            return Ok(Answer::pass());
        }
        if facts.might_be_saved() {
            return Err(Failure::new(format!(
                "{address} has the score {}, but {} might have lowered it and gave no answer",
                facts.score,
                facts.failed_lists.join(", ")
            )));
        }
        log::info(format!(
            "{address} has the score {} on {}",
            facts.score,
            facts.matched_lists.join(", ")
        ));
        let answer = Answer::reject().with_event(Event::Rbl);
        Ok(match &self.status_message {
            Some(message) => answer.with_status_message(message),
            None => answer,
        })
    }
}

/// A full table of metrics keeps nobody from logging in.
fn count(list: &List, verdict: &Verdict, elapsed_ms: f64) {
    let name = list.name.as_str();
    let _ = metrics::histogram_observe(
        "rbl_duration_seconds",
        &[("rbl", name)],
        elapsed_ms / 1000.0,
    );
    let labels = [("rbl", name), ("answer", verdict.word())];
    let _ = metrics::counter_add("rbl_answers_total", &labels, 1.0);
}

bulkhead_sdk::export_feature!(Rbl);

#[cfg(test)]
mod tests;
